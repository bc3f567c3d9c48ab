"""Walks a folder and lists the photo files in it, without opening any."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from photoseek.photo.formats import PHOTO_SUFFIXES, why_unreadable
from photoseek.raw import RAW_SUFFIXES, can_read_raw
from photoseek.records import Failure

if TYPE_CHECKING:
    from photoseek.exclusions import Exclusions

__all__ = [
    "FoundFile",
    "Scan",
    "concerns_photos",
    "is_away",
    "scan_folder",
    "scan_places",
    "why_skipped",
]

_PHOTO_SUFFIXES = frozenset(map(os.fsencode, PHOTO_SUFFIXES))
_RAW_SUFFIXES = frozenset(map(os.fsencode, RAW_SUFFIXES))
SKIPPED_FOLDERS = frozenset(
    ["@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"]
)
"""What network drives and operating systems put beside photos, in lower case."""


class FoundFile(NamedTuple):
    """A photo file as the walk saw it; `name` is its path below the folder, as bytes of the OS."""

    name: bytes
    file_size: int
    modified_ns: int


_FETCHED_WHEN_OPENED = 0x1000 | 0x40000 | 0x400000
"""Windows' file attributes OFFLINE, RECALL_ON_OPEN and RECALL_ON_DATA_ACCESS."""

_DATALESS = 0x40000000
"""macOS' file flag SF_DATALESS."""


@dataclass
class Scan:
    """The photo files of one folder, and the places below it that could not be listed.

    `placeholders` are photos that a cloud drive shows and has not fetched: to open one would
    download it. `mounts` are the folders below a whole folder where another drive begins.
    """

    files: list[FoundFile] = field(default_factory=list)
    placeholders: list[FoundFile] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)
    mounts: list[Path] = field(default_factory=list)

    def names(self) -> set[bytes]:
        """Return the names of all photos, fetched or not."""
        return {file.name for file in (*self.files, *self.placeholders)}


def scan_folder(
    folder: Path,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    leave_out: Path | None = None,
    exclusions: Exclusions | None = None,
) -> Scan:
    """List the photos below `folder`, less those in `leave_out`, or excluded; links are followed.

    Each real folder is listed once. One that cannot be listed is reported and the walk goes on.
    Only regular files count: opening a pipe or a device could wait for ever. When cancelled, the
    list is incomplete.
    """
    walk = _Walk(folder, leave_out, exclusions)
    walk.waiting.append(os.fsencode(folder))
    return walk.run(cancelled)


def scan_places(
    folder: Path,
    places: Sequence[Path],
    cancelled: Callable[[], bool] = lambda: False,
    *,
    leave_out: Path | None = None,
    exclusions: Exclusions | None = None,
) -> Scan:
    """List the photos at some places below `folder`, files or folders, as `scan_folder` would.

    No place may lie in another. One that does not exist is no error: it has nothing to list.
    """
    walk = _Walk(folder, leave_out, exclusions)
    for place in places:
        if not (_skipped_part(place.parent, folder) or leave_out in (place, *place.parents)):
            walk.visit(_Place(place))
    return walk.run(cancelled)


def why_skipped(path: Path, folder: Path) -> str | None:
    """Say which rule keeps a file below `folder` out of the library; None when none does."""
    part = _skipped_part(path.parent, folder)
    if part is not None:
        return f"it lies in {part!r}, a kind of folder that Photoseek leaves out"
    if path.name.startswith("."):
        return "its name starts with a dot, which marks hidden files"
    if (reason := why_unreadable(path.suffix)) is not None:
        return reason
    if not _is_photo_name(os.fsencode(path.name)):
        return f"{path.suffix or 'no ending'} is not the ending of a photo file"
    return None


def concerns_photos(path: Path, folder: Path) -> bool:
    """Tell whether a change at this path below `folder` may change what a scan lists."""
    if _skipped_part(path, folder):
        return False
    return _is_photo_name(os.fsencode(path.name)) or not path.is_file()


class _Place:
    """A path that is looked at as if a listing had shown it."""

    def __init__(self, path: Path) -> None:
        self.path = os.fsencode(path)
        self.name = os.fsencode(path.name)
        self._path = path

    def is_dir(self) -> bool:
        return self._path.is_dir()

    def stat(self) -> os.stat_result:
        return self._path.stat()


class _Walk:
    """One walk below a folder, through the folders `waiting` and what is below them."""

    def __init__(self, folder: Path, leave_out: Path | None, exclusions: Exclusions | None) -> None:
        self.waiting: list[bytes] = []
        self._scan = Scan()
        # How many bytes a file's name below `folder` lies behind its path's beginning.
        self._prefix = len(os.fsencode(folder).rstrip(os.fsencode(os.sep))) + 1
        self._exclusions = exclusions or None
        self._seen: set[tuple[int, int]] = set()
        self._devices: set[int] = set()
        if leave_out is not None and leave_out.is_dir():
            status = leave_out.stat()
            self._seen.add((status.st_dev, status.st_ino))

    def run(self, cancelled: Callable[[], bool]) -> Scan:
        while self.waiting and not cancelled():
            directory = self.waiting.pop()
            try:
                if self._enters(directory):
                    for entry in _entries(directory):
                        self.visit(entry)
            except OSError as error:
                path = Path(os.fsdecode(directory))
                reason = f"cannot be listed ({error.strerror})"
                self._scan.unreadable.append(Failure(path, reason))
        here = {file.name for file in self._scan.files} if self._scan.placeholders else set()
        # A stub may be left behind when its photo has come.
        self._scan.placeholders = [x for x in self._scan.placeholders if x.name not in here]
        return self._scan

    def visit(self, entry: os.DirEntry[bytes] | _Place) -> None:
        try:
            if entry.is_dir():
                if not (_is_skipped_folder(entry.name) or self._excludes(entry, is_folder=True)):
                    self.waiting.append(entry.path)
            elif _is_photo_name(entry.name) and not self._excludes(entry):
                status = entry.stat()
                if stat.S_ISREG(status.st_mode):
                    name = entry.path[self._prefix :]
                    found = FoundFile(name, status.st_size, status.st_mtime_ns)
                    kept = self._scan.placeholders if is_away(status) else self._scan.files
                    kept.append(found)
            elif (stands_for := _photo_of_stub(entry.name)) and not self._excludes(entry):
                directory = entry.path[self._prefix : -len(entry.name)]
                status = entry.stat()
                found = FoundFile(directory + stands_for, status.st_size, status.st_mtime_ns)
                self._scan.placeholders.append(found)
        except OSError:
            return  # a broken link, or a file that vanished between listing and looking

    def _excludes(self, entry: os.DirEntry[bytes] | _Place, *, is_folder: bool = False) -> bool:
        if self._exclusions is None:
            return False
        name = entry.path[self._prefix :]
        return self._exclusions.rule_for(name, is_folder=is_folder) is not None

    def _enters(self, directory: bytes) -> bool:
        """Tell whether the walk has not come back, through a link, to a folder it has listed."""
        status = Path(os.fsdecode(directory)).stat()
        identity = (status.st_dev, status.st_ino)
        if identity in self._seen:
            return False
        self._seen.add(identity)
        if status.st_dev not in self._devices:
            if self._devices:  # else it is where the walk begins
                self._scan.mounts.append(Path(os.fsdecode(directory)))
            self._devices.add(status.st_dev)
        return True


def _entries(directory: bytes) -> Iterator[os.DirEntry[bytes]]:
    with os.scandir(directory) as entries:
        yield from entries


def _skipped_part(directory: Path, folder: Path) -> str | None:
    """Return the first folder on the way down from `folder` that the walk does not enter."""
    parts = directory.relative_to(folder).parts
    return next((part for part in parts if _is_skipped_folder(os.fsencode(part))), None)


def _is_skipped_folder(name: bytes) -> bool:
    return name.startswith(b".") or os.fsdecode(name).lower() in SKIPPED_FOLDERS


def is_away(status: os.stat_result) -> bool:
    """Tell whether a cloud drive shows this file and has not fetched it."""
    return bool(
        getattr(status, "st_file_attributes", 0) & _FETCHED_WHEN_OPENED
        or getattr(status, "st_flags", 0) & _DATALESS
    )


def _photo_of_stub(name: bytes) -> bytes | None:
    """Return the photo that iCloud's `.name.jpg.icloud` stands for; None for other files."""
    if not (name.startswith(b".") and name.endswith(b".icloud")):
        return None
    photo = name[1 : -len(b".icloud")]
    return photo if _is_photo_name(photo) else None


def _is_photo_name(name: bytes) -> bool:
    stem, dot, suffix = name.rpartition(b".")
    if not stem or name.startswith(b"."):
        return False
    suffix = (dot + suffix).lower()
    return suffix in _PHOTO_SUFFIXES or (suffix in _RAW_SUFFIXES and can_read_raw())
