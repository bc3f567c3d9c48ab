"""Accidents to the process and the disk, each really made: kills, full and read-only disks."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
    disk = mounted("disk", "size=600k")
    with pytest.raises(LibraryError, match="free some space"):
        open_library(disk / "library")  # too small for the tables alone
    subprocess.run(["mount", "-o", "remount,size=1200k", str(disk)], check=True)
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


def embed_nothing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, reading or embedding a photo fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a photo was read again")

    monkeypatch.setattr(library.encoder, "encode_pixels", refuse)
    monkeypatch.setattr("photoseek.indexer.DecoderPool", refuse)


@contextmanager
def unmounted(drive: Path, aside: Path) -> Iterator[None]:
    """Take a drive away with all that is on it, and bring it back."""
    aside.mkdir()
    subprocess.run(["mount", "--move", str(drive), str(aside)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "--move", str(aside), str(drive)], check=True)


@contextmanager
def renamed(drive: Path, aside: Path) -> Iterator[None]:
    """The same where nobody may mount: the folder is gone, and comes back."""
    drive.rename(aside)
    try:
        yield
    finally:
        aside.rename(drive)


@pytest.mark.parametrize(
    ("take_away", "reason"), [(unmounted, "empty"), (renamed, "cannot be listed")]
)
def test_a_drive_that_goes_away_and_returns_keeps_its_photos(
    take_away: Callable[[Path, Path], AbstractContextManager[None]],
    reason: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drive = tmp_path / "drive"
    if take_away is unmounted:
        request.getfixturevalue("mounted")("drive", "size=20m")
    request.getfixturevalue("many_photos")(drive, 12)
    library: Library = request.getfixturevalue("open_library")()
    library.add_folder(drive)
    library.update()
    before = library.browse().tolist()
    embed_nothing(library, monkeypatch)
    with take_away(drive, tmp_path / "aside"):
        # Away, and not noticed yet: searching goes on as if nothing were.
        assert library.search("red", top_k=1)[0].photo.path.stem.endswith("red")
        during: list[bool] = []
        report = library.update(
            on_progress=lambda _: during.append(bool(library.search("red", top_k=1)))
        )
        assert during
        assert all(during)
        assert (report.offline, report.removed) == (12, 0)
        hits = library.search("red", top_k=12)
        assert len(hits) == 12
        assert all(hit.photo.offline for hit in hits)
        assert library.info().searchable == 12
        assert reason in (library.folders()[0].reason or "")
        assert library.update().offline == 12
    report = library.update()
    assert (report.unchanged, report.added, report.offline) == (12, 0, 0)
    assert library.browse().tolist() == before
    assert not any(hit.photo.offline for hit in library.search("red", top_k=12))


def test_a_small_drive_below_a_folder_keeps_its_photos_when_it_goes_away(
    tmp_path: Path,
    mounted: Callable[..., Path],
    many_photos: DrawPhotos,
    open_library: Callable[..., Library],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "photos"
    drive = mounted("photos/2024/card", "size=20m")
    many_photos(drive, 2)
    many_photos(folder / "2024" / "disk", 20)
    library = open_library()
    library.add_folder(folder)
    library.update()
    before = library.browse().tolist()
    embed_nothing(library, monkeypatch)
    with unmounted(drive, tmp_path / "aside"):
        # Two of 22 would be tidied up, were there no drive; the same where only that place is seen.
        for places in (None, [drive], [drive / "0-red.jpg"]):
            report = library.update(places=places)
            assert (report.offline, report.removed) == (2, 0)
        away = {hit.photo.path.name for hit in library.search("red", 22) if hit.photo.offline}
        assert away == {"0-red.jpg", "1-green.jpg"}
        (failure,) = library.info().failures
        assert (failure.path, failure.reason) == (drive, "the drive that was here is away")
        assert library.folders()[0].online
    report = library.update()
    assert (report.unchanged, report.added, report.offline) == (22, 0, 0)
    assert library.browse().tolist() == before
    assert library.info().failures == ()
    with unmounted(drive, tmp_path / "aside again"):
        library.update()
        assert library.forget_missing() == 2
        assert library.update().unchanged == 20
        assert library.info().failures == ()


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
