"""The index against a slow, obvious twin: a dict of rows."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from photoseek import embedding_index
from photoseek.embedding_index import GONE, EmbeddingIndex, Snapshot

DIM = 5


@pytest.fixture(autouse=True, params=[7, embedding_index.BLOCK_ROWS])
def block_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_index, "BLOCK_ROWS", request.param)


def matrix_of(snapshot: Snapshot) -> NDArray[np.float32]:
    return np.concatenate([np.empty((0, DIM), np.float32), *snapshot.blocks])


def contents(index: EmbeddingIndex) -> dict[int, tuple[float, ...]]:
    snapshot = index.snapshot()
    rows = zip(snapshot.ids.tolist(), matrix_of(snapshot).tolist(), strict=True)
    return {id_: tuple(row) for id_, row in rows if id_ != GONE}


def test_empty_index_has_no_rows() -> None:
    snapshot = EmbeddingIndex(DIM).snapshot()
    assert snapshot.ids.shape == (0,)
    assert snapshot.scores(np.ones(DIM, np.float32)).shape == (0,)


@pytest.mark.parametrize("seed", range(20))
def test_random_additions_and_removals_give_what_a_dict_gives(seed: int) -> None:
    random = np.random.default_rng(seed)
    index, twin, next_id = EmbeddingIndex(DIM), dict[int, tuple[float, ...]](), 1
    for _ in range(60):
        if random.random() < 0.6 or not twin:
            count = int(random.integers(0, 40))
            ids = np.arange(next_id, next_id + count)
            vectors = random.standard_normal((count, DIM)).astype(np.float16)
            next_id += count
            index.add(ids, vectors)
            rows = vectors.astype(np.float32).tolist()
            twin |= {int(id_): tuple(row) for id_, row in zip(ids, rows, strict=True)}
        else:
            known = random.choice(list(twin), int(random.integers(1, len(twin) + 1)), replace=False)
            gone = [*known.tolist(), 10_000_000]  # an id that is not there harms nothing
            index.remove(gone)
            twin = {id_: row for id_, row in twin.items() if id_ not in gone}
        assert contents(index) == twin
        assert len(index) == len(twin)


def test_rows_stay_in_the_order_they_were_added() -> None:
    index = EmbeddingIndex(1)
    for id_ in range(1, 5000, 7):
        index.add(np.array([id_]), np.array([[id_]], np.float32))
    index.remove(range(1, 5000, 14))
    ids = index.snapshot().ids
    live = ids[ids != GONE]
    assert (np.diff(live) > 0).all()


def test_a_snapshot_does_not_change_under_its_reader() -> None:
    index = EmbeddingIndex(DIM)
    index.add(np.arange(1, 11), np.ones((10, DIM), np.float32))
    before = index.snapshot()
    ids, matrix = before.ids.copy(), matrix_of(before)
    index.remove([3])  # with room left, so that nothing moves to a larger matrix
    index.add(np.arange(11, 3000), np.zeros((2989, DIM), np.float32))
    index.remove(range(1, 2500))
    index.add(np.arange(3000, 6000), np.full((3000, DIM), 7, np.float32))
    np.testing.assert_array_equal(before.ids, ids)
    np.testing.assert_array_equal(matrix_of(before), matrix)


def test_one_more_photo_moves_none_of_the_others() -> None:
    index = EmbeddingIndex(DIM)
    index.add(np.arange(100), np.ones((100, DIM), np.float32))
    before = index.snapshot()
    index.add(np.array([100]), np.ones((1, DIM), np.float32))
    for block, after in zip(before.blocks, index.snapshot().blocks, strict=False):
        assert np.shares_memory(block, after)


def test_photos_are_found_by_id_whatever_block_they_lie_in() -> None:
    index = EmbeddingIndex(DIM)
    index.add(np.arange(50), np.arange(50 * DIM, dtype=np.float32).reshape(50, DIM))
    found = index.snapshot().vectors_of([43, 0, 7, 1000])
    np.testing.assert_array_equal(found[:, 0], [0, 7 * DIM, 43 * DIM])


def test_readers_never_see_a_row_without_its_vector() -> None:
    index, wrong = EmbeddingIndex(DIM), list[int]()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            snapshot = index.snapshot()
            live = snapshot.ids != GONE
            wrong.extend(snapshot.ids[live & (matrix_of(snapshot)[:, 0] != snapshot.ids)].tolist())

    reader = threading.Thread(target=read)
    reader.start()
    for start in range(1, 5_000, 50):
        ids = np.arange(start, start + 50)
        index.add(ids, np.repeat(ids[:, None], DIM, axis=1).astype(np.float32))
        index.remove([start])
    done.set()
    reader.join()
    assert not wrong
