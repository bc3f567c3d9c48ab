"""Finds the blocks of an opened photo, and of a camera's RAW file, and has them read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from photoseek.metadata.containers import Found, gif_blocks, jpeg2000_blocks, png_blocks
from photoseek.metadata.exif import ORIENTATION, ExifValues, read_exif
from photoseek.metadata.iptc import photoshop_iptc, read_iptc
from photoseek.metadata.raw_containers import raw_exif
from photoseek.metadata.reading import Blocks, read_blocks
from photoseek.photo.upright import valid_orientation
from photoseek.records import Metadata

__all__ = ["photo_metadata", "raw_metadata"]

_WORDS = {"heif": "heic", "jpeg2000": "jp2", "mpo": "jpeg", "dib": "bmp"}
_IPTC_RESOURCE = 0x0404


def photo_metadata(content: bytes, kind: str, info: Mapping[Any, Any]) -> Metadata:
    """Return a photo's metadata; `kind` is Pillow's name of its format, `info` what it found.

    The pixels are not needed.
    """
    format_ = _WORDS.get(kind.lower(), kind.lower())
    found = _found(content, format_, info)
    exif = read_exif(content if format_ == "tiff" else found.exif)
    # The HEIC reader turns the photo itself and keeps the number that it found.
    turned = info.get("original_orientation")
    return read_blocks(
        _blocks(format_, exif, found, exif.main.get(ORIENTATION) if turned is None else turned)
    )


def raw_metadata(
    content: bytes, preview: bytes = b"", preview_info: Mapping[Any, Any] = MappingProxyType({})
) -> Metadata:
    """Return a RAW file's own metadata, its gaps filled from the preview, a JPEG file, in it.

    LibRaw makes up EXIF for a preview that has none, and what it says of the place is not true: it
    is found nowhere in the file.
    """
    exif = raw_exif(content)
    own = read_blocks(_blocks("raw", exif, Found(), exif.main.get(ORIENTATION)))
    block = _bytes(preview_info.get("exif"))
    if not preview:
        return own
    shown = photo_metadata(preview, "jpeg", preview_info)
    genuine = block.removeprefix(b"Exif\0\0") in content
    place = own if own.latitude is not None or not genuine else shown
    return dataclasses.replace(
        own,
        taken=own.taken or shown.taken,
        camera=own.camera or shown.camera,
        lens=own.lens or shown.lens,
        latitude=place.latitude,
        longitude=place.longitude,
        rating=shown.rating if own.rating is None else own.rating,
        keywords=own.keywords or shown.keywords,
        orientation=own.orientation if exif.main else shown.orientation,
    )


def _found(content: bytes, format_: str, info: Mapping[Any, Any]) -> Found:
    if format_ == "png":
        return png_blocks(content)
    if format_ == "gif":
        return gif_blocks(content)
    if format_ == "jp2":
        return jpeg2000_blocks(content)
    resources = info.get("photoshop")
    iptc = resources.get(_IPTC_RESOURCE) if isinstance(resources, Mapping) else None
    return Found(_bytes(info.get("exif")), _bytes(info.get("xmp")), _bytes(iptc))


def _blocks(format_: str, exif: ExifValues, found: Found, orientation: object) -> Blocks:
    iptc = photoshop_iptc(found.iptc) or exif.iptc or photoshop_iptc(exif.photoshop)
    return Blocks(
        format_,
        None if orientation is None else valid_orientation(orientation),
        exif.main,
        exif.details,
        exif.gps,
        read_iptc(iptc),
        found.xmp or exif.xmp,
        found.texts,
    )


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return value if isinstance(value, bytes) else b""
