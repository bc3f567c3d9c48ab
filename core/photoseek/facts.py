"""Holds in columns what filters ask of every photo, so that a million are asked at once."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from photoseek.filters import folded
from photoseek.records import FilterChoices, Photo

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

    @classmethod
    def of(cls, photo: Photo) -> FactRow:
        """Return a photo's facts."""
        metadata, folder = photo.metadata, os.fsencode(photo.path.parent)
        date = photo.date.replace(tzinfo=None)
        return cls(
            photo.id,
            folder,
            os.fsencode(photo.path.name),
            (date - _EPOCH) // timedelta(seconds=1),
            metadata.latitude,
            metadata.longitude,
            metadata.camera,
            metadata.format,
            metadata.lens,
            "\n".join(metadata.keywords),
            -1 if metadata.rating is None else metadata.rating,
            photo.width,
            photo.height,
            date.microsecond,
        )


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
        self.latitudes: NDArray[np.float32] = _joined(
            earlier.latitudes if earlier else None, [row.latitude for row in rows], np.float32
        )
        self.longitudes: NDArray[np.float32] = _joined(
            earlier.longitudes if earlier else None, [row.longitude for row in rows], np.float32
        )
        self.directories: _Words = _Words.of(directories, earlier.directories if earlier else None)
        self.cameras: _Words = _Words.of(
            [row.camera for row in rows], earlier.cameras if earlier else None
        )
        self.formats: _Words = _Words.of(
            [row.format for row in rows], earlier.formats if earlier else None
        )
        self.lenses: _Words = _Words.of(
            [row.lens for row in rows], earlier.lenses if earlier else None
        )
        self.keywords: _Words = _Words.of(
            [row.keywords for row in rows], earlier.keywords if earlier else None
        )
        self.ratings: NDArray[np.int8] = _joined(
            earlier.ratings if earlier else None, [row.rating for row in rows], np.int8
        )
        self.widths: NDArray[np.int32] = _joined(
            earlier.widths if earlier else None, [row.width for row in rows], np.int32
        )
        self.heights: NDArray[np.int32] = _joined(
            earlier.heights if earlier else None, [row.height for row in rows], np.int32
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
        keywords = {word for text in self.keywords.texts() for word in text.splitlines()}
        return FilterChoices(
            self.cameras.texts(),
            self.lenses.texts(),
            self.formats.texts(),
            tuple(sorted(keywords)),
        )

    @functools.cached_property
    def _letters(self) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.intp]]:
        """All names' bytes, how often each byte occurs, and where the names begin."""
        letters = np.frombuffer(self._names, np.uint8)
        return letters, np.bincount(letters, minlength=256), np.flatnonzero(letters == 0)

    def named(self, part: bytes) -> NDArray[np.bool_]:
        """Return `(n,)` whose file names, folded, hold this part."""
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


def _joined(earlier: NDArray[Any] | None, values: Sequence[Any], dtype: type) -> NDArray[Any]:
    column: NDArray[Any] = np.array(values, dtype)
    return column if earlier is None else np.concatenate([earlier, column])
