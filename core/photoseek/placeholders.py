"""Tells the files that a cloud drive shows without having fetched them: to open one fetches it."""

from __future__ import annotations

import os
from pathlib import Path

from photoseek.photo_names import is_photo_name

__all__ = ["is_away", "is_not_downloaded", "photo_of_stub"]

_FETCHED_WHEN_OPENED = 0x1000 | 0x40000 | 0x400000
"""Windows' file attributes OFFLINE, RECALL_ON_OPEN and RECALL_ON_DATA_ACCESS."""

_DATALESS = 0x40000000
"""macOS' file flag SF_DATALESS."""

_STUB = b".icloud"


def is_away(status: os.stat_result) -> bool:
    """Tell whether a cloud drive shows the file of this status and has not fetched it."""
    attributes: int = getattr(status, "st_file_attributes", 0)  # Windows has these
    flags: int = getattr(status, "st_flags", 0)  # macOS has these
    return (attributes & _FETCHED_WHEN_OPENED or flags & _DATALESS) != 0


def is_not_downloaded(path: Path) -> bool:
    """Tell whether opening this file now would fetch it. Ask right before you open a photo."""
    try:
        return is_away(path.stat())
    except OSError:
        return False


def photo_of_stub(name: bytes) -> bytes | None:
    """Return the photo that iCloud's `.name.jpg.icloud` stands for; None for other files."""
    if not (name.startswith(b".") and name.endswith(_STUB)):
        return None
    photo = name[1 : -len(_STUB)]
    return photo if is_photo_name(photo) else None
