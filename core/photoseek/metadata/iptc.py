"""Takes apart IPTC's records, and Photoshop's resources in which they are stored."""

from __future__ import annotations

import struct

__all__ = ["photoshop_iptc", "read_iptc"]

IptcValues = dict[tuple[int, int], list[bytes]]

_MOST_RECORDS = 4096
_IPTC_RESOURCE = 0x0404


def read_iptc(block: bytes) -> IptcValues:
    """Return the values of the records, up to the first that is damaged."""
    values: IptcValues = {}
    at = 0
    for _ in range(_MOST_RECORDS):
        if block[at : at + 1] != b"\x1c" or at + 5 > len(block):
            break
        record, number, size = struct.unpack_from(">BBH", block, at + 1)
        at += 5
        if size & 0x8000:  # so many bytes of the size itself follow
            length = size & 0x7FFF
            if length > 4:
                break
            size = int.from_bytes(block[at : at + length], "big")
            at += length
        if at + size > len(block):
            break
        values.setdefault((record, number), []).append(block[at : at + size])
        at += size
    return values


def photoshop_iptc(block: bytes) -> bytes:
    """Return the IPTC records of a Photoshop block; the block itself where it is no such."""
    if not block.startswith((b"8BIM", b"Photoshop 3.0\0")):
        return block
    at = 14 if block.startswith(b"Photoshop") else 0
    for _ in range(_MOST_RECORDS):
        if block[at : at + 4] != b"8BIM" or at + 12 > len(block):
            break
        kind, name = struct.unpack_from(">HB", block, at + 4)
        at += 6 + (name + 2) // 2 * 2  # the name is filled up to an even length
        if at + 4 > len(block):
            break
        (size,) = struct.unpack_from(">I", block, at)
        at += 4
        if kind == _IPTC_RESOURCE:
            return block[at : at + size]
        at += (size + 1) // 2 * 2
    return b""
