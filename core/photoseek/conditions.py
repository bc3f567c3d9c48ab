"""What each part of a filter asks for: of all photos at once, and in words where one fails it."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoseek.facts import FactRow, PhotoFacts
from photoseek.filters import KM_PER_DEGREE, Filter, Near, folded, shape_of
from photoseek.records import Photo

__all__ = ["matching", "why_not"]

_EPOCH = datetime(1970, 1, 1)
_CLOCKS = {"photo": "photo was taken", "name": "name is dated", "file": "file is dated"}
_SIDES = {"landscape": 1, "portrait": -1, "square": 0}


@dataclass(frozen=True)
class _Condition:
    """One part of a filter: `(n,)` which photos pass it, and why one does not."""

    passing: Callable[[PhotoFacts], NDArray[np.bool_]]
    reason: Callable[[Photo], str]


def matching(facts: PhotoFacts, wanted: Filter) -> NDArray[np.bool_]:
    """Return `(n,)` which photos a filter lets through."""
    keep = np.ones(len(facts.ids), np.bool_)
    for condition in _conditions(wanted):
        keep &= condition.passing(facts)
    return keep


def why_not(photo: Photo, wanted: Filter) -> str | None:
    """Say what keeps a photo from passing a filter; None when nothing does."""
    alone = PhotoFacts([FactRow.of(photo)])
    for condition in _conditions(wanted):
        if not condition.passing(alone).all():
            return condition.reason(photo)
    return None


def _conditions(wanted: Filter) -> Iterator[_Condition]:
    if (after := wanted.after) is not None:
        first = _microseconds(after)
        yield _Condition(
            lambda facts: facts.dates >= first,
            lambda photo: f"{_dated(photo)}, before {after:%Y-%m-%d %H:%M}",
        )
    if (before := wanted.before) is not None:
        end = _microseconds(before)
        yield _Condition(
            lambda facts: facts.dates < end,
            lambda photo: f"{_dated(photo)}, not before {before:%Y-%m-%d %H:%M}",
        )
    if (camera := folded(wanted.camera).split()) != []:
        yield _Condition(
            lambda facts: facts.cameras.where(functools.partial(_holds_all, camera)),
            lambda photo: f"its camera is {photo.metadata.camera or 'not known'}",
        )
    if (folder := wanted.folder) is not None:
        yield _Condition(
            lambda facts: facts.directories.where(functools.partial(_is_below, folder)),
            lambda _: f"it is not in {folder}",
        )
    if (format_ := wanted.format) != "":
        yield _Condition(
            lambda facts: facts.formats.where(lambda text: text == format_),
            lambda photo: f"its format is {photo.metadata.format or 'not known'}",
        )
    if (name := folded(wanted.name)) != "":
        yield _Condition(
            lambda facts: facts.named(name.encode()),
            lambda _: f"its name does not hold {wanted.name!r}",
        )
    if (lens := folded(wanted.lens).split()) != []:
        yield _Condition(
            lambda facts: facts.lenses.where(functools.partial(_holds_all, lens)),
            lambda photo: f"its lens is {photo.metadata.lens or 'not known'}",
        )
    if (keyword := folded(wanted.keyword)) != "":
        yield _Condition(
            lambda facts: facts.keywords.where(functools.partial(_has_keyword, keyword)),
            lambda photo: f"its keywords are {', '.join(photo.metadata.keywords) or 'none'}",
        )
    yield from _size_conditions(wanted)
    if (near := wanted.near) is not None:
        yield _Condition(functools.partial(_near, near), functools.partial(_why_far, near))


def _size_conditions(wanted: Filter) -> Iterator[_Condition]:
    """Give the conditions that are numbers: stars, megapixels and shape."""
    if (rating := wanted.rating) is not None:
        yield _Condition(
            lambda facts: facts.ratings >= rating,
            lambda photo: (
                "its rating is "
                f"{'none' if photo.metadata.rating is None else photo.metadata.rating}"
            ),
        )
    if (megapixels := wanted.megapixels) is not None:
        yield _Condition(
            lambda facts: facts.widths * facts.heights.astype(np.int64) >= megapixels * 1e6,
            lambda photo: f"it has {photo.width * photo.height / 1e6:.1f} megapixels",
        )
    if (shape := wanted.shape) != "":
        yield _Condition(
            lambda facts: np.sign(facts.widths - facts.heights) == _SIDES[shape],
            lambda photo: f"its shape is {shape_of(photo.width, photo.height)}",
        )


def _dated(photo: Photo) -> str:
    return f"its {_CLOCKS[photo.dated_by]} {photo.date:%Y-%m-%d}"


def _is_below(folder: Path, directory: str, alike: Callable[[str], str] = os.path.normcase) -> bool:
    """Tell whether a directory is a folder or in it; `alike` folds case where the system does."""
    top, place = alike(str(folder)), alike(directory)
    separator = alike(os.sep)
    return place == top or place.startswith(top.rstrip(separator) + separator)


def _has_keyword(part: str, keywords: str) -> bool:
    return any(part in folded(word) for word in keywords.splitlines())


def _holds_all(words: Sequence[str], text: str) -> bool:
    return all(word in folded(text) for word in words)


def _near(near: Near, facts: PhotoFacts) -> NDArray[np.bool_]:
    keep: NDArray[np.bool_] = np.abs(facts.latitudes - near.latitude) <= (
        near.km / KM_PER_DEGREE + 1e-3
    )
    # Only few are left for the slow part.
    rows = np.flatnonzero(keep)
    keep[rows] = _distances(near, facts.latitudes[rows], facts.longitudes[rows]) <= near.km
    return keep


def _why_far(near: Near, photo: Photo) -> str:
    latitude, longitude = photo.metadata.latitude, photo.metadata.longitude
    if latitude is None or longitude is None:
        return "it does not say its place"
    (km,) = _distances(near, np.array([latitude]), np.array([longitude]))
    return f"it was taken {km:,.0f} km away"


def _distances(
    near: Near,
    latitudes: NDArray[np.floating],
    longitudes: NDArray[np.floating],
) -> NDArray[np.float64]:
    """Return `(n,)` kilometres along the ground (the haversine formula)."""
    north, here = np.radians(latitudes, dtype=np.float64), np.radians(near.latitude)
    east = np.radians(longitudes - near.longitude, dtype=np.float64)
    half = np.sin((north - here) / 2) ** 2
    half += np.cos(north) * np.cos(here) * np.sin(east / 2) ** 2
    km: NDArray[np.float64] = np.degrees(2 * np.arcsin(np.minimum(1.0, np.sqrt(half))))
    return km * KM_PER_DEGREE


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
