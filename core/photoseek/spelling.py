"""Finds the known word that an unknown one was meant to be: another form of it, or a mistyped one.

A vocabulary of 34,000 words is not a dictionary, so an unknown word may well be a right one. What
is guessed is therefore little, and always told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spelling"]

SHORTEST = 4
"""Letters that a mistyped word has at least; anything shorter is near too many words."""

LONG = 8
"""Letters of a long word, which few others are near: it may have two slips in it."""

COMMON = 1000
"""How many of the most used words, for each letter beyond the third, a word may be a slip of."""

_NUMBER = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("men", "man"), ("es", ""), ("s", ""))
"""Endings of more than one, and of one."""

_SPELLINGS = (
    *(("our", "or"), ("tre", "ter"), ("bre", "ber"), ("ogue", "og"), ("ence", "ense")),
    *(("ise", "ize"), ("isi", "izi"), ("isa", "iza"), ("yse", "yze"), ("ysi", "yzi")),
    *(("grey", "gray"), ("tyre", "tire"), ("mould", "mold"), ("plough", "plow")),
    *(("cheque", "check"), ("pyjama", "pajama"), ("moustache", "mustache")),
    *(("jewellery", "jewelry"), ("aeroplane", "airplane"), ("aluminium", "aluminum")),
)
"""British and American."""

_BUCKETS = 32
"""Letters are counted by their code modulo this; what falls together only widens the sieve."""


class Spelling:
    """The words of a vocabulary, the most used first.

    A slip is one letter left out, put in, exchanged, or swapped with its neighbour (Damerau 1964).
    The first letter is taken to be right: it nearly always is, and most names are thereby left
    alone.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._order = {word: place for place, word in enumerate(words)}
        self._by_letter: dict[str, list[str]] = {}
        for word in words:
            self._by_letter.setdefault(word[:1], []).append(word)
        self._counts: dict[str, NDArray[np.int16]] = {}

    def form(self, word: str) -> str | None:
        """Return the word in the other number or the other English spelling, where that is known.

        Both may differ, as in "catalogues" where only "catalog" is known.
        """
        if len(word) < SHORTEST:
            return None
        spellings = list(_spellings(word))
        both = [form for spelling in spellings for form in _numbers(spelling)]
        for forms in ([*_numbers(word), *spellings], both):
            known = [form for form in forms if form in self._order]
            if known:
                return min(known, key=self._order.__getitem__)
        return None

    def slip(self, word: str) -> str | None:
        """Return the known word with the fewest slips, the most used of them; None if unsure."""
        if len(word) < SHORTEST or word[0] not in self._by_letter:
            return None
        words = self._by_letter[word[0]]
        if word[0] not in self._counts:
            self._counts[word[0]] = _letter_counts(words)
        apart = np.abs(self._counts[word[0]] - _letter_counts([word])).sum(axis=1)
        for slips in (1, 2) if len(word) >= LONG else (1,):
            # A slip changes the counts of two letters by one at most: none is missed here.
            alike = (words[place] for place in np.flatnonzero(apart <= 2 * slips))
            for other in alike:  # the most used first
                if self._is_plausible(word, other, slips) and _within(slips, word, other):
                    return other
        return None

    def _is_plausible(self, word: str, meant: str, slips: int) -> bool:
        """Take a common word, and a rare one where the slip leaves little doubt."""
        if self._order[meant] < COMMON * (len(word) - SHORTEST + 1):
            return True
        # Few words are one slip away from a long one; swapping and doubling happen by themselves.
        return slips == 1 and (
            len(word) >= LONG
            or sorted(word) == sorted(meant)
            or _undoubled(word) == _undoubled(meant)
        )


def _numbers(word: str) -> Iterator[str]:
    for many, one in _NUMBER:
        if word.endswith(many) and not word.endswith("ss"):
            yield word.removesuffix(many) + one
        if one and word.endswith(one):
            yield word.removesuffix(one) + many
    yield word + "s"


def _spellings(word: str) -> Iterator[str]:
    for pair in _SPELLINGS:
        for here, there in (pair, pair[::-1]):
            if here in word:
                yield word.replace(here, there)


def _letter_counts(words: Sequence[str]) -> NDArray[np.int16]:
    """Count the letters of each word: `(n, buckets)`."""
    codes = np.array(words).view(np.uint32).reshape(len(words), -1)
    rows, columns = np.nonzero(codes)
    buckets = codes[rows, columns] % _BUCKETS + rows * _BUCKETS
    counts = np.bincount(buckets, minlength=len(words) * _BUCKETS)
    return counts.reshape(-1, _BUCKETS).astype(np.int16)


def _within(most: int, word: str, other: str) -> bool:
    """Tell whether two words are at most so many slips apart (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        after = [i]
        for j, there in enumerate(other, start=1):
            least = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == there:
                least = min(least, before[j - 2] + 1)
            after.append(least)
        if min(after) > most:
            return False
        before, row = row, after
    return row[-1] <= most


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word)
