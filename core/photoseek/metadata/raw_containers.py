"""Finds EXIF in the files of cameras, each of which wraps it in a way of its own.

Most are TIFF files, some under another name: ORF (Olympus) and RW2 (Panasonic) change the first
bytes. CR3 (Canon) is an ISO file, RAF (Fujifilm) holds a JPEG file with all of it, MRW (Minolta)
a list of blocks. X3F (Sigma) is left to its preview.
"""

from __future__ import annotations

import struct

from photoseek.metadata.containers import XMP_UUID, boxes
from photoseek.metadata.exif import ExifValues, jpeg_exif, read_exif

__all__ = ["raw_exif"]

_TIFF_LIKE = {
    b"II*\0": b"II*\0",
    b"MM\0*": b"MM\0*",
    b"IIRO": b"II*\0",
    b"IIRS": b"II*\0",
    b"MMOR": b"MM\0*",
    b"IIU\0": b"II*\0",
}
"""How files begin that are TIFF's otherwise, and how TIFF has it."""

_CANON_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_MOST_BLOCKS = 64


def raw_exif(content: bytes) -> ExifValues:
    """Return the EXIF of a RAW file, empty where it has none that is known."""
    tiff = _TIFF_LIKE.get(content[:4])
    if tiff is not None:
        return read_exif(content if content[:4] == tiff else tiff + content[4:])
    if content[4:12] == b"ftypcrx ":
        return _canon_exif(content)
    if content.startswith(b"FUJIFILMCCD-RAW"):
        return _fujifilm_exif(content)
    if content.startswith(b"\0MRM"):
        return _minolta_exif(content)
    return ExifValues()


def _canon_exif(content: bytes) -> ExifValues:
    found = {b"CMT1": b"", b"CMT2": b"", b"CMT4": b""}
    xmp = b""
    for kind, start, end in boxes(content, 0, len(content)):
        if kind == b"uuid" and content[start : start + 16] == XMP_UUID:
            xmp = content[start + 16 : end]
        if kind != b"moov":
            continue
        for inner, begin, stop in boxes(content, start, end):
            if inner == b"uuid" and content[begin : begin + 16] == _CANON_UUID:
                for name, first, last in boxes(content, begin + 16, stop):
                    if name in found:
                        found[name] = content[first:last]
    exif = read_exif(found[b"CMT1"], found[b"CMT2"], found[b"CMT4"])
    return ExifValues(exif.main, exif.details, exif.gps, xmp or exif.xmp)


def _fujifilm_exif(content: bytes) -> ExifValues:
    if len(content) < 92:
        return ExifValues()
    start, size = struct.unpack_from(">II", content, 84)
    return read_exif(jpeg_exif(content[start : start + size]))


def _minolta_exif(content: bytes) -> ExifValues:
    at = 8
    for _ in range(_MOST_BLOCKS):
        if at + 8 > len(content):
            break
        name, size = struct.unpack_from(">4sI", content, at)
        if name == b"\0TTW":
            return read_exif(content[at + 8 : at + 8 + size])
        at += 8 + size
    return ExifValues()
