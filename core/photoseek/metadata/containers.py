"""Finds blocks of metadata in files of which Pillow hands out none, or only with the pixels."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Found", "boxes", "gif_blocks", "jpeg2000_blocks", "png_blocks"]


@dataclass
class Found:
    """The blocks of a file, as bytes; `texts` are those of a PNG file, by their names."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    texts: dict[str, str] = field(default_factory=dict)


MOST_CHUNKS = 100_000
"""A photo of 512 megapixels has fewer; a file that was made to keep us busy may not."""

MOST_UNFOLDED = 1 << 20
"""Bytes of one text that is stored compressed."""

_MOST_TEXTS = 64
_PNG_BEGINNING = b"\x89PNG\r\n\x1a\n"
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
_GIF_XMP_END = b"\x01\xff\xfe\xfd"
_CREATION_TIME = "Creation Time"
_XMP_TEXT = "XML:com.adobe.xmp"
_PROFILE = "Raw profile type "

EXIF_UUID = b"JpgTiffExif->JP2"
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
IPTC_UUID = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


def png_blocks(content: bytes) -> Found:
    """Return the blocks of a PNG file, those behind the pixels too, without the pixels."""
    found = Found()
    for kind, data in _png_chunks(content):
        if kind == b"eXIf":
            found.exif = found.exif or data
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            _take_text(found, *_png_text(kind, data))
    return found


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks that can hold metadata."""
    at, texts = len(_PNG_BEGINNING), 0
    for _ in range(MOST_CHUNKS):
        if at + 8 > len(content):
            return
        size, kind = struct.unpack_from(">I4s", content, at)
        if kind in (b"eXIf", b"tEXt", b"zTXt", b"iTXt"):
            texts += 1
            if texts > _MOST_TEXTS:
                return
            yield kind, content[at + 8 : at + 8 + size]
        at += 12 + size


def _png_text(kind: bytes, data: bytes) -> tuple[str, bytes]:
    """Return a text's name and content; nothing for other names than those that are wanted."""
    keyword, _, text = data.partition(b"\0")
    name = keyword.decode("latin-1")
    if name not in (_XMP_TEXT, _CREATION_TIME) and not name.startswith(_PROFILE):
        return "", b""
    if kind == b"zTXt":
        return name, _unfolded(text[1:])
    if kind == b"iTXt":
        compressed, rest = text[:1] == b"\1", text[2:].split(b"\0", 2)
        text = rest[-1]
        return name, _unfolded(text) if compressed else text
    return name, text


def _unfolded(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MOST_UNFOLDED)
    except zlib.error:
        return b""


def _take_text(found: Found, name: str, text: bytes) -> None:
    if name == _XMP_TEXT:
        found.xmp = found.xmp or text
    elif name == _CREATION_TIME:
        found.texts.setdefault(name, text.decode("utf-8", "replace"))
    elif name.startswith(_PROFILE):
        _take_profile(found, name.removeprefix(_PROFILE), _raw_profile(text))


def _take_profile(found: Found, kind: str, profile: bytes) -> None:
    """Take what ImageMagick and others store as digits; APP1 is a JPEG's block of EXIF or XMP."""
    kind = kind.lower()
    if kind in ("iptc", "8bim"):
        found.iptc = found.iptc or profile
    elif kind == "xmp" or profile.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
        found.xmp = found.xmp or profile
    elif kind in ("exif", "app1"):
        found.exif = found.exif or profile


def _raw_profile(text: bytes) -> bytes:
    """Return the bytes of a profile that is written as its name, its size and digits."""
    lines = text.strip().split(b"\n", 2)
    try:
        return bytes.fromhex(lines[2].decode("ascii")) if len(lines) == 3 else b""
    except ValueError:
        return b""


def gif_blocks(content: bytes) -> Found:
    """Return the XMP of a GIF file, which stands in it as it is."""
    start = content.find(_GIF_XMP)
    if start < 0:
        return Found()
    start += len(_GIF_XMP)
    end = content.find(_GIF_XMP_END, start)
    return Found(xmp=content[start : end if end >= 0 else start + MOST_UNFOLDED])


def jpeg2000_blocks(content: bytes) -> Found:
    """Return the blocks of a JPEG 2000 file: its boxes of kind `uuid`."""
    found = Found()
    for kind, start, end in boxes(content, 0, len(content)):
        data = content[start + 16 : min(end, start + 16 + MOST_UNFOLDED)]
        uuid = content[start : start + 16] if kind == b"uuid" else b""
        if uuid == EXIF_UUID:
            found.exif = found.exif or data
        elif uuid == XMP_UUID:
            found.xmp = found.xmp or data
        elif uuid == IPTC_UUID:
            found.iptc = found.iptc or data
    return found


def boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes of an ISO file, or of a box in it: kind, and where the inside is."""
    for _ in range(MOST_CHUNKS):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", content, at)
        head = 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", content, at + 8)
            head = 16
        size = end - at if size == 0 else size
        if size < head:
            return
        yield kind, at + head, min(end, at + size)
        at += size
