"""The catalogue at sizes: what a photo takes on disk, and how its embeddings are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from photoseek import LibraryDamagedError
from photoseek.database import Catalogue, PhotoFile, catalogue
from photoseek.records import Metadata

MOST_BYTES = 1500
"""What a photo may take on disk, without its thumbnail, where a vector has 512 numbers."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Catalogue]:
    with closing(Catalogue(tmp_path / "library.db")) as store:
        store.folders.add(tmp_path / "photos")
        store.models.put("model", "a model", 512, shipped=False)
        yield store


def vector_of(number: int, dim: int) -> NDArray[np.float32]:
    """Return a unit vector in a direction of its own."""
    vector = np.zeros(dim, np.float32)
    vector[:2] = np.cos(number), np.sin(number)
    return vector


def put_photos(store: Catalogue, count: int, dim: int) -> list[int]:
    random, metadata = np.random.default_rng(0), Metadata(datetime(2020, 1, 1), "Canon EOS 80D")
    (folder,) = store.folders.all()
    ids = []
    with store.transaction():
        for number in range(count):
            file = PhotoFile(folder.id, b"2020/IMG_%06d.jpg" % number, 4_000_000, 10**18)
            ids.append(store.put_photo(file, random.bytes(16), 4000, 3000, metadata))
            store.put_embedding(ids[-1], "model", vector_of(number, dim))
    return ids


def test_a_photo_takes_little_room(store: Catalogue, tmp_path: Path) -> None:
    put_photos(store, 4000, 512)
    store.close()  # which brings the write-ahead log into the file
    assert (tmp_path / "library.db").stat().st_size < 4000 * MOST_BYTES


@pytest.mark.parametrize("portion", [1, 7, 10, 100])
def test_embeddings_come_in_portions_and_each_once(
    store: Catalogue, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "PORTION", portion)
    ids = put_photos(store, 10, 2)
    store.remove_photos(ids[:3])
    changes = list(store.embedding_changes("model", 2, 0, 0))
    assert np.concatenate([item.ids for item in changes]).tolist() == ids[3:]
    vectors = np.concatenate([item.vectors for item in changes])
    expected = np.array([vector_of(number, 2) for number in range(3, 10)])
    assert vectors == pytest.approx(expected, abs=1e-3)
    assert [item.anew for item in changes] == [True] + [False] * (len(changes) - 1)
    assert not any(item.removed for item in changes)  # who knows nothing has nothing to forget
    store.remove_photos(ids[3:4])
    (change,) = store.embedding_changes(
        "model", 2, changes[-1].last_added, changes[-1].last_removed
    )
    assert (len(change.ids), change.removed, change.anew) == (0, (ids[3],), False)
    (nothing,) = store.embedding_changes("model", 2, change.last_added, change.last_removed)
    assert (len(nothing.ids), nothing.removed) == (0, ())


def test_a_reader_that_has_missed_removals_reads_all_anew(
    store: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put_photos(store, 10, 2)
    (first,) = store.embedding_changes("model", 2, 0, 0)
    store.remove_photos(ids[:4])
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute("DELETE FROM removals WHERE photo_id < ?", (ids[2],))
    (after,) = store.embedding_changes("model", 2, first.last_added, first.last_removed)
    assert (after.anew, after.removed, after.ids.tolist()) == (True, (), ids[4:])


def test_removals_are_dropped_when_there_are_many(tmp_path: Path) -> None:
    with closing(Catalogue(tmp_path / "library.db")) as store:
        store.folders.add(tmp_path / "photos")
        store.models.put("model", "a model", 2, shipped=False)
        ids = put_photos(store, 3, 2)
    with closing(sqlite3.connect(tmp_path / "library.db")) as database, database:
        database.execute("INSERT INTO removals VALUES (100000, 7)")
        database.execute("DELETE FROM photos WHERE id = ?", (ids[0],))
        kept = database.execute("SELECT seq FROM removals").fetchall()
        assert kept == [(100000,), (100001,)]
        database.execute("INSERT INTO removals VALUES (200000, 7)")
        database.execute("DELETE FROM photos WHERE id = ?", (ids[1],))
        kept = database.execute("SELECT seq FROM removals").fetchall()
        assert kept == [(200000,), (200001,)]


def test_a_photo_that_is_hidden_and_shown_while_it_is_read_is_found(
    store: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = put_photos(store, 3, 2)
    (first,) = store.embedding_changes("model", 2, 0, 0)
    asked = store.exclusions._connection.rows

    def meddle(sql: str, *values: object) -> list[tuple[object, ...]]:
        if "FROM embeddings" in sql:
            monkeypatch.undo()
            store.exclusions.hide(ids[:1])
            store.exclusions.show(ids[:1])
        return asked(sql, *values)

    monkeypatch.setattr(store.exclusions._connection, "rows", meddle)
    known = set(first.ids.tolist())
    change = first
    for _ in range(2):
        (change,) = store.embedding_changes("model", 2, change.last_added, change.last_removed)
        known -= set(change.removed)
        known |= set(change.ids.tolist())
    assert known == set(ids)


def test_rows_of_another_model_are_looked_at_once(store: Catalogue) -> None:
    store.models.put("other", "another model", 2, shipped=False)
    put_photos(store, 5, 2)
    (first,) = store.embedding_changes("other", 2, 0, 0)
    assert len(first.ids) == 0
    (model,) = store.embedding_changes("model", 2, 0, 0)
    assert first.last_added == model.last_added


@pytest.mark.parametrize(
    "vector", ["zeroblob(4)", "x'007c007c'", "x'003c'", "x'003c0000003c0000'", "x'ff7bff7b'"]
)
def test_a_vector_that_no_model_has_written_is_damage(store: Catalogue, vector: str) -> None:
    put_photos(store, 3, 2)
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute(f"UPDATE embeddings SET vector = {vector} WHERE seq = 2")
    with pytest.raises(LibraryDamagedError):
        list(store.embedding_changes("model", 2, 0, 0))
