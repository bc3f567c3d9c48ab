"""Writes and reads the files of a library: never a part of one, and never through a link.

A library may come from somebody else. A link inside its folder would have Photoseek read, write or
delete wherever it points, so a path below that folder comes from `inside`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from photoseek.errors import LibraryError

__all__ = [
    "inside",
    "new_folder",
    "open_new",
    "open_ordinary",
    "part_of",
    "read_whole",
    "remove_parts",
    "sha256_of",
    "sync_folder",
    "write_atomically",
]

_PART_NAME = re.compile(r"\..+\.(\d{1,10})-\d{1,20}\.part")

_WINDOWS_JUNCTION = 0xA0000003
"""The reparse tag of what Windows calls a mount point: a link to a folder."""

PART_SECONDS = 3600.0
"""After so long, an unfinished file counts as left behind where no process can be asked after."""

_BINARY = getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""Flags that not all systems have; a pipe is opened without waiting for its other end."""


def inside(root: Path, *names: str) -> Path:
    """Return the path of `names` below a library's folder; `LibraryError` if it leads over a link.

    `root` itself may be a link: the person named it. What is not there yet is no link.
    """
    path = root
    for name in names:
        path = path / name
        if _is_link(path):
            raise LibraryError(
                f"{path} is a link, and Photoseek follows none inside a library; put the file or "
                "folder itself there, or delete the link"
            )
    return path


def open_new(path: Path) -> BinaryIO:
    """Make a file and open it for writing; `OSError` where anything has that name already."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _NO_LINK
    return os.fdopen(os.open(path, flags, 0o666), "wb")


def open_ordinary(path: Path, most: int) -> BufferedReader:
    """Open a file to read; `OSError` for a link, a pipe, or more than `most` bytes."""
    handle = os.open(path, os.O_RDONLY | _BINARY | _NO_LINK | _NO_WAIT)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
        if status.st_size > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_whole(path: Path, most: int) -> bytes:
    """Return the bytes of a file; `OSError` for a link, a pipe, or more than `most` bytes."""
    with open_ordinary(path, most) as stream:
        content = stream.read(most + 1)  # it may have grown meanwhile
    if len(content) > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content


def write_atomically(
    path: Path, content: bytes, *, durable: bool = True, parts: Path | None = None
) -> None:
    """Write `content` beside `path`, then rename it over; `durable` waits for the disk.

    The unfinished file is made in the folder `parts`, which must be on the same disk, if given.
    """
    part = part_of(path, parts)
    try:
        with open_new(part) as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def part_of(path: Path, folder: Path | None = None) -> Path:
    """Return the name under which this thread makes a file or folder before it gets its own.

    Nothing has that name: what a process of the same number left behind is deleted.
    """
    # No two threads write to one name; `tempfile` would hide the result from other accounts.
    name = f".{path.name}.{os.getpid()}-{threading.get_ident()}.part"
    part = path.with_name(name) if folder is None else folder / name
    _delete(part)
    return part


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Make an empty folder beside `path`, for files that are moved to their places when whole.

    It is deleted at the end, with all that is left in it.
    """
    folder = part_of(path)
    folder.mkdir()
    try:
        yield folder
    finally:
        _delete(folder)


def remove_parts(folder: Path) -> None:
    """Delete the unfinished files and folders that ended processes have left in a folder."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _PART_NAME.fullmatch(entry.name)
            if match is not None and not _is_being_written(Path(entry), int(match[1])):
                _delete(Path(entry))


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


def _is_link(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    junction = getattr(status, "st_reparse_tag", 0) == _WINDOWS_JUNCTION
    return stat.S_ISLNK(status.st_mode) or junction


def _delete(path: Path) -> None:
    """Delete a file, a link itself, or a folder with what it holds; what stays is only room."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not _is_link(path):
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _is_being_written(part: Path, process: int) -> bool:
    if os.name != "posix":  # asking after a process by `os.kill` ends it there
        with contextlib.suppress(OSError):
            return time.time() - part.lstat().st_mtime < PART_SECONDS
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
