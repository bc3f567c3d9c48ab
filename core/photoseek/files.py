"""Writes files so that a reader sees the old content or the new, never a part."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

__all__ = ["sha256_of", "sync_folder", "write_atomically"]


def write_atomically(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write `content` beside `path`, then rename it over; `durable` waits for the disk."""
    # No two threads write to one name; `tempfile` would hide the result from other accounts.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until what was renamed or deleted in a folder is on the disk, where systems can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the file's sha256 in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
