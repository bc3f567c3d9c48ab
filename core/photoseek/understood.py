"""What was made of a phrase, as values: the terminal and the window put them into words.

Whatever is not simply searched for as typed is among these, so that nothing is done silently.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

__all__ = [
    "CutShort",
    "DateTaken",
    "LeftOut",
    "NamesTaken",
    "PhotoTaken",
    "Understood",
    "in_another_alphabet",
]


@dataclass(frozen=True)
class DateTaken:
    """A date narrows the photos down; `after` includes its moment and `before` does not."""

    typed: str
    after: datetime | None
    before: datetime | None


@dataclass(frozen=True)
class LeftOut:
    """Words such as "no people" are taken for a minus: `phrase` is what is not wanted."""

    typed: str
    phrase: str


@dataclass(frozen=True)
class PhotoTaken:
    """The phrase is the path of a photo, which is searched by."""

    typed: str
    path: Path


@dataclass(frozen=True)
class NamesTaken:
    """The phrase is a part of the names of so many files, which are shown."""

    typed: str
    count: int


@dataclass(frozen=True)
class CutShort:
    """The phrase is too long for the model, which has read only the beginning: so many words."""

    words: int


Understood = DateTaken | LeftOut | PhotoTaken | NamesTaken | CutShort


def in_another_alphabet(word: str) -> bool:
    """Tell whether a word has letters that English does not write with."""
    return any(
        letter.isalpha() and not unicodedata.name(letter, "LATIN").startswith("LATIN")
        for letter in word
    )
