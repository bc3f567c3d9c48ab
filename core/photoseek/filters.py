"""What a search may be narrowed down by: date, camera, place, rating, keywords and more."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from photoseek.errors import QueryError
from photoseek.records import Photo

__all__ = [
    "FORMATS",
    "SHAPES",
    "Filter",
    "Near",
    "folded",
    "parse_date",
    "parse_format",
    "parse_near",
    "shape_of",
]

SHAPES = ("landscape", "portrait", "square")
FORMATS = ("avif", "bmp", "gif", "heic", "jp2", "jpeg", "png", "raw", "tiff", "webp")
_ALIASES = {"jpg": "jpeg", "tif": "tiff", "heif": "heic", "jpeg2000": "jp2"}
_DATE = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?)?)?)?")
_CLOCKS = {"photo": "photo was taken", "name": "name is dated", "file": "file is dated"}
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

    `after` includes its moment and `before` does not; both are on the camera's clock. `camera`
    and `lens` are words that all stand in its name, `name` is a part of the file's name, `keyword`
    of one of the photo's keywords, all in any case. `rating` and `megapixels` are the least that
    a photo must have; `shape` is one of `SHAPES`, as the photo is seen upright.
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

    def why_not(self, photo: Photo) -> str | None:
        """Say what keeps a photo from being shown; None when nothing does."""
        date, metadata = photo.date.replace(tzinfo=None), photo.metadata
        clock = _CLOCKS[photo.dated_by]
        if self.after and date < self.after:
            return f"its {clock} {date:%Y-%m-%d}, before {self.after:%Y-%m-%d %H:%M}"
        if self.before and date >= self.before:
            return f"its {clock} {date:%Y-%m-%d}, not before {self.before:%Y-%m-%d %H:%M}"
        if not all(word in folded(metadata.camera) for word in folded(self.camera).split()):
            return f"its camera is {metadata.camera or 'not known'}"
        if self.folder is not None and not photo.path.is_relative_to(self.folder):
            return f"it does not lie in {self.folder}"
        if self.format and metadata.format != self.format:
            return f"its format is {metadata.format or 'not known'}"
        if folded(self.name) not in folded(photo.path.name):
            return f"its name does not hold {self.name!r}"
        if not all(word in folded(metadata.lens) for word in folded(self.lens).split()):
            return f"its lens is {metadata.lens or 'not known'}"
        if self.keyword and not any(
            folded(self.keyword) in folded(word) for word in metadata.keywords
        ):
            return f"its keywords are {', '.join(metadata.keywords) or 'none'}"
        if self.rating is not None and (metadata.rating is None or metadata.rating < self.rating):
            return f"its rating is {'none' if metadata.rating is None else metadata.rating}"
        if self.megapixels is not None and photo.width * photo.height < self.megapixels * 1e6:
            return f"it has {photo.width * photo.height / 1e6:.1f} megapixels"
        if self.shape and shape_of(photo.width, photo.height) != self.shape:
            return f"its shape is {shape_of(photo.width, photo.height)}"
        return self._why_not_near(photo)

    def _why_not_near(self, photo: Photo) -> str | None:
        metadata = photo.metadata
        if self.near is None:
            return None
        if metadata.latitude is None or metadata.longitude is None:
            return "it does not tell its place"
        north, here = math.radians(metadata.latitude), math.radians(self.near.latitude)
        east = math.radians(metadata.longitude - self.near.longitude)
        half = math.sin((north - here) / 2) ** 2
        half += math.cos(north) * math.cos(here) * math.sin(east / 2) ** 2
        km = math.degrees(2 * math.asin(min(1.0, math.sqrt(half)))) * KM_PER_DEGREE
        return None if km <= self.near.km else f"it was taken {km:,.0f} km away"


def shape_of(width: int, height: int) -> str:
    """Return which of `SHAPES` an upright photo has."""
    return "landscape" if width > height else "portrait" if width < height else "square"


def parse_date(text: str) -> datetime:
    """Read `2024`, `2024-05`, `2024-05-01` or `2024-05-01T12:30`: the moment it begins."""
    found = _DATE.fullmatch(text.strip())
    if found is not None:
        year, month, day, hour, minute, second = found.groups()
        numbers = (month or 1, day or 1, hour or 0, minute or 0, second or 0)
        try:
            return datetime(int(year), *map(int, numbers))  # type: ignore[arg-type]
        except ValueError:
            pass
    raise QueryError(f"{text!r} is not a date; write it as 2024, 2024-05 or 2024-05-31")


def parse_near(text: str) -> Near:
    """Read `48.86,2.35` or `48.86,2.35,25`: degrees north and east, and kilometres around."""
    try:
        latitude, longitude, *km = (float(part) for part in text.split(","))
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
