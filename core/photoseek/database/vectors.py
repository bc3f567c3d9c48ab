"""Makes arrays of the embeddings in rows, and sees that they are what a model has written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["unit_rows"]

OFF_UNIT = 0.01
"""How far the square of a row's length may be from 1: half-precision numbers round it by less.

A changed bit that is not noticed by this has changed one number of hundreds by a little, or its
sign.
"""


def unit_rows(blobs: Sequence[bytes], dim: int) -> NDArray[np.float32]:
    """Return stored embeddings as `(n, dim)` float32; `ValueError` where one is no unit vector."""
    size = 2 * dim
    if any(len(blob) != size for blob in blobs):
        raise ValueError(f"an embedding is not {dim} numbers long")
    halves = np.frombuffer(b"".join(blobs), np.float16)
    rows = halves.reshape(-1, dim).astype(np.float32)
    squares = np.einsum("ij,ij->i", rows, rows)
    # Written so that it is true of what is not a number, too.
    if not (np.abs(squares - 1) <= OFF_UNIT).all():
        raise ValueError("an embedding is no unit vector")
    return rows
