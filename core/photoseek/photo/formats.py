"""The formats of photos: their endings, how their files begin, and which of them are not read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from photoseek.raw import NEEDS_EXTRA, RAW_SUFFIXES, can_read_raw

__all__ = [
    "FORMATS",
    "PHOTO_SUFFIXES",
    "TIFF_BEGINNINGS",
    "UNREADABLE_SUFFIXES",
    "format_of",
    "unread_kind",
    "why_unreadable",
]

FORMATS = ("JPEG", "PNG", "HEIF", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "DIB", "JPEG2000")
"""No other reader of Pillow's sees a file: that of EPS, for one, would start Ghostscript."""

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".pjp"}
    | {".mpo", ".jps", ".insp"}  # pairs for two eyes and round views: JPEG files
    | {".png", ".apng", ".pns"}
    | {".heic", ".heif", ".hif", ".heics", ".heifs", ".avif", ".avifs"}
    | {".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"}
    | {".tif", ".tiff", ".btf", ".tf8", ".gif", ".webp", ".bmp", ".dib"}
)
"""Endings, in lower case, of the files that Pillow and its helpers read; see also `raw`."""


def _not_read(name: str) -> str:
    return f"{name} is a format that Photoseek does not read"


UNREADABLE_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".afphoto": _not_read("Affinity Photo"),
        ".bpg": _not_read("BPG"),
        ".exr": _not_read("OpenEXR"),
        ".flif": _not_read("FLIF"),
        ".fpx": _not_read("FlashPix"),
        ".hdp": _not_read("JPEG XR"),
        ".jxl": _not_read("JPEG XL"),
        ".jxr": _not_read("JPEG XR"),
        ".kra": _not_read("Krita"),
        ".livp": _not_read("a packed Live Photo"),
        ".ora": _not_read("OpenRaster"),
        ".pcd": _not_read("Photo CD"),
        ".pdn": _not_read("Paint.NET"),
        ".psb": _not_read("Photoshop"),
        ".psd": _not_read("Photoshop"),
        ".wdp": _not_read("JPEG XR"),
        ".xcf": _not_read("GIMP's own format"),
    }
)
"""Endings of files that a person takes for photos and that no reader here opens, with why."""

TIFF_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""Small and large TIFF files, in both orders of bytes."""

_BEGINNINGS = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(rb"\x89PNG"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "WebP": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "TIFF": re.compile(b"|".join(map(re.escape, TIFF_BEGINNINGS))),
    "JPEG 2000": re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"),
    "AVIF": re.compile(rb"....ftyp(avif|avis)", re.DOTALL),
    "HEIC": re.compile(rb"....ftyp(he[iv][cxms]|mi[fa][12]|msf1|vvic|j2ki|jpeg)", re.DOTALL),
    # Two letters are chance: the rest of the header makes it a picture.
    "BMP": re.compile(rb"BM.{4}\0\0\0\0.{4}[\x0c-\x80]\0\0\0", re.DOTALL),
}
_UNREAD_BEGINNINGS = {
    _not_read("JPEG XL"): re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \x0d\x0a"),
    _not_read("JPEG XR"): re.compile(rb"II\xbc"),
    _not_read("Photoshop"): re.compile(rb"8BPS"),
    _not_read("OpenEXR"): re.compile(rb"\x76\x2f\x31\x01"),
    _not_read("GIMP's own format"): re.compile(rb"gimp xcf"),
}


def format_of(content: bytes) -> str | None:
    """Return the name of the format that a file begins like, one that is read; None for others."""
    for name, beginning in _BEGINNINGS.items():
        if beginning.match(content):
            return name
    return None


def unread_kind(content: bytes) -> str | None:
    """Say that a file is in a known format that is not read, by how it begins; None for others."""
    for reason, beginning in _UNREAD_BEGINNINGS.items():
        if beginning.match(content):
            return reason
    return _unread_jpeg(content) if content.startswith(b"\xff\xd8") else None


def why_unreadable(suffix: str) -> str | None:
    """Say why no file with this ending of photos can be read here; None for all other endings."""
    suffix = suffix.lower()
    if suffix in RAW_SUFFIXES and not can_read_raw():
        return NEEDS_EXTRA
    return UNREADABLE_SUFFIXES.get(suffix)


def _unread_jpeg(content: bytes) -> str | None:
    """Say that a JPEG is arithmetic, hierarchical, lossless or deep: libjpeg reads none of these.

    Huffman-coded 8-bit files, baseline (0xC0, 0xC1) and progressive (0xC2), are the ones it reads.
    """
    at = 2
    while at + 5 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            read = marker in (0xC0, 0xC1, 0xC2) and content[at + 4] == 8
            return None if read else "a kind of JPEG that Photoseek does not read"
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return None
