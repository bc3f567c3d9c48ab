"""The catalogue at sizes: what a photo takes on disk, and how its embeddings are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

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


def put_photos(store: Catalogue, count: int, dim: int) -> list[int]:
    random, metadata = np.random.default_rng(0), Metadata(datetime(2020, 1, 1), "Canon EOS 80D")
    (folder,) = store.folders.all()
    ids = []
    with store.transaction():
        for number in range(count):
            file = PhotoFile(folder.id, b"2020/IMG_%06d.jpg" % number, 4_000_000, 10**18)
            ids.append(store.put_photo(file, random.bytes(16), 4000, 3000, metadata))
            vector = np.full(dim, number, np.float32)
            store.put_embedding(ids[-1], "model", vector)
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
    assert np.concatenate([item.vectors for item in changes])[:, 0].tolist() == list(range(3, 10))
    assert [id_ for item in changes for id_ in item.removed] == ids[:3]
    (nothing,) = store.embedding_changes(
        "model", 2, changes[-1].last_added, changes[-1].last_removed
    )
    assert (len(nothing.ids), nothing.removed) == (0, ())
