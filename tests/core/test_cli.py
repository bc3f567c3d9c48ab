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
from datetime import datetime
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


def test_forget_takes_folders_and_missing_photos_out(
    indexed: Run, colour_folder: Path, tmp_path: Path
) -> None:
    drive = draw_photo(tmp_path / "drive" / "usb" / "white.jpg", "white").parent
    indexed("index", drive)
    drive.rename(tmp_path / "unplugged")
    indexed("index", colour_folder)
    none = {"forgotten": 0, "photos": 7}
    assert indexed("forget", "--missing", colour_folder, "--json").rows == [none]
    assert_one_line(indexed("forget", colour_folder / "red.jpg"), "use photoseek exclude")
    assert indexed("forget", "--missing", "--json").rows == [{"forgotten": 1, "photos": 6}]
    assert indexed("forget", colour_folder, "--json").rows == [{"forgotten": 0, "photos": 0}]
    assert_one_line(indexed("forget", colour_folder), "is not a folder of this library")


def test_forget_takes_a_drive_with_its_folders_out_or_one_photo(
    indexed: Run, colour_folder: Path, tmp_path: Path
) -> None:
    drive = tmp_path / "drive"
    for name in ("a", "b"):
        draw_photo(drive / name / "white.jpg", "white")
        draw_photo(drive / name / "black.jpg", "black")
        indexed("index", drive / name)
    drive.rename(tmp_path / "unplugged")
    indexed("index", colour_folder)
    one = {"forgotten": 1, "photos": 9}
    assert indexed("forget", drive / "a" / "white.jpg", "--json").rows == [one]
    assert indexed("forget", drive, "--json").rows == [{"forgotten": 3, "photos": 6}]
    (info,) = indexed("info", "--json").rows
    assert [folder["path"] for folder in info["folders"]] == [str(colour_folder)]
    assert info["offline"] == 0


def test_index_opens_what_could_not_be_read_again_when_it_is_asked_to(
    indexed: Run, colour_folder: Path
) -> None:
    (colour_folder / "bad.jpg").write_bytes(b"bad")
    assert indexed("index", colour_folder, "--json").rows[0]["failed"] == 1
    assert indexed("index", colour_folder, "--json").rows[0]["failed"] == 0
    assert indexed("index", colour_folder, "--retry-failed", "--json").rows[0]["failed"] == 1


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
        (["search", "-red"], "say also what the photo should show"),
        (["search", "no", "people"], "say also what the photo should show"),
        (["search", "https://example.org/a.jpg"], "Photoseek opens no connections"),
        (["search", "собака"], "does not know 'собака'; try other English words"),
        (["search", "red", "--after", "2020", "--before", "2019"], "end before they begin"),
        (["exclude", "caf\udce9*"], "is not text in UTF-8"),
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
        ["search"],
        ["search", "red", "--jsn"],
        ["search", "--near", "--json"],
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


def test_a_minus_is_no_option(indexed: Run) -> None:
    for place in ("-34.6,-58.4,5", "−34.6,−58.4"):
        assert indexed("search", "--near", place).code == 0
        assert indexed("search", f"--near={place}", "red", "--json").code == 0
    wanted = indexed("search", "red -orange", "--json").out
    for arguments in (
        ("search", "red", "-orange", "--json"),
        ("search", "--json", "-orange", "red"),
        ("search", "red", "--not", "-orange", "--js"),
        ("search", "--top", 20, "red", "--json", "--", "-orange"),
    ):
        assert indexed(*arguments).out == wanted, arguments
    assert indexed("search", "red", "-horse", "--json").err.count("'horse'") == 1
    assert "usage: photoseek search" in indexed("search", "-h").out


def test_words_need_no_quotes(indexed: Run, colour_folder: Path) -> None:
    assert indexed("search", "red", "yellow").out == indexed("search", "red yellow").out
    photo = colour_folder / "red.jpg"
    assert indexed("explain", photo, "red", "-blue").out.count("of 6 for 'red -blue'") == 1


def test_index_without_a_folder_brings_all_up_to_date(indexed: Run, colour_folder: Path) -> None:
    draw_photo(colour_folder / "white.jpg", "white")
    assert indexed("index", "--json").rows[0]["added"] == 1


def test_index_without_any_folder_says_how_to_add_one(run: Run) -> None:
    assert_one_line(run("index"), "add a folder: photoseek index FOLDER")


def test_all_likely_photos_are_counted_not_only_those_shown(
    indexed: Run, colour_folder: Path
) -> None:
    for number in range(3):
        draw_photo(colour_folder / f"red {number}.jpg", "red")
    indexed("index")
    whole = indexed("search", "red").out.splitlines()[-1]
    few = indexed("search", "red", "--top-k", 1).out.splitlines()[-1]
    assert int(whole.split()[0]) >= 4
    assert few.split()[0] == whole.split()[0]
    assert "best 1 of which" in few


def test_offline_photos_are_marked(indexed: Run, colour_folder: Path, tmp_path: Path) -> None:
    colour_folder.rename(tmp_path / "away")
    indexed("index")
    assert indexed("search", "red").out.count("(offline)") == 6


def test_what_was_made_of_a_phrase_is_told(indexed: Run, colour_folder: Path) -> None:
    year = datetime.now().year
    done = indexed("search", f"red from {year}", "--json")
    assert Path(done.rows[0]["path"]).stem == "red"
    assert f"photoseek: 'from {year}' shows only photos from {year}-01-01 to" in done.err
    alone = indexed("search", f"photos from {year}")
    assert alone.out.split()[1] == f"{datetime.now():%Y-%m-%d}"
    assert "no photo passes the filter" in indexed("search", "red 1999").err
    assert "'1999'" in indexed("search", "red 1999", "--as-typed").err
    left_out = indexed("search", "red no orange", "--json")
    assert left_out.out == indexed("search", "red -orange", "--json").out
    assert "'no orange' leaves out 'orange'" in left_out.err
    photo = colour_folder / "red.jpg"
    assert indexed("search", photo, "--json").rows[0]["path"] == str(photo)
    assert "does not know 'собака'; it reads English" in indexed("search", "red собака").err
    assert "its first 10 words" in indexed("search", "red " * 50).err


def test_a_file_name_finds_the_file(indexed: Run, colour_folder: Path) -> None:
    for name in ("IMG_5195", "IMG_5196", "Xerxes"):
        draw_photo(colour_folder / f"{name}.jpg", "red")
    indexed("index")
    for phrase, found in (
        ("IMG_5195", ["IMG_5195"]),
        ("img_5195.JPG", ["IMG_5195"]),
        ("IMG_519", ["IMG_5196", "IMG_5195"]),
        ("xerxes", ["Xerxes"]),
    ):
        done = indexed("search", phrase, "--json")
        assert sorted(Path(row["path"]).stem for row in done.rows) == sorted(found)
        assert f"named '{phrase}'" in done.err
    assert "does not know" in indexed("search", "IMG_5195", "--as-typed").err
    assert "does not know 'IMG" in indexed("search", "IMG_7777").err


def test_what_was_made_of_each_of_many_is_in_its_row(indexed: Run, tmp_path: Path) -> None:
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("red 1999\nred kraken 17\nred no blue\nred.jpg\n")
    dated, unknown, left_out, named = indexed("search", "--queries", phrases, "--json").rows
    assert dated["understood"] == [
        {
            "as": "date",
            "typed": "1999",
            "after": "1999-01-01T00:00:00",
            "before": "2000-01-01T00:00:00",
        }
    ]
    assert unknown["unknown"] == ["kraken", "17"]
    assert left_out["understood"] == [{"as": "left out", "typed": "no blue", "phrase": "blue"}]
    assert named["understood"] == [{"as": "file name", "typed": "red.jpg", "count": 1}]


def test_phrases_are_lines_of_utf_8(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phrases = tmp_path / "phrases.txt"
    phrases.write_bytes("\ufeffred\r\nréd\u2028red\rblue\x0bred\x85\n\nred".encode())
    wanted = ["red", "réd\u2028red", "blue\x0bred\x85", "", "red"]
    for environment in ("C.UTF-8", "C"):
        monkeypatch.setenv("LC_ALL", environment)
        rows = indexed("search", "--queries", phrases, "--json").rows
        assert [row["query"] for row in rows] == wanted
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(phrases.read_bytes()), "ascii"))
    rows = indexed("search", "--queries", "-", "--json").rows
    assert [row["query"] for row in rows] == wanted
    phrases.write_bytes(b"caf\xe9")
    assert_one_line(indexed("search", "--queries", phrases, "--json"), "is not text in UTF-8")


def test_a_terminal_that_is_not_utf_8_gets_escapes(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_photo(tmp_path / "odd" / "日本.jpg", "red")
    indexed("index", tmp_path / "odd")
    out, err = io.BytesIO(), io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, "ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(err, "cp1252"))
    assert main(["search", "red собака"]) == 0
    sys.stdout.flush()
    sys.stderr.flush()
    assert b"\\u65e5\\u672c.jpg" in out.getvalue()
    assert b"\\u0441" in err.getvalue()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
def test_a_full_disk_behind_the_output_is_said_in_one_line(
    indexed: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for arguments in (["search", "red"], ["exclude", "--json"]):
        with Path("/dev/full").open("w") as full, monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", full)
            assert main(arguments) == 1
        err = capfd.readouterr().err
        assert err.startswith("photoseek: there is no space left")
        assert err.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use stays there")
def test_a_current_folder_that_is_gone_is_said(
    indexed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for arguments in (
        ["index", "."],
        ["search", "red", "--folder", "."],
        ["explain", "a.jpg"],
        ["forget", "."],
    ):
        assert_one_line(indexed(*arguments), "the current folder has been deleted")


def test_help_and_usage_load_neither_model_nor_database() -> None:
    code = (
        "import sys\nfrom photoseek.cli import main\n"
        "try: main(['search', '--help'])\nexcept SystemExit: pass\n"
        "print({'onnxruntime', 'sqlite3', 'PIL'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
