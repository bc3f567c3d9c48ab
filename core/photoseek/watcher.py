"""Watches folders and tells where their photos may have changed; where it cannot, it says so."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from photoseek.photo_names import concerns_photos
from photoseek.records import Changes, Failure

if TYPE_CHECKING:
    from watchfiles.main import FileChange

__all__ = ["FolderWatcher"]

LOG = logging.getLogger("photoseek.watching")

STEP = 0.1
"""Seconds between two looks at what the system has told."""

LOOK_EVERY = 1.0
"""Seconds between two looks whether another drive has come to a folder's place."""

QUIET = 0.4
"""Seconds without an event after which a burst is over, and is told as one."""

LONGEST = 2.0
"""Seconds after which a burst that does not end is told all the same."""

MOST_PLACES = 5000
"""Above as many, a look at everything costs less, and the system may have dropped events."""

RESCAN_EVERY = 600.0
"""Seconds between two looks at everything: no system promises to tell every change."""

RESCAN_UNWATCHED_EVERY = 60.0
"""The same while a folder cannot be watched."""

REST = 10.0
"""Between two looks at everything lies at least this many times what one has taken."""

_FREED_WITHIN = (0.05, 0.5)
"""Seconds to wait before each further try: handles are freed a little after a watch has ended."""

_MOUNTS = Path("/proc/self/mounts")
_REMOTE = frozenset(
    {"9p", "afs", "ceph", "cifs", "davfs", "drvfs", "fuse.davfs2", "fuse.glusterfs", "nfs"}
    | {"fuse.gvfsd-fuse", "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "nfs4"}
    | {"prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs"}
)
"""File systems that others write to without this computer hearing of it."""

_Identity = tuple[int, int]
_Batches = Generator["set[FileChange]", None, None]


class FolderWatcher:
    """Tells what changes in some folders, which it asks `folders` for, on the thread that asks.

    The start, and each rescan, is told as "everything": what came before was not seen. A folder
    that is away, on a network drive, or more than the system has handles for is told as unwatched;
    then everything is looked at again every minute.
    """

    def __init__(self, folders: Callable[[], Sequence[Path]], leave_out: Path) -> None:
        self._folders = folders
        self._leave_out = leave_out

    def changes(self, cancelled: Callable[[], bool]) -> Iterator[Changes]:
        """Yield what to look at until cancelled, which is asked several times a second.

        What happens while the caller is busy with one is in the next.
        """
        while not cancelled():
            folders = self._folders()
            # Asked before: a drive that comes while we start must not count as watched.
            drives = _drives(path for path in folders if not _is_remote(path))
            batches, unwatched = _watch(folders)
            with closing(batches):
                began = time.monotonic()
                yield Changes(None, unwatched)
                now = time.monotonic()
                every = RESCAN_UNWATCHED_EVERY if unwatched else RESCAN_EVERY
                rescan = now + max(every, (now - began) * REST)
                yield from self._follow(batches, drives, unwatched, rescan, cancelled)

    def _follow(
        self,
        batches: _Batches,
        drives: Mapping[Path, _Identity | None],
        unwatched: tuple[Failure, ...],
        rescan: float,
        cancelled: Callable[[], bool],
    ) -> Iterator[Changes]:
        """Yield changes until everything is to be looked at again."""
        places: set[Path] = set()
        first = last = looked = 0.0
        names = _all_names(drives)
        for batch in _until_error(batches):
            now = time.monotonic()
            if cancelled() or now >= rescan:
                return
            if now - looked >= LOOK_EVERY:
                looked = now
                # A drive that was taken out and came back is no longer watched.
                if drives != _drives(drives):
                    return
            new = {place for _, path in batch for place in self._concerned(Path(path), names)}
            if new:
                first, last = first if places else now, now
                places |= new
            if len(places) > MOST_PLACES:
                return
            if places and (now - last >= QUIET or now - first >= LONGEST):
                yield Changes(frozenset(places), unwatched)
                places.clear()

    def _concerned(self, path: Path, names: Mapping[Path, Path]) -> Iterator[Path]:
        """Yield the place that a change concerns, if it does, by its name in the library."""
        name = next((name for name in names if path.is_relative_to(name)), None)
        if name is None:
            return
        place = names[name] / path.relative_to(name)
        if self._leave_out not in (place, *place.parents) and concerns_photos(place, names[name]):
            yield place


def _watch(folders: Sequence[Path]) -> tuple[_Batches, tuple[Failure, ...]]:
    """Start watching the folders; return also those that cannot be, with the reason."""
    unwatched = [
        Failure(path, "is on a network drive, whose changes are not told")
        for path in folders
        if _is_remote(path)
    ]
    wanted = [path for path in folders if not _is_remote(path)]
    try:
        return _start(wanted), tuple(unwatched)
    except (OSError, RuntimeError):
        pass
    able: list[Path] = []
    for path in wanted:
        try:
            _start_patiently([*able, path]).close()
            able.append(path)
        except (OSError, RuntimeError) as error:
            unwatched.append(Failure(path, _reason(error)))
    LOG.info("%d of %d folders cannot be watched, only rescanned", len(unwatched), len(folders))
    return _start_patiently(able), tuple(unwatched)


def _start_patiently(paths: Sequence[Path]) -> _Batches:
    """As `_start`, which handles that were given up just before may still be missing for."""
    for seconds in _FREED_WITHIN:
        try:
            return _start(paths)
        except (OSError, RuntimeError):
            time.sleep(seconds)
    return _start(paths)


def _start(paths: Sequence[Path]) -> _Batches:
    """Return the running watch of these folders, or raise what watchfiles does when it cannot be.

    It yields what has changed since it was last asked, several times a second, also nothing.
    """
    # Imported late: who only searches need not wait for it.
    from watchfiles import watch

    batches = watch(
        *paths,
        watch_filter=None,
        debounce=round(LONGEST * 1000),
        step=round(STEP * 1000),
        rust_timeout=round(STEP * 1000),
        yield_on_timeout=True,
        # Where the system tells nothing, our own rescans ask less of it than the library's.
        force_polling=False,
        poll_delay_ms=round(RESCAN_UNWATCHED_EVERY * 1000),
    )
    next(batches)
    return batches


def _until_error(batches: _Batches) -> Iterator[set[FileChange]]:
    """Yield batches until the watch fails: handles ran out, or a name was no text."""
    try:
        yield from batches
    except (OSError, RuntimeError):
        # A file with such a name may go on changing: not a look at everything for each time.
        time.sleep(LONGEST)


def _all_names(folders: Iterable[Path]) -> dict[Path, Path]:
    """Return the folders by the names that a system may tell them by.

    macOS names what has changed by its real path, however the folder is called.
    """
    named = {folder: folder for folder in folders}
    return named | {
        real: folder for folder in folders if (real := Path(os.path.realpath(folder))) not in named
    }


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there now"
    if "limit" in str(error) or "Too many open files" in str(error):
        return (
            "holds more folders than this system lets programs watch (Linux: raise "
            "fs.inotify.max_user_watches and max_user_instances)"
        )
    return f"cannot be watched ({error})"


def _drives(folders: Iterable[Path]) -> dict[Path, _Identity | None]:
    """Return what lies at each path now, to tell it from what comes to lie there; None if nothing.

    Not for network drives: a look at one that is away can take minutes.
    """
    found: dict[Path, _Identity | None] = {}
    for path in folders:
        try:
            status = path.stat()
        except OSError:
            found[path] = None
        else:
            found[path] = status.st_dev, status.st_ino
    return found


def _is_remote(path: Path) -> bool:
    """Tell whether a folder lies on a drive of another computer, as far as can be told."""
    if sys.platform == "win32":
        return path.drive.startswith("\\\\")
    try:
        mounts = [line.split(" ") for line in _MOUNTS.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return False
    # The list writes a blank as an octal number; the last mount at a place is the one in force.
    where = {mount[1].replace("\\040", " "): mount[2] for mount in mounts}
    kind = next((where[str(top)] for top in (path, *path.parents) if str(top) in where), "")
    return kind in _REMOTE
