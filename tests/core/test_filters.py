"""Photos are found by what they say of themselves, alone or with a phrase."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawing import draw_photo
from photoseek import Library, Metadata, Photo, Query, QueryError
from photoseek.cli import main
from photoseek.conditions import _is_below, matching, why_not
from photoseek.facts import FactRow, PhotoFacts
from photoseek.filters import KM_PER_DEGREE, Filter, Near, folded, parse_format, parse_near


def dated(path: Path, colour: str, date: str, model: str, place: tuple[float, float]) -> Path:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", model
    exif.get_ifd(0x8769)[0x9003] = date
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (place[0], 0.0, 0.0), "E", (place[1], 0.0, 0.0)
    return draw_photo(path, colour, exif=exif.tobytes())


@pytest.fixture
def travels(library: Library, tmp_path: Path) -> Library:
    """Photos of Paris 2023 and Rome 2024, and one that says nothing of itself."""
    folder = tmp_path / "photos"
    dated(folder / "paris" / "IMG_1.jpg", "red", "2023:06:01 10:00:00", "EOS R5", (48.86, 2.35))
    dated(folder / "paris" / "IMG_2.jpg", "blue", "2023:06:02 00:30:00", "EOS R5", (48.85, 2.29))
    dated(folder / "rome" / "Été.jpg", "red", "2024:05:01 09:00:00", "G7 X", (41.9, 12.5))
    draw_photo(folder / "plain.png", "red")
    library.add_folder(folder)
    library.update()
    return library


def names(library: Library, wanted: Filter, *phrases: str) -> list[str]:
    hits = library.search(Query(phrases, filter=wanted))
    return [hit.photo.path.name for hit in hits]


def test_filters_alone_show_the_newest_first(travels: Library) -> None:
    assert names(travels, Filter(camera="canon")) == ["Été.jpg", "IMG_2.jpg", "IMG_1.jpg"]
    assert names(travels, Filter(before=datetime(2025, 1, 1))) == [
        *("Été.jpg", "IMG_2.jpg", "IMG_1.jpg")
    ]


def test_each_filter_narrows_a_phrase(travels: Library, tmp_path: Path) -> None:
    june_2 = datetime(2023, 6, 2)
    year = Filter(after=datetime(2023, 1, 1), before=datetime(2024, 1, 1))
    assert names(travels, year, "red") == ["IMG_1.jpg", "IMG_2.jpg"]
    assert names(travels, Filter(after=june_2, before=datetime(2024, 1, 1))) == ["IMG_2.jpg"]
    assert names(travels, Filter(camera="g7 CANON"), "red") == ["Été.jpg"]
    assert names(travels, Filter(folder=tmp_path / "photos" / "rome"), "red") == ["Été.jpg"]
    assert names(travels, Filter(format="png"), "red") == ["plain.png"]
    assert names(travels, Filter(near=Near(48.86, 2.35, 1)), "red") == ["IMG_1.jpg"]
    assert names(travels, Filter(near=Near(48.86, 2.35)), "red") == ["IMG_1.jpg", "IMG_2.jpg"]
    assert names(travels, Filter(name="éTÉ"), "red") == ["Été.jpg"]
    assert names(travels, Filter(name="nothing"), "red") == []


def test_a_filter_makes_no_photo_a_likelier_match(travels: Library) -> None:
    free = travels.rank("blue")
    wanted = Query(("blue",), filter=Filter(format="png"))
    sifted = travels.rank(wanted)
    assert sifted.likely == 0
    assert sifted.scores[0] == free.scores[list(free.ids).index(sifted.ids[0])]


def test_likely_matches_come_by_date_on_request(travels: Library) -> None:
    by_score = travels.rank(Query(("red",)))
    by_date = travels.rank(Query(("red",), newest_first=True))
    assert by_date.likely == by_score.likely > 1
    likely, rest = by_date.ids[: by_date.likely], by_date.ids[by_date.likely :]
    assert set(likely) == set(by_score.ids[: by_score.likely])
    assert rest.tolist() == by_score.ids[by_score.likely :].tolist()
    dates = [photo.date.replace(tzinfo=None) for photo in travels.photos(likely.tolist())]
    assert dates == sorted(dates, reverse=True)
    scores = dict(zip(by_score.ids.tolist(), by_score.scores.tolist(), strict=True))
    assert [scores[id_] for id_ in by_date.ids.tolist()] == by_date.scores.tolist()


def test_a_library_tells_what_its_filters_can_ask_for(travels: Library) -> None:
    choices = travels.filter_choices()
    assert choices.cameras == ("Canon EOS R5", "Canon G7 X")
    assert choices.formats == ("jpeg", "png")
    assert choices.lenses == choices.keywords == ()


def test_photos_that_come_move_and_go_are_sifted_as_they_are(
    travels: Library, tmp_path: Path
) -> None:
    rome = tmp_path / "photos" / "rome"
    assert names(travels, Filter(folder=rome)) == ["Été.jpg"]
    draw_photo(rome / "new.jpg", "green")
    (tmp_path / "photos" / "paris" / "IMG_1.jpg").rename(rome / "moved.jpg")
    travels.update()
    assert set(names(travels, Filter(folder=rome))) == {"Été.jpg", "new.jpg", "moved.jpg"}
    (rome / "new.jpg").unlink()
    travels.update()
    assert set(names(travels, Filter(folder=rome))) == {"Été.jpg", "moved.jpg"}


def test_rating_keywords_lens_and_size_narrow_too(library: Library, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x4746], exif[0x9C9E] = 4, "Beach;Summer 2024".encode("utf-16-le")
    exif.get_ifd(0x8769)[0xA434] = "EF 85mm f/1.8"
    draw_photo(tmp_path / "p" / "rated.jpg", "red", size=(90, 60), exif=exif.tobytes())
    draw_photo(tmp_path / "p" / "tall.jpg", "red", size=(60, 90))
    library.add_folder(tmp_path / "p")
    library.update()
    for wanted in (
        Filter(rating=4),
        Filter(keyword="summer"),
        Filter(lens="85mm ef"),
        Filter(shape="landscape"),
    ):
        assert names(library, wanted, "red") == ["rated.jpg"], wanted
    assert names(library, Filter(shape="portrait")) == ["tall.jpg"]
    assert names(library, Filter(rating=5)) == names(library, Filter(megapixels=1)) == []
    told = library.explain(tmp_path / "p" / "tall.jpg", Query(filter=Filter(keyword="beach")))
    assert told.reason == "the filter leaves it out: its keywords are none"


def test_the_command_filters_and_explains(
    travels: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = ["--library", str(travels.directory)]
    plain = tmp_path / "photos" / "plain.png"
    explanation = travels.explain(plain, Query(filter=Filter(camera="canon")))
    assert (explanation.status, explanation.rank) == ("excluded", None)
    assert explanation.reason == "the filter leaves it out: its camera is not known"
    explanation = travels.explain(plain, Query(("red",), filter=Filter(after=datetime(2999, 1, 1))))
    assert "its file is dated" in explanation.reason
    assert explanation.of == 4
    for wrong in (["--after", "soon"], ["--near", "99,0"], ["--format", "doc"]):
        with pytest.raises(SystemExit) as left:
            main(["search", *wrong, *directory])
        assert left.value.code == 2
        assert wrong[1] in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "1", "a,b", "91,0", "0,181", "1,2,0", "1,2,-3", "nan,1", "1,2,inf", "1,2,3,4"]
)
def test_what_is_no_place_is_said(text: str) -> None:
    with pytest.raises(QueryError, match="is not a place"):
        parse_near(text)


def test_formats_have_their_usual_names() -> None:
    assert [parse_format(text) for text in ("JPG", ".tif", "heif")] == ["jpeg", "tiff", "heic"]
    assert parse_near("48.86,2.35,25") == Near(48.86, 2.35, 25)


def passes(photo: Photo, wanted: Filter) -> bool:
    """What each part of a filter means, one photo at a time."""
    date, metadata = photo.date.replace(tzinfo=None), photo.metadata
    sides = (photo.width > photo.height) - (photo.width < photo.height)
    return all(
        [
            wanted.after is None or date >= wanted.after,
            wanted.before is None or date < wanted.before,
            all(word in folded(metadata.camera) for word in folded(wanted.camera).split()),
            all(word in folded(metadata.lens) for word in folded(wanted.lens).split()),
            wanted.folder is None or photo.path.is_relative_to(wanted.folder),
            wanted.format in ("", metadata.format),
            folded(wanted.name) in folded(photo.path.name),
            not wanted.keyword
            or any(folded(wanted.keyword) in folded(word) for word in metadata.keywords),
            wanted.rating is None
            or (-1 if metadata.rating is None else metadata.rating) >= wanted.rating,
            wanted.megapixels is None or photo.width * photo.height >= wanted.megapixels * 1e6,
            wanted.shape in ("", {1: "landscape", -1: "portrait", 0: "square"}[sides]),
            wanted.near is None or is_near(wanted.near, metadata),
        ]
    )


def is_near(near: Near, metadata: Metadata) -> bool:
    """By the angle between two vectors, which is another way to the distance."""
    if metadata.latitude is None or metadata.longitude is None:
        return False
    ends = np.radians([(near.latitude, near.longitude), (metadata.latitude, metadata.longitude)])
    north, east = ends.T
    places = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    angle = np.degrees(np.arccos(np.clip(places[:, 0] @ places[:, 1], -1, 1)))
    return bool(angle * KM_PER_DEGREE <= near.km)


def test_a_filter_that_ends_before_it_begins_is_told() -> None:
    for before in (datetime(2019, 5, 1), datetime(2020, 1, 1)):
        with pytest.raises(QueryError, match="end before they begin"):
            Filter(after=datetime(2020, 1, 1), before=before)


def test_a_folder_is_compared_as_the_system_compares_names() -> None:
    folder = Path("/Photos/Rome")
    assert _is_below(folder, "/Photos/Rome/a", str)
    assert not _is_below(folder, "/photos/rome/a", str)
    assert _is_below(folder, "/photos/rome/a", str.lower)
    assert _is_below(folder, "/photos/rome", str.lower)
    assert not _is_below(folder, "/photos/romeo", str.lower)


def test_a_million_rows_at_once_agree_with_one_photo_at_a_time() -> None:
    chance = random.Random(5)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    photos = [
        Photo(
            id=place * 2 + 1,
            path=Path(
                f"/p/{chance.choice('abc')}/{chance.choice(['IMG', 'Foto', 'ß%_'])}{place}.jpg"
            ),
            folder=Path("/p"),
            width=chance.choice([1000, 2000, 40_000]),
            height=chance.choice([1000, 3000, 60_000]),
            file_size=1,
            modified=epoch,
            offline=False,
            date=datetime(chance.randint(1900, 2030), chance.randint(1, 12), 5),
            dated_by="photo",
            metadata=Metadata(
                camera=chance.choice(["", "Canon EOS", "Apple iPhone 13"]),
                latitude=None if place % 5 == 0 else chance.uniform(-90, 90),
                longitude=None if place % 5 == 0 else chance.uniform(-180, 180),
                format=chance.choice(["jpeg", "png"]),
                lens=chance.choice(["", "RF 50mm F1.8"]),
                rating=chance.choice([None, 0, 3, 5]),
                keywords=chance.choice([(), ("Beach", "sea side"), ("seaside",)]),
            ),
        )
        for place in range(600)
    ]
    rows = [FactRow.of(photo) for photo in photos]
    facts = PhotoFacts(rows[:200]).grown(rows[200:])
    for _ in range(200):
        wanted = Filter(
            after=chance.choice([None, datetime(chance.randint(1900, 1965), 1, 1)]),
            before=chance.choice([None, datetime(chance.randint(1965, 2030), 6, 5)]),
            camera=chance.choice(["", "", "13 apple", "EOS", "nikon"]),
            folder=chance.choice([None, Path("/p/a"), Path("/p"), Path("/")]),
            format=chance.choice(["", "png"]),
            near=chance.choice(
                [None, Near(chance.uniform(-90, 90), chance.uniform(-180, 180), 9e3)]
            ),
            name=chance.choice(["", "img1", "SS%_", ".jpg", "99", "zz"]),
            lens=chance.choice(["", "", "", "50MM rf", "85mm"]),
            keyword=chance.choice(["", "", "", "SEA", "side", "beach\nsea"]),
            rating=chance.choice([None, None, 0, 4]),
            megapixels=chance.choice([None, None, 2.5, 2000]),
            shape=chance.choice(["", "", "landscape", "portrait", "square"]),
        )
        slow = [passes(photo, wanted) for photo in photos]
        assert matching(facts, wanted).tolist() == slow, wanted
        assert [why_not(photo, wanted) is None for photo in photos[:50]] == slow[:50], wanted
    assert facts.places_of(np.array([1, 2, 1199, 9999, -1])).tolist() == [0, -1, 599, -1, -1]
