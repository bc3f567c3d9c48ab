"""The frames that pass between worker processes and their parent, over plain pipes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

__all__ = ["read_frame", "read_into", "write_frame"]

_SIZES = struct.Struct(">II")

MOST_HEADER = 1 << 20
MOST_BODY = 1 << 30
"""A frame that claims more comes from a process that a file has taken over."""


def write_frame(stream: IO[bytes], header: Mapping[str, object], *payloads: bytes) -> None:
    """Write one frame: sizes, a JSON header, and the payloads whose lengths the header holds."""
    text = json.dumps({**header, "lengths": [len(payload) for payload in payloads]}).encode()
    stream.write(_SIZES.pack(len(text), sum(map(len, payloads))) + text)
    for payload in payloads:
        stream.write(payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]] | None:
    """Read one frame: its header and payloads; None where the other side has gone."""
    sizes = stream.read(_SIZES.size)
    if len(sizes) < _SIZES.size:
        return None
    header_size, body_size = _SIZES.unpack(sizes)
    if header_size > MOST_HEADER or body_size > MOST_BODY:
        return None
    text = stream.read(header_size)
    if len(text) < header_size:
        return None
    header = json.loads(text)
    payloads = [stream.read(length) for length in header.pop("lengths")]
    if sum(map(len, payloads)) < body_size:
        return None
    return header, payloads


def read_into(stream: IO[bytes], room: memoryview) -> bool:
    """Fill `room` with the bytes that follow a frame; False where the other side has gone."""
    filled = 0
    while filled < len(room):
        count: int = stream.readinto(room[filled:])  # type: ignore[attr-defined]
        if not count:
            return False
        filled += count
    return True
