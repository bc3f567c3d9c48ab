"""Accidents to the process and the disk, each really made: kills, full and read-only disks."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command import start
from drawing import draw_photo
from photoseek import (
    Library,
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryTooNewError,
    ModelBundle,
)

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")


def many_photos(folder: Path, count: int) -> Path:
    for place in range(count):
        colour = COLOURS[place % len(COLOURS)]
        draw_photo(folder / f"{place}-{colour}.jpg", colour, size=(64 + place, 64))
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_indexing_killed_at_any_moment_loses_and_doubles_nothing(
    tmp_path: Path, colour_bundle: ModelBundle, open_library: Callable[..., Library]
) -> None:
    folder, directory = many_photos(tmp_path / "photos", 150), tmp_path / "library"
    moments, kept = random.Random(7), 0
    for _ in range(6):
        process = start(colour_bundle, "index", folder, "--library", directory)
        deadline = time.monotonic() + 30
        while not (directory / "library.db").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.9))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with Library.open(directory, bundle=colour_bundle) as library:
            info = library.info()
            paths = [photo.path for photo in library.photos(library.browse().tolist())]
        assert len(paths) == len(set(paths)) == info.searchable == info.photos
        assert info.photos >= kept
        kept = info.photos
    library = open_library(directory)
    if not library.folders():
        library.add_folder(folder)
    report = library.update()
    assert (report.added, report.unchanged, report.failed) == (150 - kept, kept, 0)
    hits = library.search("red", top_k=25)
    assert all(hit.photo.path.stem.endswith("red") for hit in hits)
    with sqlite3.connect(directory / "library.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def test_a_second_process_is_refused_and_goes_on_reading(
    tmp_path: Path, colour_bundle: ModelBundle, open_library: Callable[..., Library]
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


@pytest.fixture
def indexed(open_library: Callable[..., Library], tmp_path: Path) -> Path:
    """A closed library of six photos; returns its folder."""
    library = open_library()
    library.add_folder(many_photos(tmp_path / "photos", 6))
    library.update()
    library.close()
    return library.directory


def damage_middle(content: bytes) -> bytes:
    return content[:20_000] + bytes(60_000) + content[80_000:]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda c: b"\0" * 100 + c[100:], "is damaged"),
        (lambda c: b"Dear all, " * 500, "is damaged"),
        (damage_middle, "is damaged"),
        (lambda c: c[: len(c) // 2], "is damaged"),
        (lambda c: c[:5000], "is damaged"),
        (lambda c: bytes(len(c)), "is damaged"),
    ],
)
def test_a_damaged_library_is_noticed_and_left_as_it_is(
    indexed: Path,
    open_library: Callable[..., Library],
    damage: Callable[[bytes], bytes],
    words: str,
) -> None:
    database = indexed / "library.db"
    damaged = damage(database.read_bytes())
    database.write_bytes(damaged)
    with pytest.raises(LibraryDamagedError, match=words) as caught:
        open_library(indexed).search("red")
    assert str(database) in str(caught.value)
    assert "your photos are untouched" in str(caught.value)
    assert database.read_bytes() == damaged


def test_another_programs_database_is_left_alone(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    (tmp_path / "library").mkdir()
    other = sqlite3.connect(tmp_path / "library" / "library.db")
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()
    with pytest.raises(LibraryDamagedError, match="is not a Photoseek library"):
        open_library()


def test_a_newer_library_is_refused(indexed: Path, open_library: Callable[..., Library]) -> None:
    database = sqlite3.connect(indexed / "library.db")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(LibraryTooNewError, match="update Photoseek"):
        open_library(indexed)


def test_a_library_file_that_is_empty_is_a_new_library(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "library.db").touch()
    assert open_library().info().photos == 0


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount a small file system in memory; skips where that is not permitted."""
    points: list[Path] = []

    def mount(name: str, options: str) -> Path:
        point = tmp_path / name
        point.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(point)]
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            pytest.skip("mounting a small disk needs root on Linux")
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting is not permitted here")
        points.append(point)
        return point

    yield mount
    for point in points:
        subprocess.run(["umount", "-l", str(point)], check=True)


def test_a_full_disk_is_said_and_what_was_indexed_is_kept(
    tmp_path: Path, mounted: Callable[..., Path], open_library: Callable[..., Library]
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
    tmp_path: Path, mounted: Callable[..., Path], open_library: Callable[..., Library]
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
    tmp_path: Path, mounted: Callable[..., Path], open_library: Callable[..., Library]
) -> None:
    drive = mounted("drive", "size=20m")
    many_photos(drive, 6)
    subprocess.run(["mount", "-o", "remount,ro", str(drive)], check=True)
    library = open_library()
    library.add_folder(drive)
    assert library.update().added == 6
