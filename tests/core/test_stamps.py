"""What reveals that a file has changed, whatever numbers the disk gives."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import Library

FUTURE = 13_569_465_600 * 10**9  # in the year 2400
EARLY = -11_644_473_600 * 10**9  # in the year 1601, where Windows' times begin


def best(library: Library, phrase: str) -> str:
    return library.search(phrase, top_k=1)[0].photo.path.name


@pytest.mark.parametrize("moment", [FUTURE, EARLY, -1, 0])
def test_a_time_that_no_library_can_hold_costs_nothing(
    library: Library, colour_folder: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    from photoseek import scanner

    listing = scanner._entries

    class Entry:
        """An entry with a time that not every disk under a test can hold."""

        def __init__(self, entry: os.DirEntry[bytes]) -> None:
            self.name, self.path = entry.name, entry.path
            self.is_dir, self.is_symlink, self._entry = entry.is_dir, entry.is_symlink, entry

        def stat(self) -> object:
            found = self._entry.stat()
            times = {"st_mtime_ns": moment, "st_ctime_ns": moment}
            return os.stat_result(tuple(found), times)

    def entries(directory: bytes) -> object:
        for entry in listing(directory):
            yield Entry(entry) if entry.name == b"red.jpg" else entry

    monkeypatch.setattr(scanner, "_entries", entries)
    library.add_folder(colour_folder)
    report = library.update()
    assert (report.added, report.failed) == (6, 0)
    report = library.update()
    assert (report.unchanged, report.added) == (6, 0)
    assert best(library, "red") == "red.jpg"
    assert all(photo.date for photo in library.photos(library.browse().tolist()))


def test_a_file_of_the_same_size_and_time_with_other_content_is_noticed(
    library: Library, colour_folder: Path, tmp_path: Path
) -> None:
    photo = colour_folder / "red.jpg"
    other = draw_photo(tmp_path / "other.bmp", "white")
    photo.unlink()
    photo = draw_photo(colour_folder / "red.bmp", "red")
    library.add_folder(colour_folder)
    library.update()
    status = photo.stat()
    assert status.st_size == other.stat().st_size
    content = other.read_bytes()
    photo.write_bytes(content)
    os.utime(photo, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert library.update().changed == 1
    assert best(library, "white") == "red.bmp"
    assert library.update().unchanged == 6


def test_other_permissions_are_no_change_and_cost_one_reading(
    library: Library, colour_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add_folder(colour_folder)
    library.update()
    (colour_folder / "red.jpg").chmod(0o600)
    report = library.update()
    assert (report.changed, report.unchanged) == (0, 6)
    monkeypatch.setattr("photoseek.indexer.DecoderPool", None)
    assert library.update().unchanged == 6


def test_a_folder_restored_from_a_backup_keeps_its_ids(
    library: Library, colour_folder: Path
) -> None:
    library.add_folder(colour_folder)
    library.update()
    before = library.browse().tolist()
    backup = shutil.copytree(colour_folder, colour_folder.with_name("backup"))
    shutil.rmtree(colour_folder)
    Path(backup).rename(colour_folder)
    report = library.update()
    assert (report.unchanged, report.changed, report.added) == (6, 0, 0)
    assert library.browse().tolist() == before
