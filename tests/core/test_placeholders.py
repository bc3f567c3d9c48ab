"""Photos that a cloud drive shows and has not fetched are counted, and never opened."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from drawing import draw_photo
from photoseek import Library
from photoseek.records import NOT_DOWNLOADED
from photoseek.scanner import scan_folder
from photoseek.wording import coverage, info_values

OneDrive = Callable[..., None]


class Entry:
    """A folder's entry with the file's real facts, and what a cloud drive adds to them."""

    def __init__(self, entry: os.DirEntry[bytes], extra: dict[str, int]) -> None:
        self.name, self.path, self.is_dir = entry.name, entry.path, entry.is_dir
        self.is_symlink = entry.is_symlink
        status = entry.stat()
        names = ("st_mode", "st_size", "st_mtime_ns", "st_ctime_ns", "st_dev", "st_ino")
        self._status = SimpleNamespace(**{name: getattr(status, name) for name in names}, **extra)

    def stat(self) -> object:
        return self._status


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> OneDrive:
    """Let the system say of some files that a cloud drive has not fetched them."""
    from photoseek import scanner

    listing = scanner._entries
    facts: dict[bytes, dict[str, int]] = {}

    def entries(directory: bytes) -> object:
        for entry in listing(directory):
            yield Entry(entry, facts[entry.name]) if entry.name in facts else entry

    monkeypatch.setattr(scanner, "_entries", entries)

    def set_facts(**extra: dict[str, int]) -> None:
        facts.clear()
        facts.update({f"{name}.jpg".encode(): values for name, values in extra.items()})

    return set_facts


@pytest.mark.parametrize(
    "facts",
    [
        {"st_file_attributes": 0x400000},
        {"st_file_attributes": 0x40000 | 0x20},
        {"st_file_attributes": 0x1000},
        {"st_flags": 0x40000000},
    ],
)
def test_files_that_would_be_fetched_are_told_from_those_that_are_here(
    colour_folder: Path, away: OneDrive, facts: dict[str, int]
) -> None:
    away(red=facts, blue={"st_file_attributes": 0x20, "st_flags": 0x20})
    scan = scan_folder(colour_folder)
    assert [file.name for file in scan.placeholders] == [b"red.jpg"]
    assert len(scan.files) == 5


def test_stubs_of_icloud_stand_for_their_photos(tmp_path: Path) -> None:
    for name in (".a.jpg.icloud", ".b.txt.icloud", ".c.HEIC.icloud", "d.jpg.icloud", ".icloud"):
        (tmp_path / name).touch()
    draw_photo(tmp_path / "sub" / "e.jpg", "red")
    (tmp_path / "sub" / ".e.jpg.icloud").touch()
    (tmp_path / "sub" / ".f.jpg.icloud").touch()
    scan = scan_folder(tmp_path)
    assert sorted(file.name for file in scan.placeholders) == [b"a.jpg", b"c.HEIC", b"sub/f.jpg"]
    assert [file.name for file in scan.files] == [b"sub/e.jpg"]


def test_what_is_not_fetched_is_counted_and_not_opened(
    library: Library, colour_folder: Path, away: OneDrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(red={"st_file_attributes": 0x400000})
    # Were it opened, this would be a photo that cannot be read.
    good = (colour_folder / "red.jpg").read_bytes()
    (colour_folder / "red.jpg").write_bytes(b"x" * len(good))
    library.add_folder(colour_folder)
    report = library.update()
    assert (report.found, report.added, report.failed) == (6, 5, 1)
    info = library.info()
    assert (info.photos, info.searchable, info.not_downloaded) == (6, 5, 1)
    assert [item.reason for item in info.failures] == [NOT_DOWNLOADED]
    assert info_values(info)["not_downloaded"] == 1
    assert coverage(info) == "5 of 6 searchable; 1 not downloaded from the cloud"
    assert NOT_DOWNLOADED in library.explain(colour_folder / "red.jpg").reason

    (colour_folder / "red.jpg").write_bytes(good)
    away()
    assert library.update().failed == 0
    assert library.search("red", top_k=1)[0].photo.path.name == "red.jpg"
    assert library.info().not_downloaded == 0


def test_a_photo_that_leaves_for_the_cloud_is_found_all_the_same(
    library: Library, colour_folder: Path, away: OneDrive
) -> None:
    library.add_folder(colour_folder)
    library.update()
    kept = library.search("red", top_k=1)[0].photo.id
    away(red={"st_flags": 0x40000000})
    shutil.move(colour_folder / "blue.jpg", colour_folder.parent / "blue.jpg")
    (colour_folder / ".blue.jpg.icloud").touch()
    report = library.update()
    assert (report.found, report.removed, report.failed, report.offline) == (6, 0, 0, 2)
    photo = library.search("red", top_k=1)[0].photo
    assert (photo.id, photo.offline) == (kept, True)

    away()
    shutil.move(colour_folder.parent / "blue.jpg", colour_folder / "blue.jpg")
    report = library.update()
    assert (report.unchanged, report.added, report.offline) == (6, 0, 0)
    assert library.search("red", top_k=1)[0].photo.offline is False


def test_an_excluded_photo_stays_excluded_when_only_the_cloud_has_it(
    library: Library, colour_folder: Path
) -> None:
    library.add_folder(colour_folder)
    library.exclude("red.jpg")
    library.update()
    (colour_folder / "red.jpg").rename(colour_folder / ".red.jpg.icloud")
    for places in (None, [colour_folder / "red.jpg", colour_folder / ".red.jpg.icloud"]):
        assert library.update(places=places).failed == 0
        assert (library.info().searchable, library.info().failed) == (5, 0)


def test_a_folder_of_which_only_the_cloud_has_photos_is_not_empty(
    library: Library, colour_folder: Path
) -> None:
    library.add_folder(colour_folder)
    library.update()
    for colour in ("red", "green", "blue", "yellow", "purple"):
        (colour_folder / f"{colour}.jpg").rename(colour_folder / f".{colour}.jpg.icloud")
    (colour_folder / "orange.jpg").unlink()
    report = library.update()
    assert (report.removed, report.offline) == (1, 5)
    assert library.folders()[0].online
