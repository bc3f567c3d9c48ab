"""Accidents to the process and the disk, each really made: kills, full and read-only disks."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from command import start
from photoseek import Library, LibraryBusyError, LibraryError, ModelBundle

DrawPhotos = Callable[[Path, int], Path]


def test_a_second_process_is_refused_and_goes_on_reading(
    tmp_path: Path,
    many_photos: DrawPhotos,
    colour_bundle: ModelBundle,
    open_library: Callable[..., Library],
) -> None:
    folder = many_photos(tmp_path / "photos", 120)
    library, answers = open_library(), list[tuple[int, str, str]]()
    library.add_folder(folder)

    def interfere(progress: object) -> None:
        if library.search("red", top_k=1) and not answers:
            for command in (["index", folder], ["search", "red", "--json"]):
                process = start(colour_bundle, *command, "--library", library.directory)
                out, err = process.communicate(timeout=60)
                answers.append((process.returncode, out, err))

    library.update(on_progress=interfere)
    (indexed, _, refusal), (searched, hits, _) = answers
    assert (indexed, searched) == (1, 0)
    assert refusal.startswith("photoseek: another Photoseek is updating the library")
    assert refusal.count("\n") == 1
    assert "red" in json.loads(hits.splitlines()[0])["path"]
    assert library.info().searchable == 120


def test_many_processes_may_make_one_library_at_the_same_moment(
    tmp_path: Path, colour_bundle: ModelBundle
) -> None:
    commands = [
        start(colour_bundle, "info", "--json", "--library", tmp_path / "library") for _ in range(5)
    ]
    for process in commands:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        assert json.loads(out)["photos"] == 0


def test_a_full_disk_is_said_and_what_was_indexed_is_kept(
    tmp_path: Path,
    mounted: Callable[..., Path],
    many_photos: DrawPhotos,
    open_library: Callable[..., Library],
) -> None:
    folder = many_photos(tmp_path / "photos", 300)
    disk = mounted("disk", "size=700k")
    library = open_library(disk / "library")
    library.add_folder(folder)
    with pytest.raises(LibraryError) as caught:
        library.update()
    assert "free some space" in str(caught.value)
    library.close()
    subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
    library = open_library(disk / "library")
    kept = library.info().searchable
    report = library.update()
    assert (report.added, report.unchanged, report.failed) == (300 - kept, kept, 0)


def test_a_read_only_library_is_searched_and_not_updated(
    indexed: Path,
    tmp_path: Path,
    mounted: Callable[..., Path],
    open_library: Callable[..., Library],
) -> None:
    disk = mounted("disk", "size=20m")
    shutil.copytree(indexed, disk / "library")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    library = open_library(disk / "library")
    (hit,) = library.search("red", top_k=1)
    assert hit.photo.path.stem.endswith("red")
    assert library.thumbnail(hit.photo.id)
    assert library.info().searchable == 6
    for change in (
        library.update,
        library.forget_missing,
        lambda: library.add_folder(tmp_path),
        lambda: library.remove_folder(tmp_path / "photos"),
    ):
        with pytest.raises(LibraryError) as caught:
            change()
        assert not isinstance(caught.value, LibraryBusyError)
        assert "writ" in str(caught.value)
    with pytest.raises(LibraryError, match="cannot be made"):
        open_library(disk / "another")


def test_a_drive_that_is_unmounted_and_returns_keeps_its_photos(
    tmp_path: Path,
    mounted: Callable[..., Path],
    many_photos: DrawPhotos,
    open_library: Callable[..., Library],
) -> None:
    drive = mounted("drive", "size=20m")
    many_photos(drive, 12)
    library = open_library()
    library.add_folder(drive)
    library.update()
    before = library.browse().tolist()
    aside = tmp_path / "aside"
    aside.mkdir()
    subprocess.run(["mount", "--move", str(drive), str(aside)], check=True)
    try:
        report = library.update()
        assert (report.offline, report.removed) == (12, 0)
        assert library.search("red", top_k=1)[0].photo.offline
        assert library.folders()[0].reason == "the folder is empty"
    finally:
        subprocess.run(["mount", "--move", str(aside), str(drive)], check=True)
    report = library.update()
    assert (report.unchanged, report.added, report.offline) == (12, 0, 0)
    assert library.browse().tolist() == before


def test_a_read_only_photo_tree_is_indexed(
    tmp_path: Path,
    mounted: Callable[..., Path],
    many_photos: DrawPhotos,
    open_library: Callable[..., Library],
) -> None:
    drive = mounted("drive", "size=20m")
    many_photos(drive, 6)
    subprocess.run(["mount", "-o", "remount,ro", str(drive)], check=True)
    library = open_library()
    library.add_folder(drive)
    assert library.update().added == 6
