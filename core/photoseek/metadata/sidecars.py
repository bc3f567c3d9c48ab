"""Merges what the files beside a photo say into its metadata: XMP sidecars, Takeout's JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from photoseek.metadata.dates import Dating, best_of, on_this_clock
from photoseek.metadata.places import place_of
from photoseek.metadata.reading import (
    keywords_in,
    original_datings,
    other_datings,
    place_in,
    rating_in,
)
from photoseek.metadata.texts import first, words_of
from photoseek.metadata.xmp import XmpValues, read_xmp
from photoseek.records import Metadata

__all__ = ["MOST_SIDECAR_BYTES", "merge"]

MOST_SIDECAR_BYTES = 1 << 20
"""So much of a sidecar is read: some programs keep the whole history of their edits in it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EMBEDDED_PARTS = 8
"""The photo's own date is the most exact where a sidecar only repeats it."""


def merge(metadata: Metadata, sidecars: Sequence[tuple[str, bytes]]) -> Metadata:
    """Return a photo's metadata with that of its sidecars: names and contents, the best first.

    XMP is what a person has changed, so it wins over the photo, and the photo fills its gaps.
    Takeout's JSON only fills the gaps of both. A damaged sidecar counts as not there.
    """
    for name, content in reversed(sidecars):
        if name.lower().endswith(".xmp"):
            metadata = _changed(metadata, content)
    for name, content in sidecars:
        if name.lower().endswith(".json"):
            metadata = _filled(metadata, content)
    return metadata


def _changed(metadata: Metadata, content: bytes) -> Metadata:
    xmp: XmpValues = first(lambda: read_xmp(content, MOST_SIDECAR_BYTES)) or {}
    if not xmp:
        return metadata
    place = first(lambda: place_in(xmp)) or (metadata.latitude, metadata.longitude)
    rating = first(lambda: rating_in(xmp))
    return dataclasses.replace(
        metadata,
        taken=first(lambda: _date(metadata.taken, xmp)) or metadata.taken,
        latitude=place[0],
        longitude=place[1],
        rating=metadata.rating if rating is None else rating,
        keywords=first(lambda: keywords_in(xmp)) or metadata.keywords,
    )


def _date(taken: datetime | None, xmp: XmpValues) -> datetime | None:
    own = Dating(taken, _EMBEDDED_PARTS) if taken else None
    return best_of([*original_datings(xmp), own, *other_datings(xmp)])


def _filled(metadata: Metadata, content: bytes) -> Metadata:
    values = first(lambda: _json_object(content))
    if values is None:
        return metadata
    place = None
    if metadata.latitude is None:
        place = first(lambda: _place(values, "geoData"), lambda: _place(values, "geoDataExif"))
    people = first(lambda: [str(person["name"]) for person in values["people"]]) or []
    return dataclasses.replace(
        metadata,
        taken=metadata.taken or first(lambda: _taken(values)),
        latitude=place[0] if place else metadata.latitude,
        longitude=place[1] if place else metadata.longitude,
        keywords=words_of([*metadata.keywords, *people]),
    )


def _json_object(content: bytes) -> Mapping[str, Any] | None:
    values = json.loads(content) if len(content) <= MOST_SIDECAR_BYTES else None
    return values if isinstance(values, dict) else None


def _taken(values: Mapping[str, Any]) -> datetime:
    return on_this_clock(_EPOCH + timedelta(seconds=int(values["photoTakenTime"]["timestamp"])))


def _place(values: Mapping[str, Any], name: str) -> tuple[float, float] | None:
    place = values[name]
    return place_of(float(place["latitude"]), float(place["longitude"]))
