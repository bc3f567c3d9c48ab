"""Reads dates as people type them, in a field of their own or in the middle of a phrase."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from photoseek.errors import QueryError

__all__ = ["FoundDate", "Interval", "find_date", "parse_date"]

FIRST_YEAR = 1826
"""The year of the oldest photo that is left; in a phrase, smaller numbers are no years."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_SEASON = "(?:spring|summer|autumn|fall|winter)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_YEAR = r"\d{4}"

_FORMS = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d\d(?::\d\d)?)?",
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}",
    r"\d{4}[-/.](?:1[0-2]|0?[1-9])",
    r"(?:1[0-2]|0?[1-9])[/.]\d{4}",
    rf"{_DAY}(?:\s+of)?\s+{_MONTH},?\s+{_YEAR}",
    rf"{_MONTH}\s+{_DAY},?\s+{_YEAR}",
    rf"(?:{_MONTH}|{_SEASON})(?:\s+of)?,?\s+{_YEAR}",
    rf"{_YEAR}\s+{_MONTH}",
    r"\d{3}0s",
    rf"(?:last|this)\s+(?:year|month|week|{_SEASON}|{_MONTH})",
    "today|yesterday",
    _YEAR,
)
"""Longer ones first: each is tried before what is only its beginning."""

_MAY_BE = re.compile(r"\d|last|this|today|yesterday", re.IGNORECASE)
"""Any date holds one of these. The patterns below are long, and compiled only for such a phrase."""

_ANY = "|".join(f"(?:{form})" for form in _FORMS)
_LEADS = (
    r"(?:(?:taken|shot|made|dated|from|in|on|of|during|around|between|back\s+in|the|years?)\s+)*"
)
_EDGE = r"(?<![\w.,/$€£#@+'’-])"
_END = r"(?![\w'’]|[-/.,:]\w)"
_RANGE = (
    rf"{_EDGE}{_LEADS}({_ANY})\s*(?:-|‐|‑|–|—|−|\bto\b|\buntil\b|\btill\b|\bthrough\b|\band\b)\s*"
    rf"({_ANY}){_END}"
)
_OPEN = (
    rf"{_EDGE}(?:(?:taken|shot|made|photos?|pictures?)\s+)?"
    rf"(before|until|till|up\s+to|after|since)\s+(?:the\s+)?({_ANY}){_END}"
)
_SINGLE = rf"{_EDGE}{_LEADS}({_ANY}){_END}"

_FILLERS = (
    r"(?:(?:all|my|our|the|a|any|every|everything|show|find|me|of|from|taken|shot|"
    r"photos?|pictures?|pics?|images?|snapshots?|shots?|photographs?)(?:\s+|$))+"
)


@dataclass(frozen=True)
class Interval:
    """From `begin` on, and before `end`; on the camera's clock."""

    begin: datetime
    end: datetime


@dataclass(frozen=True)
class FoundDate:
    """A date in a phrase: what was typed of it, what it asks for, and the other words.

    `after` includes its moment and `before` does not; None is an open end.
    """

    typed: str
    after: datetime | None
    before: datetime | None
    rest: str


def parse_date(text: str, today: datetime | None = None) -> Interval:
    """Read a year, month, day or moment, such as `2024-05`, `31.5.2024` or `May 2024`.

    `QueryError` for what is no date, or for one that could be two.
    """
    interval = _read(text.strip(), today or datetime.now())
    if interval is not None:
        return interval
    raise QueryError(f"{text!r} is not a date; write it as 2024, 2024-05 or 2024-05-31")


def find_date(phrase: str, today: datetime | None = None) -> FoundDate | None:
    """Return the one date, or the one range of dates, in a phrase; None where there is none.

    Several dates are None too: photos of the one and of the other are not one interval.
    """
    if not _MAY_BE.search(phrase):
        return None
    now = today or datetime.now()
    for pattern, read in ((_RANGE, _read_range), (_OPEN, _read_open), (_SINGLE, _read_single)):
        found = list(re.finditer(pattern, phrase, re.IGNORECASE))
        if len(found) > 1:
            return None
        ends = read(found[0], now) if found else None
        if found and ends is not None:
            before, after = phrase[: found[0].start()], phrase[found[0].end() :]
            if any(re.search(_SINGLE, part, re.IGNORECASE) for part in (before, after)):
                return None
            rest = " ".join(f"{before} {after}".split()).strip(" ,;")
            if re.fullmatch(
                _FILLERS, rest, re.IGNORECASE
            ):  # "photos from 2019" asks for no more than "2019"
                return FoundDate(phrase.strip(), *ends, "")
            return FoundDate(found[0][0].strip(), *ends, rest)
    return None


_Ends = tuple[datetime | None, datetime | None]


def _read_range(found: re.Match[str], now: datetime) -> _Ends | None:
    joined = re.search(rf"{_END}\s*and\s", found[0], re.IGNORECASE)
    first, last = _read_typed(found[1], now), _read_typed(found[2], now)
    if first is None or last is None or last.end <= first.begin:
        return None
    if joined and "between" not in found[0].lower():
        return None
    return first.begin, last.end


def _read_open(found: re.Match[str], now: datetime) -> _Ends | None:
    interval = _read_typed(found[2], now)
    if interval is None:
        return None
    word = found[1].lower()
    if word == "before":
        return None, interval.begin
    if word == "after":
        return interval.end, None
    return (interval.begin, None) if word == "since" else (None, interval.end)


def _read_single(found: re.Match[str], now: datetime) -> _Ends | None:
    interval = _read_typed(found[1], now)
    return None if interval is None else (interval.begin, interval.end)


def _read_typed(text: str, now: datetime) -> Interval | None:
    """Read a date in a phrase, where a number need not be a year."""
    try:
        interval = _read(text, now)
    except QueryError:
        return None
    if interval is None or not FIRST_YEAR <= interval.begin.year <= now.year:
        return None
    return interval


def _read(text: str, now: datetime) -> Interval | None:
    """Read a text that is a date and nothing else; `QueryError` where it could be two."""
    words = text.lower().replace(",", " ").replace(" of ", " ").split()
    try:
        if re.fullmatch(r"\d{8}", text):
            return _day(int(text[:4]), int(text[4:6]), int(text[6:]))
        if not re.fullmatch(_ANY, text, re.IGNORECASE):
            return None
        if words[0] in ("today", "yesterday"):
            then = now - timedelta(days=words[0] == "yesterday")
            return _day(then.year, then.month, then.day)
        if words[0] in ("last", "this"):
            return _relative(words[0] == "last", words[1], now)
        if text.endswith(("s", "S")):
            return Interval(datetime(int(text[:4]), 1, 1), _january(int(text[:4]) + 10))
        if text[-1].isalpha() or not text[0].isdigit() or len(words) > 2:
            return _named(words)
        return _numbered(text)
    except (ValueError, OverflowError):
        return None


def _numbered(text: str) -> Interval:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(numbers) == 1:
        return Interval(datetime(numbers[0], 1, 1), _january(numbers[0] + 1))
    if len(numbers) == 2:
        return _month(*(numbers if numbers[0] > 12 else reversed(numbers)))
    if re.match(r"\d{4}", text):
        year, month, day, *clock = numbers
    else:
        day, month, year, *clock = numbers
        # The 31.12. is written with dots and a day first; with a slash, people differ.
        if "." not in text and day != month:
            if day <= 12 and month <= 12:
                raise QueryError(
                    f"{text!r} could be two days; write {year}-{month:02}-{day:02} or "
                    f"{year}-{day:02}-{month:02}"
                )
            if month > 12:
                day, month = month, day
    if not clock:
        return _day(year, month, day)
    hour, minute, *seconds = clock
    begin = datetime(year, month, day, hour, minute, *seconds[:1])  # type: ignore[arg-type]
    length = timedelta(seconds=1) if seconds else timedelta(minutes=1)
    return Interval(begin, _later(begin, length))


def _named(words: list[str]) -> Interval:
    """Read a month or a season by its name, beside a year and perhaps a day."""
    numbers = [int(number) for word in words if (number := re.sub(r"\D", "", word))]
    name = next(word for word in words if word[0].isalpha())
    year = next(number for number in numbers if number > 31)
    if name in _SEASONS:
        return _season(year, name)
    month = _MONTHS.index(name[:3]) + 1
    days = [number for number in numbers if number <= 31]
    return _day(year, month, days[0]) if days else _month(year, month)


def _relative(last: bool, word: str, now: datetime) -> Interval:
    """Read "last summer" and its like: the latest that has ended; "this" is the current one."""
    midnight = datetime(now.year, now.month, now.day)
    if word == "week":
        begin = midnight - timedelta(days=now.weekday() + 7 * last)
        return Interval(begin, begin + timedelta(days=7))
    if word == "month":
        then = midnight.replace(day=1) - timedelta(days=last)
        return _month(then.year, then.month)
    if word == "year":
        return Interval(datetime(now.year - last, 1, 1), _january(now.year + 1 - last))

    def of(year: int) -> Interval:
        if word in _SEASONS:
            return _season(year, word)
        return _month(year, _MONTHS.index(word[:3]) + 1)

    if last:
        return next(each for ago in range(3) if (each := of(now.year - ago)).end <= now)
    begun = of(now.year - 1)
    return begun if begun.end > now else of(now.year)


def _season(year: int, name: str) -> Interval:
    """Return three whole months, as they fall in the north; a winter ends in the next year."""
    first = _month(year, _SEASONS[name])
    return Interval(first.begin, (first.begin + timedelta(days=95)).replace(day=1))


def _month(year: int, month: int) -> Interval:
    begin = datetime(year, month, 1)
    end = _january(year + 1) if month == 12 else datetime(year, month + 1, 1)
    return Interval(begin, end)


def _day(year: int, month: int, day: int) -> Interval:
    begin = datetime(year, month, day)
    return Interval(begin, _later(begin, timedelta(days=1)))


def _january(year: int) -> datetime:
    return datetime(year, 1, 1) if year <= datetime.max.year else datetime.max


def _later(begin: datetime, length: timedelta) -> datetime:
    """Return the moment after `begin`; no calendar goes on after the year 9999."""
    try:
        return begin + length
    except OverflowError:
        return datetime.max
