"""Finds the known word that an unknown one was meant to be: another form of it, or a mistyped one.

A vocabulary of 34,000 words is not a dictionary, so an unknown word may well be a right one. What
is guessed is therefore little, and always told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spelling"]

SHORTEST = 4
"""Letters that a mistyped word has at least; anything shorter is near too many words."""

LONG = 8
"""Letters of a long word, which few others are near: it may have two slips in it."""

COMMON = 1000
"""How many of the most used words, for each letter beyond the third, a word may be a slip of."""

SOUND_COST = 0.6
TYPING_COST = 0.7
SWAPPED = 0.1
"""What a word of the same sound, and a slip of the fingers, cost, where another slip costs 1; of
two words of the same sound, one with two letters swapped costs less."""

USE_WEIGHT = 0.1
"""How much it costs to be half as much used."""

SOUND_ROOM = 4
"""How many times less common a word may be that sounds the same."""

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

_SOUNDS = (
    *(
        (r"^(?:kn|gn)", "n"),
        (r"^wr", "r"),
        (r"^wh", "w"),
        (r"^ps", "s"),
        (r"rh", "r"),
        (r"ph", "f"),
    ),
    *((r"(?<=au)gh|(?<=ou)gh(?!t)", "f"), (r"(?<=i)gh", ""), (r"^gh", "g"), (r"gh(?=t)", "")),
    *((r"sch|sk|sc(?=[aour])", "sk"), (r"sc(?=[eiy])", "s"), (r"tch", "ch"), (r"ck|qu?", "k")),
    *((r"c(?=[eiy])", "s"), (r"c(?!h)", "k"), (r"x", "ks"), (r"z", "s"), (r"gu(?=[eiy])", "g")),
    *((r"dg(?=e)|g(?=[ey])", "j"), (r"(.)\1", r"\1"), (r"(?<=[aeiouy])h", ""), (r"e$", "")),
    *((r"ea|ee|ie|ei|ey", "i"), (r"oo|ou|ew|ue", "u"), (r"[ai]y|ai", "e"), (r"y", "i")),
)
"""What sounds alike, one after another: elefant and elephant, nife and knife, foto and photo."""

_COMPILED_SOUNDS = tuple((re.compile(spelt, re.MULTILINE), heard) for spelt, heard in _SOUNDS)

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = frozenset(
    (one, other)
    for row, letters in enumerate(_KEYS)
    for place, one in enumerate(letters)
    for keys, shifts in ((letters, (-1, 1)), ("".join(_KEYS[row + 1 : row + 2]), (-1, 0)))
    for other in (keys[place + shift : place + shift + 1] for shift in shifts if place + shift >= 0)
    if other
)
_NEXT_KEYS = _BESIDE | {(other, one) for one, other in _BESIDE}
"""Letters that lie side by side on a keyboard."""

_BUCKETS = 32
"""Letters are counted by their code modulo this; what falls together only widens the sieve."""


class Spelling:
    """The words of a vocabulary, the most used first.

    A slip is one letter left out, put in, exchanged, or swapped with its neighbour (Damerau 1964).
    The first letter is taken to be right, but where two words sound the same: it nearly always is,
    and most names are thereby left alone.
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
        """Return the known word that this one was most likely meant to be; None if unsure.

        Of several, what sounds the same comes before what differs by one letter, fewer slips before
        more, usual slips before others, and the most used word before the others.
        """
        if len(word) < SHORTEST:
            return None
        best: tuple[float, str] | None = None
        sound = _sound(word)
        for other in self._alike(word, sound):
            cost = self._cost(word, sound, other)
            if cost is not None and (best is None or cost < best[0]):
                best = cost, other
        return best and best[1]

    def _alike(self, word: str, sound: str) -> Iterator[str]:
        """Give the words that may be what was meant, the most used of each kind first."""
        yield from self._sounds[1].get(sound, ())
        words = self._by_letter.get(word[0])
        if not words:
            return
        if word[0] not in self._counts:
            self._counts[word[0]] = _letter_counts(words)
        apart = np.abs(self._counts[word[0]] - _letter_counts([word])).sum(axis=1)
        # A slip changes the counts of two letters by one at most: none is missed here.
        most = 2 if len(word) >= LONG else 1
        yield from (words[place] for place in np.flatnonzero(apart <= 2 * most))

    @cached_property
    def _sounds(self) -> tuple[dict[str, str], dict[str, list[str]]]:
        """Each word's sound, and the words of each sound."""
        # All words as lines of one text, which takes a tenth of the time.
        lines = _sound("\n".join(self._order)).split("\n")
        sounds = dict(zip(self._order, lines, strict=True)) if self._order else {}
        alike: dict[str, list[str]] = {}
        for word, sound in sounds.items():
            alike.setdefault(sound, []).append(word)
        return sounds, alike

    def _cost(self, word: str, sound: str, other: str) -> float | None:
        """Return how unlikely it is that `other` was meant: None where it is not plausible."""
        same_sound = sound == self._sounds[0][other]
        most = 3 if same_sound else 2 if len(word) >= LONG else 1
        slips = next((n for n in range(1, most + 1) if _within(n, word, other)), None)
        if slips is None or not self._is_plausible(word, other, slips, same_sound=same_sound):
            return None
        swapped = slips == 1 and sorted(word) == sorted(other)
        cost = float(slips)
        if same_sound:
            cost = SOUND_COST - SWAPPED * swapped
        elif swapped or (slips == 1 and _is_next_key(word, other)):
            cost = TYPING_COST
        return cost + USE_WEIGHT * math.log2(self._order[other] + 100)

    def _is_plausible(self, word: str, meant: str, slips: int, *, same_sound: bool) -> bool:
        """Take a common word, and a rare one where the slip leaves little doubt."""
        common = COMMON * (SOUND_ROOM if same_sound else 1)
        if self._order[meant] < common * (len(word) - SHORTEST + 1):
            return True
        # Few words are one slip away from a long one; swapping and doubling happen by themselves.
        return slips == 1 and (
            len(word) >= LONG
            or sorted(word) == sorted(meant)
            or _undoubled(word) == _undoubled(meant)
        )


def _sound(word: str) -> str:
    """Return letters for how an English word sounds; of several lines, for each."""
    for spelt, heard in _COMPILED_SOUNDS:
        word = spelt.sub(heard, word)
    return word


def _is_next_key(word: str, other: str) -> bool:
    """Tell whether two words differ by a letter that lies beside the right one on a keyboard."""
    if len(word) != len(other):
        return False
    differing = [pair for pair in zip(word, other, strict=True) if pair[0] != pair[1]]
    return len(differing) == 1 and differing[0] in _NEXT_KEYS


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
