"""Makes small ICC profiles whose colours a test can compute: wide RGB, linear grey, odd inks."""

from __future__ import annotations

import struct
from collections.abc import Sequence

__all__ = ["DISPLAY_P3", "GAMMA", "ink_profile", "linear_grey_profile", "rgb_profile"]

DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
"""XYZ of red, green and blue, adapted to D50, as Apple's profile gives them."""

GAMMA = 2.2
_D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(primaries: Sequence[Sequence[float]] = DISPLAY_P3) -> bytes:
    """Return a profile of three primaries with one gamma."""
    curve = _curve(GAMMA)
    tags = {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True):
        tags[name] = _xyz(xyz)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def linear_grey_profile() -> bytes:
    """Return a profile of greys whose numbers are amounts of light."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(1.0)})


def ink_profile(labs: Sequence[tuple[float, float, float]]) -> bytes:
    """Return a CMYK profile; `labs` are L*, a* and b* of all sixteen mixes, from 0000 to 1111."""
    assert len(labs) == 16
    ramp = bytes(range(256))
    grid = bytes(
        byte
        for light, a, b in labs
        for byte in (round(light * 2.55), round(a) + 128, round(b) + 128)
    )
    matrix = struct.pack(">9i", *(65536, 0, 0), *(0, 65536, 0), *(0, 0, 65536))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + matrix + ramp * 4 + grid + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


def _curve(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    words = b"Made for a test\0"
    description = b"desc" + bytes(4) + struct.pack(">I", len(words)) + words + bytes(78)
    tags = {b"desc": description, b"wtpt": _xyz(_D50), **tags}
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    white = struct.pack(">3i", *(round(value * 65536) for value in _D50))
    header = struct.pack(">I4sI", start + len(body), bytes(4), 0x02400000)
    header += kind + space + connection + bytes(12) + b"acsp"
    header += bytes(28) + white
    return header + bytes(128 - len(header)) + table + body
