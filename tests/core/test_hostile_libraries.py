"""A library from somebody else: one line at most, and nothing outside its folder is touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from crafting import put_crafted
from drawing import draw_photo
from photoseek import Library, LibraryError, PhotoseekError

OpenLibrary = Callable[..., Library]

ENDLESS = (
    "CREATE VIEW unreadable AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) "
    "SELECT x AS folder_id, x AS path, x AS reason FROM n"
)

CHANGES = {
    "a view as the folders": [
        "DROP TABLE unreadable",
        ENDLESS,
    ],
    "a trigger of its own": [
        "CREATE TRIGGER mine AFTER INSERT ON folders BEGIN DELETE FROM photos; END"
    ],
    "a table more": ["CREATE TABLE mine (x)"],
    "a column more": ["ALTER TABLE folders ADD COLUMN mine TEXT"],
    "no edits": ["DELETE FROM edits"],
    "text as the last number": ["UPDATE sqlite_sequence SET seq = 'many'"],
    "the largest number": ["UPDATE sqlite_sequence SET seq = 9223372036854775807"],
    "a pattern that is none": ["INSERT INTO exclusions (pattern) VALUES ('!!')"],
    "a pattern without letters": ["INSERT INTO exclusions (pattern) VALUES ('')"],
    "a folder with a NUL": ["UPDATE folders SET path = x'2f00'"],
    "a folder without a name": ["UPDATE folders SET path = x''"],
    "a photo with a NUL": ["UPDATE photos SET name = x'6100' WHERE id = 1"],
    "a photo elsewhere": ["UPDATE photos SET name = '../a' WHERE id = 1"],
    "a date beyond all": ["UPDATE photos SET dated = 1 << 62, taken = 1 << 62, described = 1"],
    "a zone beyond all": ["UPDATE photos SET taken = 1, zone = 1 << 40"],
    "a size beyond all": ["UPDATE photos SET width = 1 << 62, file_size = 1 << 62"],
    "places beyond all": ["UPDATE photos SET latitude = 9e999, longitude = -9e999"],
    "a rating beyond all": ["UPDATE photos SET rating = 1 << 62, orientation = -1 << 40"],
    "text that is none": ["UPDATE photos SET camera = CAST(x'ff' AS TEXT)"],
    "a model without a name": ["UPDATE models SET model_id = ''"],
    "a model that leads out": ["UPDATE models SET model_id = '../../photos'"],
    "no model in use": ["UPDATE models SET current = 0"],
    "vectors of another length": ["UPDATE embeddings SET vector = zeroblob(2)"],
    "photos without embeddings": ["DELETE FROM embeddings"],
}


def use(open_: OpenLibrary, directory: Path) -> None:
    """Do everything that a person may; what fails says so in one line."""
    actions: list[Callable[[Library], object]] = [
        lambda library: library.search("red"),
        lambda library: library.photos(library.browse().tolist()),
        lambda library: library.info(),
        lambda library: library.filter_choices(),
        lambda library: library.update(),
        lambda library: library.forget_missing(),
    ]
    for action in actions:
        with told_in_one_line(), closing(open_(directory)) as library:
            action(library)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Let Photoseek's own errors pass, which are a line each."""
    lines = []
    try:
        yield
    except PhotoseekError as error:
        lines = str(error).splitlines()
    assert len(lines) <= 1


@pytest.mark.parametrize("statements", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("backups", [True, False])
def test_a_crafted_library_fails_in_a_line_or_not_at_all(
    indexed: Path, open_library: OpenLibrary, statements: list[str], backups: bool
) -> None:
    if not backups:
        shutil.rmtree(indexed / "backups")
    with closing(sqlite3.connect(indexed / "library.db", isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            with suppress(sqlite3.IntegrityError):  # the tables themselves refuse some
                database.execute(statement)
    use(open_library, indexed)


@pytest.mark.parametrize("column", ["width", "name", "digest", "dated", "camera"])
@pytest.mark.parametrize("value", [None, "text", 7])
def test_a_value_of_another_kind_fails_in_a_line(
    indexed: Path, open_library: OpenLibrary, column: str, value: object
) -> None:
    put_crafted(indexed / "library.db", column, value, photo_id=2)
    use(open_library, indexed)


@pytest.mark.parametrize(
    "name",
    ["library.db", "library.db-wal", "library.db-shm", "update.lock", "backups", "thumbnails"],
)
def test_a_link_inside_a_library_is_refused_and_not_written_through(
    indexed: Path, open_library: OpenLibrary, tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "mine"
    if (indexed / name).exists():
        (indexed / name).rename(mine)
    else:
        mine.touch()
    before = {path: path.stat().st_mtime_ns for path in [mine, *mine.rglob("*")]}
    (indexed / name).symlink_to(mine)
    with pytest.raises(LibraryError, match=f"{name} is a link"):
        read_one_more(open_library, indexed)
    assert {path: path.stat().st_mtime_ns for path in [mine, *mine.rglob("*")]} == before


def read_one_more(open_: OpenLibrary, directory: Path) -> None:
    more = directory.with_name("more")
    draw_photo(more / "white.jpg", "white")
    library = open_(directory)
    library.add_folder(more)
    library.update()


@pytest.mark.skipif(sys.platform == "win32", reason="makes pipes")
@pytest.mark.parametrize("name", ["library.db", "library.db-wal", "update.lock"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_in_the_place_of_one_is_said(
    indexed: Path, open_library: OpenLibrary, name: str, make: Callable[[Path], None]
) -> None:
    (indexed / name).unlink(missing_ok=True)
    make(indexed / name)
    with pytest.raises(LibraryError, match="no ordinary file"):
        open_library(indexed)


def test_a_journal_that_would_have_sqlite_delete_a_file_is_refused(
    indexed: Path, open_library: OpenLibrary, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (indexed / "library.db-journal").write_bytes(journal_naming(mine, indexed / "library.db"))
    with pytest.raises(LibraryError, match="journal"):
        open_library(indexed)
    assert mine.read_text() == "mine"


def journal_naming(victim: Path, database: Path) -> bytes:
    """Return a rollback journal without pages, whose super-journal is `victim`."""
    magic, page = bytes.fromhex("d9d505f920a163d7"), 16384
    size = database.stat().st_size // page
    header = magic + struct.pack(">IIIII", 0, 1, size, 512, page)
    name = os.fsencode(victim)
    end = struct.pack(">I", 0x40000000 // page + 1) + name
    return header.ljust(512, b"\0") + end + struct.pack(">II", len(name), sum(name)) + magic


def test_backups_that_are_none_do_no_harm(
    indexed: Path, open_library: OpenLibrary, tmp_path: Path
) -> None:
    backups = indexed / "backups"
    (backups / "20990101-000000.db").symlink_to(tmp_path / "photos")
    (backups / "20990102-000000.db").mkdir()
    (backups / "20991399-000000.db").touch()
    (backups / "letter.txt").write_text("mine")
    with closing(sqlite3.connect(backups / "20990103-000000.db")) as database:
        database.execute("CREATE VIEW folders AS SELECT 1 AS path, 1 AS id")
    use(open_library, indexed)
    (indexed / "library.db").unlink()
    assert open_library(indexed).info().searchable == 6
    assert (backups / "letter.txt").read_text() == "mine"
