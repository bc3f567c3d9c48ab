"""Which libraries this person has opened, and which of them last."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from photoseek import LibraryError
from photoseek_desktop.ini_file import IniFile

__all__ = ["KnownLibraries", "check_place"]

FILE = "libraries.ini"
LIBRARY_FILE = "library.db"
MOST_KNOWN = 8
_NAMES = tuple(f"recent{place}" for place in range(1, MOST_KNOWN + 1))


class KnownLibraries:
    """A list in `libraries.ini` of the person's first library, `home`, whatever else is open."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._file = IniFile(home, FILE)

    @property
    def recent(self) -> tuple[Path, ...]:
        """The libraries, the last opened first; `home` is always among them."""
        stored = (self._file.get_path(name) for name in _NAMES)
        return tuple(dict.fromkeys([*(path for path in stored if path), self._home]))

    @property
    def last(self) -> Path:
        """The library that was opened last, if it is there; `home` otherwise.

        Only where a library is one is opened unasked: the list may come with somebody else's.
        """
        first = self.recent[0]
        return first if (first / LIBRARY_FILE).is_file() else self._home

    def remember(self, directory: Path) -> None:
        """Put a library first; a read-only disk just does not remember."""
        paths = [*dict.fromkeys([directory.absolute(), *self.recent])]
        for place, name in enumerate(_NAMES):
            self._file.set_path(name, paths[place] if place < len(paths) else None)
        with contextlib.suppress(OSError):
            self._home.mkdir(parents=True, exist_ok=True)
        self._file.save()


def check_place(directory: Path) -> None:
    """Raise `LibraryError` for a folder that holds other things than a library."""
    if (directory / LIBRARY_FILE).exists():
        return
    try:
        with os.scandir(directory) as entries:
            empty = next(entries, None) is None
    except OSError as error:
        raise LibraryError(f"{directory} cannot be read ({error.strerror})") from error
    if not empty:
        raise LibraryError(
            f"{directory} holds no library, but other things; choose an empty folder to make a "
            "library in (your photos stay where they are)"
        )
