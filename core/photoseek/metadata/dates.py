"""Dates as cameras, scanners, programs and people write them, in whole or in part."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["Dating", "best_of", "dating_of", "on_this_clock", "parse_dating", "parse_mail_date"]

_SEPARATED = re.compile(
    r"\s*(\d{4})\s*[:./-]\s*(\d\d?)\s*[:./-]\s*(\d\d?)"
    r"(?:[\sT,:]\s*(\d\d?)\s*[:.]\s*(\d\d?)(?:\s*[:.]\s*(\d\d?))?(?:[.,](\d+))?)?(?!\d)"
    r"\s*(?:([AaPp])\.?[Mm]\b\.?)?\s*(Z|[+-]\d\d?(?::?\d\d)?)?"
)
_COMPACT = re.compile(
    r"\s*(\d{4})(\d\d)(\d\d)(?:[ T]?(\d\d):?(\d\d)(?::?(\d\d))?(?:[.,](\d+))?)?(?!\d)"
    r"\s*(?:([AaPp])\.?[Mm]\b\.?)?\s*(Z|[+-]\d\d?(?::?\d\d)?)?"
)
_YEAR = re.compile(r"\s*(\d{4})(?:\s*[:/.-]\s*(\d\d?))?[\s:/.0-]*")
"""A year, perhaps with its month, and nothing else but zeros, blanks and what divides them."""

_ZONE = re.compile(r"([+-])(\d\d?)(?::?(\d\d))?")
_MOST_OFFSET = timedelta(hours=14)
_EARLIEST_YEAR = 1801
"""No photo is older; cameras without a clock write the year 0 or 1."""

_YEAR_PARTS, _MONTH_PARTS, _DAY_PARTS, _SECOND_PARTS, _FRACTION_PARTS = 1, 2, 3, 6, 7


@dataclass(frozen=True)
class Dating:
    """A moment, and how many of its parts were given: 1 for the year up to 6, 7 with fractions."""

    moment: datetime
    parts: int = _SECOND_PARTS

    def agrees_with(self, other: Dating) -> bool:
        """Tell whether the other has the parts that this one has."""
        mine, theirs = self.moment.timetuple()[:6], other.moment.timetuple()[:6]
        return mine[: self.parts] == theirs[: self.parts]


def best_of(datings: Iterable[Dating | None]) -> datetime | None:
    """Return the first date, as exactly as a later one that agrees with it gives it."""
    known = [dating for dating in datings if dating is not None]
    if not known:
        return None
    best = known[0]
    for other in known[1:]:
        if other.parts > best.parts and best.agrees_with(other):
            zone = other.moment.tzinfo or best.moment.tzinfo
            best = dataclasses.replace(other, moment=other.moment.replace(tzinfo=zone))
    return best.moment


def parse_dating(text: str, zone: str = "", fraction: str = "") -> Dating | None:
    """Read `2024:05:01 12:13:14`, `2024-05-01T12:13+02:00`, `20240501121314+0200`, `1978-07`...

    `zone` and `fraction` are what other fields say of the moment; the text's own come first.
    """
    if not text:
        return None
    found = _SEPARATED.match(text) or _COMPACT.match(text)
    if found is None:
        partial = _YEAR.fullmatch(text)
        return _partial(partial[1], partial[2] or "0") if partial else None
    year, month, day, hour, minute, second, own_fraction, half, own_zone = found.groups()
    if int(month) == 0 or int(day) == 0:
        return _partial(year, month)
    dating = dating_of(
        (int(year), int(month), int(day)), (hour, minute, second), own_fraction or fraction, half
    )
    if dating is None or dating.parts <= _DAY_PARTS:
        return dating
    offset = _zone(own_zone or zone)
    return dataclasses.replace(dating, moment=dating.moment.replace(tzinfo=offset))


def parse_mail_date(text: str) -> Dating | None:
    """Read `Thu, 06 May 2004 07:08:09 +0200`, as PNG asks for, or any date as above."""
    dating = parse_dating(text)
    if dating is None:
        # Imported late: a search reads no date of a PNG.
        from email.utils import parsedate_to_datetime

        try:
            dating = Dating(parsedate_to_datetime(text))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return dating if dating.moment.year >= _EARLIEST_YEAR else None


def on_this_clock(moment: datetime) -> datetime:
    """Return a moment of UTC on this computer's clock: the camera's own is not known."""
    try:
        return moment.astimezone()
    except (OverflowError, OSError, ValueError):  # Windows knows no time before 1970
        return moment


def _partial(year: str, month: str) -> Dating | None:
    parts = _MONTH_PARTS if 1 <= int(month) <= 12 else _YEAR_PARTS
    if int(year) < _EARLIEST_YEAR or int(month) > 12:
        return None
    return Dating(datetime(int(year), max(1, int(month)), 1), parts)


def dating_of(
    day: tuple[int, ...],
    time: tuple[str | None, str | None, str | None],
    fraction: str | None = "",
    half: str | None = None,
) -> Dating | None:
    """Return the moment of a day; a time that no clock shows is left out, but 24:00 and 12:30:88.

    Some cameras count seconds on past 59, and some write midnight as the end of the day.
    """
    try:
        moment = datetime(*day)  # type: ignore[arg-type]
        if moment.year < _EARLIEST_YEAR:
            return None
        hour, minute, second = (int(number or 0) for number in time)
        if time[0] is None or hour > 24 or minute > 59:
            return Dating(moment, _DAY_PARTS)
        if half is not None and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half in "pP" else 0)
        moment += timedelta(hours=hour, minutes=minute, seconds=second)
    except (ValueError, OverflowError):
        return None
    digits = (fraction or "").strip()
    if re.fullmatch(r"[0-9]+", digits):
        return Dating(moment.replace(microsecond=int(digits[:6].ljust(6, "0"))), _FRACTION_PARTS)
    return Dating(moment, _SECOND_PARTS if time[2] is not None else _SECOND_PARTS - 1)


def _zone(text: str) -> timezone | None:
    if text.strip() == "Z":
        return UTC
    found = _ZONE.fullmatch(text.strip())
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if offset > _MOST_OFFSET:
        return None
    return timezone(-offset if found[1] == "-" else offset)
