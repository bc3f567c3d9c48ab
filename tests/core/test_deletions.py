"""Photos that are deleted are forgotten; photos that may only be away are kept."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import Library
from quick_decoder import unreadable

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")


def draw_many(folder: Path, count: int) -> list[Path]:
    """Draw photos that all differ."""
    return [
        draw_photo(folder / f"{place:03}.jpg", COLOURS[place % 6], size=(64 + place, 64))
        for place in range(count)
    ]


def names(library: Library) -> set[str]:
    return {photo.path.name for photo in library.photos(library.browse().tolist())}


def states(library: Library) -> list[tuple[str, bool]]:
    return [(folder.path.name, folder.online) for folder in library.folders()]


def test_one_of_three_photos_that_is_deleted_is_forgotten(library: Library, tmp_path: Path) -> None:
    photos = draw_many(tmp_path / "photos", 3)
    library.add_folder(tmp_path / "photos")
    library.update()
    photos[0].unlink()
    report = library.update()
    assert (report.removed, report.offline, len(library.browse())) == (1, 0, 2)
    assert states(library) == [("photos", True)]


def test_a_subfolder_that_is_deleted_is_forgotten(library: Library, tmp_path: Path) -> None:
    draw_many(tmp_path / "photos", 35)
    draw_many(tmp_path / "photos" / "trip", 10)
    library.add_folder(tmp_path / "photos")
    library.update()
    shutil.rmtree(tmp_path / "photos" / "trip")
    report = library.update()
    assert (report.removed, report.offline) == (10, 0)
    assert library.update().unchanged == 35


def test_a_deleted_photo_is_found_again_when_it_comes_back(
    library: Library, tmp_path: Path
) -> None:
    photo = draw_many(tmp_path / "photos", 3)[0]
    library.add_folder(tmp_path / "photos")
    library.update()
    shutil.move(photo, tmp_path / "aside.jpg")
    assert library.update().removed == 1
    shutil.move(tmp_path / "aside.jpg", photo)
    assert library.update().added == 1
    assert len(library.browse()) == 3


def test_more_than_half_of_a_folder_that_is_gone_at_once_is_kept_until_the_person_says_so(
    library: Library, tmp_path: Path
) -> None:
    photos = draw_many(tmp_path / "photos", 24)
    library.add_folder(tmp_path / "photos")
    library.update()
    for photo in photos[:16]:
        photo.unlink()
    for _ in range(2):
        report = library.update()
        assert (report.removed, report.offline) == (0, 16)
        assert states(library) == [("photos", False)]
    assert library.forget_missing(tmp_path / "photos") == 16
    assert states(library) == [("photos", True)]
    assert library.info().offline == 0
    assert library.update().unchanged == 8


def test_a_photo_deleted_while_its_drive_was_away_is_forgotten_when_the_drive_is_back(
    library: Library, tmp_path: Path
) -> None:
    drive = tmp_path / "drive"
    draw_many(drive, 5)
    library.add_folder(drive)
    library.update()
    drive.rename(tmp_path / "unplugged")
    assert library.update().offline == 5
    (tmp_path / "unplugged" / "000.jpg").unlink()
    (tmp_path / "unplugged").rename(drive)
    report = library.update()
    assert (report.removed, report.offline, report.unchanged) == (1, 0, 4)
    assert states(library) == [("drive", True)]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ETIMEDOUT])
def test_a_photo_that_cannot_be_looked_at_is_not_taken_for_deleted(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    from photoseek import scanner

    folder = tmp_path / "photos"
    draw_many(folder, 5)
    draw_many(folder / "sub", 3)
    library.add_folder(folder)
    library.update()
    listing = scanner._entries

    class Refusing:
        """An entry of a folder that may be listed, and no more."""

        def __init__(self, entry: os.DirEntry[bytes]) -> None:
            self.name, self.path = entry.name, entry.path
            self.is_dir, self.is_symlink = entry.is_dir, entry.is_symlink

        def stat(self) -> os.stat_result:
            raise OSError(code, os.strerror(code), self.path)

    def entries(directory: bytes) -> object:
        for entry in listing(directory):
            yield Refusing(entry) if directory.endswith(b"sub") else entry

    monkeypatch.setattr(scanner, "_entries", entries)
    for _ in range(2):
        report = library.update()
        assert (report.removed, report.offline, report.unchanged) == (0, 3, 5)
    reasons = [failure.reason for failure in library.info().failures]
    assert reasons
    assert all(os.strerror(code) in reason for reason in reasons)
    assert library.update(places=[folder / "sub" / "000.jpg"]).removed == 0
    monkeypatch.undo()
    report = library.update()
    assert (report.removed, report.offline, report.unchanged) == (0, 0, 8)
    assert library.info().failures == ()


@pytest.fixture
def two(library: Library, tmp_path: Path) -> Library:
    """A library of two folders of which three photos each are offline: `home` and `usb`."""
    for name in ("home", "usb"):
        draw_many(tmp_path / name / "kept", 2)
        draw_many(tmp_path / name / "away", 3)
        library.add_folder(tmp_path / name)
    library.update()
    return library


def hide(*folders: Path) -> None:
    """Make folders look as if drives that were mounted there had gone."""
    for folder in folders:
        folder.rename(folder.with_name(f"not {folder.name}"))


def test_forgetting_what_is_missing_below_a_folder_leaves_the_rest_alone(
    two: Library, tmp_path: Path
) -> None:
    hide(tmp_path / "home", tmp_path / "usb")
    assert two.update().offline == 10
    assert two.forget_missing(tmp_path / "home" / "away") == 3
    assert two.info().offline == 7
    assert states(two) == [("home", False), ("usb", False)]
    assert two.forget_missing(tmp_path / "home" / "kept" / "000.jpg") == 1
    assert two.forget_missing(tmp_path / "hom") == 0
    assert two.forget_missing(tmp_path / "usb") == 5
    assert two.info().offline == 1
    (tmp_path / "not home").rename(tmp_path / "home")
    assert two.update().offline == 0
    assert len(two.browse()) == 5


def test_only_offline_photos_are_forgotten_by_their_ids(two: Library, tmp_path: Path) -> None:
    hide(tmp_path / "usb")
    two.update()
    assert two.forget_photos(two.browse().tolist()) == 5
    assert len(two.browse()) == 5
    assert two.info().offline == 0


def test_a_forgotten_drive_below_a_folder_is_no_longer_called_away(
    library: Library, tmp_path: Path, mounted: Callable[..., Path]
) -> None:
    import subprocess

    draw_many(tmp_path / "photos", 4)
    drive = mounted("photos/drive", "size=4m")
    draw_many(drive, 2)
    library.add_folder(tmp_path / "photos")
    library.update()
    subprocess.run(["umount", "-l", str(drive)], check=True)
    assert library.update().offline == 2
    assert [failure.path for failure in library.info().failures] == [drive]
    assert library.forget_missing(drive) == 2
    assert library.info().failures == ()
    assert library.update().offline == 0
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(drive)], check=True)


@pytest.mark.parametrize("name", ["000.jpg", "000.jpg.xmp", "inner", ""])
def test_a_change_below_a_folder_that_may_not_be_listed_any_more_is_no_error(
    library: Library, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "photos"
    draw_many(folder, 2)
    draw_many(folder / "sub", 3)
    library.add_folder(folder)
    library.update()
    with unreadable([folder / "sub"]):
        report = library.update(places=[folder / "sub" / name])
    assert (report.removed, report.offline) == (0, 3)
    assert [failure.path for failure in library.info().failures] == [folder / "sub"]
    assert library.update(places=[folder / "sub"]).offline == 0


def test_a_folder_added_above_one_that_is_away_keeps_its_photos(
    tmp_path: Path, library: Library
) -> None:
    away = tmp_path / "all" / "drive"
    draw_photo(tmp_path / "all" / "here" / "white.jpg", "white")
    for colour in ("red", "green", "blue"):
        draw_photo(away / f"{colour}.jpg", colour)
    library.add_folder(away)
    library.update()
    away.rename(tmp_path / "unplugged")
    library.update()
    library.add_folder(tmp_path / "all")
    for _ in range(2):
        library.update()
        assert (library.info().searchable, library.info().offline) == (4, 3)
    (tmp_path / "unplugged").rename(away)
    report = library.update()
    assert (report.added, library.info().searchable, library.info().offline) == (0, 4, 0)
