"""Opening photos: every format comes out upright, and no larger than it is needed."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from bundles import COLOURS
from drawing import difference, draw, draw_photo, picture
from photo_files import saved, why_not
from photoseek import Encoder, ModelBundle
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


def test_an_opened_image_is_made_upright_rgb_too() -> None:
    image = picture().convert("RGBA")
    assert open_photo(image).mode == "RGB"
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = picture((640, 320)).transpose(Image.Transpose.ROTATE_90)
    reopened = Image.open(io.BytesIO(saved(stored, "JPEG", exif=exif)))
    assert open_photo(reopened).size == (640, 320)


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
    assert why_not(tmp_path / "a.dng") == (
        "camera RAW files need the extra: pip install 'photoseek[raw]'"
    )


def test_a_raw_file_that_is_none_has_a_why_not(tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    (tmp_path / "a.NEF").write_text("Dear all")
    assert why_not(tmp_path / "a.NEF") == "the RAW file is damaged or cut short"


@pytest.mark.skipif(sys.platform == "win32", reason="names there are Unicode")
def test_a_name_that_is_no_text_is_opened(tmp_path: Path) -> None:
    path = tmp_path / b"\xff\xfe \n.jpg".decode("utf-8", "surrogateescape")
    assert difference(open_photo(draw_photo(path, "red")), draw("red")) < 4
