"""Finds the folder of a library, and the paths of its photos."""

from __future__ import annotations

import os
from pathlib import Path

import appdirs

from photoseek.errors import FolderError, LibraryError

__all__ = [
    "LIBRARY_VARIABLE",
    "absolute",
    "checked_name",
    "default_library_directory",
    "path_below",
]

LIBRARY_VARIABLE = "PHOTOSEEK_LIBRARY"


def default_library_directory() -> Path:
    """Return `$PHOTOSEEK_LIBRARY`, or the user's data folder of this system."""
    chosen = os.environ.get(LIBRARY_VARIABLE)
    return Path(chosen) if chosen else Path(appdirs.user_data_dir("photoseek", appauthor=False))


def absolute(path: Path | str) -> Path:
    """Return the path that a person means by one, such as `Pictures`, `~/Pictures` or `../a`.

    `FolderError` where the current folder, on which that depends, has been deleted.
    """
    # Not `resolve`: it would show a linked folder under a name that the person does not know. Nor
    # `Path.expanduser`: it fails on `~` followed by what is no account.
    try:
        return Path(os.path.abspath(os.path.expanduser(path)))  # noqa: PTH100, PTH111
    except FileNotFoundError as error:
        raise FolderError(
            f"{path} cannot be found: the current folder has been deleted; give the whole path, or "
            "change to another folder"
        ) from error


def checked_name(name: bytes) -> str:
    """Return a stored name or path as the system has it; `LibraryError` if no file can have it."""
    if b"\0" in name:
        raise LibraryError(
            "the library names a file as none can be named; do not use this library: make another "
            "one from the photos"
        )
    return os.fsdecode(name)


def path_below(folder: Path, name: bytes) -> Path:
    """Return the path of a library's file; `LibraryError` if its name leads elsewhere.

    A library may come from somebody else, and what it names can be opened and thrown away.
    """
    below = Path(checked_name(name))
    if below.anchor or ".." in below.parts:
        raise LibraryError(
            f"the library names {str(below)!r} as a photo in {folder}, where it does not lie; "
            "do not use this library: make another one from the photos"
        )
    return folder / below
