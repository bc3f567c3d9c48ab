"""Searching a library: phrases, photos, both, and what is left out."""

from __future__ import annotations

import dataclasses
import io
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawing import draw, draw_photo
from photoseek import (
    Correction,
    Encoder,
    FolderError,
    Library,
    LibraryBusyError,
    LibraryError,
    ModelBundle,
    PhotoError,
    Query,
    QueryError,
)
from photoseek.embedding_index import Snapshot
from photoseek.expansion import expand
from photoseek.manifest import LikelyRule


@pytest.fixture
def indexed(library: Library, colour_folder: Path) -> Library:
    library.add_folder(colour_folder)
    library.update()
    return library


def names(library: Library, query: str | Query, top_k: int = 20) -> list[str]:
    return [hit.photo.path.stem for hit in library.search(query, top_k)]


def id_of(library: Library, name: str) -> int:
    photos = library.photos(library.browse().tolist())
    return next(photo.id for photo in photos if photo.path.stem == name)


def test_hits_are_ranked_from_one_with_falling_scores(indexed: Library) -> None:
    hits = indexed.search("red")
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6]
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert (hits[0].photo.path.name, hits[0].likely, hits[-1].likely) == ("red.jpg", True, False)


def test_photos_are_likely_matches_of_photos_by_a_rule_of_their_own(
    colour_bundle: ModelBundle, colour_folder: Path, tmp_path: Path
) -> None:
    strict = dataclasses.replace(
        colour_bundle.manifest, likely_by_photo=LikelyRule(mean=0.0, std=0.4, threshold=50.0)
    )
    bundle = dataclasses.replace(colour_bundle, manifest=strict)
    with Library.open(tmp_path / "strict", bundle=bundle) as library:
        library.add_folder(colour_folder)
        library.update()
        by_photo = Query(images=(draw("red"),))
        assert library.rank("red").likely > 0
        assert library.rank(by_photo).likely == 0
        assert library.rank(Query(("red",), by_photo.images)).likely == 0
        told = library.explain(colour_folder / "red.jpg", by_photo)
        assert (told.rank, told.likely) == (1, False)


def test_a_phrase_beside_a_photo_weighs_more_the_less_scores_of_phrases_differ(
    colour_bundle: ModelBundle, colour_folder: Path, tmp_path: Path
) -> None:
    both = Query(("red",), images=(draw("blue"),))
    leads = []
    for std in (0.1, 0.4, 1.6):
        manifest = dataclasses.replace(
            colour_bundle.manifest, likely_by_photo=LikelyRule(mean=0.0, std=std, threshold=1.5)
        )
        bundle = dataclasses.replace(colour_bundle, manifest=manifest)
        with Library.open(tmp_path / str(std), bundle=bundle) as library:
            library.add_folder(colour_folder)
            library.update()
            scores = {hit.photo.path.stem: hit.score for hit in library.search(both)}
        leads.append(scores["red"] - scores["blue"])
    assert leads == sorted(leads)
    assert leads[0] < -0.1
    assert leads[-1] > 0.1


@pytest.mark.parametrize(("top_k", "rows"), [(1, 1), (4, 4), (6, 6), (100, 6), (0, 0)])
def test_top_k_is_the_most_rows(indexed: Library, top_k: int, rows: int) -> None:
    assert len(indexed.search("red", top_k=top_k)) == rows


def test_a_photo_finds_photos_like_it(indexed: Library, tmp_path: Path) -> None:
    example = draw_photo(tmp_path / "example.png", "blue", size=(30, 90))
    assert names(indexed, Query(images=(example,)))[0] == "blue"
    assert names(indexed, Query(images=(draw("green"),)))[0] == "green"


def test_those_nearest_to_a_photo_help_to_search_by_it(
    indexed: Library, colour_bundle: ModelBundle
) -> None:
    ranking = indexed.rank(Query(images=(draw("blue"),)))
    encoder = Encoder(colour_bundle)
    (blue,) = encoder.encode_images([draw("blue")])
    paths = [photo.path for photo in indexed.photos(ranking.ids.tolist())]
    rows = encoder.encode_images(paths)
    expanded = expand(Snapshot(ranking.ids, (rows,)), blue)
    np.testing.assert_allclose(ranking.scores, rows @ expanded, atol=2e-3)
    assert np.abs(ranking.scores - rows @ blue).max() > 0.02


def test_a_phrase_and_a_photo_are_looked_for_together(indexed: Library) -> None:
    draw_photo(indexed.folders()[0].path / "both.jpg", "red", "blue")
    indexed.update()
    assert names(indexed, Query(("red",), images=(draw("blue"),)))[0] in ("both", "purple")
    assert set(names(indexed, Query(("red",), images=(draw("blue"),)), 4)) >= {"both", "purple"}


def test_what_is_not_wanted_falls_back(indexed: Library) -> None:
    plain, without = names(indexed, "red"), names(indexed, "red -orange")
    assert without.index("orange") > plain.index("orange")


def test_a_photo_of_the_library_is_not_among_those_similar_to_it(indexed: Library) -> None:
    red = id_of(indexed, "red")
    found = names(indexed, Query(photo_ids=(red,)))
    assert len(found) == 5
    assert found[0] == "orange"


@pytest.mark.parametrize("top_k", [1, 2, 5])
def test_similar_photos_are_never_more_than_asked_for(indexed: Library, top_k: int) -> None:
    red, orange = id_of(indexed, "red"), id_of(indexed, "orange")
    for ids in ((red,), (red, red), (red, orange)):
        expected = min(top_k, 6 - len(set(ids)))
        assert len(indexed.search(Query(photo_ids=ids), top_k)) == expected
    unlike = Query(photo_ids=(red,), without=("red", "orange"))
    assert len(indexed.search(unlike, top_k)) == top_k


def test_a_photo_that_has_left_the_library_cannot_be_searched_by(indexed: Library) -> None:
    with pytest.raises(QueryError, match="no longer in the library"):
        indexed.search(Query(photo_ids=(12345,)))


def test_unknown_words_are_named_and_the_rest_is_searched(indexed: Library) -> None:
    ranking = indexed.rank("red Zeppelin -kraken")
    assert ranking.unknown_words == ("Zeppelin", "kraken")
    assert indexed.results(ranking)[0].photo.path.stem == "red"


def test_a_misspelt_word_is_put_right_and_told_unless_asked_not_to(indexed: Library) -> None:
    ranking = indexed.rank("purpel photos -orangge")
    assert ranking.corrections == (Correction("purpel", "purple"), Correction("orangge", "orange"))
    assert ranking.unknown_words == ("photos",)
    assert indexed.results(ranking)[0].photo.path.stem == "purple"
    as_typed = indexed.rank(Query.parse("purpel red", as_typed=True))
    assert as_typed.corrections == ()
    assert as_typed.unknown_words == ("purpel",)


@pytest.mark.parametrize(
    ("phrase", "words"),
    [("zeppelin", "'zeppelin'"), ("a zeppelin", "'a', 'zeppelin'"), ("???", "these signs")],
)
def test_a_phrase_without_a_known_word_is_told(indexed: Library, phrase: str, words: str) -> None:
    with pytest.raises(QueryError, match="does not know") as caught:
        indexed.search(phrase)
    assert words in str(caught.value)


def test_a_very_long_phrase_and_odd_characters_are_searched_like_any_other(
    indexed: Library,
) -> None:
    assert names(indexed, "red " * 5000)[0] == "red"
    assert names(indexed, "red \x00 \ud800 \U0001f600 %_'\"")[0] == "red"


def test_a_query_photo_that_is_no_photo_is_named(indexed: Library, tmp_path: Path) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_text("Dear all")
    with pytest.raises(PhotoError) as caught:
        indexed.search(Query(images=(letter,)))
    assert caught.value.path == letter
    assert str(caught.value) == f"{letter}: not a photo in a format that Photoseek reads"
    with pytest.raises(PhotoError, match="the file does not exist"):
        indexed.search(Query(images=(tmp_path / "none.jpg",)))
    with pytest.raises(PhotoError, match="this is a folder"):
        indexed.search(Query(images=(tmp_path,)))


def test_an_empty_library_finds_nothing(library: Library) -> None:
    assert library.search("red") == []
    assert library.browse().tolist() == []
    assert library.info().photos == 0
    assert library.update().found == 0


def test_photos_come_in_the_order_asked_without_those_that_are_gone(indexed: Library) -> None:
    ids = indexed.browse().tolist()
    asked = [ids[3], 999, ids[0], ids[3]]
    assert [photo.id for photo in indexed.photos(asked)] == [ids[3], ids[0], ids[3]]


def test_a_photo_knows_its_upright_size_and_its_file(library: Library, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = draw_photo(tmp_path / "p" / "a.jpg", "red", size=(1200, 800), exif=exif)
    library.add_folder(tmp_path / "p")
    library.update()
    (photo,) = library.photos(library.browse().tolist())
    assert (photo.path, photo.folder) == (path, tmp_path / "p")
    assert (photo.width, photo.height) == (800, 1200)
    assert photo.file_size == path.stat().st_size
    assert photo.modified.timestamp() == pytest.approx(path.stat().st_mtime, abs=1e-3)
    thumbnail = Image.open(io.BytesIO(library.thumbnail(photo.id) or b""))
    assert (thumbnail.format, thumbnail.size) == ("JPEG", (213, 320))


def test_a_lost_thumbnail_is_made_again(indexed: Library) -> None:
    red = id_of(indexed, "red")
    kept = indexed.thumbnail(red)
    shutil.rmtree(indexed.directory / "thumbnails")
    assert indexed.info().thumbnail_bytes == 0
    assert indexed.thumbnail(red) == kept
    assert indexed.info().thumbnail_bytes == len(kept or b"")
    shutil.rmtree(indexed.directory / "thumbnails")
    indexed.photos([red])[0].path.unlink()
    assert indexed.thumbnail(red) is None
    assert indexed.thumbnail(999) is None


def test_newest_photos_are_browsed_first(library: Library, tmp_path: Path) -> None:
    import os

    for place, name in enumerate(("b", "c", "a")):
        path = draw_photo(tmp_path / "p" / f"{name}.jpg", "red", size=(50 + place, 50))
        os.utime(path, (1_000_000 + place, 1_000_000 + place))
    library.add_folder(tmp_path / "p")
    library.update()
    photos = library.photos(library.browse().tolist())
    assert [photo.path.stem for photo in photos] == ["a", "c", "b"]


def test_the_librarys_own_thumbnails_are_never_taken_for_photos(
    open_library: Callable[..., Library], tmp_path: Path
) -> None:
    draw_photo(tmp_path / "home" / "red.jpg", "red")
    library = open_library(tmp_path / "home" / "photoseek library")
    library.add_folder(tmp_path / "home")
    library.update()
    report = library.update()
    assert (report.found, report.unchanged) == (1, 1)
    (thumbnail,) = (library.directory / "thumbnails").rglob("*.jpg")
    explanation = library.explain(thumbnail)
    assert explanation.status == "excluded"
    assert "library" in explanation.reason


@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_is_known_by_the_name_the_person_gave(
    library: Library,
    colour_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    linked: bool,
) -> None:
    name = "link" if linked else colour_folder.name
    if linked:
        (tmp_path / name).symlink_to(colour_folder)
    monkeypatch.chdir(tmp_path)
    assert library.add_folder(name).path == tmp_path / name
    library.update()
    assert library.search("red")[0].photo.path == tmp_path / name / "red.jpg"


def test_what_is_no_folder_is_said_in_words(library: Library, colour_folder: Path) -> None:
    with pytest.raises(FolderError, match="does not exist"):
        library.add_folder(colour_folder / "none")
    with pytest.raises(FolderError, match="is a file; name the folder that holds it"):
        library.add_folder(colour_folder / "red.jpg")
    with pytest.raises(FolderError, match="not a folder of this library"):
        library.remove_folder(colour_folder)
    assert library.folders() == ()


def test_a_removed_folder_is_no_longer_searched(
    indexed: Library, colour_folder: Path, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "other" / "white.jpg", "white")
    indexed.add_folder(tmp_path / "other")
    indexed.update()
    indexed.remove_folder(colour_folder)
    assert names(indexed, "red") == ["white"]
    assert [folder.path for folder in indexed.folders()] == [tmp_path / "other"]
    assert (indexed.info().photos, indexed.info().searchable) == (1, 1)
    assert len(list((indexed.directory / "thumbnails").rglob("*.jpg"))) == 1


def test_another_librarys_changes_are_seen_without_opening_again(
    indexed: Library, open_library: Callable[..., Library], colour_folder: Path
) -> None:
    reader = open_library()
    assert len(names(reader, "red")) == 6
    draw_photo(colour_folder / "white.jpg", "white")
    (colour_folder / "red.jpg").unlink()
    indexed.update()
    assert names(reader, "white")[0] == "white"
    assert "red" not in names(reader, "red")


def test_searching_goes_on_while_an_update_runs(
    library: Library, tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    colours = ("red", "green", "blue", "yellow")
    for place in range(80):
        colour = colours[place % 4]
        draw_photo(tmp_path / "p" / f"{colour}-{place}.jpg", colour, size=(64 + place, 64))
    library.add_folder(tmp_path / "p")
    other, seen, problems = open_library(), list[int](), list[Exception]()
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                hits = library.search("red", top_k=100)
                seen.append(len(hits))
                assert not hits or hits[0].photo.path.name.startswith("red")
        except Exception as error:  # noqa: BLE001 -- carried to the test's own thread
            problems.append(error)

    thread = threading.Thread(target=search)
    thread.start()

    def refused(_: object) -> None:
        with pytest.raises(LibraryBusyError, match="another Photoseek is updating"):
            other.update()

    library.update(on_progress=refused)
    done.set()
    thread.join()
    assert problems == []
    assert seen == sorted(seen)
    assert len(library.search("red", top_k=100)) == 80


def test_a_closed_library_says_so(indexed: Library) -> None:
    indexed.close()
    with pytest.raises(LibraryError, match="is closed"):
        indexed.search("red")


def test_a_library_opens_where_the_variable_says(
    own_library_directory: Path, monkeypatch: pytest.MonkeyPatch, colour_bundle: object
) -> None:
    with Library.open(bundle=colour_bundle) as library:  # type: ignore[arg-type]
        assert library.directory == own_library_directory
        assert (own_library_directory / "library.db").is_file()


def test_a_file_where_the_library_should_be_is_said(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError, match="cannot be made"):
        open_library(tmp_path / "file")
    with pytest.raises(LibraryError, match="cannot be made"):
        open_library(tmp_path / "file" / "library")


@pytest.mark.parametrize(
    ("make", "status", "reason"),
    [
        (lambda f: f / "red.jpg", "found", "it is searchable"),
        (lambda f: f / "none.jpg", "not indexed", "there is no such file"),
        (lambda f: f, "not indexed", "this is a folder"),
        (lambda f: draw_photo(f / "new.jpg", "red"), "not indexed", "not there at the last scan"),
        (lambda f: draw_photo(f.parent / "o.jpg", "red"), "not indexed", "not in the library"),
        (lambda f: draw_photo(f / ".hid.jpg", "red"), "excluded", "starts with a dot"),
        (lambda f: draw_photo(f / "@eaDir" / "a.jpg", "red"), "excluded", "'@eaDir'"),
        (lambda f: draw_photo(f / "a.ppm", "red"), "excluded", ".ppm is not the ending"),
    ],
)
def test_any_file_is_explained(
    indexed: Library,
    colour_folder: Path,
    make: Callable[[Path], Path],
    status: str,
    reason: str,
) -> None:
    explanation = indexed.explain(make(colour_folder), "red")
    assert explanation.status == status
    assert reason in explanation.reason


def test_an_explanation_gives_the_place_among_all_photos(
    indexed: Library, colour_folder: Path
) -> None:
    hits = {hit.photo.path: hit for hit in indexed.search("red")}
    for name in ("red.jpg", "green.jpg"):
        explanation, hit = indexed.explain(colour_folder / name, "red"), hits[colour_folder / name]
        assert (explanation.rank, explanation.of) == (hit.rank, 6)
        assert explanation.score == pytest.approx(hit.score)
        assert explanation.likely == hit.likely
        assert explanation.deviations is not None
        assert (explanation.deviations >= 1.5) == hit.likely
