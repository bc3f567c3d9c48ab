"""Opening photos: every format and mode comes out upright in RGB, or with a reason in words."""

from __future__ import annotations

import io
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from bundles import COLOURS
from drawing import draw, draw_photo
from photoseek import Encoder, ModelBundle, PhotoError
from photoseek.images import decode_photo, make_thumbnail, open_photo, to_pixels
from photoseek.manifest import ImageInput

pillow_heif.register_heif_opener()

UNDO = {  # what a camera held that way has stored, for each orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def picture(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Return an image that differs from all of its turned and mirrored selves."""
    image = draw("white", size=size)
    image.paste(COLOURS["red"], (0, 0, size[0] // 2, size[1] // 2))
    image.paste(COLOURS["blue"], (size[0] // 2, size[1] // 2, size[0], size[1]))
    image.paste(COLOURS["black"], (size[0] // 2, 0, size[0], size[1] // 4))
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two images, 0 to 255, after making them alike in size."""
    small = [
        np.asarray(image.convert("RGB").resize((24, 24)), np.float32) for image in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean())


def reason(source: Path | bytes) -> str:
    with pytest.raises(PhotoError) as caught:
        open_photo(source)
    assert caught.value.reason
    assert "\n" not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tiff", "heic", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_give_the_same_embedding(
    colour_bundle: ModelBundle, tmp_path: Path, ending: str, orientation: int
) -> None:
    stored = picture((384, 256))
    if orientation > 1:
        stored = stored.transpose(UNDO[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"{orientation}.{ending}"
    stored.save(path, exif=exif.tobytes(), quality=95)
    opened = decode_photo(path, at_least=100)
    assert (opened.width, opened.height) == (384, 256)
    encoder = Encoder(colour_bundle, provider="cpu", threads=1)
    upright, turned = encoder.encode_images([picture((384, 256)), path])
    assert float(upright @ turned) > 0.995


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    picture().save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert difference(open_photo(tmp_path / "a.jpg"), picture()) < 4


@pytest.mark.parametrize(
    "block",
    [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"],
)
def test_damaged_exif_does_not_keep_a_photo_from_being_read(tmp_path: Path, block: bytes) -> None:
    picture().save(tmp_path / "a.jpg", exif=block, quality=95)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about the damage
        assert difference(open_photo(tmp_path / "a.jpg"), picture()) < 4


def test_a_jpeg_is_decoded_no_larger_than_needed(tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "large.jpg", "red", "blue", size=(4000, 3000))
    small, full = decode_photo(path, at_least=320), decode_photo(path, at_least=None)
    # libjpeg itself scaled by 8: nothing larger was ever in memory.
    assert small.image.size == (500, 375)
    assert full.image.size == (4000, 3000)
    assert (small.width, small.height) == (full.width, full.height) == (4000, 3000)
    assert difference(small.image, full.image) < 3


def test_draft_scaling_reaches_the_jpeg_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw_photo(tmp_path / "large.jpg", "red", size=(2560, 2560))
    from PIL import JpegImagePlugin

    scaled: list[tuple[int, int]] = []
    load = JpegImagePlugin.JpegImageFile.load

    def watching(self: JpegImagePlugin.JpegImageFile) -> object:
        scaled.append(self.size)
        return load(self)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", watching)
    open_photo(path, at_least=320)
    assert scaled[0] == (320, 320)


@pytest.mark.parametrize(
    "size", [(321, 319), (2000, 330), (330, 2000), (1, 1), (3000, 2), (640, 640)]
)
def test_no_side_falls_below_what_is_needed(tmp_path: Path, size: tuple[int, int]) -> None:
    for name in ("a.jpg", "a.png"):
        image = open_photo(draw_photo(tmp_path / name, "red", size=size), at_least=320)
        assert min(image.size) >= min(320, *size)
        assert image.mode == "RGB"


@pytest.mark.parametrize(
    "ending", ["jpg", "png", "webp", "avif", "gif", "tiff", "heic", "bmp", "jp2"]
)
def test_every_format_is_read_whatever_its_name(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    picture().save(path)
    assert difference(open_photo(path), picture()) < 9
    misnamed = path.rename(tmp_path / "b.jpg")
    assert difference(open_photo(misnamed), picture()) < 9


@pytest.mark.parametrize("ending", ["gif", "tiff", "webp", "png", "avif"])
def test_the_first_of_several_frames_is_the_photo(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    draw("red").save(path, save_all=True, append_images=[draw("blue"), draw("green")])
    assert difference(open_photo(path), draw("red")) < 9


def cmyk(profile: bytes | None) -> bytes:
    stream = io.BytesIO()
    picture().convert("CMYK").save(stream, "JPEG", quality=95, icc_profile=profile)
    return stream.getvalue()


def test_cmyk_is_read_with_a_profile_and_without(tmp_path: Path) -> None:
    # Any profile's bytes do: the file says that there is one.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for content in (cmyk(None), cmyk(profile)):
        assert difference(open_photo(content), picture()) < 12


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


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
    opened = np.asarray(open_photo(png(8, 8, 16, 2, zlib.compress(rows))))
    assert opened[4, 4].tolist() == pytest.approx([234, 31, 31], abs=2)


def png(width: int, height: int, depth: int, colour: int, body: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


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


def test_an_opened_image_is_made_upright_rgb_too() -> None:
    image = picture().convert("RGBA")
    assert open_photo(image).mode == "RGB"
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = picture((640, 320)).transpose(Image.Transpose.ROTATE_90)
    reopened = Image.open(io.BytesIO(saved(stored, "JPEG", exif=exif)))
    assert open_photo(reopened).size == (640, 320)


def noise() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 255, (256, 256, 3))
    return Image.fromarray(values.astype(np.uint8))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.3, 0.6, 0.95])
def test_a_file_cut_short_anywhere_has_a_reason(kind: str, share: float) -> None:
    content = saved(noise(), kind)
    words = reason(content[: int(len(content) * share)])
    assert (words == "the file is empty") == (share == 0)


def test_common_accidents_are_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert reason(tmp_path / "empty.jpg") == "the file is empty"
    (tmp_path / "letter.jpg").write_text("Dear all")
    assert reason(tmp_path / "letter.jpg") == "not a photo in a format that Photoseek reads"
    assert reason(tmp_path / "none.jpg") == "the file does not exist"
    assert reason(tmp_path) == "this is a folder, not a photo"
    content = saved(noise(), "JPEG")
    assert reason(content[:-2000]) == "the file is cut short"


def test_only_formats_of_photos_are_opened() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    assert reason(postscript) == "not a photo in a format that Photoseek reads"
    for kind in ("ICO", "PPM", "TGA", "PCX"):
        assert reason(saved(picture(), kind)) == "not a photo in a format that Photoseek reads"


def bombs() -> dict[str, bytes]:
    gif = b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0"
    tags = [(256, 4, 1, 100_000), (257, 4, 1, 100_000), (258, 3, 1, 8), (259, 3, 1, 1)]
    tags += [(262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 100_000), (279, 4, 1, 9)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    bmp = struct.pack("<IiiHHIIiiII", 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0)
    return {
        "png": png(100_000, 100_000, 8, 2, zlib.compress(bytes(1000))),
        "gif": gif + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x08\x00\x3b",
        "tiff": b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4),
        "bmp": b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + bmp,
    }


@pytest.mark.parametrize("kind", ["png", "gif", "tiff", "bmp"])
def test_a_photo_that_claims_billions_of_pixels_is_refused_before_it_is_read(kind: str) -> None:
    assert "pixels is more than Photoseek opens (512 megapixels)" in reason(bombs()[kind])


def test_a_wide_photo_is_brought_to_the_models_square_in_three_ways() -> None:
    image = draw("red", "green", "blue", size=(300, 100))

    def centre_and_edges(mode: str) -> list[list[int]]:
        spec = ImageInput(30, mode, "bilinear", "pixels", "uint8")  # type: ignore[arg-type]
        pixels = to_pixels(image, spec)
        assert pixels.shape == (30, 30, 3)
        assert pixels.dtype == np.uint8
        return [pixels[15, 1].tolist(), pixels[15, 15].tolist(), pixels[1, 15].tolist()]

    red, green, white = list(COLOURS["red"]), list(COLOURS["green"]), [255, 255, 255]
    assert centre_and_edges("squash") == [red, green, green]
    assert centre_and_edges("crop") == [green, green, green]
    assert centre_and_edges("pad") == [red, green, white]


@pytest.mark.parametrize("size", [(400, 300), (300, 401), (225, 224), (64, 200), (224, 224)])
def test_the_middle_is_the_one_that_clip_cuts_out(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 9, 3)).astype(np.uint8)
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    # What torchvision does: scale the short side, round the long one down, cut the middle out.
    scaled = [side * 224 // min(size) for side in size]
    left, top = (round((side - 224) / 2) for side in scaled)
    whole = image.resize((scaled[0], scaled[1]), Image.Resampling.BICUBIC)
    expected = np.asarray(whole.crop((left, top, left + 224, top + 224)), np.int16)
    pixels = to_pixels(image, ImageInput(224, "crop", "bicubic", "pixels", "uint8"))
    # Which side Pillow scales first, and so what it rounds, is its own choice; half a pixel's
    # shift would make ten times the difference.
    assert np.abs(pixels - expected).mean() < 0.1


def test_a_strip_is_cut_without_being_scaled_whole() -> None:
    spec = ImageInput(224, "crop", "bicubic", "pixels", "uint8")
    for size in ((30_000, 1), (1, 30_000)):
        assert to_pixels(draw("red", size=size), spec).shape == (224, 224, 3)


@pytest.mark.parametrize("size", [(1000, 500), (500, 1000), (10, 20), (3000, 1)])
def test_a_thumbnail_keeps_the_shape_and_is_never_enlarged(size: tuple[int, int]) -> None:
    thumbnail = Image.open(io.BytesIO(make_thumbnail(draw("red", size=size))))
    assert thumbnail.format == "JPEG"
    assert max(thumbnail.size) == min(320, max(size))
    assert thumbnail.size[0] / size[0] == pytest.approx(thumbnail.size[1] / size[1], abs=1)


def test_camera_raw_without_its_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from photoseek import raw

    monkeypatch.setattr(raw, "can_read_raw", lambda: False)
    (tmp_path / "a.dng").write_bytes(b"II*\0")
    assert reason(tmp_path / "a.dng") == (
        "camera RAW files need the extra: pip install 'photoseek[raw]'"
    )


def test_a_raw_file_that_is_none_has_a_reason(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    (tmp_path / "a.NEF").write_text("Dear all")
    assert reason(tmp_path / "a.NEF").startswith("the RAW file cannot be read")


@pytest.mark.skipif(sys.platform == "win32", reason="names there are Unicode")
def test_a_name_that_is_no_text_is_opened(tmp_path: Path) -> None:
    path = tmp_path / b"\xff\xfe \n.jpg".decode("utf-8", "surrogateescape")
    assert difference(open_photo(draw_photo(path, "red")), draw("red")) < 4
