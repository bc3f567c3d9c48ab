"""Opens a SQLite file: to write where that is possible, else to read only, else as it stands."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from photoseek.errors import LibraryError
from photoseek.files import inside

__all__ = [
    "BUSY_SECONDS",
    "CANNOT_WRITE",
    "FILE_NAME",
    "LOCK_NAME",
    "LOG_ENDINGS",
    "check_files",
    "connect",
    "kind_of",
    "open_still",
    "stamp",
]

FILE_NAME = "library.db"

LOCK_NAME = "update.lock"
"""The file beside the library that its one writer locks; it stays when the writer has gone."""

LOG_ENDINGS = ("-wal", "-shm")
"""What SQLite keeps beside a file while it is in use; it belongs to that file only."""

BUSY_SECONDS = 10.0
"""How long a statement waits for another connection to finish its transaction."""

PAGE_SIZE = 16384
"""Bytes; an embedding of a kilobyte then wastes little of its page."""

CANNOT_WRITE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
)
"""Kinds of errors of a file or folder that takes no writing, or of a full disk."""


def check_files(directory: Path) -> None:
    """Raise `LibraryError` where SQLite would follow a link, wait for a pipe, or undo something.

    A rollback journal that lies beside a file can have SQLite delete any other file, whose name it
    holds. Photoseek makes a library in a folder of its own and keeps it in WAL mode, so that there
    is never a journal beside one.
    """
    for name in (FILE_NAME, *(FILE_NAME + ending for ending in LOG_ENDINGS), LOCK_NAME):
        path = inside(directory, name)
        try:
            is_file = stat.S_ISREG(path.lstat().st_mode)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LibraryError(f"{path} cannot be read ({error.strerror})") from error
        if not is_file:
            raise LibraryError(
                f"{path} is no ordinary file; move it away, or choose another library folder with "
                "--library"
            )
    journal = directory / f"{FILE_NAME}-journal"
    if os.path.lexists(journal):
        raise LibraryError(
            f"{journal} was not made by Photoseek, and SQLite would change files by it; delete it"
        )


def connect(path: Path) -> tuple[sqlite3.Connection, tuple[int, ...] | None]:
    """Return a connection, and what the file was like if it is taken for one that stays so.

    What cannot be written is only read. SQLite then needs its `-shm` file; where that cannot be
    made, the file is read as it stands. Somebody else may write to it all the same, so who reads it
    compares the `stamp`.
    """
    try:
        return _usable(
            sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        ), None
    except sqlite3.Error as error:
        if kind_of(error) not in CANNOT_WRITE or not _has_content(path):
            raise
        try:
            return _usable(_open_uri(path, "mode=ro")), None
        except sqlite3.Error:
            before = stamp(path)
            if before is None or _has_content(path.with_name(f"{path.name}-wal")):
                raise error from None
            return open_still(path), before


def open_still(path: Path) -> sqlite3.Connection:
    """Open a file that nobody changes; nothing beside it is read or made."""
    return _usable(_open_uri(path, "mode=ro&immutable=1"))


def kind_of(error: sqlite3.Error) -> int:
    """Return the kind of an error; what its number holds above that tells variants apart."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def stamp(path: Path) -> tuple[int, ...] | None:
    """Return what changes when somebody writes to a file or replaces it; None if it is gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    log = path.with_name(f"{path.name}-wal")
    return status.st_ino, status.st_size, status.st_mtime_ns, int(_has_content(log))


def _open_uri(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _usable(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return the connection if it can read; only then does SQLite look at the file."""
    try:
        # The first transaction settles the size for good, even one that is rolled back.
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        # As sqlite.org/security.html recommends for a file from somebody else.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
