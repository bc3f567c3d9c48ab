"""Dates are read as cameras, scanners, programs and people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from photoseek.metadata import Blocks, date_in_name, read_blocks
from photoseek.metadata.dates import parse_dating


def taken(text: str, **fields: object) -> datetime | None:
    details = {0x9003: text, 0x9291: fields.get("fraction", ""), 0x9011: fields.get("zone", "")}
    return read_blocks(Blocks("jpeg", details=details)).taken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2003:01:05 08:03:09", datetime(2003, 1, 5, 8, 3, 9)),
        ("2003:1:5 8:3:9", datetime(2003, 1, 5, 8, 3, 9)),
        ("2003: 1: 5  8: 3: 9", datetime(2003, 1, 5, 8, 3, 9)),
        ("2003.01.05 08.03.09", datetime(2003, 1, 5, 8, 3, 9)),
        ("2003/01/05 08:03:09", datetime(2003, 1, 5, 8, 3, 9)),
        ("2003-01-05T08:03:09.25", datetime(2003, 1, 5, 8, 3, 9, 250_000)),
        ("20030105T080309", datetime(2003, 1, 5, 8, 3, 9)),
        ("2003:01:05 08:03", datetime(2003, 1, 5, 8, 3)),
        ("2003:01:05", datetime(2003, 1, 5)),
        ("2003:01:05   :  :  ", datetime(2003, 1, 5)),
        ("2003:01:05 24:00:00", datetime(2003, 1, 6)),
        ("2003:01:05 23:59:60", datetime(2003, 1, 6)),
        ("2014:10:08 05:10:88", datetime(2014, 10, 8, 5, 11, 28)),
        ("2003:01:05 77:00:00", datetime(2003, 1, 5)),
        ("2013:03:09 01:28:05 PM", datetime(2013, 3, 9, 13, 28, 5)),
        ("2013:03:09 12:28:05 a.m.", datetime(2013, 3, 9, 0, 28, 5)),
        ("2013:03:09 13:28:05PM", datetime(2013, 3, 9, 13, 28, 5)),
        ("1978", datetime(1978, 1, 1)),
        ("1978:00:00 00:00:00", datetime(1978, 1, 1)),
        ("1978:  :     :  :  ", datetime(1978, 1, 1)),
        ("1978:07:00 00:00:00", datetime(1978, 7, 1)),
        ("1978-07", datetime(1978, 7, 1)),
        ("19780700", datetime(1978, 7, 1)),
        ("19780000", datetime(1978, 1, 1)),
        ("0000:00:00 00:00:00", None),
        ("0001:01:01 00:00:00", None),
        ("2003:13:05 00:00:00", None),
        ("2003:02:30 00:00:00", None),
        ("9999:12:31 24:00:00", None),
        ("20031", None),
        ("1978 and later", None),
        ("a day in May", None),
    ],
)
def test_a_date_is_read_however_it_is_spelled(text: str, expected: datetime | None) -> None:
    assert taken(text) == expected


def test_the_parts_of_a_second_and_the_zone_stand_in_fields_of_their_own() -> None:
    assert taken("2003:01:05 08:03:09", fraction="09") == datetime(2003, 1, 5, 8, 3, 9, 90_000)
    assert taken("2003:01:05 08:03:09", fraction="  ") == datetime(2003, 1, 5, 8, 3, 9)
    zone = timezone(timedelta(hours=-3, minutes=-30))
    moment = taken("2003:01:05 08:03:09", fraction="1", zone="-03:30")
    assert moment == datetime(2003, 1, 5, 8, 3, 9, 100_000, tzinfo=zone)


def test_a_day_alone_gets_its_time_from_a_block_that_agrees() -> None:
    xmp = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:DateCreated="%s"/>'
        b"</rdf:RDF>"
    )
    iptc = {(2, 55): b"20061029", (2, 60): b"062751-0500"}
    for day, hour in ((b"2006-10-29", 6), (b"2006-10", 6), (b"2006", 6), (b"2007-10-29", 0)):
        found = read_blocks(Blocks("jpeg", xmp=xmp % day, iptc=iptc)).taken
        assert found is not None
        assert (found.year, found.hour) == (int(day[:4]), hour)
        assert (found.tzinfo is not None) == (hour == 6)


def test_a_damaged_iptc_time_leaves_the_day() -> None:
    iptc = {(2, 55): b"20061029", (2, 60): b"soon"}
    assert read_blocks(Blocks("jpeg", iptc=iptc)).taken == datetime(2006, 10, 29)


def test_the_satellites_date_counts_where_the_camera_gives_none() -> None:
    gps = {7: (9.0, 10.0, 11.0), 29: "2015:07:08"}
    moment = datetime(2015, 7, 8, 9, 10, 11, tzinfo=UTC)
    assert read_blocks(Blocks("jpeg", gps=gps)).taken == moment
    assert read_blocks(Blocks("jpeg", gps={29: "2015:07:08"})).taken == datetime(2015, 7, 8)
    assert read_blocks(Blocks("jpeg", gps={29: "soon", 7: (1, 2)})).taken is None
    camera = {0x9003: "2016:01:01 00:00:00"}
    assert read_blocks(Blocks("jpeg", details=camera, gps=gps)).taken == datetime(2016, 1, 1)


def test_the_files_own_change_counts_before_the_satellites_only_where_both_mean_one_moment() -> (
    None
):
    gps = {7: (9.0, 10.0, 11.0), 29: "2015:07:08"}
    near, far = "2015:07:08 18:10:12", "2021:01:01 00:00:00"
    assert read_blocks(Blocks("jpeg", exif={0x0132: near}, gps=gps)).taken == datetime(
        2015, 7, 8, 18, 10, 12
    )
    found = read_blocks(Blocks("jpeg", exif={0x0132: far}, gps=gps)).taken
    assert found == datetime(2015, 7, 8, 9, 10, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 06 May 2004 07:08:09 +0200", datetime(2004, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("2004-05-06T07:08:09+02:00", datetime(2004, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("2004:05:06 07:08:09", datetime(2004, 5, 6, 7, 8, 9)),
        ("yesterday", None),
        ("Thu, 66 May 2004 07:08:09 +9999", None),
    ],
)
def test_a_png_files_creation_time_is_read(text: str, expected: datetime | None) -> None:
    assert read_blocks(Blocks("png", texts={"Creation Time": text})).taken == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG-20190304-WA0001.jpg", datetime(2019, 3, 4)),
        ("IMG_20190305_101112.jpg", datetime(2019, 3, 5, 10, 11, 12)),
        ("IMG_20190305_101112_BURST001.jpg", datetime(2019, 3, 5, 10, 11, 12)),
        ("IMG_20190305_101112~2.jpg", datetime(2019, 3, 5, 10, 11, 12)),
        ("PXL_20210101_101112345.jpg", datetime(2021, 1, 1, 10, 11, 12, 345_000, UTC)),
        ("PXL_20210101_101112345.PORTRAIT.jpg", datetime(2021, 1, 1, 10, 11, 12, 345_000, UTC)),
        ("signal-2020-03-04-101112.jpg", datetime(2020, 3, 4, 10, 11, 12)),
        ("signal-2020-03-04-10-11-12-123.jpg", datetime(2020, 3, 4, 10, 11, 12, 123_000)),
        ("signal-2020-03-04-101112_002.jpeg", datetime(2020, 3, 4, 10, 11, 12)),
        ("Screenshot_20190305-101112.png", datetime(2019, 3, 5, 10, 11, 12)),
        ("Screenshot_2019-03-05-10-11-12.png", datetime(2019, 3, 5, 10, 11, 12)),
        ("Screenshot_20190305-101112_Chrome.png", datetime(2019, 3, 5, 10, 11, 12)),
        ("Screenshot from 2019-03-05 10-11-12.png", datetime(2019, 3, 5, 10, 11, 12)),
        ("Screen Shot 2019-03-05 at 1.11.12 PM.png", datetime(2019, 3, 5, 13, 11, 12)),
        ("Bildschirmfoto 2019-03-05 um 10.11.12.png", datetime(2019, 3, 5, 10, 11, 12)),
        ("WhatsApp Image 2019-03-05 at 10.11.12 (1).jpeg", datetime(2019, 3, 5, 10, 11, 12)),
        ("photo_2019-03-05_10-11-12.jpg", datetime(2019, 3, 5, 10, 11, 12)),
        ("2012-05-06 17.18.19.jpg", datetime(2012, 5, 6, 17, 18, 19)),
        ("20120506_171819.jpg", datetime(2012, 5, 6, 17, 18, 19)),
        ("20120506171819.jpg", datetime(2012, 5, 6, 17, 18, 19)),
        ("20120506.jpg", datetime(2012, 5, 6)),
        ("2012-05-06 Anna's birthday 12.jpg", datetime(2012, 5, 6)),
        ("2012_05_06.jpg", datetime(2012, 5, 6)),
        ("1978-07-14 Grandma.jpg", datetime(1978, 7, 14)),
        ("beach 2012-05-06 99.99.99.jpg", datetime(2012, 5, 6)),
        ("WP_20140304_001.jpg", datetime(2014, 3, 4)),
        ("VID-20190304-WA0001.mp4", datetime(2019, 3, 4)),
        ("IMG_1234.jpg", None),
        ("IMG_20191304.jpg", None),
        ("IMG_20190230_101112.jpg", None),
        ("IMG_21450304_101112.jpg", None),
        ("IMG_17450304_101112.jpg", None),
        ("P0304101.jpg", None),
        ("1920x1080.jpg", None),
        ("wallpaper 1920-10-80.jpg", None),
        ("+49 30 20121107.jpg", None),
        ("030-2012-11-07.jpg", None),
        ("49302012110712.jpg", None),
        ("istock_20121107.jpg", None),
        ("20121107_abc_20130101", datetime(2012, 11, 7)),
        ("1551780000000.jpg", None),
        ("version 2019.03.jpg", None),
        ("2019.jpg", None),
        ("", None),
        (".jpg", None),
    ],
)
def test_a_files_name_gives_a_date_and_never_nonsense(name: str, expected: datetime | None) -> None:
    found = date_in_name(name)
    # A Pixel's name counts in UTC, which comes out on this computer's clock.
    assert (found.astimezone(UTC) if found and expected and expected.tzinfo else found) == expected


def test_a_date_is_never_read_from_a_number_that_goes_on() -> None:
    assert parse_dating("20245") is None
    assert parse_dating("2024050112131499") is None
