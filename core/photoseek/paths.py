"""Where a library lies unless the person says otherwise, and where its photos do."""

from __future__ import annotations

import os
from pathlib import Path

import appdirs

from photoseek.errors import LibraryError

__all__ = ["LIBRARY_VARIABLE", "default_library_directory", "path_below"]

LIBRARY_VARIABLE = "PHOTOSEEK_LIBRARY"


def default_library_directory() -> Path:
    """Return `$PHOTOSEEK_LIBRARY`, or the user's data folder of this system."""
    chosen = os.environ.get(LIBRARY_VARIABLE)
    return Path(chosen) if chosen else Path(appdirs.user_data_dir("photoseek", appauthor=False))


def path_below(folder: Path, name: bytes) -> Path:
    """Return the path of a library's file; `LibraryError` if its name leads elsewhere.

    A library may come from somebody else, and what it names can be opened and thrown away.
    """
    below = Path(os.fsdecode(name))
    if below.anchor or ".." in below.parts:
        raise LibraryError(
            f"the library names {str(below)!r} as a photo in {folder}, where it does not lie; "
            "do not use this library: make another one from the photos"
        )
    return folder / below
