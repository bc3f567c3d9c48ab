"""Files that are cut, damaged or made to harm give a reason, and never a wrong picture."""

from __future__ import annotations

import io
import random
import re
import struct
import tracemalloc
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drawing import difference, draw, picture
from photo_files import photo_files, png, saved, try_to_open, why_not
from photoseek import PhotoError
from photoseek.images import decode_photo, make_thumbnail, open_photo

NO_PHOTO = "not a photo in a format that Photoseek reads"
FILES = photo_files()
JPEGS = [name for name in FILES if name.endswith((".jpg", ".mpo"))]

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # Pillow warns of damage that it reads


@pytest.mark.parametrize("name", sorted(set(FILES) - set(JPEGS)))
def test_a_file_cut_at_any_byte_has_a_reason_or_is_shown_whole(name: str) -> None:
    content = FILES[name]
    whole = np.asarray(open_photo(content))
    reasons = set()
    for length in range(len(content)):
        try:
            assert np.array_equal(np.asarray(open_photo(content[:length])), whole), length
        except PhotoError as error:
            reasons.add(error.reason)
    assert "the file is empty" in reasons
    assert len(reasons) > 1


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_cut_at_any_byte_has_a_reason_or_is_shown_in_its_size(name: str) -> None:
    content = FILES[name]
    whole = decode_photo(content)
    kinds = set()
    for length in range(len(content)):
        try:
            cut = decode_photo(content[:length])
        except PhotoError as error:
            kinds.add(error.kind)
            continue
        assert (cut.width, cut.height) == (whole.width, whole.height)
    assert {"empty", "cut_short"} <= kinds


def test_a_jpeg_that_lacks_its_end_is_shown_and_one_that_lacks_most_is_not() -> None:
    content = saved(picture((640, 480)), "JPEG", quality=95)
    whole = np.asarray(open_photo(content))
    assert np.array_equal(np.asarray(open_photo(content[:-2])), whole)
    part = np.asarray(open_photo(content[: len(content) * 9 // 10]))
    assert np.array_equal(part[: len(part) // 2], whole[: len(part) // 2])
    assert why_not(content[: len(content) * 4 // 10]) == "the file is cut short"


def noise() -> Image.Image:
    values = np.random.default_rng(0).integers(0, 255, (256, 256, 3))
    return Image.fromarray(values.astype(np.uint8))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.3, 0.6, 0.95])
def test_a_larger_file_cut_short_has_a_reason(kind: str, share: float) -> None:
    if kind == "JPEG" and share > 0.5:
        return  # shown as far as it goes: see above
    content = saved(noise(), kind)
    words = why_not(content[: int(len(content) * share)])
    assert (words == "the file is empty") == (share == 0)
    if share > 0.01:
        assert words != NO_PHOTO


def test_common_accidents_are_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert why_not(tmp_path / "empty.jpg") == "the file is empty"
    (tmp_path / "letter.jpg").write_text("Dear all")
    assert why_not(tmp_path / "letter.jpg") == NO_PHOTO
    assert why_not(tmp_path / "none.jpg") == "the file does not exist"
    assert why_not(tmp_path) == "this is a folder, not a photo"
    content = saved(noise(), "JPEG")
    assert why_not(content[: len(content) // 4]) == "the file is cut short"


def test_each_reason_has_a_kind_that_code_can_decide_by(tmp_path: Path) -> None:
    def kind(source: Path | bytes) -> str:
        with pytest.raises(PhotoError) as caught:
            decode_photo(source)
        return caught.value.kind

    assert kind(tmp_path / "none.jpg") == "unreadable"
    assert kind(b"") == "empty"
    assert kind(b"Dear all") == "not_a_photo"
    assert kind(FILES["plain.png"][:-40]) == "cut_short"
    assert kind(bombs()["png"]) == "too_large"


def test_only_formats_of_photos_are_opened() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    assert why_not(postscript) == NO_PHOTO
    for kind in ("ICO", "PPM", "TGA", "PCX"):
        assert why_not(saved(picture(), kind)) == NO_PHOTO


def icon(content: bytes) -> bytes:
    """Return an ICO file of one picture."""
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(content), 22) + content


def bombs() -> dict[str, bytes]:
    gif = b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0"
    tags = [(256, 4, 1, 100_000), (257, 4, 1, 100_000), (258, 3, 1, 8), (259, 3, 1, 1)]
    tags += [(262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, 100_000), (279, 4, 1, 9)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    bmp = struct.pack("<IiiHHIIiiII", 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0)
    jp2 = bytearray(FILES["plain.jp2"])
    jp2[(at := jp2.index(b"ihdr") + 4) : at + 8] = struct.pack(">II", 100_000, 100_000)
    jpeg = bytearray(FILES["grey.jpg"])
    jpeg[(at := jpeg.index(b"\xff\xc0") + 5) : at + 4] = struct.pack(">HH", 65000, 65000)
    return {
        "png": png(100_000, 100_000, 8, 2, (b"IDAT", zlib.compress(bytes(1000)))),
        "gif": gif + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x08\x00\x3b",
        "tiff": b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4),
        "bmp": b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + bmp,
        "jp2": bytes(jp2),
        "jpeg": bytes(jpeg),
    }


def test_a_jpeg_that_claims_what_its_bytes_cannot_hold_is_cut_short() -> None:
    assert why_not(bombs()["jpeg"]) == "the file is cut short"
    progressive = bytearray(FILES["progressive.jpg"])
    progressive[(at := progressive.index(b"\xff\xc2") + 5) : at + 4] = struct.pack(
        ">HH", 8000, 8000
    )
    scan = progressive[(at := progressive.rindex(b"\xff\xda")) : -2]
    slow = bytes(progressive[:at] + scan * (140_000 // len(scan)) + b"\xff\xd9")
    assert why_not(slow) == "it takes more passes than Photoseek decodes"


@pytest.mark.parametrize("kind", ["png", "gif", "tiff", "bmp", "jp2"])
def test_a_photo_that_claims_billions_of_pixels_is_refused_before_it_is_read(kind: str) -> None:
    assert "pixels is more than Photoseek opens (512 megapixels)" in why_not(bombs()[kind])


def test_an_icon_is_not_opened_whatever_bomb_it_holds() -> None:
    assert why_not(icon(bombs()["png"])) == NO_PHOTO
    assert why_not(icon(bombs()["bmp"][14:])) == NO_PHOTO


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_a_lie_about_the_size_of_a_heic_photo_is_found_out(kind: str) -> None:
    content = FILES[f"plain.{kind}"]
    place = content.index(b"ispe") + 8
    for claimed in (30_000, 70_000, 2**31 - 1):
        sizes = struct.pack(">II", claimed, claimed)
        assert why_not(content[:place] + sizes + content[place + 8 :])


@pytest.mark.parametrize(
    "chunk",
    [
        (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000))),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(200_000_000))),
        (b"iCCP", b"wide\0\0" + zlib.compress(bytes(200_000_000))),
    ],
)
def test_a_text_or_profile_that_unfolds_into_gigabytes_takes_no_memory(
    chunk: tuple[bytes, bytes],
) -> None:
    content = png(8, 8, 8, 0, chunk, (b"IDAT", zlib.compress(bytes(9 * 8))))
    tracemalloc.start()
    try:
        assert try_to_open(content)  # the picture is read without it
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["gif", "tiff", "webp", "png", "avif", "mpo"])
def test_the_first_of_several_frames_is_the_photo(kind: str) -> None:
    frames = [draw("blue"), draw("green")]
    content = saved(draw("red"), kind.upper(), save_all=True, append_images=frames)
    assert difference(open_photo(content), draw("red")) < 9


@pytest.mark.parametrize(
    "content",
    [
        saved(picture().quantize(8), "GIF", comment=b"x" * 200_000),
        png(8, 8, 8, 0, (b"tEXt", b"comment\0hello"), (b"IDAT", zlib.compress(bytes(9 * 8)))),
    ],
)
def test_a_comment_of_any_length_and_kind_does_not_spoil_the_thumbnail(content: bytes) -> None:
    thumbnail = make_thumbnail(open_photo(content))
    assert "comment" not in Image.open(io.BytesIO(thumbnail)).info


def test_a_heic_photo_of_another_size_than_it_announces_has_the_size_of_its_pixels() -> None:
    content = FILES["plain.heic"]
    place = content.index(b"ispe") + 8
    photo = decode_photo(content[:place] + struct.pack(">II", 64, 64) + content[place + 8 :])
    assert (photo.width, photo.height) == photo.image.size == (24, 32)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "HEIF", "PNG", "WEBP", "AVIF"])
def test_metadata_is_the_same_with_and_without_decoding(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(picture(), kind, exif=exif.tobytes())
    assert try_to_open(content)
    assert decode_photo(content).metadata.orientation == orientation


PLAIN = re.compile(
    "the file is (empty|cut short|damaged|damaged or cut short)|"
    "not a photo in a format that Photoseek reads|"
    "a kind of [A-Za-z0-9 ]+ that Photoseek does not read|"
    "[A-Za-z0-9' ]+ is a format that Photoseek does not read|"
    r"\d+ x \d+ pixels is more than Photoseek opens \(512 megapixels\)|"
    "it needs more memory than Photoseek gives one photo|"
    "it takes more passes than Photoseek decodes|"
    "a part of it is larger than Photoseek opens"
)


@pytest.mark.parametrize("name", FILES)
def test_no_reason_carries_a_librarys_own_words(name: str) -> None:
    chance, content, reasons = random.Random(5), FILES[name], set()
    for _ in range(25):
        changed = bytearray(
            content[: chance.choice([len(content), chance.randrange(len(content))])]
        )
        for _ in range(chance.randint(0, 6)):
            if changed:
                changed[chance.randrange(len(changed))] = chance.randrange(256)
        try:
            open_photo(bytes(changed))
        except PhotoError as error:
            reasons.add(error.reason)
    assert [reason for reason in reasons if not PLAIN.fullmatch(reason)] == []


# Property tests: whatever the bytes, the opener keeps its word.


@given(st.binary(max_size=300), st.sampled_from(["", ".jpg", ".heic", ".dng", ".NEF"]))
def test_any_bytes_are_a_photo_or_have_a_reason(content: bytes, suffix: str) -> None:
    try_to_open(content, suffix)


@given(st.sampled_from(sorted(FILES)), st.randoms(use_true_random=False))
def test_a_photo_with_any_bytes_changed_opens_or_has_a_reason(
    name: str, chance: random.Random
) -> None:
    content = bytearray(FILES[name])
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(content))
        if chance.random() < 0.3:
            del content[place : place + chance.randint(1, 40)]
            content = content or bytearray(b"\0")
        else:
            content[place] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try_to_open(bytes(content))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 90))
def test_no_side_of_a_decoded_photo_falls_below_what_is_asked(
    width: int, height: int, at_least: int
) -> None:
    content = saved(Image.new("RGB", (width, height)), "JPEG")
    photo = decode_photo(content, at_least=at_least)
    assert (photo.width, photo.height) == (width, height)
    assert min(photo.image.size) >= min(at_least, width, height)
