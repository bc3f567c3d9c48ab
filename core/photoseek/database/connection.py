"""One SQLite connection to a library: opened, checked, backed up, and its errors in words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from photoseek.database.backups import Backups, Scope
from photoseek.database.schema import APPLICATION_ID, SCHEMA_VERSION, STATEMENTS
from photoseek.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryTooNewError,
)

__all__ = ["Connection", "ForeignFileError"]

BUSY_SECONDS = 10.0
"""How long a statement waits for another connection to finish its transaction."""

PAGE_SIZE = 16384
"""Bytes; an embedding of a kilobyte then wastes little of its page."""


class _FileState(NamedTuple):
    """What a file says of itself: SQLite's user version and application id, and its tables."""

    version: int
    application: int
    tables: int


_EMPTY = _FileState(0, 0, 0)


class ForeignFileError(LibraryDamagedError):
    """The file is a sound database, of another program."""


class Connection:
    """A connection that any thread may use, one at a time; another one never waits to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._backups = Backups(path)
        self._lock = threading.RLock()
        self._closed = False
        with self._translated():
            self._sqlite = _connect(path)
            try:
                self._set_up()
            except BaseException:
                self._sqlite.close()
                raise

    def close(self) -> None:
        """Close the connection; the file is whole at any moment, closed or not."""
        with self._lock:
            self._closed = True
            self._sqlite.close()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self._lock, self._translated():
            return self._sqlite.execute(sql, values).fetchall()

    def run(self, sql: str, *values: object) -> int:
        """Run a statement and return the id of the row that it inserted, if it did."""
        with self.transaction():
            return self._sqlite.execute(sql, values).lastrowid or 0

    def run_many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Run a statement once for each row of values, all of them or none."""
        with self.transaction():
            self._sqlite.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run what is inside as one: all of it lands, or none. May be nested."""
        with self._lock, self._translated():
            if self._sqlite.in_transaction:
                yield
                return
            self._sqlite.execute("BEGIN IMMEDIATE")
            changes = self._sqlite.total_changes
            try:
                yield
                if self._sqlite.total_changes != changes:
                    self._unseal()
                self._sqlite.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def shrink(self) -> None:
        """Write the file anew without the room that removed rows have left."""
        with self._lock, self._translated():
            self._unseal()
            self._sqlite.execute("VACUUM")

    def check(self) -> None:
        """Read the whole file; `LibraryDamagedError` where its tables do not hold together."""
        ((verdict,),) = self.rows("PRAGMA quick_check(1)")
        if verdict != "ok":
            raise self.damaged(verdict)

    def back_up(self, scope: Scope, cancelled: Callable[[], bool]) -> None:
        """Check the file, keep a copy and seal it, unless it has not changed since the last one.

        The caller is the only one to update the library. What another connection writes meanwhile
        waits in the log: the file stands still, but is not sealed. `LibraryDamagedError` where the
        check fails, `OSError` where the disk does not take the copy.
        """
        with self._lock, self._translated():
            if self._backups.sealed():
                return
            # All of it in the file and none in the log, or there is nothing that could be copied.
            self._sqlite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._sqlite.execute("BEGIN")
            try:
                self._sqlite.execute("SELECT count FROM edits").fetchone()
                if not self._is_log_empty():
                    return
                self.check()
                backup = self._backups.keep(scope, cancelled)
                if backup is not None and self._takes_write_lock():
                    self._backups.seal(backup)
            finally:
                self._roll_back()

    def backup_bytes(self) -> int:
        """Return the bytes of all backups."""
        return self._backups.size()

    def _is_log_empty(self) -> bool:
        log = self.path.with_name(f"{self.path.name}-wal")
        return not log.exists() or log.stat().st_size == 0

    def _takes_write_lock(self) -> bool:
        """Turn reading into writing; False where another has written since the reading began."""
        try:
            self._sqlite.execute("DELETE FROM unreadable WHERE FALSE")
        except sqlite3.OperationalError:
            return False
        return True

    def _unseal(self) -> None:
        try:
            self._backups.unseal()
        except OSError as error:
            raise LibraryError(
                f"the library's backups {self._backups.directory} cannot be written "
                f"({error.strerror}); make that folder writable"
            ) from error

    def _roll_back(self) -> None:
        if self._sqlite.in_transaction:  # SQLite rolls back by itself when the disk is full
            self._sqlite.execute("ROLLBACK")

    def _set_up(self) -> None:
        if self._file_state() == _EMPTY:
            self._sqlite.execute("PRAGMA journal_mode = WAL")
            self._make_tables()
        state = self._file_state()
        if state.application != APPLICATION_ID:
            raise ForeignFileError(
                f"{self.path} is not a Photoseek library; move it away, or choose another "
                "library folder with --library"
            )
        if state.version > SCHEMA_VERSION:
            raise LibraryTooNewError(
                f"{self.path} was written by a newer Photoseek (version {state.version} of the "
                f"file, this one reads {SCHEMA_VERSION}); update Photoseek, or choose another "
                "library folder with --library"
            )
        if state.version < SCHEMA_VERSION:
            raise LibraryError(
                f"{self.path} was made by a test version of Photoseek that nobody can read any "
                "more; move it away, or choose another library folder with --library"
            )
        self._sqlite.execute("PRAGMA foreign_keys = ON")
        self._sqlite.execute("PRAGMA synchronous = NORMAL")

    def _file_state(self) -> _FileState:
        # In one statement: otherwise a library that another process is just making looks like
        # another program's file.
        row = self._sqlite.execute(
            "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master) "
            "FROM pragma_user_version, pragma_application_id"
        ).fetchone()
        return _FileState(*row)

    def _make_tables(self) -> None:
        with self.transaction():
            if self._file_state() == _EMPTY:  # else another process has made them in this moment
                for statement in STATEMENTS:
                    self._sqlite.execute(statement)

    def damaged(self, detail: object) -> LibraryDamagedError:
        """Return the error that says that this library is damaged, and what to do."""
        line = " ".join(str(detail).split())
        return LibraryDamagedError(
            f"the library {self.path} is damaged ({line}); your photos are untouched: open it "
            "again to have it restored, or move that file away"
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise SQLite's errors as ours, in words."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._in_words(error) from error

    def _in_words(self, error: sqlite3.Error) -> LibraryError:
        if self._closed:
            return LibraryError(f"the library {self.path} is closed")
        # The low byte is the kind; the rest tells variants apart.
        kind = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self.damaged(error)
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return LibraryBusyError(
                f"another program has held the library {self.path} for {BUSY_SECONDS:.0f} "
                "seconds; close it, or try again"
            )
        if kind == sqlite3.SQLITE_FULL:
            return LibraryError(
                f"the disk that holds the library {self.path} is full; free some space and "
                "try again: what was indexed so far is kept"
            )
        if kind in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return LibraryError(
                f"the library {self.path} cannot be written ({error}); make its folder "
                "writable, or choose another with --library"
            )
        return LibraryError(f"the library {self.path} cannot be used ({error})")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    # The first transaction settles the size for good, even one that is rolled back.
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
    if path.exists() and not _is_writable(connection):
        connection.close()
        # A read-only place takes no write-ahead log either, and nobody else can write there.
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
    return connection


def _is_writable(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        kind = (error.sqlite_errorcode or 0) & 0xFF
        return kind not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
    return True
