"""Puts like with like, so that a batch holds what is hard to tell apart."""

import numpy as np
from numpy.typing import NDArray


def group_alike(
    vectors: NDArray[np.float32], size: int, random: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Numbers of like rows of `vectors` (n, dim), in groups of about `size`, in random order.

    Each row is in one group, of half to one and a half times `size` rows, and in another each time:
    rows are halved along random directions until groups are small enough (Dasgupta & Freund 2008,
    "Random projection trees").
    """
    centred = vectors - vectors.mean(0)
    groups, pending = [], [random.permutation(len(vectors))]
    while pending:
        group = pending.pop()
        if len(group) <= 1.5 * size:
            groups.append(group)
            continue
        ordered = group[np.argsort(centred[group] @ random.standard_normal(vectors.shape[1]))]
        # At a multiple of the size, so that the last groups are not too small.
        half = max(1, round(len(group) / 2 / size)) * size
        pending += [ordered[:half], ordered[half:]]
    return [groups[number] for number in random.permutation(len(groups))]
