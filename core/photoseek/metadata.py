"""Reads what a photo says of itself (EXIF, XMP, IPTC) out of the blocks that `images` finds."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar
from xml.etree import ElementTree

from photoseek.records import Metadata

T = TypeVar("T")

__all__ = ["Blocks", "pack_metadata", "read_blocks", "unpack_metadata"]

MOST_WORDS = 64
MOST_LETTERS = 64
"""A photo keeps that many keywords, and of a name or keyword that many letters: a file may hold
megabytes, and a million photos are to fit a disk."""

_MAKE, _MODEL, _CHANGED, _RATING, _XP_KEYWORDS = 0x010F, 0x0110, 0x0132, 0x4746, 0x9C9E
_TAKEN, _TAKEN_ZONE, _LENS = 0x9003, 0x9011, 0xA434
_DIGITIZED, _DIGITIZED_ZONE = 0x9004, 0x9012
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_IPTC_KEYWORDS, _IPTC_DATE, _IPTC_TIME = (2, 25), (2, 55), (2, 60)

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_MOMENT = re.compile(
    r"\s*(\d{4})[:/-]?(\d\d)[:/-]?(\d\d)"
    r"(?:[ T]?(\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?"
)
_ANGLE = re.compile(r"\s*(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?\s*([NSEW])\s*")


@dataclass(frozen=True)
class Blocks:
    """The metadata blocks of one file: EXIF's by tag number, IPTC's by record and number."""

    format: str
    orientation: int = 1
    exif: Mapping[int, Any] = field(default_factory=dict)
    details: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    iptc: Mapping[tuple[int, int], Any] = field(default_factory=dict)
    xmp: bytes = b""


def read_blocks(blocks: Blocks) -> Metadata:
    """Return what the blocks say; a block that is damaged, or lies, counts as not there."""
    xmp = _xmp_values(blocks.xmp)
    place = _first(
        lambda: _exif_place(blocks.gps),
        lambda: _place(_angle(xmp, "GPSLatitude"), _angle(xmp, "GPSLongitude")),
    )
    return Metadata(
        taken=_taken(blocks, xmp),
        camera=_camera(blocks, xmp),
        lens=_first(
            lambda: _text(blocks.details.get(_LENS)), lambda: _one(xmp, "LensModel", "Lens")
        )
        or "",
        orientation=blocks.orientation,
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
        rating=_first(
            lambda: _rating(_one(xmp, "Rating")), lambda: _rating(blocks.exif.get(_RATING))
        ),
        keywords=_keywords(blocks, xmp),
        format=blocks.format,
    )


def pack_metadata(metadata: Metadata) -> dict[str, object]:
    """Return metadata as JSON has it."""
    taken = metadata.taken
    return {**dataclasses.asdict(metadata), "taken": taken.isoformat() if taken else None}


def unpack_metadata(values: Mapping[str, Any]) -> Metadata:
    """Return the metadata that `pack_metadata` was given."""
    taken = values["taken"]
    moment = datetime.fromisoformat(taken) if taken else None
    return Metadata(**{**values, "taken": moment, "keywords": tuple(values["keywords"])})


def _first(*readers: Callable[[], T | None]) -> T | None:
    """Return the first answer that is one; a reader may fail on a damaged block as it likes."""
    for reader in readers:
        try:
            value = reader()
        except Exception:  # noqa: BLE001, S112 -- a block may hold anything, and none may stop a photo
            continue
        if value not in (None, ""):
            return value
    return None


# Time


def _taken(blocks: Blocks, xmp: Mapping[str, list[str]]) -> datetime | None:
    details, iptc = blocks.details, blocks.iptc
    return _first(
        lambda: _moment(_text(details.get(_TAKEN)), _text(details.get(_TAKEN_ZONE))),
        lambda: _moment(_one(xmp, "DateTimeOriginal")),
        lambda: _moment(_one(xmp, "DateCreated")),
        lambda: _moment(_text(iptc.get(_IPTC_DATE)) + _text(iptc.get(_IPTC_TIME))),
        lambda: _moment(_text(details.get(_DIGITIZED)), _text(details.get(_DIGITIZED_ZONE))),
        lambda: _moment(_one(xmp, "CreateDate")),
        lambda: _moment(_text(blocks.exif.get(_CHANGED))),
    )


def _moment(text: str, zone: str = "") -> datetime | None:
    """Read `2024:05:01 12:13:14`, `2024-05-01T12:13+02:00` or `20240501121314+0200`."""
    found = _MOMENT.match(text)
    if found is None:
        return None
    *numbers, own_zone = found.groups()
    moment = datetime(*(int(number or 0) for number in numbers), tzinfo=_zone(own_zone or zone))  # type: ignore[misc, arg-type]
    return moment if moment.year > 1800 else None


def _zone(text: str) -> timezone | None:
    if text == "Z":
        return UTC
    found = re.fullmatch(r"([+-])(\d\d):?(\d\d)", text)
    if found is None:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if offset > timedelta(hours=14):
        return None
    return timezone(-offset if found[1] == "-" else offset)


# Camera, rating, keywords


def _camera(blocks: Blocks, xmp: Mapping[str, list[str]]) -> str:
    make = _first(lambda: _text(blocks.exif.get(_MAKE)), lambda: _one(xmp, "Make")) or ""
    model = _first(lambda: _text(blocks.exif.get(_MODEL)), lambda: _one(xmp, "Model")) or ""
    # "Canon Canon EOS 80D": most makers name themselves in the model too.
    brand = make.split(" ")[0]
    return model if model.lower().startswith(brand.lower()) else f"{make} {model}".strip()


def _rating(value: object) -> int | None:
    if value in (None, ""):
        return None
    rating = int(float(str(value)))
    return rating if 0 <= rating <= 5 else None


def _keywords(blocks: Blocks, xmp: Mapping[str, list[str]]) -> tuple[str, ...]:
    iptc = blocks.iptc.get(_IPTC_KEYWORDS, [])
    windows = blocks.exif.get(_XP_KEYWORDS)
    words = [
        *xmp.get("subject", ()),
        *(_text(word) for word in (iptc if isinstance(iptc, list) else [iptc])),
        *(_utf16(windows).split(";") if windows else ()),
    ]
    found = dict.fromkeys(word for word in map(_clean, words) if word)
    return tuple(found)[:MOST_WORDS]


# Place


def _exif_place(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    return _place(
        _degrees(gps.get(_LATITUDE), _text(gps.get(_LATITUDE_REF))),
        _degrees(gps.get(_LONGITUDE), _text(gps.get(_LONGITUDE_REF))),
    )


def _degrees(value: Any, side: str) -> float | None:
    if value is None:
        return None
    parts = [float(part) for part in value]
    degrees = sum(part / (1, 60, 3600)[power] for power, part in enumerate(parts))
    return -degrees if side.upper() in ("S", "W") else degrees


def _angle(xmp: Mapping[str, list[str]], name: str) -> float | None:
    found = _ANGLE.fullmatch(_one(xmp, name))
    if found is None:
        return None
    return _degrees([found[1], found[2], found[3] or 0], found[4])


def _place(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    if latitude is None or longitude is None:
        return None
    # Cameras without a fix write zeros; few people photograph that point of the ocean.
    if not (math.isfinite(latitude) and math.isfinite(longitude)) or latitude == longitude == 0:
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return round(latitude, 6), round(longitude, 6)


# Texts


def _xmp_values(xmp: bytes) -> dict[str, list[str]]:
    """Return an XMP packet's values by their local names, whatever namespace they come from."""
    text = xmp.decode("utf-8", "replace").strip("\0 \r\n\t")
    # XMP needs no document type, and only one can define entities that grow without bound.
    if not text or "<!DOCTYPE" in text:
        return {}
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 -- see above
    except (ElementTree.ParseError, ValueError, RecursionError):
        return {}
    values: dict[str, list[str]] = {}
    for description in root.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            values.setdefault(_local(name), []).append(value)
        for child in description:
            items = [item.text or "" for item in child.iter(f"{_RDF}li")] or [child.text or ""]
            values.setdefault(_local(child.tag), []).extend(items)
    return values


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _one(xmp: Mapping[str, list[str]], *names: str) -> str:
    found: Iterable[str] = (value for name in names for value in map(_clean, xmp.get(name, ())))
    return next((value for value in found if value), "")


def _text(value: object) -> str:
    """Return a value as one clean line; Pillow takes EXIF's text for Latin-1."""
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    if not isinstance(value, bytes):
        return ""
    try:
        return _clean(value.decode("utf-8"))
    except UnicodeDecodeError:
        return _clean(value.decode("latin-1"))


def _utf16(value: object) -> str:
    raw = value if isinstance(value, bytes) else bytes(value)  # type: ignore[call-overload]
    return str(raw.decode("utf-16-le", "replace"))


def _clean(text: str) -> str:
    """Return printable text on one line; a surrogate would not go into the database."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(kept.split())[:MOST_LETTERS]
