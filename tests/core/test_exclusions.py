"""Patterns of what a library leaves out: hidden at once, kept, and back when they are wanted."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import FolderError, Library, PatternError, Query
from photoseek.exclusions import Exclusions
from photoseek.filters import Filter


def names(library: Library) -> set[str]:
    found = library.photos(library.browse().tolist())
    return {str(photo.path.relative_to(photo.folder)) for photo in found}


@pytest.fixture
def indexed(library: Library, tmp_path: Path) -> Library:
    folder = tmp_path / "photos"
    for name in ("red.jpg", "blue.jpg", "blue_edited.jpg", "Trash/green.jpg", "a/trash/white.jpg"):
        draw_photo(
            folder / name, Path(name).stem.removesuffix("_edited"), size=(64, 60 + len(name))
        )
    library.add_folder(folder)
    assert library.update().added == 5
    return library


@pytest.mark.parametrize(
    ("pattern", "path", "excluded"),
    [
        ("Trash/", "Trash/a.jpg", True),
        ("Trash/", "a/b/trash/c/d.jpg", True),
        ("Trash/", "trash.jpg", False),
        ("*_edited.jpg", "a/IMG_1_Edited.JPG", True),
        ("*_edited.jpg", "a/IMG_1.jpg", False),
        ("/2019/raw", "2019/raw/a.jpg", True),
        ("/2019/raw", "a/2019/raw/a.jpg", False),
        ("**/small/*.png", "a/b/small/c.png", True),
        ("im?.png", "img.png", True),
        ("[ab].png", "b.png", True),
        ("caf\u00e9/", "cafe\u0301/a.jpg", True),
    ],
)
def test_patterns_are_those_of_gitignore_in_any_case_and_spelling(
    pattern: str, path: str, excluded: bool
) -> None:
    name = os.fsencode(path.replace("/", os.sep))
    assert Exclusions([pattern]).rule_for(name) == (pattern if excluded else None)


def test_a_later_pattern_can_take_back_what_an_earlier_left_out() -> None:
    exclusions = Exclusions(["*.png", "!keep.png"])
    assert exclusions.rule_for(b"a.png") == "*.png"
    assert exclusions.rule_for(b"keep.png") is None


@pytest.mark.parametrize("pattern", ["", "   ", "# remark", "!", "a["])
def test_a_pattern_that_leaves_nothing_out_is_refused(library: Library, pattern: str) -> None:
    with pytest.raises(PatternError, match=r"\*_edited.jpg"):
        library.exclude(pattern)
    assert library.exclusions() == ()


def test_excluded_photos_are_hidden_at_once_and_back_without_being_read_again(
    indexed: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert indexed.search("green", top_k=1)[0].photo.path.name == "green.jpg"
    before = indexed.browse().tolist()
    assert indexed.exclude("trash/", "*_edited.jpg") == 3
    assert names(indexed) == {"red.jpg", "blue.jpg"}
    assert {hit.photo.path.name for hit in indexed.search("green")} == {"red.jpg", "blue.jpg"}
    info = indexed.info()
    assert (info.photos, info.searchable, info.folders[0].photos) == (2, 2, 2)
    assert info.exclusions == ("trash/", "*_edited.jpg")
    report = indexed.update()
    assert (report.unchanged, report.added, report.removed, report.offline) == (2, 0, 0, 0)
    monkeypatch.setattr("photoseek.indexer.DecoderPool", None)
    assert indexed.include("trash/") == 2
    assert indexed.search("green", top_k=1)[0].photo.path.name == "green.jpg"
    assert indexed.include("*_edited.jpg") == 1
    assert sorted(indexed.browse().tolist()) == sorted(before)
    assert indexed.update().unchanged == 5


def test_filters_find_what_is_back(indexed: Library) -> None:
    by_name = Query(filter=Filter(name="green"))
    assert len(indexed.search(by_name)) == 1
    indexed.exclude("Trash/")
    assert indexed.search(by_name) == []
    indexed.include("Trash/")
    assert [hit.photo.path.name for hit in indexed.search(by_name)] == ["green.jpg"]


def test_new_photos_that_a_pattern_matches_are_not_read(indexed: Library, tmp_path: Path) -> None:
    indexed.exclude("*.png")
    png = draw_photo(tmp_path / "photos" / "late.png", "yellow")
    assert indexed.update().added == 0
    assert indexed.update(places=[png]).added == 0
    assert indexed.include("*.png") == 0
    assert indexed.update().added == 1


def test_a_hidden_photo_whose_file_has_gone_is_gone_when_it_is_back(
    indexed: Library, tmp_path: Path
) -> None:
    indexed.exclude("*_edited.jpg")
    (tmp_path / "photos" / "blue_edited.jpg").unlink()
    indexed.update()
    assert indexed.include("*_edited.jpg") == 1
    assert indexed.update().removed == 1


def test_explain_names_the_rule(indexed: Library, tmp_path: Path) -> None:
    indexed.exclude("Trash/")
    explanation = indexed.explain(tmp_path / "photos" / "Trash" / "green.jpg", "green")
    assert explanation.status == "excluded"
    assert explanation.reason.startswith("excluded by this rule: Trash/")
    assert indexed.explain(tmp_path / "photos" / "red.jpg").status == "found"


def test_a_pattern_that_is_not_there_cannot_be_taken_back(indexed: Library) -> None:
    with pytest.raises(PatternError, match="'Bin/' is not among"):
        indexed.include("Bin/")


def test_another_window_sees_what_is_hidden_and_back(
    indexed: Library, open_library: Callable[..., Library]
) -> None:
    other = open_library(indexed.directory)
    assert len(other.search("red")) == 5
    indexed.exclude("Trash/")
    assert len(other.search("red")) == 3
    indexed.include("Trash/")
    assert len(other.search("red")) == 5


def test_folders_that_are_removed_or_swallowed_keep_patterns_true(
    indexed: Library, tmp_path: Path
) -> None:
    indexed.exclude("/Trash")
    assert names(indexed) == {"red.jpg", "blue.jpg", "blue_edited.jpg", "a/trash/white.jpg"}
    indexed.add_folder(tmp_path)  # now it lies at photos/Trash, which the pattern does not mean
    assert "photos/Trash/green.jpg" in names(indexed)
    indexed.exclude("Trash/")
    indexed.remove_folder(tmp_path)
    assert (indexed.include("Trash/"), indexed.browse().tolist()) == (0, [])
    with pytest.raises(FolderError):
        indexed.remove_folder(tmp_path)


def test_a_model_that_is_removed_takes_its_embeddings_of_hidden_photos_along(
    indexed: Library, other_bundle: object, open_library: Callable[..., Library]
) -> None:
    other = open_library(indexed.directory, bundle=other_bundle)
    other.update()
    indexed.exclude("Trash/")
    indexed.remove_model(other.bundle.manifest.model_id)
    indexed.include("Trash/")
    assert len(indexed.search("red")) == 5


def test_hidden_photos_have_the_columns_of_all_photos(indexed: Library) -> None:
    with closing(sqlite3.connect(indexed.directory / "library.db")) as database:
        columns = [
            [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            for table in ("photos", "excluded_photos")
        ]
    assert columns[0] == columns[1]


def test_patterns_are_held_against_names_before_anything_is_locked(
    indexed: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(indexed.directory / "library.db", timeout=0, isolation_level=None)
    rule_for = Exclusions.rule_for

    def and_write(self: Exclusions, name: bytes, *, is_folder: bool = False) -> str | None:
        other.execute("BEGIN IMMEDIATE")  # which fails while another transaction writes
        other.execute("ROLLBACK")
        return rule_for(self, name, is_folder=is_folder)

    monkeypatch.setattr(Exclusions, "rule_for", and_write)
    with closing(other):
        assert indexed.exclude("*") > 0
        assert indexed.include("*") > 0
