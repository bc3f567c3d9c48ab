"""The file of a library: which versions are opened, and what its tables refuse."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from photoseek import Library, LibraryError, LibraryTooNewError


def set_version(directory: Path, version: int) -> None:
    with closing(sqlite3.connect(directory / "library.db")) as database:
        database.execute(f"PRAGMA user_version = {version}")


def test_a_newer_library_is_refused_and_left_alone(
    indexed: Path, open_library: Callable[..., Library]
) -> None:
    set_version(indexed, 99)
    with pytest.raises(LibraryTooNewError, match="update Photoseek"):
        open_library(indexed)
    assert not list(indexed.glob("library.db.damaged-*"))


def test_a_library_of_a_test_version_is_refused_and_left_alone(
    indexed: Path, open_library: Callable[..., Library]
) -> None:
    shutil.rmtree(indexed / "backups")
    set_version(indexed, 0)
    with pytest.raises(LibraryError, match="test version"):
        open_library(indexed)
    assert not list(indexed.glob("library.db.damaged-*"))


@pytest.mark.parametrize(
    "column", ["file_size = 'large'", "name = ''", "digest = NULL", "width = 0", "missing = 2"]
)
def test_the_table_of_photos_refuses_values_that_no_photo_has(indexed: Path, column: str) -> None:
    with (
        closing(sqlite3.connect(indexed / "library.db")) as database,
        pytest.raises(sqlite3.IntegrityError),
    ):
        database.execute(f"UPDATE photos SET {column}")
