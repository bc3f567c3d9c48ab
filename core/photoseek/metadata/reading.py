"""Picks each value of a photo's metadata from the block that knows it best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from photoseek.metadata.dates import (
    Dating,
    best_of,
    on_this_clock,
    parse_dating,
    parse_mail_date,
)
from photoseek.metadata.places import degrees_of, parse_degrees, place_of
from photoseek.metadata.texts import clean, first, text_of, utf16, words_of
from photoseek.metadata.xmp import XmpValues, read_xmp
from photoseek.photo.upright import valid_orientation
from photoseek.records import Metadata

__all__ = [
    "Blocks",
    "keywords_in",
    "original_datings",
    "other_datings",
    "place_in",
    "rating_in",
    "read_blocks",
]

_MAKE, _MODEL, _CHANGED, _RATING, _XP_KEYWORDS = 0x010F, 0x0110, 0x0132, 0x4746, 0x9C9E
_RATING_PERCENT = 0x4749
_TAKEN, _TAKEN_ZONE, _TAKEN_FRACTION, _LENS = 0x9003, 0x9011, 0x9291, 0xA434
_DIGITIZED, _DIGITIZED_ZONE, _DIGITIZED_FRACTION = 0x9004, 0x9012, 0x9292
_CHANGED_ZONE, _CHANGED_FRACTION = 0x9010, 0x9290
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_GPS_TIME, _GPS_DAY = 7, 29
_IPTC_KEYWORDS = (2, 25)
_IPTC_CREATED, _IPTC_DIGITIZED = ((2, 55), (2, 60)), ((2, 62), (2, 63))

_TREES = {
    "digiKam:TagsList": "/",
    "lr:hierarchicalSubject": "|",
    "MicrosoftPhoto:LastKeywordXMP": "/",
    "MicrosoftPhoto:LastKeywordIPTC": "/",
    "mediapro:CatalogSets": "|",
}
"""Keywords with those above them, and what each program writes between the two."""

_PEOPLE = (
    "Iptc4xmpExt:PersonInImage",
    "Iptc4xmpExt:PersonName",
    "mwg-rs:Name",
    "MPReg:PersonDisplayName",
    "mediapro:People",
)
_LONGEST_DIFFERENCE = timedelta(hours=15)
"""Between the same moment on a camera's clock and in UTC, however the camera was set."""


@dataclass(frozen=True)
class Blocks:
    """The metadata blocks of one file: EXIF's by tag number, IPTC's by record and number.

    `orientation` is None where EXIF does not say it. `texts` are those of a PNG file, by name.
    """

    format: str
    orientation: int | None = None
    exif: Mapping[int, Any] = field(default_factory=dict)
    details: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    iptc: Mapping[tuple[int, int], Any] = field(default_factory=dict)
    xmp: bytes = b""
    texts: Mapping[str, str] = field(default_factory=dict)


def read_blocks(blocks: Blocks) -> Metadata:
    """Return what the blocks say; a block that is damaged, or lies, counts as not there."""
    xmp = first(lambda: read_xmp(blocks.xmp)) or {}
    place = first(lambda: _exif_place(blocks.gps), lambda: place_in(xmp))
    return Metadata(
        taken=first(lambda: best_of(_datings(blocks, xmp))),
        camera=_camera(blocks, xmp),
        lens=first(
            lambda: text_of(blocks.details.get(_LENS)),
            lambda: _one(xmp, "exifEX:LensModel", "aux:Lens"),
        )
        or "",
        orientation=blocks.orientation or valid_orientation(_one(xmp, "tiff:Orientation")),
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
        rating=first(
            lambda: rating_in(xmp),
            lambda: _stars(blocks.exif.get(_RATING)),
            lambda: _percent(_one(xmp, "MicrosoftPhoto:Rating")),
            lambda: _percent(blocks.exif.get(_RATING_PERCENT)),
        ),
        keywords=first(lambda: _keywords(blocks, xmp)) or (),
        format=blocks.format,
    )


# Time


def _datings(blocks: Blocks, xmp: XmpValues) -> Iterator[Dating | None]:
    """Yield the dates in the order in which they count."""
    details = blocks.details
    yield _exif_dating(details.get(_TAKEN), details, _TAKEN_ZONE, _TAKEN_FRACTION)
    yield from original_datings(xmp)
    yield _iptc_dating(blocks.iptc, *_IPTC_CREATED)
    yield _exif_dating(details.get(_DIGITIZED), details, _DIGITIZED_ZONE, _DIGITIZED_FRACTION)
    yield from _created_datings(xmp)
    yield _iptc_dating(blocks.iptc, *_IPTC_DIGITIZED)
    changed = _exif_dating(blocks.exif.get(_CHANGED), details, _CHANGED_ZONE, _CHANGED_FRACTION)
    satellites = first(lambda: _gps_dating(blocks.gps)) or _gps_xmp_dating(xmp)
    if changed and satellites and first(lambda: _near_in_time(changed, satellites)):
        yield changed  # the same moment, on the camera's clock
    yield satellites
    yield parse_mail_date(blocks.texts.get("Creation Time", "")[:64])
    yield changed


def original_datings(xmp: XmpValues) -> Iterator[Dating | None]:
    """Yield the dates of XMP that say when a photo was taken."""
    yield parse_dating(_one(xmp, "exif:DateTimeOriginal"))
    yield parse_dating(_one(xmp, "photoshop:DateCreated"))


def other_datings(xmp: XmpValues) -> Iterator[Dating | None]:
    """Yield the dates of XMP that stand in where none says when a photo was taken."""
    yield from _created_datings(xmp)
    yield _gps_xmp_dating(xmp)


def _created_datings(xmp: XmpValues) -> Iterator[Dating | None]:
    yield parse_dating(_one(xmp, "exif:DateTimeDigitized"))
    yield parse_dating(_one(xmp, "xmp:CreateDate"))


def _exif_dating(value: Any, details: Mapping[int, Any], zone: int, fraction: int) -> Dating | None:
    return parse_dating(text_of(value), text_of(details.get(zone)), text_of(details.get(fraction)))


def _iptc_dating(
    iptc: Mapping[tuple[int, int], Any], day: tuple[int, int], time: tuple[int, int]
) -> Dating | None:
    day_text, time_text = _value(iptc.get(day)), _value(iptc.get(time))
    return parse_dating(day_text + time_text) or parse_dating(day_text)


def _gps_dating(gps: Mapping[int, Any]) -> Dating | None:
    """Return the satellites' moment on this computer's clock; a day alone is kept as it is."""
    day = parse_dating(text_of(gps.get(_GPS_DAY)))
    if day is None or gps.get(_GPS_TIME) is None:
        return day
    hours, minutes, seconds = (float(part) for part in gps[_GPS_TIME])
    moment = day.moment + timedelta(hours=hours, minutes=minutes, seconds=int(seconds))
    return Dating(on_this_clock(moment.replace(tzinfo=UTC)))


def _gps_xmp_dating(xmp: XmpValues) -> Dating | None:
    dating = parse_dating(_one(xmp, "exif:GPSDateTime", "exif:GPSTimeStamp"))
    if dating is None or dating.moment.tzinfo is None:
        return dating
    return Dating(on_this_clock(dating.moment), dating.parts)


def _near_in_time(one: Dating, other: Dating) -> bool:
    return abs(_as_in_utc(one) - _as_in_utc(other)) <= _LONGEST_DIFFERENCE


def _as_in_utc(dating: Dating) -> datetime:
    """Return a moment in UTC; one without a zone is taken for one of UTC."""
    moment = dating.moment if dating.moment.tzinfo else dating.moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


# Camera, rating, keywords


def _camera(blocks: Blocks, xmp: XmpValues) -> str:
    make = first(lambda: text_of(blocks.exif.get(_MAKE)), lambda: _one(xmp, "tiff:Make")) or ""
    model = first(lambda: text_of(blocks.exif.get(_MODEL)), lambda: _one(xmp, "tiff:Model")) or ""
    # "Canon Canon EOS 80D": most makers name themselves in the model too.
    brand = make.split(" ")[0]
    return model if model.lower().startswith(brand.lower()) else f"{make} {model}".strip()


def rating_in(xmp: XmpValues) -> int | None:
    """Return XMP's rating, 0 to 5 stars; one below is a rejected photo's, and counts as none."""
    return _stars(_one(xmp, "xmp:Rating"))


def _stars(value: object) -> int | None:
    if value in (None, ""):
        return None
    rating = int(float(str(value)))
    return rating if 0 <= rating <= 5 else None


def _percent(value: object) -> int | None:
    """Return the stars of Windows' percents: 1, 25, 50, 75 and 99 are 1 to 5."""
    if value in (None, ""):
        return None
    percent = int(float(str(value)))
    if not 0 <= percent <= 100:
        return None
    return 0 if percent == 0 else min(5, 1 + (percent + 12) // 25)


def _keywords(blocks: Blocks, xmp: XmpValues) -> tuple[str, ...]:
    iptc = blocks.iptc.get(_IPTC_KEYWORDS, [])
    windows = blocks.exif.get(_XP_KEYWORDS)
    own = (
        *(text_of(word) for word in (iptc if isinstance(iptc, list) else [iptc])),
        *(first(lambda: utf16(windows).split(";")) or () if windows else ()),
    )
    return keywords_in(xmp, own)


def keywords_in(xmp: XmpValues, others: Sequence[str] = ()) -> tuple[str, ...]:
    """Return XMP's keywords, those above them and the names of people, and the `others`.

    What several programs agree on comes first, for only so many are kept.
    """
    trees = [
        part
        for key, divider in _TREES.items()
        for path in xmp.get(key, ())
        for part in reversed(path.split(divider))
    ]
    people = [clean(name) for key in _PEOPLE for name in xmp.get(key, ())]
    given = [name.split(" ")[0] for name in people]  # people ask for a person by it
    others = (*others, *trees, *people, *given, *xmp.get("mwg-kw:Keyword", ()))
    return words_of([*xmp.get("dc:subject", ()), *others])


# Place


def _exif_place(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    return place_of(
        degrees_of(gps.get(_LATITUDE), text_of(gps.get(_LATITUDE_REF))),
        degrees_of(gps.get(_LONGITUDE), text_of(gps.get(_LONGITUDE_REF))),
    )


def place_in(xmp: XmpValues) -> tuple[float, float] | None:
    """Return XMP's place, degrees north and east."""
    return place_of(
        parse_degrees(_one(xmp, "exif:GPSLatitude"), _one(xmp, "exif:GPSLatitudeRef")),
        parse_degrees(_one(xmp, "exif:GPSLongitude"), _one(xmp, "exif:GPSLongitudeRef")),
    )


# Values


def _one(xmp: XmpValues, *names: str) -> str:
    found = (value for name in names for value in map(clean, xmp.get(name, ())))
    return next((value for value in found if value), "")


def _value(value: object) -> str:
    """Return IPTC's text, the first of several."""
    return text_of(value[0] if isinstance(value, list) and value else value)
