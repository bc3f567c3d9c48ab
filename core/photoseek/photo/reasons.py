"""Says in plain words why a file could not be read as a photo, whatever a reader called it."""

from __future__ import annotations

import errno
import re

from PIL import UnidentifiedImageError

from photoseek.errors import PhotoError, PhotoErrorKind
from photoseek.photo.formats import format_of, unread_kind

__all__ = [
    "CUT_SHORT",
    "DAMAGED",
    "DAMAGED_OR_CUT",
    "EMPTY",
    "NO_MEMORY",
    "NO_PHOTO",
    "photo_error",
    "too_large",
    "unread",
]

CUT_SHORT = "the file is cut short"
DAMAGED = "the file is damaged"
DAMAGED_OR_CUT = "the file is damaged or cut short"
EMPTY = "the file is empty"
NO_MEMORY = "it needs more memory than Photoseek gives one photo"
NO_PHOTO = "not a photo in a format that Photoseek reads"

_DISK_REASONS = {
    errno.ENOENT: "the file does not exist",
    errno.ENOTDIR: "the file does not exist",
    errno.EACCES: "no permission to read the file",
    errno.EPERM: "no permission to read the file",
    errno.EIO: "the disk cannot read the file",
    errno.ENAMETOOLONG: "the file's name is too long for this system",
    errno.ELOOP: "the file is a link that leads nowhere",
    errno.ETIMEDOUT: "the network drive does not answer",
    errno.EHOSTDOWN: "the network drive does not answer",
    errno.EHOSTUNREACH: "the network drive does not answer",
    errno.ESTALE: "the network drive does not answer",
    errno.EMFILE: "the system has too many files open",
    errno.ENFILE: "the system has too many files open",
}
_CAUSES: tuple[tuple[re.Pattern[str], PhotoErrorKind, str], ...] = (
    (re.compile("memory|allocat"), "memory", NO_MEMORY),
    (
        re.compile("security limit|exceeds limit|too (large|big|many)|decompression bomb"),
        "too_large",
        "a part of it is larger than Photoseek opens",
    ),
    (
        re.compile("truncat|premature|unexpected end|end of (file|data)|not enough|eof"),
        "cut_short",
        CUT_SHORT,
    ),
    (
        re.compile(
            "unsupported|not supported|cannot handle|not implemented|unrecogni[sz]ed|"
            "not (available|installed)|requires the|no .*codec"
        ),
        "unsupported",
        "",
    ),
)
"""What readers put into their messages and what it means; the first that fits counts.

Without words of its own, it is a rare kind of the file's format.
"""


def photo_error(error: Exception, content: bytes | None = None) -> PhotoError:
    """Return what a reader or the disk raised as an error in words that a person understands.

    `content` are the bytes of the file, where the disk gave them.
    """
    if isinstance(error, PhotoError):
        return error
    if isinstance(error, MemoryError):
        return PhotoError(None, NO_MEMORY, "memory")
    if content is None or (isinstance(error, OSError) and error.errno is not None):
        return _from_disk(error)
    if content == b"":
        return PhotoError(None, EMPTY, "empty")
    name = format_of(content)
    if (reason := unread_kind(content)) is not None:
        return PhotoError(None, reason, "unsupported")
    if name is None:
        return PhotoError(None, NO_PHOTO, "not_a_photo")
    return _from_reader(error, name)


def unread(name: str) -> PhotoError:
    """Return the error of a whole file that is of a rare kind of its format."""
    return PhotoError(None, f"a kind of {name} that Photoseek does not read", "unsupported")


def too_large(width: int, height: int, most: int) -> PhotoError:
    """Return the error of a photo that claims more than `most` pixels."""
    return PhotoError(
        None,
        f"{width} x {height} pixels is more than Photoseek opens ({most // 1_000_000} megapixels)",
        "too_large",
    )


def _from_disk(error: Exception) -> PhotoError:
    if isinstance(error, IsADirectoryError):
        return PhotoError(None, "this is a folder, not a photo", "not_a_photo")
    code = error.errno if isinstance(error, OSError) else None
    reason = _DISK_REASONS.get(code or 0, "the system does not give the file")
    return PhotoError(None, reason, "unreadable")


def _from_reader(error: Exception, name: str) -> PhotoError:
    if isinstance(error, UnidentifiedImageError):  # its beginning is right, and no more
        return PhotoError(None, DAMAGED_OR_CUT, "damaged")
    message = str(error).lower()
    if isinstance(error, EOFError):
        return PhotoError(None, CUT_SHORT, "cut_short")
    for words, kind, reason in _CAUSES:
        if words.search(message):
            return PhotoError(None, reason, kind) if reason else unread(name)
    return PhotoError(None, DAMAGED, "damaged")
