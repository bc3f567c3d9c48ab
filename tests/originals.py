"""Remembers photos as they lie on the disk, to prove that nothing has touched them."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["Originals"]


class Originals:
    """The photos that a test has drawn; `check` fails where one is not as it was.

    All but the time of the last reading counts: bytes, mode, owner, place on the disk, and of a
    file both times of change, the second of which no program can set back. (A test may rename a
    folder, which counts as a change of the folder.)
    """

    def __init__(self) -> None:
        self._known: dict[Path, dict[Path, tuple[object, ...]]] = {}

    def add(self, folder: Path) -> Path:
        """Remember everything in a folder as it is now, and return the folder."""
        self._known[folder] = _state(folder)
        return folder

    def check(self) -> None:
        """Compare every folder with what it was."""
        for folder, state in self._known.items():
            assert _state(folder) == state


def _state(folder: Path) -> dict[Path, tuple[object, ...]]:
    return {path: _file_state(path) for path in (folder, *folder.rglob("*"))}


def _file_state(path: Path) -> tuple[object, ...]:
    status = path.stat()
    state = (status.st_mtime_ns, status.st_mode, status.st_uid, status.st_gid, status.st_ino)
    if path.is_dir():
        return state
    return (*state, status.st_ctime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
