"""Holds every embedding in memory, in blocks that searches read while indexing adds."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GONE", "EmbeddingIndex", "Snapshot"]

GONE = -1
"""The id of a row whose photo was removed."""

BLOCK_ROWS = 250_000
"""Rows of a block: few enough to copy at once, and so many that searches make few products.

Threads wait for one another after each product, which takes long where others use the cores too.
Memory is only taken up by rows that are there.
"""


@dataclass(frozen=True)
class Snapshot:
    """What a search sees: `ids` `(n,)` int64, `GONE` if removed; `blocks` hold their vectors.

    The blocks, one below the other, are the matrix `(n, dim)` float32 of the rows of `ids`.
    """

    ids: NDArray[np.int64]
    blocks: tuple[NDArray[np.float32], ...]

    def scores(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the dot product `(n,)` float32 of each row with `vector` `(dim,)` float32."""
        scores = np.empty(len(self.ids), np.float32)
        start = 0
        for block in self.blocks:
            np.dot(block, vector, out=scores[start : start + len(block)])
            start += len(block)
        return scores

    def vectors_of(self, ids: Iterable[int]) -> NDArray[np.float32]:
        """Return the rows `(found, dim)` of those of these ids that are here."""
        return self.rows(np.flatnonzero(np.isin(self.ids, np.fromiter(ids, np.int64))))

    def rows(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the rows `(k, dim)` at these places `(k,)` of the matrix."""
        starts = np.cumsum([0, *map(len, self.blocks)])
        blocks = np.searchsorted(starts, places, side="right") - 1
        return np.array(
            [
                self.blocks[block][place - starts[block]]
                for block, place in zip(blocks, places, strict=True)
            ]
        )


@dataclass(frozen=True)
class _Block:
    """Rows that lie together; the arrays of the last block have room for more than `count`."""

    ids: NDArray[np.int64]
    matrix: NDArray[np.float32]
    count: int


class EmbeddingIndex:
    """Blocks of rows, of which only the last one grows; a snapshot copies no vector.

    So neither a photo that is added to a million nor one that is removed copies the million. Rows
    are never changed in place (a changed photo gets a new id), so a search needs no lock beyond
    taking its snapshot.
    """

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._lock = threading.Lock()
        self._blocks: list[_Block] = []

    def __len__(self) -> int:
        return int((self.snapshot().ids != GONE).sum())

    def snapshot(self) -> Snapshot:
        """Return the rows as they stand now."""
        with self._lock:
            ids = [block.ids[: block.count] for block in self._blocks]
            blocks = tuple(block.matrix[: block.count] for block in self._blocks)
        return Snapshot(np.concatenate([np.empty(0, np.int64), *ids]), blocks)

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.floating]) -> None:
        """Append rows: `ids` `(n,)`, `vectors` `(n, dim)` of any float dtype."""
        with self._lock:
            done = 0
            while done < len(ids):
                block = self._block_with_room()
                end = min(len(block.ids), block.count + len(ids) - done)
                taken = slice(done, done + end - block.count)
                block.ids[block.count : end] = ids[taken]
                block.matrix[block.count : end] = vectors[taken]
                self._blocks[-1] = _Block(block.ids, block.matrix, end)
                done = taken.stop

    def clear(self) -> None:
        """Forget all rows."""
        with self._lock:
            self._blocks = []

    def remove(self, ids: Iterable[int]) -> None:
        """Mark photos as gone; they drop out of the next snapshot's results."""
        gone = np.fromiter(ids, np.int64)
        if not len(gone):
            return
        with self._lock:
            kept = [self._without(block, gone) for block in self._blocks]
            self._blocks = [block for block in kept if block.count]

    def _without(self, block: _Block, gone: NDArray[np.int64]) -> _Block:
        found = np.isin(block.ids[: block.count], gone)
        if not found.any():
            return block
        # A copy, because snapshots that searches hold are made of the old one.
        ids = block.ids.copy()
        ids[: block.count][found] = GONE
        live = np.flatnonzero(ids[: block.count] != GONE)
        if len(live) * 4 >= block.count * 3:
            return _Block(ids, block.matrix, block.count)
        # Too many dead rows: copy the others, with room for as many as there was room for.
        room = len(ids) - block.count + len(live)
        compact = _Block(
            np.empty(room, np.int64), np.empty((room, self._dim), np.float32), len(live)
        )
        compact.ids[: len(live)] = ids[live]
        compact.matrix[: len(live)] = block.matrix[live]
        return compact

    def _block_with_room(self) -> _Block:
        if not self._blocks or self._blocks[-1].count == len(self._blocks[-1].ids):
            ids, matrix = (
                np.empty(BLOCK_ROWS, np.int64),
                np.empty((BLOCK_ROWS, self._dim), np.float32),
            )
            self._blocks.append(_Block(ids, matrix, 0))
        return self._blocks[-1]
