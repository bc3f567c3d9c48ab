"""Tells phrases that are the path of a file, its name or an address, as they are pasted."""

from __future__ import annotations

import re
from pathlib import Path

from photoseek.errors import QueryError

__all__ = ["looks_like_file_name", "typed_photo"]

_ADDRESS = re.compile(r"(?:https?|ftp)://\S+|www\.\S+\.\S+|data:image/\S+", re.IGNORECASE)
_ELSEWHERE = re.compile(r"\\\\|//|file://(?!/|localhost/)", re.IGNORECASE)
_PATH = re.compile(r"file:/|~?/|\.\.?[/\\]|[A-Za-z]:[/\\]", re.IGNORECASE)
_PHOTO = re.compile(
    r"\S.*\.(?:jpe?g|jpe|png|hei[cf]|webp|avif|gif|tiff?|bmp|jp2|dng|cr[23]|nef|arw|orf|rw2|raf|mpo)",
    re.IGNORECASE,
)
_CAMERA_NAME = re.compile(r"[^\W\d]{1,8}[-_]?\d{3,}[\w().-]*|\w+_\w*\d\w*|\d{8}[-_]\w+")


def looks_like_file_name(phrase: str) -> bool:
    """Tell whether a phrase is written as cameras and phones name files: IMG_5195, DSC01234.JPG."""
    text = phrase.strip()
    return bool(_CAMERA_NAME.fullmatch(text) or _PHOTO.fullmatch(text))


def typed_photo(text: str) -> Path | None:
    """Return the file whose path or address a text is; None where it is words.

    Looks at the disk, but never at another computer's. `QueryError` for what cannot be searched
    by: a web address, a folder, or a path at which there is nothing.
    """
    typed = text.strip().strip("\"'“”").strip()
    if _ADDRESS.fullmatch(typed):
        raise QueryError(
            f"{_short(typed)} is a web address, and Photoseek opens no connections; save the "
            "picture and search by its file, or type what it shows"
        )
    if _ELSEWHERE.match(typed) and len(typed.split()) == 1:
        raise QueryError(
            f"{_short(typed)} is a place on another computer; copy the photo to this one to "
            "search by it"
        )
    if not _PATH.match(typed):
        return None
    path = _path(typed)
    try:
        if path.is_file():
            return path
        if path.is_dir():
            raise QueryError(
                f"{path} is a folder, and not what a photo shows; use the folder filter to see its "
                "photos alone, or add it to the library if it is not in it"
            )
    except (OSError, ValueError):  # such as a name that is too long, or holds a null
        return None
    if _PHOTO.fullmatch(typed) or typed.lower().startswith("file:"):
        raise QueryError(f"there is no file {path} to search by")
    return None


def _path(typed: str) -> Path:
    if typed.lower().startswith("file:"):
        from urllib.parse import unquote, urlsplit
        from urllib.request import url2pathname

        return Path(url2pathname(unquote(urlsplit(typed).path, errors="surrogateescape")))
    try:
        return Path(typed).expanduser()
    except RuntimeError:  # there is no home
        return Path(typed)


def _short(typed: str) -> str:
    return typed if len(typed) <= 60 else f"{typed[:59]}…"
