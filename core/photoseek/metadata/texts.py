"""Texts and words from metadata: decoded, printable, on one line, and of a bounded length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

__all__ = ["MOST_LETTERS", "MOST_WORDS", "clean", "first", "text_of", "utf16", "words_of"]

T = TypeVar("T")

MOST_WORDS = 64
MOST_LETTERS = 64
"""A photo keeps that many keywords, and of a name or keyword that many letters: a file may hold
megabytes, and a million photos are to fit a disk."""


_MOST_READ = 4096
"""So much of a text is looked at: a file may call a hundred megabytes the camera's name."""


def first(*readers: Callable[[], T | None]) -> T | None:
    """Return the first answer that is one; a reader may fail on a damaged block as it likes."""
    for reader in readers:
        try:
            value = reader()
        except Exception:  # noqa: BLE001, S112 -- a block may hold anything, and none may stop a photo
            continue
        if value not in (None, ""):
            return value
    return None


def text_of(value: object) -> str:
    """Return a value as one clean line; Pillow takes EXIF's text for Latin-1."""
    if isinstance(value, str):
        value = value[: 2 * _MOST_READ].encode("latin-1", "replace")
    if not isinstance(value, bytes):
        return ""
    for end in range(_MOST_READ, _MOST_READ - 4, -1):  # a letter may be cut in two
        with suppress(UnicodeDecodeError):
            return clean(value[:end].decode("utf-8"))
    return clean(value[:_MOST_READ].decode("latin-1"))


def utf16(value: object) -> str:
    """Return the text that Windows stores as bytes."""
    raw = value if isinstance(value, bytes) else bytes(value)  # type: ignore[call-overload]
    return str(raw[: 2 * _MOST_READ].decode("utf-16-le", "replace"))


def words_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return keywords, each once and as many as are kept."""
    found = dict.fromkeys(word for word in map(clean, texts) if word)
    return tuple(found)[:MOST_WORDS]


def clean(text: str) -> str:
    """Return printable text on one line; a surrogate would not go into the database."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text[:_MOST_READ])
    return " ".join(kept.split())[:MOST_LETTERS]
