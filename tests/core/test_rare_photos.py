"""Photos of rare kinds: HDR, TIFF that Pillow lacks, empty first frames, giants, endings."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from colour_profiles import rgb_profile
from drawing import difference, draw, picture
from photo_files import png, saved, try_to_open, why_not
from photoseek import PhotoError
from photoseek.images import decode_photo, open_photo
from photoseek.photo import opening, reduction
from photoseek.photo.formats import PHOTO_SUFFIXES, UNREADABLE_SUFFIXES, why_unreadable
from photoseek.photo.hdr import CodePoints, shown_in_srgb
from photoseek.photo.jpeg2000 import halvings
from photoseek.photo.reduction import flat_and_small
from photoseek.scanner import scan_folder

RED, SKY = (220, 30, 30), (200, 215, 236)
TO_BT2020 = np.array(  # ITU-R BT.2087
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)
PQ, HLG = CodePoints(9, 16), CodePoints(9, 18)


def in_hdr(colour: tuple[int, int, int], meant: CodePoints) -> list[float]:
    """Return the values, 0 to 1, of an sRGB colour in an HDR picture whose white has 203 nits."""
    value = np.array(colour) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    nits = TO_BT2020 @ light * 203
    if meant.transfer == 16:
        power = (nits / 10_000) ** 0.1593017578125
        coded = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        luminance = (np.array([0.2627, 0.6780, 0.0593]) @ nits) / 1000
        scene = nits / 1000 * luminance ** (1 / 1.2 - 1)
        logarithm = 0.17883277 * np.log((12 * scene - 0.28466892).clip(1e-9)) + 0.55991073
        coded = np.where(scene <= 1 / 12, np.sqrt(3 * scene), logarithm)
    return [float(part) for part in coded]


def hdr_png(colour: tuple[int, int, int], meant: CodePoints) -> bytes:
    row = b"\0" + (np.array(in_hdr(colour, meant) * 32) * 65535).astype(">u2").tobytes()
    points = (b"cICP", bytes([meant.primaries, meant.transfer, 0, 1]))
    return png(32, 32, 16, 2, points, (b"IDAT", zlib.compress(row * 32)))


def middle(image: Image.Image) -> list[int]:
    pixel = np.asarray(image)[image.height // 2, image.width // 2]
    return [int(value) for value in pixel]


@pytest.mark.parametrize("meant", [PQ, HLG])
@pytest.mark.parametrize("colour", [RED, SKY, (90, 140, 70), (10, 10, 10)])
def test_hdr_is_shown_in_ordinary_colours(colour: tuple[int, int, int], meant: CodePoints) -> None:
    assert middle(open_photo(hdr_png(colour, meant))) == pytest.approx(colour, abs=25)


def test_an_hdr_heic_is_shown_in_ordinary_colours() -> None:
    values = np.array(in_hdr(RED, PQ)) * 65535
    pixels = np.tile(values.astype(np.uint16), (64, 64, 1))
    stream = io.BytesIO()
    heif = pillow_heif.from_bytes("RGB;16", (64, 64), pixels.tobytes())
    heif.save(stream, quality=95, color_primaries=9, transfer_characteristics=16)
    assert middle(open_photo(stream.getvalue())) == pytest.approx(RED, abs=25)


def test_numbers_of_srgb_and_unknown_ones_change_nothing() -> None:
    image = picture()
    for meant in (CodePoints(1, 13), CodePoints(2, 2), CodePoints(1, 1), CodePoints(99, 200)):
        assert shown_in_srgb(image, meant) is image


def test_what_is_brighter_than_white_keeps_its_shape() -> None:
    shown = [
        middle(shown_in_srgb(Image.new("RGB", (1, 1), (round(value * 255),) * 3), PQ))[0]
        for value in (0.5, 0.55, 0.6, 0.65)
    ]
    assert shown == sorted(set(shown))
    assert shown[-1] <= 255


def written(values: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def deep(image: Image.Image, dtype: str) -> np.ndarray:
    values = np.asarray(image)
    if dtype.startswith("float"):
        return (values / 255).astype(dtype)
    return values.astype(dtype) * (np.iinfo(dtype).max // 255)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint32"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_tiff_of_deep_colours_is_read(dtype: str, planar: str) -> None:
    values = deep(picture(), dtype)
    values = np.moveaxis(values, -1, 0) if planar == "separate" else values
    content = written(values, photometric="rgb", planarconfig=planar)
    assert difference(open_photo(content), picture()) < 2
    assert try_to_open(content)


def test_a_compressed_tiff_of_floats_is_read() -> None:
    content = written(deep(picture(), "float32"), photometric="rgb", compression="zlib")
    assert difference(open_photo(content), picture()) < 2


def test_a_tiff_of_inks_with_alpha_lies_on_white() -> None:
    inks = np.dstack([np.asarray(picture().convert("CMYK")), np.full(picture().size[::-1], 255)])
    content = written(inks.astype(np.uint8), photometric="separated", extrasamples=["unassalpha"])
    assert difference(open_photo(content), picture()) < 12
    inks[..., 4] = 0
    clear = written(inks.astype(np.uint8), photometric="separated", extrasamples=["unassalpha"])
    assert np.asarray(open_photo(clear)).min() > 250


def test_sixteen_bit_grey_with_alpha_and_sixteen_bit_lab_are_read() -> None:
    grey = np.full((32, 32, 2), 65535, np.uint16)
    grey[..., 0] = 30000
    content = written(grey, photometric="minisblack", extrasamples=["unassalpha"])
    assert middle(open_photo(content)) == pytest.approx([117] * 3, abs=2)
    lab = np.zeros((32, 32, 3), np.int16)
    lab[...] = (round(54.3 * 655.35) - 65536, 81 * 256, 70 * 256)  # red; L* has no sign
    content = written(lab.view(np.uint16), photometric="cielab")
    assert middle(open_photo(content)) == pytest.approx([255, 0, 0], abs=8)


def test_a_rare_tiff_is_turned_and_coloured_as_it_says() -> None:
    values = deep(Image.new("RGB", (40, 20), (190, 90, 60)), "float32")
    profile = rgb_profile()
    tags = [(274, 3, 1, 6, True), (34675, 7, len(profile), profile, True)]
    photo = decode_photo(written(values, photometric="rgb", extratags=tags))
    assert (photo.width, photo.height) == photo.image.size == (20, 40)
    expected = open_photo(
        saved(Image.new("RGB", (40, 20), (190, 90, 60)), "PNG", icc_profile=profile)
    )
    assert middle(photo.image) == pytest.approx(middle(expected), abs=3)


def test_a_tiff_that_nobody_here_reads_is_called_so_and_one_that_is_cut_is_too() -> None:
    values = deep(picture(), "float32")
    content = bytearray(written(values, photometric="rgb"))
    place = content.index(b"\x03\x01\x03\0\x01\0\0\0") + 8  # the tag of the compression
    content[place : place + 2] = (34887).to_bytes(2, "little")  # LERC
    with pytest.raises(PhotoError) as caught:
        open_photo(bytes(content))
    assert caught.value.kind == "unsupported"
    assert caught.value.reason == "a kind of TIFF that Photoseek does not read"
    whole = written(values, photometric="rgb")
    assert why_not(whole[: len(whole) // 2]) == "the file is cut short"


def test_a_reduced_first_page_does_not_hide_the_photo() -> None:
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(np.asarray(draw("blue", size=(40, 30))), subfiletype=1, photometric="rgb")
        writer.write(np.asarray(picture((400, 300))), photometric="rgb")
    photo = decode_photo(stream.getvalue())
    assert (photo.width, photo.height) == (400, 300)
    assert difference(photo.image, picture((400, 300))) < 3
    assert try_to_open(stream.getvalue())


@pytest.mark.parametrize("most", [60_000, 2**32 - 1])
def test_grey_of_32_bits_keeps_its_shades(most: int) -> None:
    ramp = np.tile(np.linspace(0, most, 64), (64, 1)).astype(np.uint32)
    opened = np.asarray(open_photo(written(ramp, photometric="minisblack")))[:, :, 0]
    assert abs(float(opened[:, 32].mean()) - 128 * most / max(most, 65535)) < 5
    assert len(set(opened[0].tolist())) > 50


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "GIF", "AVIF"])
def test_an_empty_first_frame_gives_way_to_one_that_shows_something(kind: str) -> None:
    clear = Image.new("RGBA", picture().size, (255, 255, 255, 0))
    frames = [clear.copy(), picture().convert("RGBA")]
    content = saved(clear, kind, save_all=True, append_images=frames, duration=100)
    assert Image.open(io.BytesIO(content)).n_frames > 1  # type: ignore[attr-defined]
    assert difference(open_photo(content), picture()) < 12
    assert try_to_open(content)


def test_a_picture_that_is_transparent_throughout_is_white() -> None:
    clear = Image.new("RGBA", (32, 32), (9, 9, 9, 0))
    assert middle(open_photo(saved(clear, "PNG"))) == [255] * 3
    twice = saved(clear, "WEBP", save_all=True, append_images=[clear.copy()], lossless=True)
    assert middle(open_photo(twice)) == [255] * 3


def test_a_bmp_whose_fourth_bytes_are_all_zero_is_opaque() -> None:
    image = picture().convert("RGBA")
    assert difference(open_photo(saved(image, "BMP")), picture()) < 1
    image.putalpha(0)
    assert difference(open_photo(saved(image, "BMP")), picture()) < 1


@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize("ending", ["JPEG", "TIFF"])
def test_an_orientation_of_another_type_is_applied(kind: int, ending: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = picture((384, 256)).transpose(Image.Transpose.ROTATE_90)
    content = saved(stored, ending, exif=exif)
    entry = b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    place = max(content.find(entry), content.find(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"))
    assert place > 0
    order = "little" if content[place] == 0x12 else "big"
    value = {1: b"\x06", 2: b"6\0", 3: (6).to_bytes(2, order)}[kind].ljust(4, b"\0")  # type: ignore[arg-type]
    count = len(value.rstrip(b"\0")) if kind == 1 else {2: 2, 3: 1}[kind]
    tag = (0x0112).to_bytes(2, order) + kind.to_bytes(2, order)  # type: ignore[arg-type]
    tag += count.to_bytes(4, order) + value  # type: ignore[arg-type]
    photo = decode_photo(content[:place] + tag + content[place + 12 :])
    assert (photo.width, photo.height) == (384, 256)
    assert difference(photo.image, picture((384, 256))) < 6


def test_a_jpeg_above_the_bound_is_decoded_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved(picture((1600, 800)), "JPEG", quality=95)
    monkeypatch.setattr(opening, "MOST_PIXELS", 100_000)
    for at_least in (64, None):
        photo = decode_photo(content, at_least=at_least)
        assert (photo.width, photo.height) == (1600, 800)
        assert photo.image.width * photo.image.height <= 100_000
        assert difference(photo.image, picture((1600, 800))) < 6
    monkeypatch.setattr(opening, "MOST_PIXELS", 10_000)
    assert "pixels is more than Photoseek opens" in why_not(content)
    monkeypatch.setattr(opening, "MOST_PIXELS", 100_000)
    progressive = saved(picture((1600, 800)), "JPEG", progressive=True)
    assert "1600 x 800 pixels is more than Photoseek opens" in why_not(progressive)
    assert "400 x 300 pixels is more" in why_not(saved(picture((400, 300)), "PNG"))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_progressive_jpeg_without_room_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(saved(Image.new("RGB", (7000, 7000)), "JPEG", progressive=True))
    script = (
        "import resource, sys; from pathlib import Path; from photoseek.images import open_photo\n"
        "from photoseek.errors import PhotoError\n"
        "size = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + (100 << 20),) * 2)\n"
        "try: open_photo(Path(sys.argv[1]))\n"
        "except PhotoError as error: print(error.kind)\n"
    )
    command = [sys.executable, "-c", script, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["memory"]


@pytest.mark.parametrize("resolutions", [1, 2, 6])
def test_jpeg_2000_is_decoded_at_the_least_resolution_that_is_enough(resolutions: int) -> None:
    content = saved(picture((800, 600)), "JPEG2000", num_resolutions=resolutions)
    photo = decode_photo(content, at_least=50)
    assert (photo.width, photo.height) == (800, 600)
    assert 50 <= min(photo.image.size) < 100
    assert difference(photo.image, picture((800, 600))) < 6
    assert halvings(content) == resolutions - 1


def test_an_avif_that_names_hdr_is_shown_in_ordinary_colours() -> None:
    values = tuple(round(value * 255) for value in in_hdr(RED, PQ))
    content = bytearray(saved(Image.new("RGB", (64, 64), values), "AVIF", quality=95))
    place = content.index(b"colrnclx") + 8
    content[place : place + 4] = b"\0\x09\0\x10"
    assert middle(open_photo(bytes(content))) == pytest.approx(RED, abs=40)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK", "I;16", "F", "1", "LA"])
def test_a_large_picture_made_small_in_strips_is_as_if_made_small_whole(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (203, 301, 3)).astype(np.uint8)
    image = Image.fromarray(noise)
    if mode == "I;16":
        image = Image.fromarray(noise[..., 0].astype(np.uint16) * 200)
    else:
        image = image.convert("L").convert(mode) if mode in ("F", "LA") else image.convert(mode)
    if "A" in mode:
        image.putalpha(Image.fromarray(noise[..., 1]))
    whole = flat_and_small(image, 50)
    monkeypatch.setattr(reduction, "_WHOLE_PIXELS", 0)
    monkeypatch.setattr(reduction, "_STRIP_PIXELS", 4000)
    assert np.array_equal(np.asarray(flat_and_small(image, 50)), np.asarray(whole))


def test_endings_of_formats_that_are_read_are_listed_in_any_case(tmp_path: Path) -> None:
    names = ["a.MPO", "b.jps", "c.j2k", "d.jpf", "e.jpx", "f.j2c", "g.apng", "h.dib", "i.avifs"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    listed = {file.name.decode() for file in scan_folder(tmp_path).files}
    assert listed == set(names)


def test_known_formats_that_are_not_read_have_a_reason() -> None:
    assert not PHOTO_SUFFIXES & set(UNREADABLE_SUFFIXES)
    assert why_unreadable(".JXL") == "JPEG XL is a format that Photoseek does not read"
    assert why_unreadable(".psd")
    assert why_unreadable(".jpg") is None
    assert why_unreadable(".txt") is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\x0a" + bytes(99), "JPEG XL is a format that Photoseek does not read"),
        (b"8BPS\0\1" + bytes(99), "Photoshop is a format that Photoseek does not read"),
        (
            saved(picture(), "JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc3\0\x11\x08"),
            "a kind of JPEG that Photoseek does not read",
        ),
        (
            saved(picture(), "JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"),
            "a kind of JPEG that Photoseek does not read",
        ),
        (
            saved(picture(), "BMP").replace(b"\1\0\x18\0\0\0\0\0", b"\1\0\x18\0\4\0\0\0"),
            "a kind of BMP that Photoseek does not read",
        ),
    ],
)
def test_whole_files_of_rare_kinds_are_not_called_damaged(content: bytes, reason: str) -> None:
    with pytest.raises(PhotoError) as caught:
        open_photo(content)
    assert (caught.value.reason, caught.value.kind) == (reason, "unsupported")
