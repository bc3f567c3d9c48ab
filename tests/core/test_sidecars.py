"""What stands beside a photo in an XMP sidecar or in Takeout's JSON is merged into its metadata."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from photoseek.metadata import merge
from photoseek.records import Metadata

ZONE = timezone(timedelta(hours=9))
EMBEDDED = Metadata(
    taken=datetime(2020, 1, 2, 3, 4, 5, 60_000, tzinfo=ZONE),
    camera="Canon",
    latitude=1.0,
    longitude=2.0,
    rating=1,
    keywords=("old",),
    format="raw",
)
PLAIN = Metadata(format="jpeg")


def xmp(attributes: str = "", *keywords: str) -> bytes:
    bag = "".join(f"<rdf:li>{word}</rdf:li>" for word in keywords)
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:exif="http://ns.adobe.com/exif/1.0/" {attributes}>'
        f"<dc:subject><rdf:Bag>{bag}</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def takeout(**values: object) -> bytes:
    return json.dumps({"title": "a.jpg", **values}).encode()


WHOLE = xmp(
    'xmp:Rating="5" exif:DateTimeOriginal="2010-11-12T13:14:15" exif:GPSLatitude="45.5" '
    'exif:GPSLongitude="9.25"',
    "new",
)


def test_an_xmp_sidecar_fills_a_photo_that_says_nothing() -> None:
    assert merge(PLAIN, [("a.xmp", WHOLE)]) == Metadata(
        taken=datetime(2010, 11, 12, 13, 14, 15),
        latitude=45.5,
        longitude=9.25,
        rating=5,
        keywords=("new",),
        format="jpeg",
    )


def test_an_xmp_sidecar_wins_and_the_photo_fills_its_gaps() -> None:
    found = merge(EMBEDDED, [("a.cr3.XMP", WHOLE)])
    assert (found.rating, found.keywords, found.camera) == (5, ("new",), "Canon")
    assert (found.latitude, found.longitude) == (45.5, 9.25)
    assert found.taken == datetime(2010, 11, 12, 13, 14, 15)
    assert merge(EMBEDDED, [("a.xmp", xmp())]) == EMBEDDED
    assert merge(EMBEDDED, [("a.xmp", xmp('xmp:Rating="0"'))]).rating == 0


@pytest.mark.parametrize("day", ["2020-01-02T03:04:05", "2020-01-02", "2020"])
def test_a_sidecar_that_repeats_the_date_takes_no_exactness_away(day: str) -> None:
    found = merge(EMBEDDED, [("a.xmp", xmp(f'exif:DateTimeOriginal="{day}"'))])
    assert found.taken == EMBEDDED.taken


def test_when_a_sidecar_was_made_is_no_better_than_the_photos_own_date() -> None:
    sidecar = xmp('xmp:CreateDate="2023-01-01T00:00:00"')
    assert merge(EMBEDDED, [("a.xmp", sidecar)]).taken == EMBEDDED.taken
    assert merge(PLAIN, [("a.xmp", sidecar)]).taken == datetime(2023, 1, 1)


def test_of_two_sidecars_the_first_wins_and_the_second_fills_its_gaps() -> None:
    second = xmp('xmp:Rating="2" exif:DateTimeOriginal="2000-01-01T00:00:00"')
    found = merge(PLAIN, [("a.jpg.xmp", xmp('xmp:Rating="3"', "x")), ("a.xmp", second)])
    assert (found.rating, found.keywords) == (3, ("x",))
    assert found.taken == datetime(2000, 1, 1)


def test_takeout_fills_only_what_is_missing() -> None:
    sidecar = takeout(
        photoTakenTime={"timestamp": "1241265600"},
        geoData={"latitude": 48.5, "longitude": 2.5, "altitude": 0.0},
        people=[{"name": "Anna"}],
        description="",
    )
    found = merge(PLAIN, [("a.jpg.json", sidecar)])
    assert found.taken == datetime(2009, 5, 2, 12, tzinfo=UTC)
    assert (found.latitude, found.longitude, found.keywords) == (48.5, 2.5, ("Anna",))
    found = merge(EMBEDDED, [("a.jpg.json", sidecar)])
    assert (found.taken, found.latitude) == (EMBEDDED.taken, 1.0)
    assert found.keywords == ("old", "Anna")
    both = merge(PLAIN, [("a.jpg.supplemental-metadata.json", sidecar), ("a.xmp", WHOLE)])
    assert both.taken == datetime(2010, 11, 12, 13, 14, 15)


def test_takeouts_zeros_are_no_place_and_its_other_place_stands_in() -> None:
    nowhere = {"latitude": 0.0, "longitude": 0.0}
    assert merge(PLAIN, [("a.json", takeout(geoData=nowhere))]).latitude is None
    somewhere = {"latitude": -1.5, "longitude": 2.5}
    sidecar = takeout(geoData=nowhere, geoDataExif=somewhere)
    assert merge(PLAIN, [("a.json", sidecar)]).latitude == -1.5


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xmp", b""),
        ("a.xmp", b"\xff\xfe\0"),
        ("a.xmp", b"<x" * 50_000),
        ("a.xmp", b"\0" * (100 << 20)),
        ("a.json", b""),
        ("a.json", b"[1, 2]"),
        ("a.json", b"{" * 100_000),
        ("a.json", b"[" * 100_000),
        ("a.json", b'{"photoTakenTime": 1e999}'),
        ("a.json", b'{"photoTakenTime": {"timestamp": "1e9"}, "geoData": [], "people": 3}'),
        ("a.json", b'{"photoTakenTime": {"timestamp": "99999999999999999999"}}'),
        ("a.json", b'{"geoData": {"latitude": 1e999, "longitude": NaN}}'),
        ("a.json", b" " * (100 << 20)),
        ("a.txt", b"hello"),
    ],
)
def test_a_damaged_sidecar_costs_only_itself(name: str, content: bytes) -> None:
    assert merge(EMBEDDED, [(name, content)]) == EMBEDDED
    assert merge(EMBEDDED, [(name, content), ("b.xmp", WHOLE)]).rating == 5


def test_the_history_of_edits_in_front_of_keywords_does_not_hide_them() -> None:
    history = "<xmp:History>" + "x" * 600_000 + "</xmp:History><dc:subject>"
    sidecar = WHOLE.replace(b"<dc:subject>", history.encode())
    assert merge(PLAIN, [("a.xmp", sidecar)]).keywords == ("new",)
