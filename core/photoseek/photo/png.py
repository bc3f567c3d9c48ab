"""Reads the chunks of a PNG file that Pillow does not care about, or cares about too much."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from photoseek.photo.hdr import CodePoints

__all__ = ["code_points", "without_bombs"]

_BEGINNING = b"\x89PNG\r\n\x1a\n"
_MOST_UNFOLDED = 1 << 20
"""Bytes of a text or profile that Pillow unfolds; it refuses the whole photo for a larger one."""

_MOST_TEXT = 1 << 26
"""Bytes of all texts together that Pillow takes; as above."""

_MOST_SEEN = 100_000
"""Chunks looked at: a photo of 512 megapixels has fewer, a file made to keep us busy may not."""


def without_bombs(content: bytes) -> bytes:
    """Return a PNG file without the texts and profiles that unfold into megabytes."""
    left_out, texts = [], 0
    for kind, start, end in _chunks(content):
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"iCCP"):
            size = _unfolded(kind, content[start + 8 : end - 4])
            texts += size if kind != b"iCCP" else 0
            if size > _MOST_UNFOLDED or texts > _MOST_TEXT:
                left_out.append((start, end))
                texts -= size if kind != b"iCCP" else 0
    if not left_out:
        return content
    kept, at = [], 0
    for start, end in left_out:
        kept.append(content[at:start])
        at = end
    return b"".join([*kept, content[at:]])


def code_points(content: bytes) -> CodePoints | None:
    """Return how the values of a PNG file are meant, where it has a cICP chunk."""
    for kind, start, _ in _chunks(content):
        if kind == b"cICP":
            return CodePoints(content[start + 8], content[start + 9])
        if kind == b"IDAT":
            return None
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield each whole chunk's kind, and where it starts and ends in the file."""
    if not content.startswith(_BEGINNING):
        return
    start = len(_BEGINNING)
    for _ in range(_MOST_SEEN):
        end = start + 12 + int.from_bytes(content[start : start + 4])
        if end > len(content):
            return
        yield content[start + 4 : start + 8], start, end
        start = end


def _unfolded(kind: bytes, body: bytes) -> int:
    """Return the bytes that a text or profile takes unfolded, or one more than may be."""
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        folded = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        folded = kind != b"tEXt"
        rest = rest[1:] if folded else rest
    if not folded:
        return len(body)
    try:
        return len(zlib.decompressobj().decompress(rest, _MOST_UNFOLDED + 1))
    except zlib.error:
        return 0
