"""The `photoseek` command, in this process with the colour model: output, errors, exit codes."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drawing import draw_photo
from photoseek import ModelBundle
from photoseek.cli import main


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All of standard output as JSON lines: anything else there is an error."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]


@pytest.fixture
def run(
    colour_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Run a command on the library that the environment names."""
    monkeypatch.setattr(ModelBundle, "shipped", classmethod(lambda cls: colour_bundle))

    def run_(*arguments: object) -> Done:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = int(str(exit_.code))
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return run_


@pytest.fixture
def indexed(run: Run, colour_folder: Path) -> Run:
    assert run("index", colour_folder, "--json").code == 0
    return run


def assert_one_line(done: Done, words: str, code: int = 1) -> None:
    assert done.code == code
    assert done.out == ""
    assert done.err.startswith("photoseek: ")
    assert done.err.count("\n") == 1
    assert words in done.err


def test_index_reports_what_it_did(run: Run, colour_folder: Path) -> None:
    (colour_folder / "bad.jpg").write_bytes(b"bad")
    done = run("index", colour_folder, "--json")
    (report,) = done.rows
    assert done.code == 0
    assert done.err == ""
    counts = {key: report[key] for key in ("found", "added", "failed", "photos", "searchable")}
    assert counts == {"found": 7, "added": 6, "failed": 1, "photos": 7, "searchable": 6}
    assert set(report) >= {"changed", "moved", "removed", "unchanged", "offline", "cancelled"}
    again = run("index", colour_folder)
    assert again.code == 0
    assert "7 unchanged" in again.out
    assert "1 could not be read" in again.out


def test_search_prints_hits_as_the_contract_says(indexed: Run, colour_folder: Path) -> None:
    done = indexed("search", "red", "--json", "--top-k", 3)
    assert done.code == 0
    assert [row["rank"] for row in done.rows] == [1, 2, 3]
    first = done.rows[0]
    assert set(first) >= {"rank", "path", "score", "likely"}
    assert first["path"] == str(colour_folder / "red.jpg")
    assert isinstance(first["score"], float)
    assert first["likely"] is True
    assert len(indexed("search", "red", "--json").rows) == 6


def test_search_for_a_person_marks_the_likely_ones(indexed: Run) -> None:
    done = indexed("search", "red")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split()[:2] == ["1", "*"]
    assert lines[0].endswith("red.jpg")
    assert lines[-1].endswith("likely (*)")


def test_search_by_photos_and_without_phrases(indexed: Run, tmp_path: Path) -> None:
    blue, green = draw_photo(tmp_path / "b.png", "blue"), draw_photo(tmp_path / "g.png", "green")
    assert indexed("search", "--image", blue, "--json").rows[0]["path"].endswith("blue.jpg")
    both = indexed("search", "--image", blue, "--image", green, "--json").rows
    assert {Path(row["path"]).stem for row in both[:2]} == {"blue", "green"}
    mixed = indexed("search", "red", "--image", blue, "--json").rows
    assert Path(mixed[0]["path"]).stem == "purple"
    ranks = [
        [Path(row["path"]).stem for row in indexed(*arguments, "--json").rows].index("orange")
        for arguments in (
            ("search", "red"),
            ("search", "red", "--not", "orange"),
            ("search", "red -orange"),
        )
    ]
    assert ranks[0] < ranks[1] == ranks[2]


def test_queries_from_a_file_give_a_line_each(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queries.txt").write_text("red\nblue green\nyellow -orange\n", encoding="utf-8")
    done = indexed("search", "--queries", tmp_path / "queries.txt", "--json", "--top-k", 2)
    assert (done.code, done.err) == (0, "")
    assert [row["query"] for row in done.rows] == ["red", "blue green", "yellow -orange"]
    for row in done.rows:
        assert set(row) == {"query", "hits"}
        assert [hit["rank"] for hit in row["hits"]] == [1, 2]
        assert set(row["hits"][0]) >= {"rank", "path", "score", "likely"}
    monkeypatch.setattr(sys, "stdin", io.StringIO("red\n"))
    assert indexed("search", "--queries", "-", "--json").rows[0]["query"] == "red"


def test_one_bad_query_does_not_stop_the_others(indexed: Run, tmp_path: Path) -> None:
    (tmp_path / "queries.txt").write_text("kraken\n\nred\n", encoding="utf-8")
    done = indexed("search", "--queries", tmp_path / "queries.txt", "--json")
    assert done.code == 1
    assert [len(row["hits"]) for row in done.rows] == [0, 0, 6]
    assert "kraken" in done.rows[0]["error"]


def test_info_counts_everything(run: Run, colour_folder: Path, colour_bundle: ModelBundle) -> None:
    (colour_folder / "bad.jpg").write_bytes(b"bad")
    run("index", colour_folder)
    (info,) = run("info", "--json").rows
    counts = {key: info[key] for key in ("photos", "searchable", "failed", "offline", "pending")}
    assert counts == {"photos": 7, "searchable": 6, "failed": 1, "offline": 0, "pending": 0}
    assert info["model"] == {"id": colour_bundle.manifest.model_id, "name": "colours-0"}
    assert (info["provider"], info["fallback"]) == ("CPU", None)
    assert info["sizes"]["database"] > 0
    assert info["sizes"]["thumbnails"] > 0
    assert info["sizes"]["backups"] > 0
    assert info["folders"][0]["path"] == str(colour_folder)
    assert info["failures"][0]["path"] == str(colour_folder / "bad.jpg")
    text = run("info").out
    for words in ("6 of 7 searchable", "colours-0", "CPU", "bad.jpg", str(colour_folder)):
        assert words in text


def test_another_model_is_added_used_and_removed(
    indexed: Run, other_bundle: ModelBundle, colour_bundle: ModelBundle, colour_folder: Path
) -> None:
    old, new = colour_bundle.manifest.model_id, other_bundle.manifest.model_id
    done = indexed("model", "add", other_bundle.path)
    assert done.out.splitlines()[1] == f"search with it: photoseek model use {new}"
    (info,) = indexed("info", "--json").rows
    assert [(m["id"], m["in_use"], m["embedded"]) for m in info["models"]] == [
        (old, True, 6),
        (new, False, 6),
    ]
    assert info["sizes"]["models"] > 0
    assert f"{new}  colours-1  6 of 6 photos" in indexed("info").out
    assert_one_line(indexed("model", "remove", old[:6]), "is in use")
    (row,) = indexed("model", "use", new[:6], "--json").rows
    assert (row["id"], row["in_use"], row["lacking"]) == (new, True, 0)
    assert indexed("search", "red", "--json").rows[0]["path"] == str(colour_folder / "red.jpg")
    assert indexed("model", "list").out.startswith(f"* {new}  colours-1  6 of 6 photos, ")
    assert [row["id"] for row in indexed("model", "remove", old, "--json").rows] == [new]
    assert_one_line(indexed("model", "use", old), "photoseek model list shows all")


def test_a_model_that_is_lost_is_told_and_another_can_be_used(
    indexed: Run, other_bundle: ModelBundle, colour_bundle: ModelBundle
) -> None:
    new = other_bundle.manifest.model_id
    indexed("model", "add", other_bundle.path)
    indexed("model", "use", new)
    shutil.rmtree(Path(os.environ["PHOTOSEEK_LIBRARY"]) / "models" / new)
    assert_one_line(indexed("search", "red"), "add it again (photoseek model add BUNDLE)")
    assert "its files are missing" in indexed("model", "list").out
    assert indexed("model", "use", colour_bundle.manifest.model_id).code == 0
    assert indexed("search", "red").code == 0
    assert indexed("model", "add", other_bundle.path).code == 0
    assert indexed("model", "use", new).code == 0


def test_a_model_that_tells_no_likely_matches_says_so(
    indexed: Run, colour_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = dataclasses.replace(colour_bundle.manifest, likely=None)
    bundle = dataclasses.replace(colour_bundle, manifest=silent)
    monkeypatch.setattr(ModelBundle, "open", classmethod(lambda cls, path: bundle))
    assert "the model does not tell which are likely" in indexed("search", "red").out


def test_an_empty_library_lists_no_model(run: Run) -> None:
    assert "shipped model" in run("model", "list").out
    assert run("model", "list", "--json").rows == []


def test_explain_says_why(indexed: Run, colour_folder: Path) -> None:
    (row,) = indexed("explain", colour_folder / "red.jpg", "red", "--json").rows
    assert (row["path"], row["status"]) == (str(colour_folder / "red.jpg"), "found")
    assert (row["rank"], row["of"], row["likely"]) == (1, 6, True)
    plain = indexed("explain", colour_folder / "none.jpg")
    assert plain.code == 0
    assert "there is no such file" in plain.out


def test_forget_takes_folders_and_missing_photos_out(indexed: Run, colour_folder: Path) -> None:
    for name in ("red", "blue", "green"):
        (colour_folder / f"{name}.jpg").unlink()
    indexed("index", colour_folder)
    assert indexed("forget", "--missing", "--json").rows == [{"forgotten": 3, "photos": 3}]
    assert indexed("forget", colour_folder, "--json").rows == [{"forgotten": 0, "photos": 0}]
    assert_one_line(indexed("forget", colour_folder), "is not a folder of this library")


def test_the_library_option_goes_before_the_variable(
    run: Run, colour_folder: Path, tmp_path: Path, own_library_directory: Path
) -> None:
    run("index", colour_folder, "--library", tmp_path / "elsewhere")
    assert not own_library_directory.exists()
    found = run("search", "red", "--json", "--library", tmp_path / "elsewhere")
    assert len(found.rows) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["search", "kraken"], "the model does not know 'kraken'"),
        (["search", "--", "-red"], "say also what the photo should show"),
        (["search", "--image", "/none.jpg"], "/none.jpg: the file does not exist"),
        (["search", "--image", "letter.jpg"], "letter.jpg: not a photo in a format"),
        (["search", "--queries", "/none.txt", "--json"], "/none.txt"),
        (["index", "/no such folder"], "the folder /no such folder does not exist"),
        (["index", "letter.jpg"], "is a file; name the folder that holds it"),
        (["info", "--library", "letter.jpg"], "cannot be made"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    indexed: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / "letter.jpg").write_text("Dear all")
    monkeypatch.chdir(tmp_path)
    assert_one_line(indexed(*arguments), words)


def test_one_wrong_folder_does_not_keep_the_others_from_being_read(
    run: Run, colour_folder: Path
) -> None:
    done = run("index", "/no such folder", colour_folder, "--json")
    assert done.code == 1
    assert "does not exist" in done.err
    assert done.rows[0]["added"] == 6


@pytest.mark.parametrize("arguments", [["search", "red"], ["search", "red", "--json"]])
def test_an_empty_library_says_how_to_fill_it(run: Run, arguments: list[str]) -> None:
    assert_one_line(run(*arguments), "the library is empty; add a folder: photoseek index FOLDER")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["index"],
        ["search"],
        ["search", "red", "--top-k", "0"],
        ["search", "red", "--top-k", "many"],
        ["search", "red", "--queries", "file", "--json"],
        ["explain"],
        ["forget"],
        ["info", "--colour"],
    ],
)
def test_wrong_usage_is_told_with_code_2(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "usage: photoseek" in done.err


@pytest.mark.parametrize("phrase", ["", "  "])
def test_an_empty_phrase_is_told(indexed: Run, phrase: str) -> None:
    done = indexed("search", phrase, "--json")
    assert done.code in (1, 2)
    assert done.out == ""
    assert "nothing to search for" in done.err or "name a phrase" in done.err


def test_unknown_words_beside_known_ones_are_told_beside_the_results(indexed: Run) -> None:
    done = indexed("search", "red kraken", "--json")
    assert (done.code, len(done.rows)) == (0, 6)
    assert done.err == "photoseek: the model does not know 'kraken'\n"


def test_a_misspelt_word_is_told_beside_the_results(indexed: Run) -> None:
    done = indexed("search", "orangge", "--json")
    assert Path(done.rows[0]["path"]).stem == "orange"
    assert done.err == "photoseek: taken 'orange' for 'orangge'; --as-typed does not do so\n"
    assert "does not know 'orangge'" in indexed("search", "orangge", "--as-typed").err


def test_a_misspelt_word_is_told_in_its_row_of_many(indexed: Run, tmp_path: Path) -> None:
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("red\nyelow\n")
    plain, corrected = indexed("search", "--queries", phrases, "--json").rows
    assert "corrected" not in plain
    assert corrected["corrected"] == {"yelow": "yellow"}
    assert corrected["query"] == "yelow"


@pytest.mark.parametrize(
    "command", ["index", "search", "info", "explain", "exclude", "forget", "model"]
)
def test_each_command_has_help(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    assert f"usage: photoseek {command}" in done.out


@pytest.mark.skipif(sys.platform == "win32", reason="names there are Unicode")
def test_odd_file_names_can_be_opened_from_json(run: Run, tmp_path: Path) -> None:
    for name in (b"new\nline \x1b[31m\xff.jpg", "\U0001f600 ' \".jpg".encode()):
        draw_photo(tmp_path / "odd" / os.fsdecode(name), "red")
    run("index", tmp_path / "odd")
    rows = run("search", "red", "--json").rows
    assert len(rows) == 2
    assert all(Path(row["path"]).is_file() for row in rows)
    text = run("search", "red").out
    assert len(text.splitlines()) == 3
    assert "\\x0aline \\x1b[31m\\xff.jpg" in text


def test_patterns_are_excluded_listed_and_taken_back(indexed: Run, colour_folder: Path) -> None:
    assert indexed("exclude").out == "nothing is excluded\n"
    assert indexed("exclude", "r*.jpg").out.splitlines() == [
        "r*.jpg",
        "1 hidden, and kept in case the pattern is taken back",
    ]
    assert "excluded   r*.jpg" in indexed("info").out
    assert "excluded by this rule: r*.jpg" in indexed("explain", colour_folder / "red.jpg").out
    assert indexed("exclude", "r*.jpg", "--remove", "--json").rows == [
        {"exclusions": [], "hidden": 0, "shown": 1}
    ]
    assert_one_line(indexed("exclude", "#"), "'#' leaves nothing out; write it as Trash/")
    assert indexed("exclude", "--remove").code == 2


def test_help_and_usage_load_neither_model_nor_database() -> None:
    code = (
        "import sys\nfrom photoseek.cli import main\n"
        "try: main(['search', '--help'])\nexcept SystemExit: pass\n"
        "print({'onnxruntime', 'sqlite3', 'PIL'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
