"""Which files and folders the names alone make photos of, and which they keep out of a library."""

from __future__ import annotations

import os
from pathlib import Path

from photoseek.photo.formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES, why_unreadable
from photoseek.raw import RAW_SUFFIXES
from photoseek.sidecar_files import is_sidecar_name

__all__ = [
    "LIBRARY_CACHE",
    "LIBRARY_FILE",
    "concerns_photos",
    "is_photo_name",
    "is_raw_name",
    "is_skipped_folder",
    "skipped_part",
    "unread_reason",
    "why_skipped",
]

_RAW_SUFFIXES = frozenset(map(os.fsencode, RAW_SUFFIXES))
_SUFFIXES = _RAW_SUFFIXES | frozenset(map(os.fsencode, PHOTO_SUFFIXES | UNREADABLE_SUFFIXES.keys()))
"""Endings of all photos. Those that nothing here reads are listed too, so that they are counted."""

SKIPPED_FOLDERS = frozenset(
    ["@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"]
)
"""What network drives and operating systems put beside photos, in lower case."""

LIBRARY_FILE = b"library.db"
LIBRARY_CACHE = b"thumbnails"
"""A library keeps copies of its photos in this folder beside its file: none of them is a photo."""


def is_photo_name(name: bytes) -> bool:
    """Tell whether a file of this name is a photo, if it can be read or not."""
    return name[name.rfind(b".") :].lower() in _SUFFIXES and not name.startswith(b".")


def is_raw_name(name: bytes) -> bool:
    """Tell whether a file of this name is a camera's RAW file."""
    return b"." + name.rpartition(b".")[2].lower() in _RAW_SUFFIXES


def unread_reason(name: bytes) -> str | None:
    """Say why nothing here reads photos with this ending; None where something does."""
    return why_unreadable(os.fsdecode(b"." + name.rpartition(b".")[2]))


def is_skipped_folder(name: bytes) -> bool:
    """Tell whether no folder of this name is entered."""
    return name.startswith(b".") or os.fsdecode(name).lower() in SKIPPED_FOLDERS


def skipped_part(directory: Path, folder: Path) -> str | None:
    """Return the first folder on the way down from `folder` that is not entered."""
    parts = directory.relative_to(folder).parts
    return next((part for part in parts if is_skipped_folder(os.fsencode(part))), None)


def why_skipped(path: Path, folder: Path) -> str | None:
    """Say which rule keeps a file below `folder` out of the library; None when none does."""
    part = skipped_part(path.parent, folder)
    if part is not None:
        return f"it is in {part!r}, a kind of folder that Photoseek leaves out"
    if is_in_library_cache(path, folder):
        return "it is a thumbnail of another Photoseek library"
    if path.name.startswith("."):
        return "its name starts with a dot, which marks hidden files"
    if not is_photo_name(os.fsencode(path.name)):
        return f"{path.suffix or 'no ending'} is not the ending of a photo file"
    return None


def is_in_library_cache(path: Path, folder: Path) -> bool:
    """Tell whether a file below `folder` is in the thumbnails of some Photoseek library."""
    cache = os.fsdecode(LIBRARY_CACHE)
    return any(
        place.name == cache and (place.parent / os.fsdecode(LIBRARY_FILE)).is_file()
        for place in path.parents
        if place != folder and place.is_relative_to(folder)
    )


def concerns_photos(path: Path, folder: Path) -> bool:
    """Tell whether a change at this path below `folder` may change what a scan lists."""
    if skipped_part(path, folder):
        return False
    name = os.fsencode(path.name)
    return is_photo_name(name) or is_sidecar_name(name) or not path.is_file()
