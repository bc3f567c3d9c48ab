"""Walks a folder and lists the photo files in it, without opening any."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from photoseek.raw import RAW_SUFFIXES, can_read_raw
from photoseek.records import Failure

__all__ = ["FoundFile", "Scan", "scan_folder", "why_skipped"]

PHOTO_SUFFIXES = frozenset(
    {b".avif", b".bmp", b".gif", b".heic", b".heics", b".heif", b".hif", b".jfif", b".jp2"}
    | {b".jpe", b".jpeg", b".jpg", b".png", b".tif", b".tiff", b".webp"}
)
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


@dataclass
class Scan:
    """The photo files of one folder, and the places below it that could not be listed."""

    files: list[FoundFile] = field(default_factory=list)
    unreadable: list[Failure] = field(default_factory=list)


def scan_folder(
    folder: Path, cancelled: Callable[[], bool] = lambda: False, *, leave_out: Path | None = None
) -> Scan:
    """List the photos below `folder`, less those in `leave_out`; links are followed.

    Each real folder is listed once. One that cannot be listed is reported and the walk goes on.
    Only regular files count: opening a pipe or a device could wait for ever. When cancelled, the
    list is incomplete.
    """
    scan = Scan()
    seen: set[tuple[int, int]] = set()
    if leave_out is not None and leave_out.is_dir():
        _enter(os.fsencode(leave_out), seen)
    waiting = [os.fsencode(folder)]
    prefix = len(waiting[0].rstrip(os.fsencode(os.sep))) + 1
    while waiting and not cancelled():
        directory = waiting.pop()
        try:
            _enter(directory, seen)
            for entry in _entries(directory):
                _visit(entry, prefix, scan, waiting)
        except _AlreadySeenError:
            continue
        except OSError as error:
            path = Path(os.fsdecode(directory))
            scan.unreadable.append(Failure(path, f"cannot be listed ({error.strerror})"))
    return scan


def why_skipped(path: Path, folder: Path) -> str | None:
    """Say which rule keeps a file below `folder` out of the library; None when none does."""
    for part in path.relative_to(folder).parts[:-1]:
        if _is_skipped_folder(os.fsencode(part)):
            return f"it lies in {part!r}, a kind of folder that Photoseek leaves out"
    if path.name.startswith("."):
        return "its name starts with a dot, which marks hidden files"
    if path.suffix.lower() in RAW_SUFFIXES and not can_read_raw():
        return "camera RAW files need the extra: pip install 'photoseek[raw]'"
    if not _is_photo_name(os.fsencode(path.name)):
        return f"{path.suffix or 'no ending'} is not the ending of a photo file"
    return None


class _AlreadySeenError(Exception):
    """The walk has come back, through a link, to a folder it has listed."""


def _enter(directory: bytes, seen: set[tuple[int, int]]) -> None:
    status = Path(os.fsdecode(directory)).stat()
    identity = (status.st_dev, status.st_ino)
    if identity in seen:
        raise _AlreadySeenError
    seen.add(identity)


def _entries(directory: bytes) -> Iterator[os.DirEntry[bytes]]:
    with os.scandir(directory) as entries:
        yield from entries


def _visit(entry: os.DirEntry[bytes], prefix: int, scan: Scan, waiting: list[bytes]) -> None:
    try:
        if entry.is_dir():
            if not _is_skipped_folder(entry.name):
                waiting.append(entry.path)
        elif _is_photo_name(entry.name):
            status = entry.stat()
            if stat.S_ISREG(status.st_mode):
                name = entry.path[prefix:]
                scan.files.append(FoundFile(name, status.st_size, status.st_mtime_ns))
    except OSError:
        return  # a broken link, or a file that vanished between listing and looking


def _is_skipped_folder(name: bytes) -> bool:
    return name.startswith(b".") or os.fsdecode(name).lower() in SKIPPED_FOLDERS


def _is_photo_name(name: bytes) -> bool:
    stem, dot, suffix = name.rpartition(b".")
    if not stem or name.startswith(b"."):
        return False
    suffix = (dot + suffix).lower()
    return suffix in PHOTO_SUFFIXES or (suffix in _RAW_SUFFIXES and can_read_raw())
