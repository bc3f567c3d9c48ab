"""Places on the earth, in the spellings of EXIF and XMP."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = ["degrees_of", "parse_degrees", "place_of"]

_WRITTEN = re.compile(
    r"([NSEW+-]?)\s*(\d+(?:\.\d+)?)(?:(?:\s*[,;:°d ]\s*|\s*deg\s*)([\d.]+))?"
    r"(?:\s*[,;:'′m ]\s*([\d.]+))?\s*[\"″'′°s]*\s*([NSEW]?)[A-Za-z]*",
    re.IGNORECASE,
)


def parse_degrees(text: str, side: str = "") -> float | None:
    """Read `48,51.5N`, `48,51,30N`, `60.5`, `-135.25`, `51.5N`, `34° 36' 0" S`.

    `side` is the letter or word of another field, for numbers that have none themselves.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    before, degrees, minutes, seconds, behind = found.groups()
    letter = behind or (before if before not in ("+", "-") else "") or side.strip()[:1]
    value = degrees_of([degrees, minutes or 0, seconds or 0], letter)
    if value is None:
        return None
    return -abs(value) if before == "-" else value


def degrees_of(value: Any, side: str) -> float | None:
    """Return degrees from EXIF's degrees, minutes and seconds; `side` is a letter, or a word.

    A side that is neither means a damaged block: half of the earth would be guessed.
    """
    if value is None:
        return None
    parts = [float(part) for part in (value if isinstance(value, tuple | list) else (value,))]
    if not parts or len(parts) > 3:
        return None
    degrees = sum(abs(part) / (1, 60, 3600)[power] for power, part in enumerate(parts))
    degrees = -degrees if parts[0] < 0 else degrees
    letter = side.strip()[:1].upper()
    if letter in ("", "N", "E", "+"):
        return degrees
    return -abs(degrees) if letter in ("S", "W", "-") else None


def place_of(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    """Return a place, degrees north and east; None where it is not on the earth."""
    if latitude is None or longitude is None:
        return None
    # Cameras without a fix write zeros; few people photograph that point of the ocean.
    if not (math.isfinite(latitude) and math.isfinite(longitude)) or latitude == longitude == 0:
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return round(latitude, 6), round(longitude, 6)
