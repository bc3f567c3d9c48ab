"""The log beside a library: what was done and went wrong, by area, and nothing private.

Counts and kinds only: no photo's name, no phrase, no place. It is kept for a fault's report, in two
files of bounded size. Loggers are `photoseek.` and an area: indexing, decoding, encoding, watching,
catalogue; and `photoseek_desktop`. A program's own logging stays as it is.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import re
import stat
from pathlib import Path

from photoseek.errors import LibraryError
from photoseek.files import inside

__all__ = ["LOG_FILE", "LibraryLog", "catch_faults"]

LOG_FILE = "photoseek.log"
OLD_LOG_FILE = "photoseek.log.1"

MOST_BYTES = 512 << 10
"""Of one file; then it becomes the old one."""

MOST_LETTERS = 4000
"""Of one entry."""

_AREAS = ("photoseek", "photoseek_desktop")
_PLACE = re.compile(r"""(?:[A-Za-z]:)?[/\\](?![^\n"']*\.py")[^\n]*""")
_QUOTED = re.compile(r"""(["'])(?![^"'\n]*\.py\1)[^\n]*?\1""")


class LibraryLog(logging.Handler):
    """Writes the records of Photoseek's own loggers to a library's log while it is open.

    Each record is one write at the file's end, so processes may share it.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(logging.INFO)
        self.directory = directory
        self.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s: %(message)s"))

    def open(self) -> None:
        """Begin to write what is logged."""
        for area in _AREAS:
            logger = logging.getLogger(area)
            logger.addHandler(self)
            if logger.level == logging.NOTSET:
                logger.setLevel(logging.INFO)

    def close(self) -> None:
        """Write no more."""
        for area in _AREAS:
            logging.getLogger(area).removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; where the library cannot be written, there is no log."""
        with contextlib.suppress(OSError, LibraryError):
            line = without_names(self.format(record))[:MOST_LETTERS] + "\n"
            handle = _open(self.directory)
            try:
                os.write(handle, line.encode("utf-8", "replace"))
            finally:
                os.close(handle)


def catch_faults(directory: Path) -> None:
    """Have Python write where it was to the log, should a library of C end this process."""
    if not faulthandler.is_enabled():
        with contextlib.suppress(OSError, LibraryError):
            # The system closes it with the process: that is how long it is needed.
            faulthandler.enable(_open(directory))


def without_names(text: str) -> str:
    """Leave out what may name a photo: what is quoted, and paths, but those of programs."""
    return _PLACE.sub("[path]", _QUOTED.sub("[name]", text))


def _open(directory: Path) -> int:
    """Open the log to write at its end; `OSError` or `LibraryError` for what is no file of ours."""
    path = inside(directory, LOG_FILE)
    with contextlib.suppress(OSError):
        if path.lstat().st_size > MOST_BYTES:
            path.replace(directory / OLD_LOG_FILE)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags, 0o666)
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_size > 2 * MOST_BYTES:
        os.close(handle)
        raise OSError("it is no log of ours, or could not be put aside")
    return handle
