"""The second update of everything: what has not changed is not written, nor left behind."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import Library, ModelBundle, Progress
from photoseek.decoding.outcomes import DecodeJob, Outcome, Undecodable
from photoseek.decoding.pool import DecoderPool


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Undecodable]:
    """What opening the file of a name comes to, whatever the file is."""
    wanted: dict[str, Undecodable] = {}
    decode = DecoderPool.decode

    def decode_or_not(
        self: DecoderPool, jobs: Iterator[DecodeJob], cancelled: Callable[[], bool]
    ) -> Iterator[tuple[DecodeJob, Outcome]]:
        for job, outcome in decode(self, jobs, cancelled):
            yield job, wanted.get(job.path.name, outcome)

    monkeypatch.setattr(DecoderPool, "decode", decode_or_not)
    return wanted


def file_of(library: Library) -> str:
    """Return the digest of the library's file, with all of its log in it."""
    path = library.directory / "library.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(library: Library) -> set[str]:
    """Return the digests of all photos, shown or hidden."""
    with closing(sqlite3.connect(library.directory / "library.db")) as connection:
        rows = connection.execute(
            "SELECT digest FROM photos WHERE digest IS NOT NULL "
            "UNION SELECT digest FROM excluded_photos WHERE digest IS NOT NULL"
        ).fetchall()
    return {row[0].hex() for row in rows}


def thumbnails(library: Library) -> set[str]:
    return {path.stem for path in (library.directory / "thumbnails").rglob("*.jpg")}


def test_an_update_that_finds_nothing_new_leaves_the_library_bit_for_bit(
    library: Library,
    colour_folder: Path,
    tmp_path: Path,
    outcomes: dict[str, Undecodable],
    other_bundle: ModelBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("photoseek.photo.formats.can_read_raw", lambda: False)
    (colour_folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff")
    (colour_folder / ".cloud.jpg.icloud").touch()
    (colour_folder / "camera.nef").write_bytes(b"1")
    (colour_folder / "layers.psd").write_bytes(b"1")
    for name, kind in (("red", "timeout"), ("green", "unreadable"), ("blue", "memory")):
        outcomes[f"{name}.jpg"] = Undecodable("no", kind)  # type: ignore[arg-type]
    drive = tmp_path / "drive"
    draw_photo(drive / "white.jpg", "white")
    (drive / "bad.jpg").write_bytes(b"bad")
    library.add_folder(colour_folder)
    library.add_folder(drive)
    library.add_model(other_bundle)
    assert library.update().failed == 8
    shutil.move(drive, tmp_path / "unplugged")
    library.update()
    before = file_of(library)
    monkeypatch.setattr("photoseek.thumbnails.ThumbnailCache.begin_changes", None)
    for _ in range(3):
        report = library.update()
        assert (report.added, report.changed, report.removed, report.offline) == (0, 0, 0, 1)
        assert file_of(library) == before
    assert library.info().failed == 8


def test_a_failure_that_stays_keeps_its_row(
    library: Library, colour_folder: Path, outcomes: dict[str, Undecodable]
) -> None:
    outcomes["red.jpg"] = Undecodable("the drive does not answer", "unreadable")
    library.add_folder(colour_folder)
    library.update()
    before = file_of(library)
    library.update()
    assert file_of(library) == before
    outcomes["red.jpg"] = Undecodable("the drive says something else", "unreadable")
    library.update()
    assert [failure.reason for failure in library.info().failures] == [
        "the drive says something else"
    ]
    with closing(sqlite3.connect(library.directory / "library.db")) as connection:
        assert connection.execute("SELECT count(*) FROM removals").fetchall() == [(0,)]


def test_thumbnails_are_those_of_the_photos_after_every_update(
    library: Library, colour_folder: Path
) -> None:
    library.add_folder(colour_folder)
    library.update()

    def check() -> None:
        for _ in range(2):
            library.update()
            assert thumbnails(library) == digests(library)

    check()
    for colour in ("white", "black", "white"):  # edited again and again
        draw_photo(colour_folder / "red.jpg", colour, size=(80, 80))
        check()
    (colour_folder / "red.jpg").rename(colour_folder / "blue.jpg")  # over another photo
    check()
    shutil.copy(colour_folder / "green.jpg", colour_folder / "again.jpg")
    check()
    (colour_folder / "green.jpg").unlink()
    check()
    (colour_folder / "yellow.jpg").write_bytes(b"no photo any more")
    check()
    library.exclude("purple.jpg")
    check()
    assert len(thumbnails(library)) == 4  # what is only hidden keeps its own
    library.remove_folder(colour_folder)
    assert thumbnails(library) == digests(library) == set()


@pytest.mark.parametrize("by_another", [False, True])
def test_thumbnails_that_a_killed_update_left_behind_go_with_the_next(
    library: Library, colour_folder: Path, open_library: Callable[..., Library], by_another: bool
) -> None:
    library.add_folder(colour_folder)

    def die(progress: Progress) -> None:
        if progress.stage == "finishing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.update(on_progress=die)
    stray = library.directory / "thumbnails" / "ab" / f"{'ab' * 16}.jpg"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"of a photo that was never committed")
    keepsake = stray.with_name("not ours.jpg")
    keepsake.write_bytes(b"a name that no thumbnail has")
    other = open_library() if by_another else library
    other.update()
    assert not stray.exists()
    assert keepsake.exists()
    assert len(thumbnails(other) - {"not ours"}) == 6
    assert [
        path.name for path in (other.directory / "thumbnails").iterdir() if path.is_file()
    ] == []


def test_the_state_can_be_asked_for_while_thumbnails_go(
    library: Library, colour_folder: Path
) -> None:
    library.add_folder(colour_folder)
    library.update()
    whole = library.info().thumbnail_bytes
    # A name that is listed, and that cannot be looked at any more.
    (library.directory / "thumbnails" / "ab").mkdir(exist_ok=True)
    (library.directory / "thumbnails" / "ab" / "gone.jpg").symlink_to("nothing")
    assert library.info().thumbnail_bytes == whole


def test_an_emptied_thumbnail_is_made_again(library: Library, colour_folder: Path) -> None:
    library.add_folder(colour_folder)
    library.update()
    photo_id = int(library.browse()[0])
    for path in (library.directory / "thumbnails").rglob("*.jpg"):
        path.write_bytes(b"")  # as a power cut may leave it
    assert library.thumbnail(photo_id)


def test_no_bundle_is_opened_for_a_second_model_that_lacks_only_offline_photos(
    library: Library,
    colour_folder: Path,
    tmp_path: Path,
    other_bundle: ModelBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drive = tmp_path / "drive"
    draw_photo(drive / "white.jpg", "white")
    library.add_folder(colour_folder)
    library.add_folder(drive)
    library.update()
    shutil.move(drive, tmp_path / "unplugged")
    library.update()
    library.add_model(other_bundle)
    assert library.update().beside == 6
    monkeypatch.setattr("photoseek.models.Models.open", None)
    assert library.update().beside == 0
    assert library.update(places=[colour_folder / "red.jpg"]).beside == 0
