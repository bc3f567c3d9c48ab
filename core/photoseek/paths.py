"""Where a library lies unless the person says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import appdirs

__all__ = ["LIBRARY_VARIABLE", "default_library_directory"]

LIBRARY_VARIABLE = "PHOTOSEEK_LIBRARY"


def default_library_directory() -> Path:
    """Return `$PHOTOSEEK_LIBRARY`, or the user's data folder of this system."""
    chosen = os.environ.get(LIBRARY_VARIABLE)
    return Path(chosen) if chosen else Path(appdirs.user_data_dir("photoseek", appauthor=False))
