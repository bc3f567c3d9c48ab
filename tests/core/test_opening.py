"""A library is opened on disks that take nothing more, and cleared of what was left behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from photoseek import Library, LibraryError

OpenLibrary = Callable[..., Library]


def test_a_library_on_a_disk_that_is_full_is_searched_and_says_so_when_it_is_changed(
    indexed: Path, mounted: Callable[..., Path], open_library: OpenLibrary
) -> None:
    disk = mounted("disk", "size=20m")
    shutil.copytree(indexed, disk / "library")
    with suppress(OSError), (disk / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    library = open_library(disk / "library")
    assert library.recovery is None
    assert len(library.search("red")) == 6
    with pytest.raises(LibraryError, match="full"):
        library.exclude("Trash/")
    library.close()
    (disk / "fill").unlink()
    library = open_library(disk / "library")
    library.exclude("Trash/")
    assert library.update().unchanged == 6


@pytest.mark.skipif(sys.platform == "win32", reason="asks after processes")
def test_what_killed_runs_have_left_is_cleared_by_the_next_writer(
    indexed: Path, open_library: OpenLibrary
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [
        indexed / f".library.db.{ended.pid}-1.part",
        indexed / "backups" / f".20200101-000000.db.{ended.pid}-1.part",
        indexed / "thumbnails" / f".a.jpg.{ended.pid}-1.part",
        indexed / "models" / f".a.{ended.pid}-1.part",
    ]
    for path in left:
        path.mkdir()
        (path / "library.db").touch()
    open_library(indexed).exclude("Trash/")
    assert not any(path.exists() for path in left)
