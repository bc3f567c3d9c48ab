"""One SQLite connection to a library: opened, checked, copied, and its errors in words."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from photoseek.database.opening import BUSY_SECONDS, CANNOT_WRITE, connect, kind_of, stamp
from photoseek.database.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    STATEMENTS,
    has_our_tables,
)
from photoseek.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryTooNewError,
)
from photoseek.files import open_new

__all__ = ["SUSPECT_NAME", "Connection", "ForeignFileError"]

SUSPECT_NAME = "library.db.suspect"
"""The empty file that has the library read through when it is opened the next time."""

_PLAIN_KINDS = {"i": int, "r": float, "t": str, "b": bytes}
_KINDS = {kind: {type_} for kind, type_ in _PLAIN_KINDS.items()} | {
    kind.upper(): {type_, type(None)} for kind, type_ in _PLAIN_KINDS.items()
}
"""The types of the values of a column, as `Connection.typed` has them."""

T = TypeVar("T")


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
        """Open a library file, or make one where there is none or an empty one."""
        self.path = path
        self._lock = threading.RLock()
        self._closed = False
        self._reopened = 0
        self._open()

    def close(self) -> None:
        """Close the connection; the file is whole at any moment, closed or not."""
        with self._lock:
            self._closed = True
            self._sqlite.close()

    def settle(self) -> None:
        """Write the log into the file, which can then be moved; `LibraryError` where that fails."""
        # Closing the connection does so too, and says nothing where the disk is full.
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self._lock, self._translated():
            self._follow()
            return self._sqlite.execute(sql, values).fetchall()

    def typed(self, kinds: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, whose first columns are of these kinds.

        A kind is a letter: `i` a whole number, `r` a number, `t` text, `b` bytes; a capital may be
        NULL. `LibraryDamagedError` where a value is not: the file may come from somebody else.
        """
        rows = self.rows(sql, *values)
        for column, kind in enumerate(kinds):
            # By column, which is several times as fast as by row where there are a million.
            if not {type(row[column]) for row in rows} <= _KINDS[kind]:
                raise self.damaged("a value of it is of another kind than those of its column")
        return rows

    def records(self, make: Callable[[Any], T], sql: str, *values: object) -> list[T]:
        """Run a statement and return what `make` makes of each row.

        `LibraryDamagedError` where it fails on a value: the file may come from somebody else.
        """
        rows = self.rows(sql, *values)
        try:
            return [make(row) for row in rows]
        except (TypeError, ValueError, ArithmeticError, IndexError) as error:
            raise self.damaged(f"a row of it holds what no photo has: {error}") from error

    def number(self, sql: str, *values: object) -> int:
        """Run a statement and return the whole number that it answers."""
        numbers = self.records(lambda row: int(row[0]), sql, *values)
        if not numbers:
            raise self.damaged("a table of it is empty that never is")
        return numbers[0]

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
            try:
                yield
                self._sqlite.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def shrink(self) -> None:
        """Write the file anew without the room that removed rows have left."""
        with self._lock, self._translated():
            self._sqlite.execute("VACUUM")

    def data_version(self) -> int:
        """Return a number that changes when another connection has written to the library."""
        with self._lock:
            (version,) = self.rows("PRAGMA data_version")[0]
            return int(version) + (self._reopened << 32)

    def check(self, *, thoroughly: bool = False) -> None:
        """Read the whole file; `LibraryDamagedError` where its tables do not hold together.

        Only `thoroughly`, which takes several times as long, are they compared with their indexes.
        """
        ((verdict,),) = self.rows(f"PRAGMA {'integrity' if thoroughly else 'quick'}_check(1)")
        if verdict != "ok":
            raise self.damaged(verdict)

    def copy(self, copier: Callable[[sqlite3.Connection], T]) -> T:
        """Let `copier` copy what the connection reads; nothing else may read the file."""
        with self._lock, self._translated():
            return copier(self._sqlite)

    def damaged(self, detail: object) -> LibraryDamagedError:
        """Return an error that says so, and have the file read through at the next opening."""
        with suppress(OSError):  # a library that cannot be written cannot be restored either
            open_new(self.path.with_name(SUSPECT_NAME)).close()
        line = " ".join(str(detail).split())
        return LibraryDamagedError(
            f"the library {self.path} is damaged ({line}); your photos are untouched: open it "
            "again to have it restored, or move that file away"
        )

    # Opening

    def _open(self) -> None:
        with self._translated():
            self._sqlite, self._frozen = connect(self.path)
            try:
                self._set_up()
            except BaseException:
                self._sqlite.close()
                raise

    def _follow(self) -> None:
        """Open a file anew that was taken for unchanging, and that somebody has changed."""
        if self._frozen is not None and not self._closed and stamp(self.path) != self._frozen:
            self._sqlite.close()
            self._reopened += 1
            self._open()

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
        if not has_our_tables(self._sqlite):
            raise self.damaged("its tables are not those that Photoseek makes")
        self._sqlite.execute("PRAGMA foreign_keys = ON")
        self._sqlite.execute("PRAGMA synchronous = NORMAL")

    def _roll_back(self) -> None:
        if self._sqlite.in_transaction:  # SQLite rolls back itself when the disk is full
            self._sqlite.execute("ROLLBACK")

    def _file_state(self) -> _FileState:
        # In one transaction: otherwise a library that another process is just making looks like
        # another program's file.
        nested = self._sqlite.in_transaction
        if not nested:
            self._sqlite.execute("BEGIN")
        try:
            state = [
                self._sqlite.execute(question).fetchone()[0]
                for question in (
                    "PRAGMA user_version",
                    "PRAGMA application_id",
                    "SELECT count(*) FROM sqlite_master",
                )
            ]
        finally:
            if not nested:
                self._sqlite.execute("ROLLBACK")
        return _FileState(*state)

    def _make_tables(self) -> None:
        with self.transaction():
            if self._file_state() == _EMPTY:  # else another process has made them in this moment
                for statement in STATEMENTS:
                    self._sqlite.execute(statement)

    # Errors

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
        kind = kind_of(error)
        if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self.damaged(error)
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return LibraryBusyError(
                f"another program has held the library {self.path} for {BUSY_SECONDS:.0f} "
                "seconds; close it, or try again"
            )
        # Read only, such a library opens all the same.
        if kind == sqlite3.SQLITE_FULL or (kind in CANNOT_WRITE and self._is_disk_full()):
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

    def _is_disk_full(self) -> bool:
        try:
            return shutil.disk_usage(self.path.parent).free < 1 << 20
        except OSError:
            return False
