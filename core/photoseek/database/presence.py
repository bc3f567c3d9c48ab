"""Knows whether another process has a library open, so that its file is not replaced meanwhile."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PRESENCE_NAME", "Presence"]

PRESENCE_NAME = "open.lock"
"""The file that each process which has the library open locks together with the others."""

WAIT_SECONDS = 10.0
"""How long a process waits for others that are putting the same library right."""

_PAUSE = 0.05


class Presence:
    """A lock that many hold at once while they use a library, and one alone to replace its file.

    When a connection closes whose file was replaced, SQLite deletes the log of the new file, which
    has the same name. Windows replaces no open file: nothing is locked there. A system that has no
    such locks, or a folder that cannot be written, goes without.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def enter(self) -> None:
        """Say that the library is open here; `TimeoutError` where another one keeps it alone."""
        self._take(alone=False, seconds=WAIT_SECONDS)

    def leave(self) -> None:
        """Say that it is not any more."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the library to oneself; `TimeoutError` where somebody has it open."""
        # Another process may just be looking at the damage, which takes a moment.
        self._take(alone=True, seconds=WAIT_SECONDS)
        try:
            yield
        finally:
            self.leave()

    def _take(self, *, alone: bool, seconds: float) -> None:
        self.leave()
        if sys.platform == "win32":
            return
        import fcntl

        handle = _open(self._path)
        if handle is None:
            return
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < end:
                    time.sleep(_PAUSE)
                    continue
                os.close(handle)
                raise TimeoutError(str(self._path)) from None
            except OSError:  # the file system has no locks
                pass
            self._handle = handle
            return


def _open(path: Path) -> int | None:
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        try:
            return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        except OSError:
            continue
    return None
