"""`kill -9` at a hundred random moments of indexing: nothing lost, doubled, or done twice."""

from __future__ import annotations

import os
import random
import selectors
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from blake3 import blake3

from photoseek import Library, ModelBundle

KILLS = 100
PHOTOS = 150

_SERVER = """
import os, sys
import onnxruntime, photoseek.library
from photoseek import ModelBundle
from photoseek.cli import main

bundle = ModelBundle.open(sys.argv[1])
ModelBundle.shipped = classmethod(lambda cls: bundle)
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os._exit(main(["index", sys.argv[2], "--library", line.rstrip()]))
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Has imported everything, so that a fork of it indexes at once: a hundred starts take no minutes.
Each line on its input is a library; it answers with the process that indexes it, and how it ended.
"""


@dataclass(frozen=True)
class Row:
    """What a library has of one photo; `seq` is another after embedding it again."""

    id: int
    seq: int
    digest: bytes


class IndexServer:
    """Starts indexing in processes of their own."""

    def __init__(self, bundle: ModelBundle, folder: Path) -> None:
        command = [sys.executable, "-c", _SERVER, str(bundle.path), str(folder)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._answers = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._answers, selectors.EVENT_READ)

    def index(self, directory: Path, *, kill_after: float | None = None) -> bool:
        """Index into a library; tell whether the process was killed before it had finished."""
        self._orders.write(f"{directory}\n")
        child = int(self._answers.readline())
        if kill_after is not None and not self._selector.select(kill_after):
            os.kill(child, signal.SIGKILL)
        ending = int(self._answers.readline())
        assert ending in (0, signal.SIGKILL)
        return ending != 0

    def close(self) -> None:
        self._selector.close()
        self._process.communicate()


@pytest.fixture
def start_server() -> Iterator[Callable[[ModelBundle, Path], IndexServer]]:
    servers: list[IndexServer] = []

    def start(bundle: ModelBundle, folder: Path) -> IndexServer:
        servers.append(IndexServer(bundle, folder))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def rows_of(directory: Path) -> dict[bytes, Row]:
    """Check the library's file with SQLite alone, and return its photos by name."""
    if not (directory / "library.db").exists():
        return {}
    with closing(sqlite3.connect(directory / "library.db")) as database:
        assert database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return {}
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = database.execute(
            "SELECT p.name, p.id, e.seq, p.digest FROM photos p "
            "LEFT JOIN embeddings e ON e.photo_id = p.id"
        ).fetchall()
    found = {name: Row(*values) for name, *values in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_indexing_killed_at_a_hundred_moments_loses_and_doubles_nothing(
    tmp_path: Path,
    colour_bundle: ModelBundle,
    many_photos: Callable[[Path, int], Path],
    open_library: Callable[..., Library],
    start_server: Callable[[ModelBundle, Path], IndexServer],
) -> None:
    folder = many_photos(tmp_path / "photos", PHOTOS)
    digests = {
        os.fsencode(path.name): blake3(path.read_bytes()).digest(length=16)
        for path in folder.iterdir()
    }
    server = start_server(colour_bundle, folder)
    started = time.monotonic()
    assert not server.index(tmp_path / "library-whole")
    latest = time.monotonic() - started
    moments = random.Random(7)
    kills, library_number, amid = 0, 0, 0
    kept: dict[bytes, Row] = {}
    while kills < KILLS:
        directory = tmp_path / f"library-{library_number}"
        killed = server.index(directory, kill_after=moments.uniform(0, latest))
        rows = rows_of(directory)
        # What was there is there, once, and was not embedded again.
        assert kept.items() <= rows.items()
        assert all(row.digest == digests[name] for name, row in rows.items())
        with Library.open(directory, bundle=colour_bundle) as library:
            info = library.info()
            assert library.recovery is None
            assert info.photos == info.searchable == len(rows)
            paths = [photo.path for photo in library.photos(library.browse().tolist())]
        assert sorted(os.fsencode(path.name) for path in paths) == sorted(rows)
        kills += killed
        amid += killed and 0 < len(rows) < PHOTOS
        kept = rows
        if not killed:
            assert rows.keys() == digests.keys()
            library_number, kept = library_number + 1, {}
    assert not server.index(directory)
    assert amid > KILLS // 4  # or the moments were none of indexing
    rows = rows_of(directory)
    assert kept.items() <= rows.items()
    assert rows.keys() == digests.keys()
    library = open_library(directory)
    assert library.update().unchanged == PHOTOS
    hits = library.search("red", top_k=PHOTOS // 6)
    assert all(hit.photo.path.stem.endswith("red") for hit in hits)
