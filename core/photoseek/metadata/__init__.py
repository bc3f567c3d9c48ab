"""Reads the metadata of photos: EXIF, XMP and IPTC, and the sidecar files beside them.

`images` opens a photo and passes it to `photo_metadata` or `raw_metadata`. `containers` and
`raw_containers` find the blocks in the file, and `exif`, `iptc` and `xmp` take them apart.
`reading` then picks each value from the block that knows it best; `dates`, `places` and `texts`
understand the values as people and programs write them. `sidecars` merges in what the files
beside the photo say. A damaged block costs itself alone, and no reader here raises.
"""

from photoseek.metadata.dates import on_this_clock
from photoseek.metadata.names import date_in_name
from photoseek.metadata.packing import pack_metadata, unpack_metadata
from photoseek.metadata.photos import photo_metadata, raw_metadata
from photoseek.metadata.reading import Blocks, read_blocks
from photoseek.metadata.sidecars import merge

__all__ = [
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
