"""A person finds photos with the `photoseek` command and the shipped model."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


def hits(output: str) -> list[str]:
    return [Path(json.loads(line)["path"]).stem for line in output.splitlines()]


@pytest.fixture
def indexed(photoseek: Command, photos: Path) -> Command:
    done = photoseek("index", photos)
    assert done.returncode == 0, done.stderr
    assert "8 added" in done.stdout
    assert "8 of 11 searchable; 3 could not be read" in done.stdout
    return photoseek


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("a cat", "IMG_0001"),
        ("a cup of coffee", "IMG_0002"),
        ("a person in an orange uniform", "IMG_0004"),
        ("a temple", "IMG_0005"),
        ("a flower", "IMG_0006"),
        ("stars in the night sky", "IMG_0007"),
    ],
)
def test_a_phrase_finds_its_photo_first(indexed: Command, phrase: str, name: str) -> None:
    found = indexed("search", phrase, "--json")
    assert found.returncode == 0
    assert hits(found.stdout)[0] == name


def test_a_photo_from_outside_finds_its_original_first(
    indexed: Command, cat_from_outside: Path
) -> None:
    found = indexed("search", "--image", cat_from_outside, "--json", "--top-k", 2)
    assert hits(found.stdout)[0] == "IMG_0001"
    assert len(hits(found.stdout)) == 2


def test_a_phrase_and_a_photo_are_looked_for_together(
    indexed: Command, cat_from_outside: Path
) -> None:
    found = indexed("search", "a flower", "--image", cat_from_outside, "--json")
    assert set(hits(found.stdout)[:2]) == {"IMG_0001", "IMG_0006"}


def test_what_is_not_wanted_falls_behind(indexed: Command) -> None:
    plain = hits(indexed("search", "an animal", "--json").stdout)
    without = hits(indexed("search", "an animal", "--not", "a cat", "--json").stdout)
    typed = hits(indexed("search", 'an animal -"a cat"', "--json").stdout)
    assert without.index("IMG_0001") > plain.index("IMG_0001")
    assert typed == without


def test_many_phrases_come_back_one_json_line_each(indexed: Command, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("a cat\na flower\n")
    found = indexed("search", "--queries", queries, "--json", "--top-k", 3)
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["query"] for row in rows] == ["a cat", "a flower"]
    assert [Path(row["hits"][0]["path"]).stem for row in rows] == ["IMG_0001", "IMG_0006"]
    assert [len(row["hits"]) for row in rows] == [3, 3]


def test_every_file_that_could_not_be_read_is_named_with_its_reason(
    indexed: Command, photos: Path
) -> None:
    info = json.loads(indexed("info", "--json").stdout)
    reasons = {Path(item["path"]).name: item["reason"] for item in info["failures"]}
    assert reasons == {
        "cut short.jpg": "the file is cut short",
        "empty.jpg": "the file is empty",
        "letter.png": "not a photo in a format that Photoseek reads",
    }
    assert (info["photos"], info["searchable"], info["failed"]) == (11, 8, 3)
    assert info["provider"] in ("CPU", "CUDA")


def test_explain_tells_why_a_photo_is_or_is_not_found(indexed: Command, photos: Path) -> None:
    found = json.loads(indexed("explain", photos / "IMG_0001.jpg", "a cat", "--json").stdout)
    assert (found["status"], found["rank"], found["of"]) == ("found", 1, 8)
    failed = indexed("explain", photos / "empty.jpg").stdout
    assert "failed: the file is empty" in failed
    excluded = indexed("explain", photos / "notes.txt").stdout
    assert "excluded: .txt is not the ending of a photo file" in excluded


def test_indexing_again_opens_nothing_and_a_renamed_folder_keeps_its_photos(
    photoseek: Command, tmp_path: Path, photos: Path
) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for name in ("IMG_0001.jpg", "IMG_0002.png"):
        (folder / name).write_bytes((photos / name).read_bytes())
    assert "2 added" in photoseek("index", folder).stdout
    assert "2 unchanged" in photoseek("index", folder).stdout
    folder.rename(tmp_path / "summer")
    assert "2 moved" in photoseek("index", tmp_path / "summer").stdout
    first = photoseek("search", "a cat", "--json", "--top-k", 1).stdout
    assert json.loads(first)["path"] == str(tmp_path / "summer" / "IMG_0001.jpg")
