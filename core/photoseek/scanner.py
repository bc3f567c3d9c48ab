"""Walks a folder and lists the photo files in it, without opening any."""

# ruff: noqa: PTH112, PTH113, PTH116, PTH118, PTH119, PTH120 -- names are bytes, and a million Paths take long

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from photoseek.photo_names import (
    LIBRARY_CACHE,
    LIBRARY_FILE,
    is_photo_name,
    is_skipped_folder,
    skipped_part,
)
from photoseek.placeholders import is_away, photo_of_stub
from photoseek.records import Failure
from photoseek.sidecar_files import Sidecar, Sidecars, is_sidecar_name, photos_of, stamp

if TYPE_CHECKING:
    from photoseek.exclusions import Exclusions

__all__ = ["FoundFile", "Scan", "scan_folder", "scan_places", "stamp_of", "whole_places"]

_MOST = 2**63 - 1
"""What a library can hold; some drives give times of the year 2400, or 1601."""

_GONE = frozenset([errno.ENOENT, errno.ENOTDIR, errno.ELOOP])
_NOT_REACHED = frozenset([53, 55, 59, 64, 65, 67, 1231])
"""Windows' errors of network drives that are away, which Python takes for missing files."""

_JUNCTION = 0xA0000003
"""Windows' tag of a folder that stands for another one, though it is no symbolic link."""


FileStamp = tuple[int, int, int]
"""What reveals that a file has changed: its size, its time, the time of its entry (ctime)."""


def stamp_of(status: os.stat_result) -> FileStamp:
    """Return the stamp of a file, with numbers that a library can hold."""
    modified, changed = status.st_mtime_ns, status.st_ctime_ns
    if not (-_MOST <= modified <= _MOST and -_MOST <= changed <= _MOST):
        modified = min(max(modified, -_MOST), _MOST)
        changed = min(max(changed, -_MOST), _MOST)
    return status.st_size, modified, changed


class FoundFile(NamedTuple):
    """A photo file as the walk saw it; `name` is its path below the folder, as bytes of the OS.

    `beside` is the stamp of its sidecars, 0 where it has none.
    """

    name: bytes
    file_size: int
    modified_ns: int
    changed_ns: int
    beside: int = 0


@dataclass
class Scan:
    """The photo files of one folder, and the places below it that could not be looked at.

    `placeholders` are photos that a cloud drive shows and has not fetched: to open one would
    download it. `mounts` are the folders below a whole folder where another drive begins.
    `sidecars` are the paths, below the folder, of what describes a photo, by the photo's name.
    """

    files: list[FoundFile] = field(default_factory=list)
    placeholders: list[FoundFile] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)
    mounts: list[Path] = field(default_factory=list)
    sidecars: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)

    def names(self) -> set[bytes]:
        """Return the names of all photos, fetched or not."""
        return {file.name for file in (*self.files, *self.placeholders)}


def scan_folder(
    folder: Path,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    leave_out: Path | None = None,
    elsewhere: Collection[Path] = (),
    exclusions: Exclusions | None = None,
) -> Scan:
    """List the photos below `folder`, less those in `leave_out`, or excluded; links are followed.

    Each real file is listed once, by its own name rather than by that of a link to it; what links
    show of the folders `elsewhere` is left to those. A place that cannot be looked at is reported
    and the walk goes on. Only regular files count: opening a pipe or a device could wait for ever.
    When cancelled, the list is incomplete.
    """
    walk = _Walk(folder, leave_out, elsewhere, exclusions)
    walk.begin(folder)
    return walk.run(cancelled)


def scan_places(
    folder: Path,
    places: Sequence[Path],
    cancelled: Callable[[], bool] = lambda: False,
    *,
    leave_out: Path | None = None,
    elsewhere: Collection[Path] = (),
    exclusions: Exclusions | None = None,
) -> Scan:
    """List the photos at some places below `folder`, files or folders, as `scan_folder` would.

    No place may be below another one, none behind a link, and sidecars are no places: ask
    `whole_places`. One that does not exist is no error: it has nothing to list.
    """
    walk = _Walk(folder, leave_out, elsewhere, exclusions)
    files: dict[Path, set[bytes]] = {}
    for place in places:
        if skipped_part(place.parent, folder) or leave_out in (place, *place.parents):
            continue
        if is_photo_name(os.fsencode(place.name)) and not os.path.isdir(place):
            files.setdefault(place.parent, set()).add(os.fsencode(place.name))
        else:
            walk.visit(_Place(place), os.path.realpath(os.fsencode(place.parent)))
    for parent, names in files.items():
        walk.look(parent, names)
    return walk.run(cancelled)


def whole_places(folder: Path, places: Collection[Path]) -> list[Path] | None:
    """Return what to scan where these places below `folder` have changed; None for all of it.

    A sidecar stands for the photos that it describes. Behind a link, only a whole scan says which
    name a photo goes by, and of a place that cannot be looked at, which folder is to blame.
    """
    real = Path(os.path.realpath(folder))
    if folder in places:
        return None
    for parent in {place.parent for place in places}:
        if Path(os.path.realpath(parent)) != real / parent.relative_to(folder):
            return None
    if any(map(_is_link_or_hidden, places)):
        return None
    wanted: set[Path] = set()
    sidecars: dict[Path, list[bytes]] = {}
    for place in places:
        name = os.fsencode(place.name)
        if is_sidecar_name(name) and not os.path.isdir(place):
            sidecars.setdefault(place.parent, []).append(name)
        else:
            wanted.add(place)
    for parent, names in sidecars.items():
        try:
            photos = [entry.name for entry in _entries(os.fsencode(parent))]
        except OSError:
            wanted.add(parent)
            continue
        described = photos_of(names, filter(is_photo_name, photos))
        wanted.update(parent / os.fsdecode(photo) for photo in described)
    return [place for place in wanted if wanted.isdisjoint(place.parents)]


class _Place:
    """A path that is looked at as if a listing had shown it."""

    def __init__(self, path: Path) -> None:
        self.path = os.fsencode(path)
        self.name = os.fsencode(path.name)
        self._path = path

    def is_dir(self) -> bool:
        try:
            return stat.S_ISDIR(self._path.stat().st_mode)
        except FileNotFoundError:
            return False

    def is_symlink(self) -> bool:
        return self._path.is_symlink()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return self._path.stat(follow_symlinks=follow_symlinks)


_Entry = os.DirEntry[bytes] | _Place


class _Walk:
    """One walk below a folder: first through the real folders, then through the links to others.

    Folders are told apart by their real paths, which need no trust in a drive's inode numbers:
    some give every folder the same. Only what a link leads to is looked up by those too, for it
    may be the same folder in other letters.
    """

    def __init__(
        self,
        folder: Path,
        leave_out: Path | None,
        elsewhere: Collection[Path],
        exclusions: Exclusions | None,
    ) -> None:
        self._scan = Scan()
        # How many bytes a file's name below `folder` is behind its path's beginning.
        self._prefix = len(os.fsencode(folder).rstrip(os.fsencode(os.sep))) + 1
        self._exclusions = exclusions or None
        # Folders to list, each with its real path; the same for links, and links to photos.
        self._waiting: list[tuple[bytes, bytes]] = []
        self._links: list[bytes] = []
        self._linked_files: list[bytes] = []
        self._linked = False
        # Real paths of folders, with the names that they were listed by (none where they are not).
        self._seen: dict[bytes, bytes | None] = {}
        self._inodes: set[tuple[int, int]] = set()
        self._doubtful: set[int] = set()
        self._devices: set[int] = set()
        self._top: bytes | None = None
        self._elsewhere = [os.path.realpath(os.fsencode(path)) for path in elsewhere]
        self._left_out: tuple[int, int, bytes] | None = None
        if leave_out is not None and leave_out.is_dir():
            self._leave_out(os.path.realpath(os.fsencode(leave_out)))

    def _leave_out(self, real: bytes) -> None:
        status = os.stat(real)
        self._seen[real] = None
        self._inodes.add((status.st_dev, status.st_ino))
        self._left_out = status.st_dev, status.st_ino, os.path.basename(real).lower()

    def begin(self, folder: Path) -> None:
        """Walk from here, which is reported where it is not there."""
        self._top = os.fsencode(folder)
        self._waiting.append((self._top, os.path.realpath(self._top)))

    def look(self, parent: Path, names: Collection[bytes]) -> None:
        """Look at some files of a folder alone, and at the sidecars beside them."""
        directory = os.fsencode(parent)
        try:
            self._list(directory, os.path.realpath(directory), names)
        except OSError as error:
            self._report(directory, error, "listed")

    def run(self, cancelled: Callable[[], bool]) -> Scan:
        """Walk until nothing waits any more."""
        while not cancelled():
            if self._waiting:
                directory, real = self._waiting.pop()
                try:
                    if self._enters(directory, real):
                        self._list(directory, real)
                except OSError as error:
                    self._report(directory, error, "listed")
            elif self._links:
                self._links.sort(reverse=True)  # the same name wins each time
                self._follow(self._links.pop())
            else:
                break
        for path in sorted(self._linked_files):
            self._add_linked_file(path)
        here = {file.name for file in self._scan.files} if self._scan.placeholders else set()
        # A stub may be left behind when its photo has come.
        self._scan.placeholders = [x for x in self._scan.placeholders if x.name not in here]
        return self._scan

    def _list(self, directory: bytes, real: bytes, names: Collection[bytes] | None = None) -> None:
        """Take in a folder's files, of these names or all of them, with what describes each."""
        sidecars = Sidecars()
        files, placeholders = len(self._scan.files), len(self._scan.placeholders)
        for entry in _entries(directory):
            if is_sidecar_name(entry.name):
                self._add_sidecar(entry, sidecars)
            elif names is None or entry.name in names or photo_of_stub(entry.name) in names:
                self.visit(entry, real)
        if sidecars:
            self._describe(self._scan.files, files, sidecars)
            self._describe(self._scan.placeholders, placeholders, sidecars)

    def _add_sidecar(self, entry: os.DirEntry[bytes], sidecars: Sidecars) -> None:
        try:
            status = entry.stat()
        except OSError:
            return
        if stat.S_ISREG(status.st_mode):
            size, modified, _ = stamp_of(status)
            path = entry.path[self._prefix :]
            sidecars.add(Sidecar(entry.name, size, modified, None if is_away(status) else path))

    def _describe(self, files: list[FoundFile], first: int, sidecars: Sidecars) -> None:
        for place in range(first, len(files)):
            file = files[place]
            found = sidecars.of(os.path.basename(file.name))
            if found:
                files[place] = file._replace(beside=stamp(found))
                paths = tuple(item.path for item in found if item.path is not None)
                self._scan.sidecars[file.name] = paths

    def visit(self, entry: _Entry, parent: bytes) -> None:
        """Take in one entry of the folder whose real path is `parent`."""
        try:
            if entry.is_dir():
                if not (self._is_skipped(entry) or self._excludes(entry.path, is_folder=True)):
                    if _is_link(entry):
                        self._links.append(entry.path)
                    else:
                        self._waiting.append((entry.path, os.path.join(parent, entry.name)))
            elif is_photo_name(entry.name) and not self._excludes(entry.path):
                if entry.is_symlink():
                    self._linked_files.append(entry.path)
                else:
                    self._add(entry.path, entry.stat())
            elif photo := photo_of_stub(entry.name):
                path = entry.path[: -len(entry.name)] + photo
                if not self._excludes(path):
                    status = stamp_of(entry.stat())
                    self._scan.placeholders.append(FoundFile(path[self._prefix :], *status))
        except OSError as error:
            # All of a folder that may be listed and not entered is one place, not a thousand.
            whole = isinstance(error, PermissionError) and not entry.is_symlink()
            self._report(os.path.dirname(entry.path) if whole else entry.path, error)

    def _add(self, path: bytes, status: os.stat_result) -> None:
        if stat.S_ISREG(status.st_mode):
            kept = self._scan.placeholders if is_away(status) else self._scan.files
            kept.append(FoundFile(path[self._prefix :], *stamp_of(status)))

    def _report(self, path: bytes, error: OSError, verb: str = "looked at") -> None:
        """Note a place that says nothing of what is there; one that is gone says so itself."""
        if path != self._top and _is_gone(error):
            return  # a broken link, or what vanished between listing and looking
        failure = Failure(Path(os.fsdecode(path)), f"cannot be {verb} ({error.strerror})")
        if failure not in self._scan.unreadable[-1:]:
            self._scan.unreadable.append(failure)

    def _is_skipped(self, entry: _Entry) -> bool:
        if is_skipped_folder(entry.name):
            return True
        beside = os.path.join(os.path.dirname(entry.path), LIBRARY_FILE)
        return entry.name == LIBRARY_CACHE and os.path.isfile(beside)

    def _excludes(self, path: bytes, *, is_folder: bool = False) -> bool:
        if self._exclusions is None:
            return False
        name = path[self._prefix :]
        return self._exclusions.rule_for(name, is_folder=is_folder) is not None

    # Which folders

    def _enters(self, directory: bytes, real: bytes, *, linked: bool = False) -> bool:
        """Tell whether this folder has not been listed yet, under whatever name."""
        status = os.stat(directory)
        inode = status.st_dev, status.st_ino
        if real in self._seen or (*inode, os.path.basename(real).lower()) == self._left_out:
            return False
        if status.st_ino and inode in self._inodes:
            if not linked:
                self._doubtful.add(status.st_dev)  # two real folders
            elif status.st_dev not in self._doubtful:
                return False
        self._inodes.add(inode)
        self._seen[real] = directory
        if status.st_dev not in self._devices:
            if self._devices:  # else it is where the walk begins
                self._scan.mounts.append(Path(os.fsdecode(directory)))
            self._devices.add(status.st_dev)
        return True

    def _follow(self, link: bytes) -> None:
        real = os.path.realpath(link)
        if any(_is_below(real, folder) for folder in self._elsewhere):
            return
        try:
            if self._enters(link, real, linked=True):
                self._list(link, real)
        except OSError as error:
            self._report(link, error, "listed")

    def _add_linked_file(self, path: bytes) -> None:
        real = os.path.realpath(path)
        if real in self._seen or any(_is_below(real, folder) for folder in self._elsewhere):
            return
        folder, name = os.path.split(real)
        listed = self._seen.get(folder)
        if listed is not None and is_photo_name(name):
            shown = os.path.join(listed, name)[self._prefix :]
            if self._exclusions is None or not self._exclusions.rule_for(shown):
                return
        self._seen[real] = None
        try:
            self._add(path, os.stat(path))
        except OSError as error:
            self._report(path, error)


def _entries(directory: bytes) -> Iterator[os.DirEntry[bytes]]:
    with os.scandir(directory) as entries:
        yield from entries


def _is_link(entry: _Entry) -> bool:
    """Tell whether an entry stands for a folder elsewhere."""
    if entry.is_symlink():
        return True
    if os.name != "nt":
        return False
    return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION


def _is_link_or_hidden(place: Path) -> bool:
    try:
        return stat.S_ISLNK(place.lstat().st_mode)
    except OSError as error:
        return not _is_gone(error)


def _is_gone(error: OSError) -> bool:
    """Tell whether an error says that a file is not there; any other says nothing about that."""
    return error.errno in _GONE and getattr(error, "winerror", None) not in _NOT_REACHED


def _is_below(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(
        folder.rstrip(os.fsencode(os.sep)) + os.fsencode(os.sep)
    )
