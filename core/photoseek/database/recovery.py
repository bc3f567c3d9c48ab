"""Notices a library file that is damaged or gone, and puts a good one in its place."""

from __future__ import annotations

import contextlib
import itertools
import os
from contextlib import closing
from datetime import datetime
from pathlib import Path

from photoseek.database.backups import Backup, Backups, Scope, copy_still
from photoseek.database.catalogue import Catalogue
from photoseek.database.connection import SUSPECT_NAME, ForeignFileError
from photoseek.database.opening import FILE_NAME, LOCK_NAME, LOG_ENDINGS
from photoseek.errors import LibraryDamagedError, LibraryError, LibraryTooNewError
from photoseek.files import inside, new_folder, sync_folder

__all__ = ["find_damage", "is_new", "replace"]

READ_THROUGH = 64 << 20
"""Bytes; a file up to this size is read through each time it is opened, which takes about 0.1 s.

A larger one is when SQLite, or a value in it, has been found wrong before: to read the gigabyte and
a half of a million photos takes seconds, and what is damaged is noticed when it is used.
"""

_ASIDE = f"{FILE_NAME}.damaged-"


def find_damage(directory: Path) -> str | None:
    """Say what is wrong with the library file; None when nothing is, or when it is not ours."""
    path = directory / FILE_NAME
    if is_new(directory):
        return "is gone" if _was_here(directory) else None
    suspect = directory / SUSPECT_NAME
    is_suspect = os.path.lexists(suspect)
    try:
        with closing(Catalogue(path)) as catalogue:
            if is_suspect:
                catalogue.check_thoroughly()
            elif path.stat().st_size <= READ_THROUGH:
                catalogue.check()
    except ForeignFileError:
        # A person may have named another program's folder by mistake: leave it alone.
        return "is another program's file" if Backups(directory).newest_first() else None
    except LibraryDamagedError:
        return "is damaged" if _is_ours(directory) else None
    except LibraryTooNewError:
        return None
    if is_suspect:
        with contextlib.suppress(OSError):
            suspect.unlink()
    return None


def is_new(directory: Path) -> bool:
    """Tell whether there is no library file yet, or none any more."""
    path = directory / FILE_NAME
    return not path.exists() or path.stat().st_size == 0


def replace(directory: Path, damage: str | None) -> str | None:
    """Set a damaged file aside and put the newest good backup, or an empty library, there.

    Without any damage, there is no file yet. Nobody else may have it open. The new file comes by
    one renaming, so whenever the process is killed, the old file or the new one is there. Return
    what was done in one line.
    """
    path = directory / FILE_NAME
    with new_folder(path) as folder:
        part = folder / FILE_NAME
        restored = _restore(directory, folder) if damage is not None else None
        scope = Scope()
        if restored is None:
            scope = _known_scope(directory, folder) if damage is not None else scope
            _make_library(part, scope)
        kept = _set_aside(path, with_file=damage is not None)
        part.replace(path)
    sync_folder(directory)
    with contextlib.suppress(OSError):
        (directory / SUSPECT_NAME).unlink()
    if damage is None:
        return None
    return f"the library file {path} {damage}; {_told(kept, restored, scope)}"


def _is_ours(directory: Path) -> bool:
    """Tell whether a damaged file is Photoseek's, by what was done in its folder."""
    return (directory / LOCK_NAME).exists() or bool(Backups(directory).newest_first())


def _was_here(directory: Path) -> bool:
    """Tell whether there was a library whose file is gone."""
    return bool(Backups(directory).newest_first()) or _last_aside(directory) is not None


def _restore(directory: Path, folder: Path) -> Backup | None:
    """Put the newest backup that is whole into a folder; None where there is none."""
    for backup in Backups(directory).newest_first():
        part = folder / FILE_NAME
        if copy_still(inside(backup.path.parent, backup.path.name), part):
            with contextlib.suppress(LibraryError), closing(Catalogue(part)) as catalogue:
                catalogue.check_thoroughly()
                return backup
        for left in folder.iterdir():
            left.unlink()
    return None


def _known_scope(directory: Path, folder: Path) -> Scope:
    """Return what the library covers as the damaged file has it, or one that was set aside."""
    part, aside = folder / FILE_NAME, _last_aside(directory)
    if not is_new(directory):
        path = directory / FILE_NAME
    elif aside is not None and copy_still(aside, part):
        path = part
    else:
        return Scope()
    scope = Scope()
    with contextlib.suppress(LibraryError), closing(Catalogue(path)) as catalogue:
        scope = catalogue.scope()
    part.unlink(missing_ok=True)
    return scope


def _last_aside(directory: Path) -> Path | None:
    """Return the damaged file that was set aside last."""
    found = [path for path in directory.glob(f"{_ASIDE}*") if not path.name.endswith(LOG_ENDINGS)]
    plain = [path for path in found if path.is_file() and not path.is_symlink()]
    return max(plain, key=lambda path: path.name, default=None)


def _make_library(part: Path, scope: Scope) -> None:
    with closing(Catalogue(part)) as catalogue:
        for folder in scope.folders:
            catalogue.folders.add(folder)
        catalogue.exclusions.add(scope.exclusions)
        catalogue.settle()


def _set_aside(path: Path, *, with_file: bool) -> Path | None:
    """Give the file, and what SQLite keeps beside it, a new name; return it, if there was a file.

    The file keeps its old name as well, where the disk can do that, until another one takes it.
    """
    names = (
        f"{_ASIDE}{datetime.now():%Y%m%d-%H%M%S}{ending}"
        for ending in itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    )
    kept = next(
        kept
        for kept in map(path.with_name, names)
        if not any(os.path.lexists(f"{kept}{ending}") for ending in ("", *LOG_ENDINGS))
    )
    # The log first: left alone beside the new file, SQLite would write it into that.
    for ending in LOG_ENDINGS:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).replace(kept.with_name(kept.name + ending))
    if not with_file or not path.exists():
        return None
    try:
        os.link(path, kept)
    except OSError:  # a disk without hard links
        path.replace(kept)
    return kept


def _told(kept: Path | None, restored: Backup | None, scope: Scope) -> str:
    aside = f"it is kept as {kept.name}, and " if kept is not None else ""
    if restored is not None:
        made = restored.made.astimezone()
        return f"{aside}the backup of {made:%Y-%m-%d %H:%M} was restored"
    if scope.folders:
        return f"{aside}the next update reads the photos of its folders again"
    return f"{aside}a new one was begun: add your folders again"
