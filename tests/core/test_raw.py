"""Camera RAW: a file made here by the DNG specification, opened by LibRaw through rawpy."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photoseek.errors import PhotoError
from photoseek.images import decode_photo, open_photo

pytest.importorskip("rawpy", reason="needs the `raw` extra")

WIDTH, HEIGHT = 640, 480
WHITE = 4095
BYTE, ASCII, SHORT, LONG, RATIONAL, SIGNED_RATIONAL = 1, 2, 3, 4, 5, 10
FORMATS = {BYTE: "B", ASCII: "s", SHORT: "H", LONG: "I", RATIONAL: "II", SIGNED_RATIONAL: "ii"}

Tag = tuple[int, int, int, bytes]
"""Number, type, count and packed values of one TIFF entry."""


def tag(number: int, kind: int, *values: int) -> Tag:
    if kind in (RATIONAL, SIGNED_RATIONAL):
        packed = b"".join(struct.pack("<" + FORMATS[kind], value, 10_000) for value in values)
    else:
        packed = struct.pack(f"<{len(values)}{FORMATS[kind]}", *values)
    return number, kind, len(values), packed


def directory(tags: list[Tag], start: int) -> bytes:
    """Lay out one TIFF directory at `start`, values that do not fit in four bytes behind it."""
    tags = sorted(tags)
    behind = start + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for number, kind, count, packed in tags:
        field = packed.ljust(4, b"\0")
        if len(packed) > 4:
            field = struct.pack("<I", behind + len(values))
            values += packed + b"\0" * (len(packed) % 2)
        entries += struct.pack("<HHI", number, kind, count) + field
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0) + values


def make_dng(
    path: Path,
    colour: tuple[int, int, int],
    *,
    orientation: int = 1,
    preview: Image.Image | None = None,
) -> Path:
    """Write a Bayer mosaic (RGGB) of one colour, 0 to 4095 a channel, perhaps with a preview."""
    mosaic = np.empty((HEIGHT, WIDTH), "<u2")
    mosaic[0::2, 0::2] = colour[0]
    mosaic[0::2, 1::2] = mosaic[1::2, 0::2] = colour[1]
    mosaic[1::2, 1::2] = colour[2]
    pixels = mosaic.tobytes()
    model = b"Photoseek Test\0"
    named = [
        (271, ASCII, len(model), model),
        (272, ASCII, len(model), model),
        tag(274, SHORT, orientation),
        tag(50706, BYTE, 1, 4, 0, 0),
        (50708, ASCII, len(model), model),
        tag(50721, SIGNED_RATIONAL, 10_000, 0, 0, 0, 10_000, 0, 0, 0, 10_000),
        tag(50728, RATIONAL, 10_000, 10_000, 10_000),
        tag(50778, SHORT, 21),
    ]
    raw = [
        tag(254, LONG, 0),
        tag(256, LONG, WIDTH),
        tag(257, LONG, HEIGHT),
        tag(258, SHORT, 16),
        tag(259, SHORT, 1),
        tag(262, SHORT, 32803),  # a colour filter array
        tag(273, LONG, 8),
        tag(277, SHORT, 1),
        tag(278, LONG, HEIGHT),
        tag(279, LONG, len(pixels)),
        tag(33421, SHORT, 2, 2),
        tag(33422, BYTE, 0, 1, 1, 2),
        tag(50717, LONG, WHITE),
    ]
    if preview is None:
        return write_tiff(path, pixels, directory([*named, *raw], 8 + len(pixels)))
    stream = io.BytesIO()
    preview.save(stream, "JPEG", quality=95)
    stored = stream.getvalue()
    stored += b"\0" * (len(stored) % 2)
    raw_start = 8 + len(pixels) + len(stored)
    raw_directory = directory(raw, raw_start)
    small = [
        tag(254, LONG, 1),
        tag(256, LONG, preview.width),
        tag(257, LONG, preview.height),
        tag(258, SHORT, 8, 8, 8),
        tag(259, SHORT, 7),
        tag(262, SHORT, 6),
        tag(273, LONG, 8 + len(pixels)),
        tag(277, SHORT, 3),
        tag(278, LONG, preview.height),
        tag(279, LONG, len(stored)),
        tag(330, LONG, raw_start),
    ]
    first = directory([*named, *small], raw_start + len(raw_directory))
    return write_tiff(path, pixels + stored + raw_directory, first)


def write_tiff(path: Path, body: bytes, first: bytes) -> Path:
    """Write a TIFF whose first directory comes last."""
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(body)) + body + first)
    return path


def test_the_preview_that_the_camera_stored_is_taken(tmp_path: Path) -> None:
    preview = Image.new("RGB", (480, 320), (200, 40, 40))
    photo = decode_photo(make_dng(tmp_path / "red.dng", (400, 900, 3600), preview=preview))
    red, _, blue = np.asarray(photo.image).reshape(-1, 3).mean(axis=0)
    assert (photo.width, photo.height) == (480, 320)
    assert red > 150 > blue


def test_a_preview_of_a_raw_file_held_upright_comes_out_upright(tmp_path: Path) -> None:
    preview = Image.new("RGB", (480, 320), (200, 40, 40))
    path = make_dng(tmp_path / "red.dng", (400, 900, 3600), orientation=6, preview=preview)
    photo = decode_photo(path)
    assert (photo.width, photo.height) == (320, 480)


def test_a_raw_file_without_a_preview_is_developed(tmp_path: Path) -> None:
    photo = decode_photo(make_dng(tmp_path / "sky.dng", (400, 900, 3600)))
    red, green, blue = np.asarray(photo.image).reshape(-1, 3).mean(axis=0)
    assert blue > green > red
    assert photo.width > photo.height


def test_a_raw_file_held_upright_comes_out_upright(tmp_path: Path) -> None:
    photo = decode_photo(make_dng(tmp_path / "tower.dng", (2000, 2000, 2000), orientation=6))
    assert photo.width < photo.height
    assert photo.image.width < photo.image.height


def test_a_raw_file_cut_short_says_so(tmp_path: Path) -> None:
    path = make_dng(tmp_path / "cut.dng", (400, 900, 3600))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(PhotoError, match="RAW file cannot be read"):
        open_photo(path)
