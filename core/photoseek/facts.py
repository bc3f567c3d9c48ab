"""Holds in columns what filters ask of every photo, so that a million are sifted at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from photoseek.filters import KM_PER_DEGREE, Filter, Near, folded
from photoseek.records import FilterChoices

__all__ = ["FactRow", "PhotoFacts"]

_EPOCH = datetime(1970, 1, 1)


class FactRow(NamedTuple):
    """One photo as filters see it; `date` is in seconds since 1970 on the camera's clock.

    `microseconds` are those of the date. `keywords` are lines; `rating` is -1 where there is none.
    """

    id: int
    folder: bytes
    name: bytes
    date: int
    latitude: float | None
    longitude: float | None
    camera: str
    format: str
    lens: str
    keywords: str
    rating: int
    width: int
    height: int
    microseconds: int = 0


class _Words:
    """A column of few different texts: `codes` `(n,)` int32 into `texts`."""

    def __init__(self, texts: dict[str, int], codes: NDArray[np.int32]) -> None:
        self._texts = texts
        self._codes = codes

    @classmethod
    def of(cls, texts: Sequence[str], earlier: _Words | None) -> _Words:
        known = dict(earlier._texts) if earlier else {}
        codes = np.array([known.setdefault(text, len(known)) for text in texts], np.int32)
        return cls(known, np.concatenate([earlier._codes, codes]) if earlier else codes)

    def texts(self) -> tuple[str, ...]:
        return tuple(sorted(filter(None, self._texts)))

    def where(self, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        return np.array([holds(text) for text in self._texts] or [False]).take(self._codes)


class PhotoFacts:
    """The columns of all photos by rising id; never changed, so that searches need no lock.

    `dates` are `(n,)` int64 microseconds since 1970.
    """

    def __init__(self, rows: Sequence[FactRow], earlier: PhotoFacts | None = None) -> None:
        """Take rows by rising id, all above those of the `earlier` facts that they go on from."""
        directories, names = [], []
        for row in rows:
            directory, name = os.path.split(row.folder + os.fsencode(os.sep) + row.name)
            directories.append(os.fsdecode(directory))
            names.append(folded(os.fsdecode(name)).encode())
        self.ids: NDArray[np.int64] = _joined(
            earlier.ids if earlier else None, [row.id for row in rows], np.int64
        )
        self.dates: NDArray[np.int64] = _joined(
            earlier.dates if earlier else None,
            [row.date * 1_000_000 + row.microseconds for row in rows],
            np.int64,
        )
        # What is not there becomes NaN, which is near to nothing.
        self._latitudes: NDArray[np.float32] = _joined(
            earlier._latitudes if earlier else None, [row.latitude for row in rows], np.float32
        )
        self._longitudes: NDArray[np.float32] = _joined(
            earlier._longitudes if earlier else None, [row.longitude for row in rows], np.float32
        )
        self._directories: _Words = _Words.of(
            directories, earlier._directories if earlier else None
        )
        self._cameras: _Words = _Words.of(
            [row.camera for row in rows], earlier._cameras if earlier else None
        )
        self._formats: _Words = _Words.of(
            [row.format for row in rows], earlier._formats if earlier else None
        )
        self._lenses: _Words = _Words.of(
            [row.lens for row in rows], earlier._lenses if earlier else None
        )
        self._keywords: _Words = _Words.of(
            [row.keywords for row in rows], earlier._keywords if earlier else None
        )
        self._ratings: NDArray[np.int8] = _joined(
            earlier._ratings if earlier else None, [row.rating for row in rows], np.int8
        )
        self._widths: NDArray[np.int32] = _joined(
            earlier._widths if earlier else None, [row.width for row in rows], np.int32
        )
        self._heights: NDArray[np.int32] = _joined(
            earlier._heights if earlier else None, [row.height for row in rows], np.int32
        )
        # One text of all names, each behind a zero byte, which no name holds.
        self._names: bytes = (earlier._names if earlier else b"") + b"".join(
            b"\0" + n for n in names
        )

    @property
    def last_id(self) -> int:
        """The highest id, 0 where there is none."""
        return int(self.ids[-1]) if len(self.ids) else 0

    def places_of(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return `(n,)` where these ids stand here, -1 for those that do not."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.intp)
        places = np.searchsorted(self.ids, ids)
        places[places == len(self.ids)] = 0
        places[self.ids[places] != ids] = -1
        return places

    def grown(self, rows: Sequence[FactRow]) -> PhotoFacts:
        """Return facts of these photos too."""
        return PhotoFacts(rows, self) if rows else self

    def choices(self) -> FilterChoices:
        """Return the texts that filters can ask for, each once, sorted."""
        keywords = {word for text in self._keywords.texts() for word in text.splitlines()}
        return FilterChoices(
            self._cameras.texts(),
            self._lenses.texts(),
            self._formats.texts(),
            tuple(sorted(keywords)),
        )

    def matching(self, wanted: Filter) -> NDArray[np.bool_]:
        """Return `(n,)` which photos a filter lets through; as `Filter.why_not`, all at once."""
        keep = np.ones(len(self.ids), np.bool_)
        if wanted.after is not None:
            keep &= self.dates >= _microseconds(wanted.after)
        if wanted.before is not None:
            keep &= self.dates < _microseconds(wanted.before)
        if wanted.folder is not None:
            top = str(wanted.folder)
            below = top.rstrip(os.sep) + os.sep
            keep &= self._directories.where(lambda text: text == top or text.startswith(below))
        for column, phrase in ((self._cameras, wanted.camera), (self._lenses, wanted.lens)):
            if phrase:
                keep &= column.where(functools.partial(_holds_all, folded(phrase).split()))
        if wanted.keyword:
            part = folded(wanted.keyword)
            keep &= self._keywords.where(
                lambda text: any(part in folded(word) for word in text.splitlines())
            )
        if wanted.rating is not None:
            keep &= self._ratings >= wanted.rating
        if wanted.megapixels is not None:
            keep &= self._widths * self._heights.astype(np.int64) >= wanted.megapixels * 1e6
        if wanted.shape:
            wider = np.sign(self._widths - self._heights)
            keep &= wider == {"landscape": 1, "portrait": -1, "square": 0}[wanted.shape]
        if wanted.format:
            keep &= self._formats.where(lambda text: text == wanted.format)
        if wanted.name:
            keep &= self._named(folded(wanted.name).encode())
        if wanted.near is not None:
            keep &= self._near(wanted.near)
        return keep

    @functools.cached_property
    def _letters(self) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp]]:
        """All names' bytes, how often each byte occurs, and where the names begin."""
        letters = np.frombuffer(self._names, np.uint8)
        return letters, np.bincount(letters, minlength=256), np.flatnonzero(letters == 0)

    def _near(self, near: Near) -> NDArray[np.bool_]:
        keep: NDArray[np.bool_] = np.abs(self._latitudes - near.latitude) <= (
            near.km / KM_PER_DEGREE + 1e-3
        )
        # Only few are left for the slow part.
        rows = np.flatnonzero(keep)
        north, here = np.radians(self._latitudes[rows], dtype=np.float64), np.radians(near.latitude)
        east = np.radians(self._longitudes[rows] - near.longitude, dtype=np.float64)
        half = np.sin((north - here) / 2) ** 2
        half += np.cos(north) * np.cos(here) * np.sin(east / 2) ** 2
        km = np.degrees(2 * np.arcsin(np.minimum(1.0, np.sqrt(half)))) * KM_PER_DEGREE
        keep[rows] = km <= near.km
        return keep

    def _named(self, part: bytes) -> NDArray[np.bool_]:
        keep = np.zeros(len(self.ids), np.bool_)
        if b"\0" in part:
            return keep
        letters, counts, starts = self._letters
        # Start from the part's rarest letter: few places are then looked at again.
        rarest = min(range(len(part)), key=lambda place: int(counts[part[place]]))
        places = np.flatnonzero(letters == part[rarest]) - rarest
        places = places[(places >= 0) & (places <= len(letters) - len(part))]
        for offset, letter in enumerate(part):
            places = places[letters[places + offset] == letter]
        keep[np.searchsorted(starts, places) - 1] = True
        return keep


def _holds_all(words: Sequence[str], text: str) -> bool:
    return all(word in folded(text) for word in words)


def _joined(earlier: NDArray[Any] | None, values: Sequence[Any], dtype: type) -> NDArray[Any]:
    column: NDArray[Any] = np.array(values, dtype)
    return column if earlier is None else np.concatenate([earlier, column])


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
