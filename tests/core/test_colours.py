"""Colours come out as they were meant: profiles, inks, depths and transparency become sRGB."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from bundles import COLOURS
from colour_profiles import DISPLAY_P3, GAMMA, ink_profile, linear_grey_profile, rgb_profile
from drawing import difference, draw, picture
from photo_files import png, saved
from photoseek.images import make_thumbnail, open_photo

_XYZ_TO_SRGB = np.array(  # from D50, by Lindbloom's tables
    [[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]]
)
WIDE = (190, 90, 60)


def in_srgb(wide: tuple[int, int, int]) -> list[float]:
    """Work out a Display P3 colour in sRGB by the definitions of both."""
    light = (np.array(wide) / 255) ** GAMMA
    linear = _XYZ_TO_SRGB @ np.array(DISPLAY_P3).T @ light
    curved = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [float(value) for value in curved * 255]


def colour(content: bytes) -> list[int]:
    opened = open_photo(content)
    assert opened.mode == "RGB"
    return [int(value) for value in np.asarray(opened)[4, 4]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_a_wide_gamut_photo_is_shown_in_the_colours_of_its_profile(kind: str) -> None:
    image, expected = Image.new("RGB", (64, 64), WIDE), in_srgb(WIDE)
    assert max(abs(one - other) for one, other in zip(expected, WIDE, strict=True)) > 12
    content = saved(image, kind, quality=95, icc_profile=rgb_profile())
    assert colour(content) == pytest.approx(expected, abs=4)
    assert colour(saved(image, kind, quality=95)) == pytest.approx(WIDE, abs=4)


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_layers_and_palettes_have_profiles_too(mode: str) -> None:
    plain = Image.new("RGB", (32, 32), WIDE)
    image = plain.quantize(4) if mode == "P" else plain.convert(mode)
    content = saved(image, "PNG", icc_profile=rgb_profile())
    assert colour(content) == pytest.approx(in_srgb(WIDE), abs=2)


def deep_tiff(wide: tuple[int, int, int], profile: bytes) -> bytes:
    """Return an 8 x 8 RGB TIFF of 16 bits a channel, which Pillow reads and does not write."""
    pixels = struct.pack("<3H", *(value * 257 for value in wide)) * 64
    depths, start = struct.pack("<3H", 16, 16, 16), 8 + 2 + 12 * 11 + 4
    tags = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 3, start), (259, 3, 1, 1), (262, 3, 1, 2)]
    tags += [(273, 4, 1, start + 6 + len(profile)), (277, 3, 1, 3), (278, 4, 1, 8)]
    tags += [(279, 4, 1, len(pixels)), (284, 3, 1, 1), (34675, 7, len(profile), start + 6)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    return head + depths + profile + pixels


def test_sixteen_bits_a_channel_keep_their_profile() -> None:
    assert colour(deep_tiff(WIDE, rgb_profile())) == pytest.approx(in_srgb(WIDE), abs=2)
    row = b"\0" + struct.pack(">3H", *(value * 257 for value in WIDE)) * 8
    profile = (b"iCCP", b"wide\0\0" + zlib.compress(rgb_profile()))
    content = png(8, 8, 16, 2, profile, (b"IDAT", zlib.compress(row * 8)))
    assert colour(content) == pytest.approx(in_srgb(WIDE), abs=2)


@pytest.mark.parametrize("depth", [10, 12])
def test_heic_of_ten_and_twelve_bits_keeps_its_colours(
    depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pillow_heif.options, "SAVE_HDR_TO_12_BIT", depth == 12)
    pixels = np.tile(np.array(WIDE, np.uint16) * 257, (64, 64, 1))
    stream = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (64, 64), pixels.tobytes()).save(stream, quality=95)
    assert pillow_heif.open_heif(stream.getvalue(), convert_hdr_to_8bit=False).info["bit_depth"] > 8
    assert colour(stream.getvalue()) == pytest.approx(WIDE, abs=4)


# L*, a* and b* of paper, black, yellow, black and yellow, and so on; the cyan ink is a green.
INKS = [(100, 0, 0), (5, 0, 0), (90, 0, 90), (5, 0, 0), (50, 70, 0), (5, 0, 0), (50, 60, 50)]
INKS += [(5, 0, 0), (60, -60, 50), *[(5, 0, 0)] * 7]


def test_inks_are_read_by_their_profile_or_else_as_usual() -> None:
    cyan = Image.new("CMYK", (64, 64), (255, 0, 0, 0))
    red, green, blue = colour(saved(cyan, "JPEG", quality=95, icc_profile=ink_profile(INKS)))
    assert green > red + 90
    assert green > blue + 60
    assert colour(saved(cyan, "JPEG", quality=95)) == pytest.approx([0, 255, 255], abs=3)
    paper = Image.new("CMYK", (64, 64), (0, 0, 0, 0))
    content = saved(paper, "TIFF", icc_profile=ink_profile(INKS))
    assert colour(content) == pytest.approx([255, 255, 255], abs=2)
    assert difference(open_photo(saved(picture().convert("CMYK"), "JPEG")), picture()) < 12


@pytest.mark.parametrize("mode", ["L", "I;16"])
def test_grey_has_a_profile_too(mode: str) -> None:
    deep = Image.fromarray(np.full((32, 32), 128 * 257, np.uint16))
    image = deep if mode == "I;16" else Image.new("L", (32, 32), 128)
    content = saved(image, "PNG", icc_profile=linear_grey_profile())
    assert colour(content) == pytest.approx([188, 188, 188], abs=2)


def test_a_lab_tiff_is_read() -> None:
    # L*, a* and b* of sRGB's red; Pillow adds 128 to the last two.
    image = Image.new("LAB", (32, 32), (round(54.3 * 2.55), 128 + 81, 128 + 70))
    assert colour(saved(image, "TIFF")) == pytest.approx([255, 0, 0], abs=8)
    grey = Image.new("LAB", (32, 32), (137, 128, 128))
    assert colour(saved(grey, "TIFF")) == pytest.approx([128, 128, 128], abs=3)


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        bytes(128),
        rgb_profile()[:200],
        rgb_profile().replace(b"acsp", b"ACSP"),
        linear_grey_profile(),
        ink_profile(INKS),
        rgb_profile(((0.0, 0.0, 0.0),) * 3)[:-40],
    ],
)
def test_a_profile_that_is_damaged_or_of_other_pixels_counts_as_none(profile: bytes) -> None:
    content = saved(Image.new("RGB", (32, 32), WIDE), "PNG", icc_profile=profile)
    assert colour(content) == pytest.approx(WIDE, abs=1)


def test_an_opened_photo_opened_again_stays_as_it_is() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved(picture(), "JPEG", exif=exif, icc_profile=rgb_profile(), quality=95)
    once = open_photo(content)
    assert np.array_equal(np.asarray(open_photo(once)), np.asarray(once))


def ramp(most: float, dtype: type) -> np.ndarray:
    return np.tile(np.linspace(0, most, 64), (64, 1)).astype(dtype)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_shades(kind: str) -> None:
    opened = np.asarray(open_photo(saved(Image.fromarray(ramp(65535, np.uint16)), kind)))
    assert abs(float(opened[:, 32].mean()) - 128) < 4
    assert float(opened[:, -1].mean()) == 255
    assert opened[:, 0].max() == 0


@pytest.mark.parametrize("most", [1.0, 1000.0])
def test_float_tiff_is_scaled_to_its_brightest_point(most: float) -> None:
    values = ramp(most, np.float32)
    values[0, :4] = (np.nan, np.inf, -np.inf, -5)
    opened = np.asarray(open_photo(saved(Image.fromarray(values), "TIFF")))
    assert abs(float(opened[1:, 32].mean()) - 128) < 4
    assert opened[0, :4].max() == 0


def test_sixteen_bit_colour_png_keeps_its_colours() -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 60000, 8000, 8000) * 8 for _ in range(8))
    opened = np.asarray(open_photo(png(8, 8, 16, 2, (b"IDAT", zlib.compress(rows)))))
    assert opened[4, 4].tolist() == pytest.approx([234, 31, 31], abs=2)


def test_palettes_are_read_with_transparency_and_without() -> None:
    palette = picture().quantize(16)
    assert difference(open_photo(saved(palette, "PNG")), picture()) < 6
    assert difference(open_photo(saved(palette, "GIF")), picture()) < 6
    two = draw("red", "blue").quantize(2)
    red = two.getpixel((0, 0))
    for kind in ("PNG", "GIF"):
        opened = open_photo(saved(two, kind, transparency=red))
        assert difference(opened, draw("white", "blue")) < 8


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_what_is_transparent_lies_on_white(kind: str) -> None:
    image = draw("red", "blue").convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 48, 64))
    assert difference(open_photo(saved(image, kind)), draw("white", "blue")) < 8
    grey = Image.new("LA", (32, 32), (0, 0))
    if kind != "WEBP":
        assert np.asarray(open_photo(saved(grey, kind))).min() == 255


def test_transparent_rgb_png_lies_on_white() -> None:
    content = saved(draw("red", "blue"), "PNG", transparency=COLOURS["red"])
    assert np.asarray(open_photo(content))[5, 5].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_one_bit_is_black_and_white(kind: str) -> None:
    image = Image.new("1", (32, 32), 1)
    image.paste(0, (0, 0, 16, 32))
    opened = np.asarray(open_photo(saved(image, kind)))
    assert opened[5, 5].tolist() == [0, 0, 0]
    assert opened[5, 25].tolist() == [255, 255, 255]


def test_a_thumbnail_carries_nothing_of_the_photo_but_its_pixels() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret"
    tags = {"comment": b"secret", "xmp": b"secret", "exif": exif, "icc_profile": rgb_profile()}
    content = saved(picture(), "JPEG", **tags)
    assert content.count(b"secret") == 3
    thumbnail = make_thumbnail(open_photo(content))
    assert b"secret" not in thumbnail
    assert "icc_profile" not in Image.open(io.BytesIO(thumbnail)).info
