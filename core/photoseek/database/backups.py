"""Keeps whole copies of a library's file, made by SQLite itself, and puts one back.

Nothing else may read the file: a process that opens and closes it by its own means gives up the
locks that SQLite holds there (sqlite.org/howtocorrupt.html, 2.2), and another process then deletes
the log that this one is writing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from photoseek.database.opening import FILE_NAME, kind_of, open_still
from photoseek.database.schema import has_our_tables
from photoseek.errors import LibraryError
from photoseek.files import inside, new_folder, sync_folder

__all__ = ["Backup", "Backups", "Scope", "copy_still"]

KEPT = 2
"""Backups: the newest, and the one before in case the disk has lost some of that."""

FOLDER_NAME = "backups"

LONGEST = timedelta(days=1)
"""A library that has changed is backed up once a day at least, while it is updated."""

SLOWEST = 16 << 10
"""Bytes a second; a smaller library is backed up more often, but writes no more than that.

The gigabyte and a half of a million photos is written once a day, the 30 MB of 20,000 after half
an hour. What is lost with the damaged file is read again from the photos.
"""

MOST_CHANGED = 0.1
"""After so large a part of the photos has changed, a backup is due at once: to read those again
may take longer than to copy the file."""

STEP = 1000
"""Pages that are copied before it is seen whether the person wants to stop: 16 MB."""

_NAME = re.compile(r"\d{8}-\d{6}\.db")
_TIME = "%Y%m%d-%H%M%S.db"


class _CancelledError(Exception):
    """The person does not want to wait for the copy."""


@dataclass(frozen=True)
class Scope:
    """What a library covers: all that it takes to read its photos again."""

    folders: tuple[Path, ...] = ()
    exclusions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Content:
    """What tells how much a library has changed: `changes` only grows.

    `made` is what the person has told it, and photos cannot: folders, exclusions, models.
    """

    made: tuple[object, ...]
    photos: int
    changes: int


@dataclass(frozen=True)
class Backup:
    """One copy, and when it was made."""

    path: Path
    made: datetime


class Backups:
    """The copies of one library file, in `backups` beside it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def newest_first(self) -> list[Backup]:
        """Return the backups; whether one is whole is seen when it is used."""
        try:
            with os.scandir(self._folder()) as entries:
                names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except OSError:
            return []
        found = []
        for name in sorted(filter(_NAME.fullmatch, names), reverse=True):
            with contextlib.suppress(ValueError):  # a month 13
                made = datetime.strptime(name, _TIME).replace(tzinfo=UTC)
                found.append(Backup(self._folder() / name, made))
        return found

    def is_due(self, source: sqlite3.Connection, size: int) -> bool:
        """Tell whether a library of this size has changed enough for another copy."""
        content = _content_of(source)
        newest = next(iter(self.newest_first()), None)
        before = _content_when(newest) if newest is not None else None
        if newest is None or before is None or content.made != before.made:
            return True
        changes = content.changes - before.changes
        age = datetime.now(UTC) - newest.made
        patience = min(LONGEST, timedelta(seconds=size / SLOWEST))
        # A clock that was put back makes a backup of the future, and a library an older state.
        is_old = not timedelta(0) <= age < patience
        return changes != 0 and (is_old or not 0 <= changes <= MOST_CHANGED * content.photos)

    def keep(self, source: sqlite3.Connection, cancelled: Callable[[], bool]) -> None:
        """Copy what a connection reads, unless cancelled; the oldest copies give way to it.

        `OSError` where the disk does not take it.
        """
        folder = self._folder()
        folder.mkdir(exist_ok=True)
        before = self.newest_first()
        made = datetime.now(UTC)
        if before and made < before[0].made + timedelta(seconds=1):
            made = before[0].made + timedelta(seconds=1)
        path = folder / made.strftime(_TIME)
        with new_folder(path) as part, contextlib.suppress(_CancelledError):
            _copy(source, part / FILE_NAME, cancelled)
            (part / FILE_NAME).replace(path)
            sync_folder(folder)
            for old in before[KEPT - 1 :]:
                old.path.unlink(missing_ok=True)

    def size(self) -> int:
        """Return the bytes of all backups."""
        total = 0
        for backup in self.newest_first():
            with contextlib.suppress(OSError):  # another process drops old ones meanwhile
                total += backup.path.lstat().st_size
        return total

    def _folder(self) -> Path:
        return inside(self._directory, FOLDER_NAME)


def copy_still(path: Path, target: Path) -> bool:
    """Copy a library file that nobody uses to `target`; False where it cannot be read.

    `OSError` where the disk does not take it. Whether it is sound is left to be seen.
    """
    try:
        with closing(open_still(path)) as source:
            if not has_our_tables(source):  # such as an empty file, an empty database to SQLite
                return False
            _copy(source, target, lambda: False)
    except sqlite3.Error:
        return False
    return True


def _content_when(backup: Backup) -> _Content | None:
    """Return what the library held when it was backed up; None where the backup is damaged."""
    try:
        with closing(open_still(inside(backup.path.parent, backup.path.name))) as database:
            return _content_of(database) if has_our_tables(database) else None
    except (LibraryError, sqlite3.Error, TypeError, ValueError):
        return None


def _content_of(database: sqlite3.Connection) -> _Content:
    made = [
        row
        for question in (
            "SELECT path FROM folders ORDER BY id",
            "SELECT pattern FROM exclusions ORDER BY id",
            "SELECT model_id, current FROM models ORDER BY id",
        )
        for row in database.execute(question)
    ]
    photos, numbers, edits = database.execute(
        "SELECT (SELECT count(*) FROM photos), (SELECT sum(seq) FROM sqlite_sequence), "
        "(SELECT sum(count) FROM edits)"
    ).fetchone()
    return _Content(tuple(made), photos, int(numbers or 0) + int(edits or 0))


def _copy(source: sqlite3.Connection, target: Path, cancelled: Callable[[], bool]) -> None:
    """Copy a database to a new file, page by page, in the state of one moment."""

    def stop_if_cancelled(_status: int, _remaining: int, _total: int) -> None:
        if cancelled():
            raise _CancelledError

    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # The copy counts only when it is whole: it needs no journal.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        with _disk_errors(target):
            source.backup(copy, pages=STEP, progress=stop_if_cancelled)
    handle = os.open(target, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """Raise what a disk does to the copy as `OSError`; the rest concerns the source."""
    try:
        yield
    except sqlite3.Error as error:
        number = {
            sqlite3.SQLITE_FULL: errno.ENOSPC,
            sqlite3.SQLITE_READONLY: errno.EROFS,
            sqlite3.SQLITE_CANTOPEN: errno.EACCES,
        }.get(kind_of(error))
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error
