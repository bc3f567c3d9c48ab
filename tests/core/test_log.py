"""The log beside a library: enough for a fault's report, nothing private, never too large."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from photoseek import Library, ModelBundle, QueryError
from photoseek.log import LOG_FILE, OLD_LOG_FILE, LibraryLog, catch_faults, without_names

INDEXING = logging.getLogger("photoseek.indexing")


def entries(directory: Path) -> str:
    file = directory / LOG_FILE
    return file.read_text("utf-8") if file.exists() else ""


def test_an_update_is_logged_by_its_counts_and_one_that_finds_nothing_is_not(
    library: Library, colour_folder: Path
) -> None:
    library.add_folder(colour_folder)
    library.update()
    assert "photoseek.indexing: update of 6 files" in entries(library.directory)
    assert "6 added" in entries(library.directory)
    before = entries(library.directory)
    library.update()
    assert entries(library.directory) == before


def test_neither_a_phrase_nor_the_name_of_a_photo_is_in_the_log(
    library: Library, colour_folder: Path
) -> None:
    (colour_folder / "secret holiday.jpg").write_bytes(b"no photo")
    (colour_folder / "red.jpg").rename(colour_folder / "private red.jpg")
    library.add_folder(colour_folder)
    library.update()
    library.search("purple unheard")
    with pytest.raises(QueryError):
        library.search("")
    (colour_folder / "private red.jpg").unlink()
    library.update()
    log = entries(library.directory)
    assert "1 failed" in log
    for word in ("secret", "holiday", "private", "red.jpg", "purple", "unheard", "photos/"):
        assert word not in log


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("cannot read '/home/me/my photo.jpg': gone", "cannot read [name]: gone"),
        ('of "my photo.jpg"', "of [name]"),
        ("cannot read /home/me/my photo.jpg: gone", "cannot read [path]"),
        ("C:\\Users\\me\\photo.jpg (5)", "[path]"),
        ("\\\\server\\share\\photo.jpg", "[path]"),
        ('File "/usr/lib/python3/x.py", line 3', 'File "/usr/lib/python3/x.py", line 3'),
        ("/home/me/photo.jpg in /usr/x.py", "[path]"),
        ("3 added, 4 failed", "3 added, 4 failed"),
    ],
)
def test_what_may_name_a_photo_is_left_out(text: str, left: str) -> None:
    assert without_names(text) == left


def test_a_recovery_is_logged(open_library: Callable[..., Library]) -> None:
    library = open_library()
    library.update()
    library.close()
    (library.directory / "library.db").write_bytes(b"no database at all " * 500)
    open_library(library.directory)
    assert "photoseek.catalogue: the library was put right" in entries(library.directory)


def test_the_log_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photoseek.log.MOST_BYTES", 10_000)
    log = LibraryLog(tmp_path)
    log.open()
    for number in range(1000):
        INDEXING.info("entry %d %s", number, "x" * 100)
    INDEXING.info("y" * 100_000)
    log.close()
    INDEXING.info("after the end")
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [LOG_FILE, OLD_LOG_FILE]
    assert sum(file.stat().st_size for file in files) < 30_000
    assert "after the end" not in entries(tmp_path)


WRITER = """
import logging, sys
from pathlib import Path
from photoseek import log
log.MOST_BYTES = 1 << 20
written = log.LibraryLog(Path(sys.argv[1]))
written.open()
for number in range(300):
    logging.getLogger("photoseek.decoding").info("entry %d of %s", number, sys.argv[2])
"""


def test_processes_write_to_one_log_line_by_line(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    lines = entries(tmp_path).splitlines()
    assert len(lines) == 900
    assert all("photoseek.decoding: entry" in line for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such files")
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_log_is_left_alone(
    tmp_path: Path, kind: str, open_library: Callable[..., Library], colour_folder: Path
) -> None:
    library = open_library()
    target, place = tmp_path / "target", library.directory / LOG_FILE
    target.write_text("theirs")
    if kind == "link":
        place.symlink_to(target)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    library.add_folder(colour_folder)
    assert library.update().added == 6
    assert target.read_text() == "theirs"


def test_the_logging_of_a_program_stays_its_own(tmp_path: Path, colour_bundle: ModelBundle) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    with Library.open(tmp_path / "library", bundle=colour_bundle):
        assert (root.level, list(root.handlers)) == before
    ours = [h for h in logging.getLogger("photoseek").handlers if isinstance(h, LibraryLog)]
    assert tmp_path / "library" not in [handler.directory for handler in ours]


@pytest.mark.skipif(sys.platform == "win32", reason="ends processes otherwise")
def test_a_process_that_a_library_of_c_ends_says_where_it_was(tmp_path: Path) -> None:
    code = (
        "import sys, ctypes; from pathlib import Path; from photoseek.log import catch_faults;"
        "catch_faults(Path(sys.argv[1])); ctypes.string_at(0)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode < 0
    assert "Segmentation fault" in entries(tmp_path)


def test_catching_faults_needs_no_library(tmp_path: Path) -> None:
    catch_faults(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
