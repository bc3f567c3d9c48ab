"""How paths, photos and what photos say of themselves are kept in rows."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from photoseek.facts import FactRow
from photoseek.paths import path_below
from photoseek.records import Metadata, Photo

__all__ = ["DESCRIPTION", "from_metadata", "to_fact_row", "to_path", "to_photo"]

DESCRIPTION = (
    "taken, zone, camera, lens, orientation, latitude, longitude, rating, keywords, format"
)
"""The columns of a photo's metadata."""

_EPOCH = datetime(1970, 1, 1)


def to_path(encoded: bytes) -> Path:
    """Return a path as the file system has it."""
    return Path(os.fsdecode(encoded))


def to_photo(row: tuple[Any, ...]) -> Photo:
    """Make a photo of what `Catalogue.photos` asks for."""
    folder = to_path(row[1])
    return Photo(
        id=row[0],
        path=path_below(folder, row[2]),
        folder=folder,
        width=row[3],
        height=row[4],
        file_size=row[5],
        modified=datetime.fromtimestamp(row[6] / 1e9, UTC),
        offline=bool(row[7]),
        metadata=_to_metadata(row[8:]),
    )


def to_fact_row(row: tuple[Any, ...]) -> FactRow:
    """Make facts of what `Catalogue.fact_rows` asks for."""
    id_, folder, name, taken, modified, latitude, longitude, *texts, rating, width, height = row
    camera, kind, lens, keywords = (text or "" for text in texts)
    return FactRow(
        id_,
        folder,
        name,
        _local_seconds(modified) if taken is None else taken,
        latitude,
        longitude,
        camera,
        kind,
        lens,
        keywords,
        -1 if rating is None else rating,
        width,
        height,
    )


def _local_seconds(modified_ns: int) -> int:
    """Return a file's time on this computer's clock, as `FactRow.date` counts."""
    return (datetime.fromtimestamp(modified_ns // 1_000_000_000) - _EPOCH) // timedelta(seconds=1)


def from_metadata(metadata: Metadata) -> tuple[object, ...]:
    """Return the values of `DESCRIPTION`; what is empty takes no room as NULL."""
    taken = metadata.taken
    offset = taken.utcoffset() if taken else None
    return (
        (taken.replace(tzinfo=None) - _EPOCH) // timedelta(seconds=1) if taken else None,
        offset // timedelta(minutes=1) if offset is not None else None,
        metadata.camera or None,
        metadata.lens or None,
        metadata.orientation if metadata.orientation > 1 else None,
        metadata.latitude,
        metadata.longitude,
        metadata.rating,
        "\n".join(metadata.keywords) or None,
        metadata.format or None,
    )


def _to_metadata(row: tuple[Any, ...]) -> Metadata:
    taken, zone, camera, lens, orientation, latitude, longitude, rating, keywords, kind = row
    moment = None
    if taken is not None:
        moment = _EPOCH + timedelta(seconds=taken)
        if zone is not None:
            moment = moment.replace(tzinfo=timezone(timedelta(minutes=zone)))
    return Metadata(
        taken=moment,
        camera=camera or "",
        lens=lens or "",
        orientation=orientation or 1,
        latitude=latitude,
        longitude=longitude,
        rating=rating,
        keywords=tuple(keywords.split("\n")) if keywords else (),
        format=kind or "",
    )
