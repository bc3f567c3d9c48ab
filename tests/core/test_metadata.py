"""What a photo says of itself is read from EXIF, XMP and IPTC, and damage costs only its block."""

from __future__ import annotations

import io
import struct
import warnings
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from drawing import draw
from photoseek.images import decode_photo, read_metadata
from photoseek.metadata import Blocks, pack_metadata, read_blocks, unpack_metadata
from photoseek.records import Metadata

pillow_heif.register_heif_opener()

XMP = """<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:aux="http://ns.adobe.com/exif/1.0/aux/"
 xmp:Rating="4" xmp:CreateDate="2021-03-04T05:06:07+01:00" tiff:Make="NIKON CORPORATION"
 aux:Lens="35 mm f/1.8" exif:GPSLatitude="48,51.5N" exif:GPSLongitude="2,17,42.0E">
<tiff:Model>NIKON D750</tiff:Model>
<dc:subject><rdf:Bag><rdf:li>Paris</rdf:li><rdf:li>été  d'or</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def camera_exif(zone: str = "+02:00") -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS 80D"
    exif[0x0132] = "2030:01:01 00:00:00"
    exif[0x4746] = 3
    details = exif.get_ifd(0x8769)
    details[0x9003], details[0xA434] = "2024:05:01 23:30:15", "EF50mm f/1.8"
    if zone:
        details[0x9011] = zone
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "S", (33.0, 51.0, 24.0), "E", (151.0, 12.0, 36.0)
    return exif


def saved(ending: str, **options: object) -> bytes:
    stream = io.BytesIO()
    kind = {"jpg": "JPEG", "heic": "HEIF", "tif": "TIFF"}.get(ending, ending.upper())
    draw("red").save(stream, kind, **options)
    return stream.getvalue()


def read(content: bytes) -> Metadata:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about damage
        metadata = decode_photo(content).metadata
        assert read_metadata(content, "") == metadata
    return metadata


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "heic", "avif"])
def test_exif_is_read_from_every_format_that_carries_it(ending: str) -> None:
    found = read(saved(ending, exif=camera_exif().tobytes()))
    zone = timezone(timedelta(hours=2))
    assert found == Metadata(
        taken=datetime(2024, 5, 1, 23, 30, 15, tzinfo=zone),
        camera="Canon EOS 80D",
        lens="EF50mm f/1.8",
        latitude=-33.856667,
        longitude=151.21,
        rating=3,
        format={"jpg": "jpeg", "tif": "tiff"}.get(ending, ending),
    )
    assert unpack_metadata(pack_metadata(found)) == found


def test_a_camera_without_a_time_zone_gives_its_clock_alone() -> None:
    taken = read(saved("jpg", exif=camera_exif(zone="").tobytes())).taken
    assert taken == datetime(2024, 5, 1, 23, 30, 15)


@pytest.mark.parametrize("ending", ["jpg", "webp", "heic", "avif", "tif"])
def test_xmp_is_read_where_exif_is_silent(ending: str) -> None:
    options = {"tiffinfo": {700: XMP.encode()}} if ending == "tif" else {"xmp": XMP.encode()}
    found = read(saved(ending, **options))
    assert found.taken == datetime(2021, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=1)))
    assert (found.camera, found.lens, found.rating) == ("NIKON D750", "35 mm f/1.8", 4)
    assert (found.latitude, found.longitude) == (48.858333, 2.295)
    assert found.keywords == ("Paris", "été d'or")


def with_iptc(content: bytes, records: bytes) -> bytes:
    """Put an IPTC block into a JPEG as Photoshop does."""
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    block = b"Photoshop 3.0\0" + block + b"\0" * (len(records) % 2)
    return content[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + content[2:]


def iptc(number: int, value: bytes) -> bytes:
    return b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(value)) + value


def test_iptc_gives_keywords_and_the_date() -> None:
    records = iptc(25, b"dog") + iptc(25, "Jürgen".encode()) + iptc(25, "é".encode("latin-1"))
    records += iptc(55, b"20190203") + iptc(60, b"040506-0330")
    found = read(with_iptc(saved("jpg"), records))
    assert found.keywords == ("dog", "Jürgen", "é")
    zone = timezone(-timedelta(hours=3, minutes=30))
    assert found.taken == datetime(2019, 2, 3, 4, 5, 6, tzinfo=zone)


def test_windows_keywords_are_read() -> None:
    exif = Image.Exif()
    exif[0x9C9E] = "sea;sun\0".encode("utf-16-le")
    assert read(saved("jpg", exif=exif.tobytes())).keywords == ("sea", "sun")


@pytest.mark.parametrize(
    "content",
    [
        saved("jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
        saved("jpg", exif=camera_exif().tobytes()[:60]),
        with_iptc(saved("jpg"), iptc(25, b"dog")[:-2]),
        with_iptc(saved("jpg"), b"\x1c\x02\x19\xff\xff" + b"x" * 30),
        with_iptc(saved("jpg"), b"\x1c\x02\x37\0\x08ABCDEFGH"),
        saved("jpg", xmp=XMP.encode()[:200]),
        saved("jpg", xmp=b"\xff\xfe\0 not xml"),
        saved("jpg", xmp=b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    ],
)
def test_damaged_blocks_never_stop_a_photo(content: bytes) -> None:
    assert read(content).format == "jpeg"


@pytest.mark.parametrize("cut", range(20, 330, 10))
def test_exif_that_is_cut_anywhere_never_stops_a_photo(cut: int) -> None:
    read(saved("jpg", exif=camera_exif().tobytes()[:cut]))


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({0x9003: "0000:00:00 00:00:00"}, None),
        ({0x9003: "2024:13:01 00:00:00"}, None),
        ({0x9003: "    :  :     :  :  "}, None),
        ({0x9003: "1023:01:01 00:00:00"}, None),
        ({0x9003: "soon", 0x9004: "2020:02:29 01:02:03"}, datetime(2020, 2, 29, 1, 2, 3)),
        ({0x9003: "2020-02-29T01:02:03Z"}, datetime(2020, 2, 29, 1, 2, 3, tzinfo=UTC)),
        ({0x9003: "2020:02:29 01:02:03", 0x9011: "+99:00"}, datetime(2020, 2, 29, 1, 2, 3)),
        ({0x9003: b"\xff\xfe\0", 0x9004: 7}, None),
    ],
)
def test_only_a_date_that_exists_is_one(tags: dict[int, object], kept: datetime | None) -> None:
    assert read_blocks(Blocks("jpeg", details=tags)).taken == kept


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: (float("nan"), 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)},
        {1: "N", 2: "here", 3: "E", 4: (1.0,)},
        {1: "N", 2: (10.0, 0.0, 0.0)},
    ],
)
def test_a_place_that_is_none_is_left_out(gps: dict[int, object]) -> None:
    found = read_blocks(Blocks("jpeg", gps=gps))
    assert (found.latitude, found.longitude) == (None, None)


def test_endless_and_odd_texts_are_kept_short_and_clean() -> None:
    exif = {0x010F: "Ma\0ke\n" * 999, 0x0110: "x", 0x4746: 99}
    words = [f"{place} {'y' * 500}".encode() for place in range(500)]
    found = read_blocks(Blocks("jpeg", exif=exif, iptc={(2, 25): words}))
    assert len(found.camera) < 140
    assert found.camera.isprintable()
    assert found.rating is None
    assert len(found.keywords) == 64
    assert max(map(len, found.keywords)) == 64


def test_of_a_text_of_many_megabytes_only_the_beginning_is_looked_at() -> None:
    long = "é" * (64 << 20)
    exif = {0x010F: long, 0x0110: long.encode(), 0x9C9E: b"a\0" * (32 << 20)}
    found = read_blocks(Blocks("tiff", exif=exif, iptc={(2, 25): [long.encode()] * 4}))
    assert set(found.keywords) == {"é" * 64, "a" * 64}
    assert set(found.camera) <= {"é", " "}


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Apple", "iPhone 13 Pro", "Apple iPhone 13 Pro"),
        ("NIKON CORPORATION", "NIKON Z 6", "NIKON Z 6"),
        ("", "FinePix", "FinePix"),
        ("SONY", "", "SONY"),
    ],
)
def test_a_camera_is_called_by_its_maker_once(make: str, model: str, camera: str) -> None:
    assert read_blocks(Blocks("jpeg", exif={0x010F: make, 0x0110: model})).camera == camera


def test_the_orientation_that_a_heic_photo_had_is_told(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read(saved("heic", exif=exif.tobytes())).orientation == 6
    assert read(saved("jpg", exif=exif.tobytes())).orientation == 6
