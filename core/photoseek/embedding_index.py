"""Holds every embedding in memory as one matrix that searches read while indexing adds."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EmbeddingIndex", "Snapshot"]

GONE = -1
"""The id of a row whose photo was removed."""


@dataclass(frozen=True)
class Snapshot:
    """What a search sees: `ids` `(n,)` int64, `GONE` if removed; `matrix` `(n, dim)` float32."""

    ids: NDArray[np.int64]
    matrix: NDArray[np.float32]


class EmbeddingIndex:
    """An append-only matrix with room to grow; a snapshot is a view and costs nothing.

    Rows are never changed in place (a changed photo gets a new id), so a search needs no lock
    beyond taking its snapshot.
    """

    def __init__(self, dim: int) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._ids = np.empty(0, np.int64)
        self._matrix = np.empty((0, dim), np.float32)

    def __len__(self) -> int:
        return int((self.snapshot().ids != GONE).sum())

    def snapshot(self) -> Snapshot:
        """Return the rows as they stand now."""
        with self._lock:
            return Snapshot(self._ids[: self._count], self._matrix[: self._count])

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.floating]) -> None:
        """Append rows: `ids` `(n,)`, `vectors` `(n, dim)` of any float dtype."""
        with self._lock:
            end = self._count + len(ids)
            self._reserve(end)
            self._matrix[self._count : end] = vectors
            self._ids[self._count : end] = ids
            self._count = end

    def remove(self, ids: Iterable[int]) -> None:
        """Mark photos as gone; they drop out of the next snapshot's results."""
        gone = np.fromiter(ids, np.int64)
        if not len(gone):
            return
        with self._lock:
            # A copy, because snapshots that searches hold are views of the old array.
            marked = self._ids.copy()
            live = marked[: self._count]
            live[np.isin(live, gone)] = GONE
            self._ids = marked
            if (live == GONE).sum() * 4 > self._count:
                self._compact()

    def _compact(self) -> None:
        keep = np.flatnonzero(self._ids[: self._count] != GONE)
        self._ids, self._matrix = self._ids[keep], self._matrix[keep]
        self._count = len(keep)

    def _reserve(self, rows: int) -> None:
        if rows <= len(self._ids):
            return
        # An eighth of slack keeps growth linear on average and memory near the matrix itself.
        capacity = rows if self._count == 0 else max(rows, len(self._ids) * 9 // 8 + 1024)
        ids = np.empty(capacity, np.int64)
        matrix = np.empty((capacity, self._matrix.shape[1]), np.float32)
        ids[: self._count] = self._ids[: self._count]
        matrix[: self._count] = self._matrix[: self._count]
        self._ids, self._matrix = ids, matrix
