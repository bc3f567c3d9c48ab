"""Files are written whole or not at all, and nothing inside a library leads out of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from photoseek import LibraryError
from photoseek.files import inside, open_new, part_of, read_whole, remove_parts, write_atomically


def test_a_path_over_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    library = tmp_path / "library"
    (library / "folder").mkdir(parents=True)
    assert inside(library, "folder", "new", "file") == library / "folder" / "new" / "file"
    (library / "link").symlink_to(tmp_path / "mine")
    (library / "folder" / "dangling").symlink_to("nowhere")
    for names in [("link",), ("link", "file"), ("folder", "dangling")]:
        with pytest.raises(LibraryError, match="is a link"):
            inside(library, *names)
    (tmp_path / "named").symlink_to(library)
    assert inside(tmp_path / "named", "folder") == tmp_path / "named" / "folder"


def test_a_file_is_never_made_through_a_link_or_over_another_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / "link").symlink_to(mine)
    (tmp_path / "dangling").symlink_to(tmp_path / "made.txt")
    for name in ("link", "dangling", "mine.txt"):
        with pytest.raises(OSError, match="exists"):
            open_new(tmp_path / name)
    assert mine.read_text() == "mine"
    assert not (tmp_path / "made.txt").exists()


def test_a_link_in_the_place_of_the_unfinished_file_is_not_written_through(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    part = part_of(tmp_path / "file")
    part.symlink_to(mine)
    (tmp_path / "file").symlink_to(mine)
    write_atomically(tmp_path / "file", b"content")
    assert mine.read_text() == "mine"
    assert (tmp_path / "file").read_bytes() == b"content"
    assert not (tmp_path / "file").is_symlink()
    assert not part.is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="makes a pipe")
def test_only_an_ordinary_file_of_bounded_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_whole(tmp_path / "file", 5) == b"12345"
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    for path, most in [("file", 4), ("link", 9), ("pipe", 9), (".", 9), ("/dev/zero", 9)]:
        with pytest.raises(OSError, match=r"too large|symbolic|ordinary"):
            read_whole(tmp_path / path, most)


@pytest.mark.skipif(sys.platform == "win32", reason="asks after processes")
def test_what_killed_processes_left_unfinished_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [f".a.jpg.{ended.pid}-1.part", f".model.{ended.pid}-140000000000000.part"]
    (tmp_path / left[0]).touch()
    (tmp_path / left[1] / "below").mkdir(parents=True)
    kept = [part_of(tmp_path / "mine").name, "letter.part", ".letter.12.part", "a.jpg"]
    for name in kept:
        (tmp_path / name).touch()
    remove_parts(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(kept)
    remove_parts(tmp_path / "missing")
