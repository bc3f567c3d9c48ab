"""Reads a typed phrase: what is wanted, what is not, and what in it is a date."""

from __future__ import annotations

import re
from dataclasses import dataclass

from photoseek.typed_dates import find_date
from photoseek.understood import DateTaken, LeftOut, Understood

__all__ = ["ReadPhrase", "read_phrase"]

_DASH = "[-‐‑‒–—−]"
"""Hyphens, dashes and the minus sign: phones and word processors put them in for each other."""

_QUOTED = re.compile(
    rf"""(?:^|(?<=[\s(])|(?<={_DASH}))"""
    r"""(?:"([^"]*)"|“([^”]*)”|„([^“”]*)[“”]|«([^»]*)»|[‘‚']([^'‘’]*)['’‘](?=[\s,.;!?)]|$))"""
)
_HELD = re.compile("\ue000(\\d+)\ue001")
"""Stands for what is in quotes, which neither dates nor minus words are looked for in."""

_MINUS = re.compile(rf"(?:^|(?<=\s)){_DASH}+(\S+)")
_LONE_MINUS = re.compile(rf"(?:^|(?<=\s)){_DASH}+\s+((?:(?:an?|the)\s+)?)(\S+)")

_STOP = (
    "in|on|at|by|near|with|without|and|but|under|of|from|to|over|behind|beside|next|while|no|not|"
    r"before|after|during|\w+ing"
)
_ARTICLE = r"(?:(?:an?|the|any)\s+)?"
_WORD = r"[^\W\d_][\w'’-]*"
_WITHOUT = re.compile(
    rf"\b(?:(?:but\s+|and\s+)?without|except(?:\s+for)?|excluding)\s+{_ARTICLE}"
    rf"({_WORD}(?:\s+(?:or\s+)?(?!(?:{_STOP})\b){_WORD}){{0,3}})",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?<![\w-])(?:(?:but|with|and)\s+)?(?:"
    r"no\s+(?!(?:entry|exit|sign|signs|way|more|longer|matter|problem|number|\w+ing)\b)|"
    rf"not\s+(?!(?:only|very|so|just|yet|even|all|much|in|on|at|to|for|with)\b){_ARTICLE})({_WORD})",
    re.IGNORECASE,
)
_NOBODY = re.compile(r"\b(?:with\s+)?(?:nobody|no\s+one)\b", re.IGNORECASE)


@dataclass(frozen=True)
class ReadPhrase:
    """The wanted words, phrases that are not wanted, and what was understood beside them."""

    phrase: str
    without: tuple[str, ...]
    understood: tuple[Understood, ...]


def read_phrase(text: str, *, as_typed: bool = False) -> ReadPhrase:
    """Read `dog -beach`, `-"palm tree"`, "no people" and dates; only the minus if `as_typed`."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(next(part for part in found.groups() if part is not None))
        return f"\ue000{len(held) - 1}\ue001"

    def words(part: str) -> str:
        return " ".join(_HELD.sub(lambda found: held[int(found[1])], part).split())

    rest = _QUOTED.sub(hold, re.sub("[\ue000\ue001]", " ", text))
    understood: list[Understood] = []
    without: list[str] = []
    date = None if as_typed else find_date(rest)
    if date is not None:
        understood.append(DateTaken(date.typed, date.after, date.before))
        rest = date.rest

    def leave_out(found: re.Match[str]) -> str:
        without.append(words(found[1]))
        return " "

    def take_for_minus(typed: str, phrase: str) -> str:
        without.append(phrase)
        understood.append(LeftOut(" ".join(typed.split()), phrase))
        return " "

    rest = _MINUS.sub(leave_out, rest)
    if not as_typed:
        rest = _LONE_MINUS.sub(lambda m: take_for_minus(words(m[0]), words(m[2])), rest)
        rest = _NOBODY.sub(lambda m: take_for_minus(m[0], "people"), rest)
        for pattern in (_WITHOUT, _NO):
            rest = pattern.sub(lambda m: take_for_minus(words(m[0]), words(m[1])), rest)
    return ReadPhrase(words(rest), tuple(filter(None, without)), tuple(understood))
