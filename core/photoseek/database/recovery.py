"""Notices a library file that is not as Photoseek left it, and puts a good one in its place."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import filelock

from photoseek.database.backups import Backup, Backups, Scope
from photoseek.database.catalogue import Catalogue
from photoseek.database.connection import ForeignFileError
from photoseek.database.schema import APPLICATION_ID, SCHEMA_VERSION
from photoseek.errors import LibraryDamagedError, LibraryError
from photoseek.files import sync_folder

__all__ = ["LOCK_NAME", "recover"]

LOCK_NAME = "update.lock"
"""The file beside the library that its one writer locks; it stays when the writer has gone."""

LOCK_SECONDS = 10.0
"""How long a process waits for another one that is putting the same library right."""

LOG_ENDINGS = ("-wal", "-shm")
"""What SQLite keeps beside a file while it is written; it belongs to that file only."""


def recover(path: Path, lock: filelock.BaseFileLock) -> str | None:
    """See whether the library file is sound; return what was done about it, in one line, if not.

    A file that Photoseek has sealed is compared with its digests, so that no changed bit goes
    unnoticed; one that was being written when the process ended is read through by SQLite. The
    damaged file keeps its bytes under a new name. `LibraryDamagedError` where it cannot be
    replaced.
    """
    if _damage(path) is None:
        return None
    try:
        with lock.acquire(timeout=LOCK_SECONDS):
            damage = _damage(path)  # another process may have put it right in the meantime
            return _replace(path, damage) if damage is not None else None
    except filelock.Timeout as error:
        raise LibraryDamagedError(
            f"the library {path} is damaged, and another Photoseek is using it; close that one "
            "and open the library again"
        ) from error
    except OSError as error:
        raise LibraryDamagedError(
            f"the library {path} is damaged and cannot be replaced ({error.strerror}); your "
            "photos are untouched: free some space, make its folder writable, and open it again"
        ) from error


def _damage(path: Path) -> str | None:
    """Say what is wrong with the library file; None when nothing is, or it is not ours."""
    backups = Backups(path)
    if not path.exists() or path.stat().st_size == 0:
        return "is gone" if any(backups.newest_first()) else None
    if _is_newer(path):
        return None
    sealed = backups.sealed()
    if sealed is not None:
        # A seal that was taken off meanwhile tells that another process is writing, not damage.
        if backups.matches(sealed) or backups.sealed() != sealed:
            return None
        return "is not as Photoseek left it"
    try:
        with closing(Catalogue(path)) as catalogue:
            catalogue.check()
    except ForeignFileError:
        # A person may have named another program's folder by mistake: leave it alone.
        return "is another program's file" if any(backups.newest_first()) else None
    except LibraryDamagedError:
        return "is damaged" if _is_ours(path) else None
    return None


def _header(path: Path) -> tuple[int, int] | None:
    """Return SQLite's user version and application id (fileformat2.html, 1.3), if it is a file."""
    with path.open("rb") as file:
        header = file.read(72)
    if len(header) < 72 or not header.startswith(b"SQLite format 3\0"):
        return None
    version, application = struct.unpack(">I4xI", header[60:72])
    return version, application


def _is_newer(path: Path) -> bool:
    """Tell whether a later Photoseek has made the file: that one's seals are its own."""
    version, application = _header(path) or (0, 0)
    return application == APPLICATION_ID and version > SCHEMA_VERSION


def _is_ours(path: Path) -> bool:
    """Tell whether a damaged file is Photoseek's, by itself or by what was done in its folder."""
    _, application = _header(path) or (0, 0)
    return (
        application == APPLICATION_ID
        or path.with_name(LOCK_NAME).exists()
        or any(Backups(path).newest_first())
    )


def _replace(path: Path, damage: str) -> str:
    """Set the damaged file aside and put the newest good backup, or an empty library, there."""
    backups = Backups(path)
    part = path.with_name(f".{path.name}.part")
    restored = next((b for b in backups.newest_first() if backups.restore(b, part)), None)
    scope = Scope()
    if restored is None:
        scope = _known_scope(path, backups.newest_first())
        _make_library(part, scope)
    kept = _set_aside(path)
    if backups.sealed() != restored:
        backups.unseal()
    part.replace(path)
    sync_folder(path.parent)
    if restored is not None:
        backups.seal(restored)
    return f"the library file {path} {damage}; {_told(kept, restored, scope)}"


def _known_scope(path: Path, backups: Iterable[Backup]) -> Scope:
    """Return what the library covers as a backup's list has it, or the damaged file itself."""
    for backup in backups:
        return backup.scope
    try:
        with closing(Catalogue(path)) as catalogue:
            return catalogue.scope()
    except LibraryError:
        return Scope()


def _make_library(part: Path, scope: Scope) -> None:
    part.unlink(missing_ok=True)
    with closing(Catalogue(part)) as catalogue:
        for folder in scope.folders:
            catalogue.folders.add(folder)
        catalogue.exclusions.add(scope.exclusions)


def _set_aside(path: Path) -> Path | None:
    """Rename the file, and what SQLite keeps beside it; return its new name, if it was there."""
    if not path.exists():
        return None
    name = f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    kept = next(kept for kept in map(path.with_name, names) if not kept.exists())
    # The log first: left alone beside the new file, SQLite would write it into that.
    for ending in LOG_ENDINGS:
        log = path.with_name(path.name + ending)
        if log.exists():
            log.replace(kept.with_name(kept.name + ending))
    path.replace(kept)
    return kept


def _told(kept: Path | None, restored: Backup | None, scope: Scope) -> str:
    aside = f"it is kept as {kept.name}, and " if kept is not None else ""
    if restored is not None:
        return f"{aside}the backup of {restored.made:%Y-%m-%d %H:%M} was restored"
    if scope.folders:
        return f"{aside}the next update reads the photos of its folders again"
    return f"{aside}a new one was begun: add your folders again"
