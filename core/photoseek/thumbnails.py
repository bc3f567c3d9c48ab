"""Keeps thumbnails as files named by their photo's digest; a cache that may be deleted."""

from __future__ import annotations

import contextlib
from pathlib import Path

from photoseek.files import write_atomically

__all__ = ["ThumbnailCache"]


class ThumbnailCache:
    """JPEG files in 256 folders; photos with the same bytes share one."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def get(self, digest: bytes) -> bytes | None:
        """Return the thumbnail's JPEG, or None where it was never made or has been deleted."""
        try:
            return self._path(digest).read_bytes()
        except OSError:
            return None

    def put(self, digest: bytes, thumbnail: bytes) -> None:
        """Keep a thumbnail; `OSError` where the disk does not take it."""
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, thumbnail, durable=False)

    def remove(self, digest: bytes) -> None:
        """Drop a thumbnail that no photo needs any more."""
        with contextlib.suppress(OSError):  # what stays behind is only cache
            self._path(digest).unlink()

    def size(self) -> int:
        """Return the bytes of all thumbnails."""
        return sum(path.stat().st_size for path in self.directory.glob("*/*.jpg"))

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self.directory / name[:2] / f"{name}.jpg"
