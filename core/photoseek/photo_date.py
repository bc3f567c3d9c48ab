"""The one date of a photo: its own, or else that in its file's name, or else its file's.

The catalogue stores it when it stores a photo. The order of the grid, filters and records all
take it from there. It is on the camera's clock; the file's time is put on this computer's clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from photoseek.metadata import date_in_name, on_this_clock
from photoseek.records import DatedBy

__all__ = ["photo_date"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def photo_date(taken: datetime | None, name: str, modified_ns: int) -> tuple[datetime, DatedBy]:
    """Return a photo's date, without a zone, and what it was read from.

    `taken` is the photo's own date, `name` its file's name, `modified_ns` its file's time in
    nanoseconds since 1970.
    """
    if taken is not None:
        return taken.replace(tzinfo=None), "photo"
    named = date_in_name(name)
    if named is not None:
        return named, "name"
    modified = _EPOCH + timedelta(microseconds=modified_ns // 1000)
    return on_this_clock(modified).replace(tzinfo=None), "file"
