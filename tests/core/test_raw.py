"""Camera RAW: a file made here by the DNG specification, opened by LibRaw through rawpy."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photo_files import saved
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
    preview: Image.Image | bytes | None = None,
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
    stored = preview if isinstance(preview, bytes) else saved(preview, "JPEG", quality=95)
    shown = Image.open(io.BytesIO(stored)).size
    stored += b"\0" * (len(stored) % 2)
    raw_start = 8 + len(pixels) + len(stored)
    raw_directory = directory(raw, raw_start)
    small = [
        tag(254, LONG, 1),
        tag(256, LONG, shown[0]),
        tag(257, LONG, shown[1]),
        tag(258, SHORT, 8, 8, 8),
        tag(259, SHORT, 7),
        tag(262, SHORT, 6),
        tag(273, LONG, 8 + len(pixels)),
        tag(277, SHORT, 3),
        tag(278, LONG, shown[1]),
        tag(279, LONG, len(stored)),
        tag(330, LONG, raw_start),
    ]
    first = directory([*named, *small], raw_start + len(raw_directory))
    return write_tiff(path, pixels + stored + raw_directory, first)


def write_tiff(path: Path, body: bytes, first: bytes) -> Path:
    """Write a TIFF whose first directory comes last."""
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(body)) + body + first)
    return path


def test_the_preview_that_the_camera_stored_is_taken_and_the_size_is_the_photos(
    tmp_path: Path,
) -> None:
    preview = Image.new("RGB", (480, 320), (200, 40, 40))
    photo = decode_photo(make_dng(tmp_path / "red.dng", (400, 900, 3600), preview=preview))
    red, _, blue = np.asarray(photo.image).reshape(-1, 3).mean(axis=0)
    assert (photo.width, photo.height) == (WIDTH, HEIGHT)
    assert red > 150 > blue


def noise() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 255, (320, 480, 3))
    return Image.fromarray(values.astype(np.uint8))


def lying(preview: Image.Image, orientation: int | None) -> bytes:
    """Return a preview as a JPEG whose own EXIF names this orientation, or none at all."""
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    if orientation is not None:
        exif[0x0112] = orientation
    return saved(preview, "JPEG", quality=95, exif=exif)


@pytest.mark.parametrize("own", [None, 1, 6])
def test_a_preview_is_turned_by_the_raw_file_where_it_does_not_say_how_it_lies(
    tmp_path: Path, own: int | None
) -> None:
    stored = Image.new("RGB", (480, 320), (200, 40, 40))
    stored.paste((40, 40, 200), (0, 0, 480, 160))  # blue is above, and to the right once turned
    path = make_dng(
        tmp_path / "red.dng", (400, 900, 3600), orientation=6, preview=lying(stored, own)
    )
    photo = decode_photo(path)
    assert (photo.width, photo.height) == (HEIGHT, WIDTH)
    assert photo.image.size == (320, 480)
    assert np.asarray(photo.image)[240, 300, 2] > 150


def test_a_preview_that_stands_upright_already_is_not_turned(tmp_path: Path) -> None:
    upright = Image.new("RGB", (320, 480), (200, 40, 40))
    path = make_dng(
        tmp_path / "red.dng", (400, 900, 3600), orientation=8, preview=lying(upright, None)
    )
    assert decode_photo(path).image.size == (320, 480)


def test_a_raw_file_whose_preview_is_damaged_is_developed(tmp_path: Path) -> None:
    stored = saved(noise(), "JPEG")
    path = make_dng(tmp_path / "sky.dng", (400, 900, 3600), preview=stored[:5000])
    red, green, blue = np.asarray(open_photo(path)).reshape(-1, 3).mean(axis=0)
    assert blue > green > red


def test_a_raw_file_without_a_preview_is_developed(tmp_path: Path) -> None:
    photo = decode_photo(make_dng(tmp_path / "sky.dng", (400, 900, 3600)))
    assert (photo.width, photo.height) == (WIDTH, HEIGHT)
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
    with pytest.raises(PhotoError) as caught:
        open_photo(path)
    assert caught.value.kind in ("damaged", "unsupported")
    assert "LibRaw" not in caught.value.reason
