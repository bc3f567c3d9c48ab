"""A photo has one date: its own, or else its name's, or else its file's; everything uses it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

import pytest

from crafting import put_crafted
from photoseek.conditions import matching, why_not
from photoseek.database import Catalogue, PhotoFile
from photoseek.errors import LibraryDamagedError
from photoseek.facts import PhotoFacts
from photoseek.filters import Filter
from photoseek.photo_date import photo_date
from photoseek.records import Metadata, Photo

NOON = 1_577_880_000 * 10**9
"""2020-01-01 12:00 in UTC, as a file's time."""


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if not hasattr(time, "tzset"):
        pytest.skip("this system keeps the zone to itself")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Catalogue]:
    with closing(Catalogue(tmp_path / "library.db")) as store:
        store.folders.add(tmp_path / "photos")
        yield store


def put(store: Catalogue, name: str, modified_ns: int = NOON, **metadata: object) -> int:
    (folder,) = store.folders.all()
    file = PhotoFile(folder.id, os.fsencode(name), 1, modified_ns)
    return store.put_photo(file, os.urandom(16), 4, 3, Metadata(**metadata))  # type: ignore[arg-type]


def photo(store: Catalogue, photo_id: int) -> Photo:
    return store.photos([photo_id])[0]


def test_the_photo_counts_before_the_name_and_the_name_before_the_file(zone: str) -> None:
    taken = datetime(2001, 2, 3, 4, 5, 6, 7)
    assert photo_date(taken, "IMG_20190305_101112.jpg", NOON) == (taken, "photo")
    named = datetime(2019, 3, 5, 10, 11, 12)
    assert photo_date(None, "IMG_20190305_101112.jpg", NOON) == (named, "name")
    local = datetime.fromtimestamp(NOON // 10**9)
    assert photo_date(None, "IMG_1.jpg", NOON) == (local, "file")


def test_the_grid_filters_and_records_agree_on_dates_in_every_zone(
    store: Catalogue, zone: str
) -> None:
    """Each hour around the day, by each kind of date: one order, and one answer of a filter."""
    day = NOON // 10**9 // 86400 * 86400
    ids = []
    for hour in range(-24, 48):
        moment = datetime(2020, 1, 1 + (hour + 24) // 24, hour % 24, 30)
        ids.append(put(store, f"taken {hour}.jpg", taken=moment))
        ids.append(put(store, f"{moment:IMG_%Y%m%d_%H%M%S}.jpg"))
        ids.append(put(store, f"file {hour}.jpg", (day + 3600 * hour) * 10**9))
    photos = store.photos(ids)
    clocks = {one.id: one.date.replace(tzinfo=None) for one in photos}
    newest = store.newest_first().tolist()
    assert newest == sorted(ids, key=lambda id_: (clocks[id_], id_), reverse=True)
    facts = PhotoFacts(store.fact_rows(0))
    for hour in range(24):
        after, before = datetime(2020, 1, 1, hour), datetime(2020, 1, 2, hour)
        wanted = Filter(after=after, before=before)
        passing = set(facts.ids[matching(facts, wanted)].tolist())
        assert passing == {one.id for one in photos if why_not(one, wanted) is None}
        assert passing == {id_ for id_, clock in clocks.items() if after <= clock < before}


def test_photos_of_one_second_are_in_the_order_in_which_they_were_taken(store: Catalogue) -> None:
    moment = datetime(2020, 1, 1, 12)
    ids = {us: put(store, f"{us}.jpg", taken=moment.replace(microsecond=us)) for us in (50, 10, 90)}
    assert store.newest_first().tolist() == [ids[90], ids[50], ids[10]]
    assert [one.date.microsecond for one in store.photos([*ids.values()])] == [50, 10, 90]


def test_a_new_name_and_a_new_file_time_give_a_new_date(store: Catalogue) -> None:
    (folder,) = store.folders.all()
    photo_id = put(store, "a.jpg")
    assert photo(store, photo_id).dated_by_file
    edits = store.edits()
    store.move_photo(photo_id, PhotoFile(folder.id, b"x/IMG-20190304-WA0001.jpg", 1, NOON))
    assert photo(store, photo_id).date == datetime(2019, 3, 4)
    assert photo(store, photo_id).dated_by == "name"
    assert store.edits() > edits
    later = NOON + 5 * 10**9
    store.move_photo(photo_id, PhotoFile(folder.id, b"b.jpg", 1, later))
    assert photo(store, photo_id).date == datetime.fromtimestamp(later // 10**9)
    store.describe(photo_id, Metadata(taken=datetime(1999, 1, 1)))
    assert photo(store, photo_id).date == datetime(1999, 1, 1)
    store.copy_photo(photo_id, PhotoFile(folder.id, b"IMG_20190305_101112.jpg", 1, NOON))
    assert {one.date for one in store.photos(store.newest_first().tolist())} == {
        datetime(1999, 1, 1)
    }


@pytest.mark.parametrize("modified_ns", [-(1 << 63), -1, 0, (1 << 63) - 1])
def test_file_times_at_the_edges_are_dates_too(store: Catalogue, modified_ns: int) -> None:
    found = photo(store, put(store, "a.jpg", modified_ns))
    assert abs(found.date.year - found.modified.year) <= 1
    assert store.fact_rows(0)


CRAFTED = (
    ("taken", 10**18),
    ("taken", -(10**18)),
    ("zone", 10**9),
    ("rating", 99),
    ("rating", -(1 << 62)),
    ("orientation", 9),
    ("latitude", 1e300),
    ("longitude", 181.0),
    ("camera", b"\xff"),
    ("lens", b"blob"),
    ("keywords", b"a\nb"),
    ("format", b"jpeg"),
    ("dated", 1 << 62),
    ("dated", "soon"),
    ("dated_by", 7),
    ("dated_by", b"x"),
    ("taken_us", 1 << 40),
    ("modified_ns", "now"),
    ("width", "wide"),
    ("height", -4),
    ("width", 1 << 62),
    ("name", 7),
)


@pytest.mark.parametrize(("column", "value"), CRAFTED)
def test_a_crafted_value_is_said_in_one_line(tmp_path: Path, column: str, value: object) -> None:
    path = tmp_path / "library.db"
    with closing(Catalogue(path)) as store:
        store.folders.add(tmp_path)
        photo_id = put(store, "a.jpg", taken=datetime(2020, 1, 1), keywords=("x",))
    put_crafted(path, column, value, photo_id)
    with closing(Catalogue(path)) as store:
        with pytest.raises(LibraryDamagedError) as told:
            store.photos([photo_id])
        assert "\n" not in str(told.value)
        with suppress(LibraryDamagedError):
            store.fact_rows(0)
