"""Reads from a JPEG 2000 file how often its picture can be halved while it is decoded."""

from __future__ import annotations

__all__ = ["halvings"]

_SIZES, _CODING = b"\xff\x51", b"\xff\x52"


def halvings(content: bytes) -> int:
    """Return how many lower resolutions the code stream holds; 0 where that cannot be read."""
    at = content.find(b"\xff\x4f" + _SIZES) + 2
    while at >= 2 and at + 10 <= len(content) and content[at] == 0xFF:
        if content[at : at + 2] == _CODING:
            return min(content[at + 9], 32)
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return 0
