"""A few values in a file that somebody else may have made: read with care, written anew."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from photoseek import LibraryError
from photoseek.files import inside, read_whole, write_atomically

__all__ = ["IniFile", "is_elsewhere"]

SECTION = "[General]"
MOST_BYTES = 64 << 10


class IniFile:
    """Words under names. What cannot be read counts as never set, and no link is followed.

    Not a `QSettings`: that follows links, waits for pipes, and makes objects of what it reads.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._changed = dict[str, str]()
        self._stored = self._read()

    def get(self, name: str) -> str:
        """Return what was set last; "" when never set."""
        return self._changed.get(name, self._stored.get(name, ""))

    def set(self, name: str, value: str) -> None:
        """Set a value, which `save` writes."""
        self._changed[name] = value

    def get_path(self, name: str) -> Path | None:
        """Return a path that leads to no other machine; None when never set."""
        path = Path(os.fsdecode(unquote_to_bytes(self.get(name))))
        return path if path.is_absolute() and not is_elsewhere(path) else None

    def set_path(self, name: str, path: Path | None) -> None:
        """Set a path, whatever letters it has."""
        self.set(name, "" if path is None else quote_from_bytes(os.fsencode(path), safe="/:\\"))

    def save(self) -> None:
        """Write what has been set, beside what another window has set meanwhile.

        A disk that cannot be written, or a link of that name, just does not remember.
        """
        if not self._changed:
            return
        self._stored = {**self._read(), **self._changed}
        self._changed.clear()
        lines = [f"{name}={value}" for name, value in sorted(self._stored.items()) if value]
        content = "\n".join([SECTION, *lines, ""]).encode()
        with contextlib.suppress(OSError, LibraryError):
            write_atomically(inside(self._folder, self._name), content, durable=False)

    def _read(self) -> dict[str, str]:
        try:
            text = read_whole(self._folder / self._name, MOST_BYTES).decode()
        except (OSError, ValueError):
            return {}
        pairs = (line.partition("=") for line in text.splitlines())
        return {name: value for name, equals, value in pairs if equals and value.isprintable()}


def is_elsewhere(path: Path) -> bool:
    """Tell whether looking at a path would ask another machine: `//server/share`."""
    return str(path).startswith(("//", "\\\\"))
