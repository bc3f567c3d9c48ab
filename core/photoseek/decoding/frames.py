"""The frames that pass between the decoder pool and its worker processes, over plain pipes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

__all__ = ["read_frame", "write_frame"]

_SIZES = struct.Struct(">II")


def write_frame(stream: IO[bytes], header: Mapping[str, object], *payloads: bytes) -> None:
    """Write one frame: sizes, a JSON header, and the payloads whose lengths the header holds."""
    text = json.dumps({**header, "lengths": [len(payload) for payload in payloads]}).encode()
    body = b"".join(payloads)
    stream.write(_SIZES.pack(len(text), len(body)) + text)
    stream.write(body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]] | None:
    """Read one frame: its header and payloads; None where the other side has gone."""
    sizes = stream.read(_SIZES.size)
    if len(sizes) < _SIZES.size:
        return None
    header_size, body_size = _SIZES.unpack(sizes)
    text, body = stream.read(header_size), stream.read(body_size)
    if len(text) < header_size or len(body) < body_size:
        return None
    header = json.loads(text)
    payloads, start = [], 0
    for length in header.pop("lengths"):
        payloads.append(body[start : start + length])
        start += length
    return header, payloads
