"""Dates in the names of files, as cameras, apps and people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

from photoseek.metadata.dates import Dating, dating_of, on_this_clock

__all__ = ["date_in_name"]

_DAY = re.compile(r"(?<!\d)(\d{4})([-_. ])(\d\d)\2(\d\d)(?!\d)")
_COMPACT_DAY = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)(?!\d)")
_MOMENT = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)[-_ T.]?(\d\d)(\d\d)(\d\d)(\d{1,3})?(?!\d)")
_TIME = re.compile(
    r"(?:\s+\w{1,3}\s+|[-_ T]+)(\d\d?)([-_.:h ]?)(\d\d)\2(\d\d)(?:\2(\d{3}))?(?!\d)"
    r"\s*(?:([AaPp])[Mm])?"
)
_CAMERA_PREFIX = re.compile(
    r"(?:img|image|vid|video|pxl|mvimg|pano|burst|cover|dsc[fn]?|photo|foto|pic|picture|scan|"
    r"cam|camera|screenshots?|screen[-_ ]shot|bildschirmfoto|capture|signal|telegram|whatsapp|"
    r"snapchat|instagram|collage|save|received|wp|p)?[-_ ]*"
)
"""What apps and cameras write before a day without dividers; other digits are seldom a day."""

_EARLIEST_YEAR = 1900


def date_in_name(name: str) -> datetime | None:
    """Return the date that a camera, an app or a person put into a file's name.

    A number that only could be a day is none: telephone numbers, sizes and serial numbers stand in
    names too. Pixel telephones count in UTC, which is put on this computer's clock.
    """
    stem = name.rpartition(".")[0] or name
    for day in _DAY.finditer(stem):
        start, end = day.span()
        joined = stem[start - 1 : start] == day[2] and stem[start - 2 : start - 1].isdigit()
        if not joined and (found := _named(day.group(1, 3, 4), _TIME.match(stem, end))):
            return found
    for moment in _MOMENT.finditer(stem):
        if found := _moment(moment):
            pixel = stem.upper().startswith("PXL_")
            return on_this_clock(found.replace(tzinfo=UTC)).replace(tzinfo=None) if pixel else found
    compact = _COMPACT_DAY.search(stem)
    if compact and _CAMERA_PREFIX.fullmatch(stem[: compact.start()].lower()):
        return _named(compact.group(1, 2, 3), _TIME.match(stem, compact.end()))
    return None


def _moment(found: re.Match[str]) -> datetime | None:
    hour, minute, second, fraction = found.group(4, 5, 6, 7)
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return None
    return _plausible(dating_of(_ints(found.group(1, 2, 3)), (hour, minute, second), fraction))


def _named(day: tuple[str, ...], time: re.Match[str] | None) -> datetime | None:
    """Return the day with the time behind it, where there is one that exists."""
    whole = None
    if time is not None and int(time[1]) < 24 and int(time[3]) < 60 and int(time[4]) < 60:
        whole = _plausible(dating_of(_ints(day), (time[1], time[3], time[4]), time[5], time[6]))
    return whole or _plausible(dating_of(_ints(day), (None, None, None)))


def _plausible(dating: Dating | None) -> datetime | None:
    if dating is None:
        return None
    latest = date.today().year + 1
    return dating.moment if _EARLIEST_YEAR <= dating.moment.year <= latest else None


def _ints(texts: Iterable[str]) -> tuple[int, ...]:
    return tuple(int(text) for text in texts)
