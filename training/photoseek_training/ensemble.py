"""An ensemble's members: trained each for itself on the same batches, used as one encoder.

They start from different random weights and so err differently: the mean of their dot products
ranks better than any one of them (Hansen & Salamon 1990).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def side_by_side(rows: Sequence[Tensor]) -> Tensor:
    """The members' unit rows (n, dim) as unit rows (n, members * dim).

    Their dot products are the mean of the members'.
    """
    return torch.cat(list(rows), dim=-1) / math.sqrt(len(rows))


def members_apart(rows: Tensor, members: int) -> tuple[Tensor, ...]:
    """The members' unit rows, of which `side_by_side` made these."""
    return (rows * math.sqrt(members)).chunk(members, dim=-1)
