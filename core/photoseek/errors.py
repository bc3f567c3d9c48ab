"""The one tree of errors that are the world's fault; each message is a line for the person."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

__all__ = [
    "BundleError",
    "FolderError",
    "LibraryBusyError",
    "LibraryDamagedError",
    "LibraryError",
    "LibraryTooNewError",
    "PatternError",
    "PhotoError",
    "PhotoErrorKind",
    "PhotoseekError",
    "QueryError",
]


class PhotoseekError(Exception):
    """Something outside the program is wrong: `str(error)` says what, where, and what to do."""


class BundleError(PhotoseekError):
    """A model bundle is missing, damaged, or made for another version of Photoseek."""


class LibraryError(PhotoseekError):
    """A library folder cannot be opened, read or written."""


class LibraryBusyError(LibraryError):
    """Another process is updating this library; reading it goes on."""


class LibraryDamagedError(LibraryError):
    """The library file is not a sound database."""


class LibraryTooNewError(LibraryError):
    """The library was written by a newer Photoseek."""


class FolderError(PhotoseekError):
    """A folder to index is missing, unreadable, or not a folder."""


class PatternError(PhotoseekError):
    """A pattern of what a library leaves out cannot be read."""


class QueryError(PhotoseekError):
    """A query holds nothing that can be searched for."""


PhotoErrorKind = Literal[
    "unreadable",  # the disk does not give the file: another try may
    "empty",
    "not_a_photo",
    "cut_short",
    "damaged",
    "unsupported",  # a whole file of a kind that no reader here knows, or that needs an extra
    "too_large",
    "memory",
    "timeout",
    "killed",  # the process that opened it was ended, by the file or by somebody else
    "stopped",  # nobody waits for it any more
    "not_downloaded",  # it is on a cloud drive alone
    "no_reader",  # an optional part of Photoseek reads it
]
"""Why one file cannot be read as a photo, for code to decide by."""


class PhotoError(PhotoseekError):
    """One file cannot be read as a photo; `reason` stands without the path, `kind` is for code."""

    def __init__(self, path: Path | None, reason: str, kind: PhotoErrorKind = "unreadable") -> None:
        self.path = path
        self.reason = reason
        self.kind = kind
        super().__init__(f"{path}: {reason}" if path is not None else reason)
