"""Which libraries this person has opened, and which of them last."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QSettings

from photoseek import LibraryError

__all__ = ["KnownLibraries", "check_place"]

FILE = "libraries.ini"
MOST_KNOWN = 8


class KnownLibraries:
    """A list in `libraries.ini` of the person's first library, `home`, whatever else is open."""

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._store = QSettings(str(home / FILE), QSettings.Format.IniFormat)

    @property
    def recent(self) -> tuple[Path, ...]:
        """The libraries, the last opened first; `home` is always among them."""
        stored = self._store.value("recent", [])
        # A list of one comes back from the file as what is in it.
        names = [stored] if isinstance(stored, str) else stored if isinstance(stored, list) else []
        paths = [Path(name) for name in names if isinstance(name, str)]
        return tuple(dict.fromkeys([*paths, self._home]))

    def remember(self, directory: Path) -> None:
        """Put a library first; a read-only disk just does not remember."""
        paths = dict.fromkeys([directory.absolute(), *self.recent])
        self._store.setValue("recent", [str(path) for path in paths][:MOST_KNOWN])
        self._store.sync()


def check_place(directory: Path) -> None:
    """Raise `LibraryError` for a folder that holds other things than a library."""
    if (directory / "library.db").exists():
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
