"""How paths, photos and their metadata are kept in rows.

A library file may come from somebody else: each value is checked where it is read, and one that
Photoseek does not write raises `RowError`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from photoseek.facts import FactRow
from photoseek.paths import checked_name, path_below
from photoseek.photo_date import photo_date
from photoseek.records import DatedBy, Metadata, Photo

__all__ = [
    "DATE",
    "DESCRIPTION",
    "RowError",
    "from_date",
    "from_metadata",
    "to_fact_row",
    "to_path",
    "to_photo",
]

DESCRIPTION = (
    "taken, taken_us, zone, camera, lens, orientation, latitude, longitude, rating, keywords, "
    "format"
)
"""The columns of a photo's metadata."""

DATE = "dated, taken_us, dated_by"
"""The columns of a photo's one date; its order in time is that of the first two."""

_EPOCH = datetime(1970, 1, 1)
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999, as far as `datetime` goes."""

_MOST_OFFSET = 14 * 60
_MOST_SIDE = 1 << 30
_DATED_BY: tuple[DatedBy, ...] = ("file", "name", "photo")


class RowError(ValueError):
    """A row holds a value that Photoseek does not write."""


def to_path(encoded: bytes) -> Path:
    """Return a path as the file system has it."""
    return Path(checked_name(encoded))


def to_photo(row: tuple[Any, ...]) -> Photo:
    """Make a photo of what `Catalogue.photos` asks for; `RowError` where it cannot be one."""
    id_, folder, name, width, height, file_size, modified, offline, dated, us, by, *rest = row
    metadata = _to_metadata(rest)
    date = _moment(dated, us)
    dated_by = _DATED_BY[_number(by, 0, 2)]
    return Photo(
        id=id_,
        path=path_below(to_path(_bytes(folder)), _bytes(name)),
        folder=to_path(folder),
        width=_number(width, 1, _MOST_SIDE),
        height=_number(height, 1, _MOST_SIDE),
        file_size=_number(file_size, 0, 1 << 63),
        modified=(_EPOCH + timedelta(microseconds=_whole(modified) // 1000)).replace(tzinfo=UTC),
        offline=bool(offline),
        date=metadata.taken if dated_by == "photo" and metadata.taken else date,
        dated_by=dated_by,
        metadata=metadata,
    )


def to_fact_row(row: tuple[Any, ...]) -> FactRow:
    """Make facts of what `Catalogue.fact_rows` asks for; `RowError` where they cannot be any."""
    id_, folder, name, dated, us, latitude, longitude, *texts, rating, width, height = row
    camera, kind, lens, keywords = (text or "" for text in texts)
    # One expression: a library of a million photos waits for it at its first search.
    sound = (
        type(folder) is bytes
        and type(name) is bytes
        and type(dated) is int
        and _FIRST_SECOND <= dated <= _LAST_SECOND
        and type(us) is int
        and 0 <= us < 1_000_000
        and (latitude is None or type(latitude) is float)
        and (longitude is None or type(longitude) is float)
        and type(camera) is type(kind) is type(lens) is type(keywords) is str
        and (rating is None or (type(rating) is int and 0 <= rating <= 5))
        and type(width) is type(height) is int
        and 0 < width <= _MOST_SIDE
        and 0 < height <= _MOST_SIDE
    )
    if not sound:
        raise RowError(f"photo {id_!r} holds values that Photoseek does not write")
    return FactRow(
        id_,
        folder,
        name,
        dated,
        latitude,
        longitude,
        camera,
        kind,
        lens,
        keywords,
        -1 if rating is None else rating,
        width,
        height,
        us,
    )


def from_metadata(metadata: Metadata) -> tuple[object, ...]:
    """Return the values of `DESCRIPTION`; what is empty takes no room as NULL."""
    taken = metadata.taken
    offset = taken.utcoffset() if taken else None
    zone = offset // timedelta(minutes=1) if offset is not None else None
    return (
        _seconds(taken) if taken else None,
        taken.microsecond if taken else 0,
        zone if zone is not None and abs(zone) <= _MOST_OFFSET else None,
        metadata.camera or None,
        metadata.lens or None,
        metadata.orientation if metadata.orientation > 1 else None,
        metadata.latitude,
        metadata.longitude,
        metadata.rating,
        "\n".join(metadata.keywords) or None,
        metadata.format or None,
    )


def from_date(row: tuple[Any, ...]) -> tuple[int, int, int]:
    """Return the values of `DATE` for a row of name, file time, `taken` and `taken_us`."""
    name, modified, taken, us = row
    own = None if taken is None else _moment(taken, us)
    date, dated_by = photo_date(own, to_path(name).name, modified)
    return _seconds(date), date.microsecond, _DATED_BY.index(dated_by)


def _to_metadata(row: list[Any]) -> Metadata:
    taken, us, zone, camera, lens, orientation, *place, rating, keywords, kind = row
    moment = None
    if taken is not None:
        moment = _moment(taken, us)
        if zone is not None:
            offset = timedelta(minutes=_number(zone, -_MOST_OFFSET, _MOST_OFFSET))
            moment = moment.replace(tzinfo=timezone(offset))
    latitude, longitude = (
        _degrees(value, most) for value, most in zip(place, (90, 180), strict=True)
    )
    words = _text(keywords)
    return Metadata(
        taken=moment,
        camera=_text(camera),
        lens=_text(lens),
        orientation=1 if orientation is None else _number(orientation, 1, 8),
        latitude=latitude,
        longitude=longitude,
        rating=None if rating is None else _number(rating, 0, 5),
        keywords=tuple(words.split("\n")) if words else (),
        format=_text(kind),
    )


def _seconds(moment: datetime) -> int:
    return (moment.replace(tzinfo=None) - _EPOCH) // timedelta(seconds=1)


def _moment(seconds: object, microseconds: object) -> datetime:
    return _EPOCH + timedelta(
        seconds=_number(seconds, _FIRST_SECOND, _LAST_SECOND),
        microseconds=_number(microseconds, 0, 999_999),
    )


def _whole(value: object) -> int:
    return _number(value, -(1 << 63), 1 << 63)


def _number(value: object, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise RowError(f"{value!r:.40} is no number from {least} to {most}")
    return value


def _degrees(value: object, most: int) -> float | None:
    if value is None:
        return None
    if not isinstance(value, float) or not math.isfinite(value) or abs(value) > most:
        raise RowError(f"{value!r:.40} is no place")
    return value


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise RowError(f"{value!r:.40} is no text")
    return value or ""


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise RowError(f"{value!r:.40} is no path")
    return value
