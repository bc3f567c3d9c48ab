"""Reads the metadata of photos: EXIF, XMP and IPTC, and the sidecar files beside them.

`images` opens a photo and passes it to `photo_metadata` or `raw_metadata`. `containers` and
`raw_containers` find the blocks in the file, and `exif`, `iptc` and `xmp` take them apart.
`reading` then picks each value from the block that knows it best; `dates`, `places` and `texts`
understand the values as people and programs write them. `sidecars` merges in what the files
beside the photo say. A damaged block costs itself alone, and no reader here raises.

A search by a phrase needs dates alone, and no Pillow: each name is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from photoseek.metadata.dates import on_this_clock
    from photoseek.metadata.names import date_in_name
    from photoseek.metadata.packing import pack_metadata, unpack_metadata
    from photoseek.metadata.photos import photo_metadata, raw_metadata
    from photoseek.metadata.reading import Blocks, read_blocks
    from photoseek.metadata.sidecars import MOST_SIDECAR_BYTES, merge

__all__ = [
    "MOST_SIDECAR_BYTES",
    "Blocks",
    "date_in_name",
    "merge",
    "on_this_clock",
    "pack_metadata",
    "photo_metadata",
    "raw_metadata",
    "read_blocks",
    "unpack_metadata",
]

_HOMES = {
    "MOST_SIDECAR_BYTES": "sidecars",
    "Blocks": "reading",
    "date_in_name": "names",
    "merge": "sidecars",
    "on_this_clock": "dates",
    "pack_metadata": "packing",
    "photo_metadata": "photos",
    "raw_metadata": "photos",
    "read_blocks": "reading",
    "unpack_metadata": "packing",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"photoseek.metadata.{_HOMES[name]}"), name)
