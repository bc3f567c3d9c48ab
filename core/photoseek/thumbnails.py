"""Keeps thumbnails as files named by their photo's digest; a cache that may be deleted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from photoseek.errors import LibraryError
from photoseek.files import inside, read_whole, write_atomically

__all__ = ["ThumbnailCache"]

_UNFINISHED = "unfinished"
"""The file that is there while thumbnails and library may differ."""

MOST_BYTES = 4 << 20
"""Of one thumbnail, which takes some thousands."""

_NAME = re.compile(r"[0-9a-f]{32}\.jpg")


class ThumbnailCache:
    """JPEG files in 256 folders; photos with the same bytes share one.

    Whoever updates the library calls `begin_changes` before photos come or go and `end_changes`
    when they have. A process that dies between them leaves a mark, and the next one to end its
    changes compares all thumbnails with the library.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._mark = directory / _UNFINISHED
        self._changing = self._compares = False

    def get(self, digest: bytes) -> bytes | None:
        """Return the thumbnail's JPEG, or None where it was never made, was deleted or emptied."""
        try:
            return read_whole(self._path(digest), MOST_BYTES) or None
        except (OSError, LibraryError):
            return None

    def put(self, digest: bytes, thumbnail: bytes) -> None:
        """Keep a thumbnail; `OSError` where the disk does not take it."""
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unfinished files are made in one folder of 257, where those of killed runs are cleared.
        write_atomically(path, thumbnail, durable=False, parts=self.directory)

    def begin_changes(self) -> None:
        """Mark that photos come or go from now on."""
        if self._changing:
            return
        self._inside(_UNFINISHED)
        with contextlib.suppress(OSError):  # without a mark, at worst some cache stays behind
            self._compares = self._mark.exists()
            self.directory.mkdir(parents=True, exist_ok=True)
            self._mark.touch()
        self._changing = True

    def end_changes(self, unused: Iterable[bytes], digests: Callable[[], set[bytes]]) -> None:
        """Drop the thumbnails of the `unused` digests, which no photo has any more.

        Where an earlier process died in between, drop all that are not among the library's
        `digests`, and what was left half written.
        """
        for digest in unused:
            with contextlib.suppress(OSError, LibraryError):  # what stays behind is only cache
                self._path(digest).unlink()
        if self._compares or (not self._changing and self._mark.exists()):
            self._drop_others({digest.hex() for digest in digests()})
        if self._changing or self._mark.exists():
            with contextlib.suppress(OSError):
                self._mark.unlink(missing_ok=True)
        self._changing = self._compares = False

    def abandon_changes(self) -> None:
        """Leave the mark behind, as a process does that dies: the changes came to no end."""
        self._changing = self._compares = False

    def size(self) -> int:
        """Return the bytes of all thumbnails; some may come and go meanwhile."""
        size = 0
        for path in self._files():
            with contextlib.suppress(OSError):
                size += path.stat().st_size
        return size

    def _drop_others(self, digests: set[str]) -> None:
        for path in self._files():
            if _NAME.fullmatch(path.name) and path.stem not in digests:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _files(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            for folder in self.directory.iterdir():
                with contextlib.suppress(OSError, LibraryError):
                    yield from self._inside(folder.name).glob("*.jpg")

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._inside(name[:2], f"{name}.jpg")

    def _inside(self, *names: str) -> Path:
        """Return a path here; `LibraryError` if it leads over a link of somebody else's."""
        return inside(self.directory.parent, self.directory.name, *names)
