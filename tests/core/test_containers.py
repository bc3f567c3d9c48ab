"""Metadata is found wherever a file keeps it: behind pixels, in boxes, in what cameras make."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from photo_files import photo_files, png, saved
from photoseek.images import decode_photo, read_metadata
from photoseek.metadata import containers, merge, pack_metadata, raw_metadata, unpack_metadata
from photoseek.metadata.containers import gif_blocks, jpeg2000_blocks, png_blocks
from photoseek.metadata.exif import read_exif
from photoseek.metadata.iptc import photoshop_iptc, read_iptc
from photoseek.metadata.raw_containers import raw_exif
from photoseek.metadata.xmp import read_xmp
from photoseek.records import Metadata

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>"""
TAKEN = datetime(2004, 5, 6, 7, 8, 9)
PIXELS = zlib.compress((b"\0" + b"\1\2\3" * 8) * 8)


def exif(order: str = "<") -> bytes:
    """Return EXIF of 2004 in the south and west, as a TIFF block."""
    tags = Image.Exif()
    tags.endian = order
    tags[0x010F], tags[0x0110], tags[0x0112] = "Maker", "Model X", 6
    tags.get_ifd(0x8769)[0x9003] = "2004:05:06 07:08:09"
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "S", (34.0, 36.0, 0.0), "W", (58.0, 24.0, 0.0)
    return tags.tobytes().removeprefix(b"Exif\0\0")


def block(values: Mapping[int, object]) -> bytes:
    """Return one directory of EXIF as a TIFF block of its own, as Canon keeps them."""
    tags = Image.Exif()
    tags.update(values)
    return tags.tobytes().removeprefix(b"Exif\0\0")


def box(kind: bytes, *inside: bytes) -> bytes:
    content = b"".join(inside)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def iptc(number: int, value: bytes) -> bytes:
    return b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(value)) + value


def photoshop(records: bytes) -> bytes:
    other = b"8BIM\x03\xed\x03abc" + struct.pack(">I", 3) + b"xyz\0"
    return other + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records


def profile(kind: str, content: bytes) -> tuple[bytes, bytes]:
    """Return a chunk as ImageMagick writes it."""
    digits = content.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    text = f"\n{kind}\n{len(content):8d}\n{lines}\n".encode()
    return b"zTXt", f"Raw profile type {kind}\0\0".encode("latin-1") + zlib.compress(text)


WORDS = iptc(25, b"Harbour") + iptc(55, b"20040506") + iptc(60, b"070809")


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    "chunk",
    [
        (b"eXIf", exif()),
        profile("exif", b"Exif\0\0" + exif()),
        profile("APP1", b"Exif\0\0" + exif()),
        profile("iptc", photoshop(WORDS)),
        profile("8bim", photoshop(WORDS)),
        (b"tEXt", b"Creation Time\0" + b"2004:05:06 07:08:09"),
        (b"iTXt", b"Creation Time\0\0\0\0\0" + b"2004-05-06T07:08:09"),
    ],
)
def test_a_png_file_gives_its_date_from_before_or_behind_the_pixels(
    chunk: tuple[bytes, bytes], behind: bool
) -> None:
    pixels = (b"IDAT", PIXELS)
    content = png(8, 8, 8, 2, *((pixels, chunk) if behind else (chunk, pixels)))
    assert read_metadata(content, "").taken == TAKEN
    assert decode_photo(content).metadata == read_metadata(content, "")


@pytest.mark.parametrize(
    "chunk",
    [
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)),
        profile("xmp", XMP),
        profile("APP1", b"http://ns.adobe.com/xap/1.0/\0" + XMP),
    ],
)
def test_a_png_file_gives_its_xmp_from_behind_the_pixels(chunk: tuple[bytes, bytes]) -> None:
    content = png(8, 8, 8, 2, (b"IDAT", PIXELS), chunk)
    assert read_metadata(content, "").rating == 4
    assert decode_photo(content).metadata == read_metadata(content, "")


def test_a_png_files_pixels_are_not_decoded_for_its_metadata(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(image: object) -> None:
        raise AssertionError("the pixels were decoded")

    content = png(8, 8, 8, 2, (b"IDAT", PIXELS), (b"eXIf", exif()))
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", refuse)
    assert read_metadata(content, "").taken == TAKEN


def test_a_gif_file_gives_its_xmp() -> None:
    plain = saved(Image.new("RGB", (8, 8)), "GIF")
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    content = plain[:-1] + b"\x21\xff\x0bXMP DataXMP" + XMP + trailer + b";"
    assert read_metadata(content, "").rating == 4
    assert read_metadata(content[:-300], "").format == "gif"


def test_a_jpeg_2000_file_gives_its_boxes() -> None:
    plain = saved(Image.new("RGB", (8, 8)), "JPEG2000")
    uuids = (
        box(b"uuid", containers.EXIF_UUID, exif()),
        box(b"uuid", containers.XMP_UUID, XMP),
        box(b"uuid", containers.IPTC_UUID, WORDS),
    )
    found = read_metadata(plain + b"".join(uuids), "")
    assert (found.taken, found.rating, found.keywords) == (TAKEN, 4, ("Harbour",))
    assert found.latitude == -34.6
    assert found.format == "jp2"


def olympus(mark: bytes) -> bytes:
    return mark + exif("<" if mark[0:1] == b"I" else ">")[4:]


def fujifilm() -> bytes:
    jpeg = saved(Image.new("RGB", (8, 8)), "JPEG", exif=b"Exif\0\0" + exif())
    return (
        b"FUJIFILMCCD-RAW ".ljust(84, b"0") + struct.pack(">II", 100, len(jpeg)) + b"\0" * 8 + jpeg
    )


def minolta() -> bytes:
    blocks = b"\0PRD" + struct.pack(">I", 24) + b"\0" * 24
    tiff = exif(">")
    blocks += b"\0TTW" + struct.pack(">I", len(tiff)) + tiff
    return b"\0MRM" + struct.pack(">I", len(blocks)) + blocks


def canon() -> bytes:
    main = {0x010F: "Maker", 0x0110: "Model X", 0x0112: 6}
    details = {0x9003: "2004:05:06 07:08:09"}
    gps = {1: "S", 2: (34.0, 36.0, 0.0), 3: "W", 4: (58.0, 24.0, 0.0)}
    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    parts = (
        box(b"CMT1", block(main)),
        box(b"CMT2", block(details)),
        box(b"CMT4", block(gps)),
    )
    moov = box(b"moov", box(b"uuid", uuid, box(b"CNCV", b"Canon"), *parts))
    head = box(b"ftyp", b"crx \0\0\0\1crx isom")
    return head + moov + box(b"uuid", containers.XMP_UUID, XMP)


@pytest.mark.parametrize(
    "content",
    [
        exif("<"),
        exif(">"),
        olympus(b"IIRO"),
        olympus(b"IIRS"),
        olympus(b"MMOR"),
        olympus(b"IIU\0"),
        fujifilm(),
        minolta(),
        canon(),
    ],
    ids=["tiff", "motorola", "orf", "orf-s", "orf-mm", "rw2", "raf", "mrw", "cr3"],
)
def test_a_raw_file_gives_its_own_exif_whatever_it_begins_with(content: bytes) -> None:
    found = raw_metadata(content)
    assert found.taken == TAKEN
    assert found.camera == "Maker Model X"
    assert (found.latitude, found.longitude) == (-34.6, -58.4)
    assert (found.orientation, found.format) == (6, "raw")


def test_a_cr3_file_gives_its_xmp() -> None:
    assert raw_metadata(canon()).rating == 4


def test_a_raw_files_gaps_are_filled_from_its_preview_but_not_with_a_place_made_up() -> None:
    preview = saved(Image.new("RGB", (8, 8)), "JPEG", exif=b"Exif\0\0" + exif())
    info = {"exif": b"Exif\0\0" + exif()}
    made_up = raw_metadata(b"unknown", preview, info)
    assert (made_up.taken, made_up.latitude) == (TAKEN, None)
    genuine = raw_metadata(b"unknown" + preview, preview, info)
    assert genuine.latitude == -34.6


def test_a_tiff_files_iptc_is_read_from_bytes_and_from_numbers() -> None:
    records = WORDS + b"\0" * (-len(WORDS) % 4)
    as_bytes = saved(Image.new("RGB", (8, 8)), "TIFF", tiffinfo=tag(33723, records))
    entry = struct.pack("<HHI", 33723, 7, len(records))
    as_numbers = as_bytes.replace(entry, struct.pack("<HHI", 33723, 4, len(records) // 4))
    assert as_numbers != as_bytes
    resource = saved(Image.new("RGB", (8, 8)), "TIFF", tiffinfo=tag(34377, photoshop(WORDS)))
    for content in (as_bytes, as_numbers, resource):
        assert read_metadata(content, "").keywords == ("Harbour",)


def tag(number: int, value: bytes) -> ImageFileDirectory_v2:
    tags = ImageFileDirectory_v2()
    tags.tagtype[number] = 7
    tags[number] = value
    return tags


def test_many_chunks_boxes_and_texts_keep_no_reader_busy() -> None:
    busy = [
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0abcd\0\0\0\0" * 500_000,
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\1eXIfx\0\0\0\0" * 500_000,
        b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x08uuid" * 500_000,
        b"\0\0\0\x10ftypcrx \0\0\0\0" + b"\0\0\0\x08moov" * 500_000,
        b"\0MRM\0\0\0\0" + b"\0PRD\0\0\0\0" * 500_000,
        b"8BIM\0\0\0\0\0\0\0\0" * 500_000,
        b"\x1c\x02\x19\0\0" * 500_000,
        b"GIF89a" + b"\x21\xff\x0bXMP DataXMP" * 100_000,
    ]
    for content in busy:  # quadratic work would take hours
        for read in READERS:
            read(content)


def test_a_text_that_unfolds_into_gigabytes_is_cut() -> None:
    packed = zlib.compress(b"Creation " * (1 << 20))
    content = png(8, 8, 8, 2, (b"IDAT", PIXELS), (b"zTXt", b"Creation Time\0\0" + packed))
    (text,) = png_blocks(content).texts.values()
    assert len(text) == containers.MOST_UNFOLDED


def _merge_xmp(content: bytes) -> Metadata:
    return merge(Metadata(), [("a.xmp", content)])


def _merge_json(content: bytes) -> Metadata:
    return merge(Metadata(), [("a.json", content)])


READERS: tuple[Callable[[bytes], object], ...] = (
    png_blocks,
    gif_blocks,
    jpeg2000_blocks,
    raw_exif,
    read_exif,
    read_iptc,
    photoshop_iptc,
    read_xmp,
    raw_metadata,
    _merge_xmp,
    _merge_json,
    lambda content: read_metadata(content, ""),
)
SOUND = [
    *photo_files().values(),
    exif(),
    canon(),
    fujifilm(),
    minolta(),
    olympus(b"IIRO"),
    XMP,
    photoshop(WORDS),
    png(8, 8, 8, 2, (b"IDAT", PIXELS), profile("xmp", XMP), profile("exif", exif())),
]


@given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
@settings(max_examples=100, deadline=None)
def test_no_reader_raises_on_random_bytes(content: bytes) -> None:
    for read in READERS:
        read(content)


@given(
    st.sampled_from(SOUND),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=6),
    st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_no_reader_raises_on_damaged_files(
    content: bytes, hits: list[tuple[float, bytes]], cut: float
) -> None:
    damaged = bytearray(content)
    for place, value in hits:
        start = int(place * len(damaged))
        damaged[start : start + len(value)] = value
    for end in (len(damaged), int(cut * len(damaged))):
        for read in READERS:
            found = read(bytes(damaged[:end]))
            if isinstance(found, Metadata):
                assert unpack_metadata(pack_metadata(found)) == found
