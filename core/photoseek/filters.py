"""What a search may be narrowed down by: date, camera, place, rating, keywords and more."""

from __future__ import annotations

import math
import os
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from photoseek.errors import QueryError

__all__ = [
    "FORMATS",
    "SHAPES",
    "Filter",
    "Near",
    "folded",
    "parse_format",
    "parse_near",
    "shape_of",
]

SHAPES = ("landscape", "portrait", "square")
FORMATS = ("avif", "bmp", "gif", "heic", "jp2", "jpeg", "png", "raw", "tiff", "webp")
_ALIASES = {"jpg": "jpeg", "tif": "tiff", "heif": "heic", "jpeg2000": "jp2"}
NEAR_KM = 10.0
KM_PER_DEGREE = 111.195


@dataclass(frozen=True)
class Near:
    """A circle on the earth; degrees north and east, kilometres."""

    latitude: float
    longitude: float
    km: float = NEAR_KM


@dataclass(frozen=True)
class Filter:
    """What a photo must be to be shown; what is left out does not matter.

    `after` includes its moment and `before`, a later one, does not (`QueryError` where it is not
    later); both are on the camera's clock. `camera` and `lens` are words that all stand in its
    name, `name` is a part of the file's name, `keyword` of one of the photo's keywords, all in any
    case. `rating` and `megapixels` are the least that a photo must have; `shape` is one of
    `SHAPES`, as the photo is seen upright.
    """

    after: datetime | None = None
    before: datetime | None = None
    camera: str = ""
    folder: Path | None = None
    format: str = ""
    near: Near | None = None
    name: str = ""
    lens: str = ""
    keyword: str = ""
    rating: int | None = None
    megapixels: float | None = None
    shape: str = ""

    def __bool__(self) -> bool:
        return self != Filter()

    def __post_init__(self) -> None:
        if self.after and self.before and self.before <= self.after:
            raise QueryError(
                f"the dates end before they begin, on {self.after:%Y-%m-%d}; put the earlier one "
                "first"
            )


def shape_of(width: int, height: int) -> str:
    """Return which of `SHAPES` an upright photo has."""
    return "landscape" if width > height else "portrait" if width < height else "square"


def parse_near(text: str) -> Near:
    """Read `48.86,2.35` or `48.86,2.35,25`: degrees north and east, and kilometres around."""
    try:
        latitude, longitude, *km = (float(part) for part in text.replace("−", "-").split(","))
    except ValueError:
        latitude = longitude = math.nan
        km = []
    near = Near(latitude, longitude, *km[:1])
    if len(km) > 1 or not (
        abs(latitude) <= 90 and abs(longitude) <= 180 and 0 < near.km < math.inf
    ):
        raise QueryError(
            f"{text!r} is not a place; write degrees north and east, and kilometres around if "
            "you like: 48.86,2.35,25"
        )
    return near


def parse_format(text: str) -> str:
    """Read the name of a format, in any case, with or without its dot."""
    word = text.strip().lower().removeprefix(".")
    word = _ALIASES.get(word, word)
    if word not in FORMATS:
        raise QueryError(f"{text!r} is not one of the formats {', '.join(FORMATS)}")
    return word


def folded(text: str) -> str:
    """Return text so that two spellings of the same letters compare as one."""
    plain = os.fsencode(text).decode("utf-8", "replace")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", plain).casefold())
