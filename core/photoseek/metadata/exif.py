"""Takes apart EXIF: the directories of a TIFF file, or of a block made like one."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

__all__ = ["ORIENTATION", "ExifValues", "jpeg_exif", "read_exif"]

ORIENTATION = 0x0112
_XMP, _IPTC, _PHOTOSHOP = 0x02BC, 0x83BB, 0x8649
_DETAILS_AT, _GPS_AT = 0x8769, 0x8825
_WANTED = (0x010F, 0x0110, ORIENTATION, 0x0132, 0x4746, 0x4749, 0x9C9E)
_WANTED_DETAILS = (0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292, 0xA434)
_WANTED_GPS = (1, 2, 3, 4, 7, 29)
_PREFIX = b"Exif\0\0"

Tags = dict[int, Any]


@dataclass(frozen=True)
class ExifValues:
    """The wanted tags of EXIF's three directories, and other blocks that a TIFF file holds."""

    main: Mapping[int, Any] = field(default_factory=dict)
    details: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    xmp: bytes = b""
    iptc: bytes = b""
    photoshop: bytes = b""


def read_exif(block: bytes, details: bytes = b"", gps: bytes = b"") -> ExifValues:
    """Return what a block holds; Canon's newest files keep the directories in blocks of their own.

    A damaged tag costs itself, a damaged directory what comes behind the damage.
    """
    block = block.removeprefix(_PREFIX)
    if not block:
        return ExifValues()
    main = _directory(block)
    return ExifValues(
        _wanted(main, _WANTED),
        _wanted(_directory(details) or _directory(block, main, _DETAILS_AT), _WANTED_DETAILS),
        _wanted(_directory(gps) or _directory(block, main, _GPS_AT), _WANTED_GPS),
        _stored(main, _XMP),
        _stored(main, _IPTC),
        _stored(main, _PHOTOSHOP),
    )


def jpeg_exif(jpeg: bytes) -> bytes:
    """Return the EXIF block of a JPEG file; nothing where it has none."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            found = image.info.get("exif", b"")
    except Exception:  # noqa: BLE001 -- Pillow's readers raise at will on damaged files
        return b""
    return found if isinstance(found, bytes) else b""


def _directory(
    block: bytes, parent: ImageFileDirectory_v2 | None = None, pointer: int = 0
) -> ImageFileDirectory_v2 | None:
    """Return a block's first directory, or the one that a tag of its parent points to."""
    if not block or (pointer and (parent is None or pointer not in parent)):
        return None
    try:
        directory = ImageFileDirectory_v2(block[: 16 if 43 in block[2:4] else 8])  # 43: BigTIFF
        stream = io.BytesIO(block)
        stream.seek(directory.next if parent is None else int(parent[pointer]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about damage
            directory.load(stream)
    except Exception:  # noqa: BLE001 -- as above
        return None
    return directory if len(directory) else None


def _wanted(directory: ImageFileDirectory_v2 | None, tags: Iterable[int]) -> Tags:
    values: Tags = {}
    for tag in tags if directory is not None else ():
        try:
            values[tag] = directory[tag]  # type: ignore[index]
        except Exception:  # noqa: BLE001, S112 -- as above
            continue
    return values


def _stored(directory: ImageFileDirectory_v2 | None, tag: int) -> bytes:
    """Return a block as it is stored, be it called bytes, text or numbers."""
    # Pillow's own reader of IPTC takes it from there: what is called numbers would be cut.
    return directory._tagdata.get(tag, b"") if directory is not None else b""
