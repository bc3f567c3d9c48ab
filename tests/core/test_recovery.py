"""A library file that is damaged or replaced: noticed at open, set aside, put right, said."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import filelock
import numpy as np
import pytest
from blake3 import blake3

from command import start, start_held_update
from drawing import draw_photo
from photoseek import Library, LibraryDamagedError, ModelBundle
from photoseek.database import Catalogue, PhotoFile, backups, recovery
from photoseek.records import Metadata

OpenLibrary = Callable[..., Library]
DrawPhotos = Callable[[Path, int], Path]


def zero_middle(content: bytes) -> bytes:
    return content[:20_000] + bytes(60_000) + content[80_000:]


def other_database(_: bytes) -> bytes:
    with closing(sqlite3.connect(":memory:")) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
        return other.serialize()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut to nothing": lambda _: b"",
    "cut in its header": lambda content: content[:50],
    "cut in its first page": lambda content: content[:5000],
    "cut in half": lambda content: content[: len(content) // 2],
    "cut by a byte": lambda content: content[:-1],
    "grown": lambda content: content + bytes(5000),
    "zeroed": lambda content: bytes(len(content)),
    "zeroed at the start": lambda content: bytes(100) + content[100:],
    "zeroed in the middle": zero_middle,
    "replaced by text": lambda _: b"Dear all, " * 500,
    "replaced by another program's database": other_database,
}


def assert_sound(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "library.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def set_aside(directory: Path) -> list[Path]:
    return sorted(directory.glob("library.db.damaged-*"))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_library_is_set_aside_and_its_backup_restored(
    indexed: Path, open_library: OpenLibrary, damage: Callable[[bytes], bytes]
) -> None:
    database = indexed / "library.db"
    sound = database.read_bytes()
    damaged = damage(sound)
    database.write_bytes(damaged)
    library = open_library(indexed)
    (kept,) = set_aside(indexed)
    assert kept.read_bytes() == damaged
    assert library.recovery is not None
    assert str(database) in library.recovery
    assert kept.name in library.recovery
    assert "was restored" in library.recovery
    assert "\n" not in library.recovery
    assert library.search("red", top_k=1)[0].photo.path.stem.endswith("red")
    assert library.update().unchanged == 6
    library.close()
    assert database.read_bytes() == sound
    assert open_library(indexed).recovery is None


def test_no_flipped_bit_goes_unnoticed(indexed: Path, open_library: OpenLibrary) -> None:
    database, chance = indexed / "library.db", random.Random(5)
    sound = database.read_bytes()
    for _ in range(60):
        changed = bytearray(sound)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        database.write_bytes(changed)
        library = open_library(indexed)
        library.close()
        assert library.recovery is not None
        assert database.read_bytes() == sound
    assert len(set_aside(indexed)) == 60


def test_a_library_replaced_by_another_one_is_noticed(
    indexed: Path, open_library: OpenLibrary, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "elsewhere" / "a.jpg", "white")
    other = open_library(tmp_path / "other")
    other.add_folder(tmp_path / "elsewhere")
    other.update()
    other.close()
    shutil.copy(other.directory / "library.db", indexed / "library.db")
    library = open_library(indexed)
    assert library.recovery is not None
    assert library.info().searchable == 6


def test_a_library_file_that_is_gone_is_restored(indexed: Path, open_library: OpenLibrary) -> None:
    (indexed / "library.db").unlink()
    library = open_library(indexed)
    assert library.recovery is not None
    assert "is gone; the backup of" in library.recovery
    assert library.info().searchable == 6


def test_a_sound_library_is_opened_without_a_word(indexed: Path, open_library: OpenLibrary) -> None:
    assert open_library(indexed).recovery is None
    assert_sound(indexed)
    assert not set_aside(indexed)


@pytest.fixture
def interrupted(
    indexed: Path, many_photos: DrawPhotos, colour_bundle: ModelBundle, tmp_path: Path
) -> Path:
    """A library whose second update was killed amid 40 more photos; its first one has a backup."""
    folder = many_photos(tmp_path / "more", 40)
    process = start_held_update(colour_bundle, indexed, folder)
    process.kill()
    process.communicate()
    assert (indexed / "library.db-wal").stat().st_size
    return indexed


def test_a_library_damaged_in_an_update_goes_back_to_the_one_before(
    interrupted: Path, open_library: OpenLibrary
) -> None:
    log = (interrupted / "library.db-wal").read_bytes()
    (interrupted / "library.db").write_bytes(b"nonsense" * 1000)
    library = open_library(interrupted)
    assert library.info().searchable == 6
    (kept_log,) = interrupted.glob("library.db.damaged-*-wal")
    assert kept_log.read_bytes() == log
    library.add_folder(library.folders()[0].path.with_name("more"))
    report = library.update()
    assert (report.added, report.unchanged) == (40, 6)
    library.close()
    assert_sound(interrupted)


def test_an_update_that_was_killed_is_no_damage(
    interrupted: Path, open_library: OpenLibrary
) -> None:
    library = open_library(interrupted)
    assert library.recovery is None
    assert library.info().searchable > 6


def pieces(directory: Path) -> set[str]:
    return {path.name for path in (directory / "backups" / "pieces").iterdir()}


def lists(directory: Path) -> list[Path]:
    return sorted((directory / "backups").glob("*.json"))


def add_photo(library: Library, name: str) -> None:
    folder = library.directory.with_name("added")
    draw_photo(folder / name, "white", size=(50, 50 + len(name)))
    library.add_folder(folder)


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


@pytest.fixture
def twice_backed_up(open_library: OpenLibrary, colour_folder: Path) -> tuple[Path, set[str]]:
    """A library with a backup of six photos, then of seven; returns the pieces of the newest."""
    library = open_library()
    library.add_folder(colour_folder)
    library.update()
    first = pieces(library.directory)
    draw_photo(colour_folder / "white.jpg", "white")
    library.update()
    library.close()
    return library.directory, pieces(library.directory) - first


def test_a_backup_that_is_damaged_too_gives_way_to_the_one_before(
    twice_backed_up: tuple[Path, set[str]], open_library: OpenLibrary
) -> None:
    directory, newest = twice_backed_up
    (directory / "library.db").write_bytes(b"")
    for piece in newest:
        spoil(directory / "backups" / "pieces" / piece)
    library = open_library(directory)
    assert library.info().searchable == 6
    report = library.update()
    assert (report.added, report.unchanged) == (1, 6)
    (directory / "library.db").write_bytes(b"")
    assert open_library(directory).info().searchable == 7


@pytest.mark.parametrize("spoilt", [spoil, lambda path: path.write_text("[]"), Path.unlink])
def test_a_backup_whose_list_is_damaged_gives_way_to_the_one_before(
    twice_backed_up: tuple[Path, set[str]],
    open_library: OpenLibrary,
    spoilt: Callable[[Path], None],
) -> None:
    directory, _ = twice_backed_up
    spoilt(lists(directory)[-1])
    (directory / "library.db").write_bytes(b"")
    assert open_library(directory).info().searchable == 6


def test_without_a_good_backup_the_library_is_built_again_from_the_photos(
    twice_backed_up: tuple[Path, set[str]], open_library: OpenLibrary, colour_folder: Path
) -> None:
    directory, _ = twice_backed_up
    for piece in pieces(directory):
        spoil(directory / "backups" / "pieces" / piece)
    spoil(directory / "library.db")
    library = open_library(directory)
    assert library.recovery is not None
    assert "the next update reads the photos of its folders again" in library.recovery
    assert [folder.path for folder in library.folders()] == [colour_folder]
    assert library.update().added == 7
    assert set_aside(directory)


def test_folders_are_read_from_the_damaged_file_where_there_is_no_backup(
    indexed: Path, open_library: OpenLibrary, tmp_path: Path
) -> None:
    shutil.rmtree(indexed / "backups")
    database = indexed / "library.db"
    content = bytearray(database.read_bytes())
    content[-16384:] = random.Random(1).randbytes(16384)
    database.write_bytes(content)
    library = open_library(indexed)
    assert [folder.path for folder in library.folders()] == [tmp_path / "photos"]
    assert library.update().added == 6


def test_a_file_that_tells_nothing_gives_way_to_a_new_library(
    indexed: Path, open_library: OpenLibrary
) -> None:
    shutil.rmtree(indexed / "backups")
    (indexed / "library.db").write_bytes(bytes(9999))
    library = open_library(indexed)
    assert library.recovery is not None
    assert "add your folders again" in library.recovery
    assert library.folders() == ()


def test_a_second_damage_in_the_same_second_keeps_both_files(
    indexed: Path, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in (b"one", b"two", b"three"):
        (indexed / "library.db").write_bytes(content)
        open_library(indexed).close()
    assert {path.read_bytes() for path in set_aside(indexed)} == {b"one", b"two", b"three"}


def test_another_programs_file_is_left_alone(tmp_path: Path, open_library: OpenLibrary) -> None:
    (tmp_path / "library").mkdir()
    for content in (other_database(b""), b"Dear all, " * 500):
        (tmp_path / "library" / "library.db").write_bytes(content)
        with pytest.raises(LibraryDamagedError, match="move"):
            open_library()
        assert (tmp_path / "library" / "library.db").read_bytes() == content


def test_a_library_file_that_is_empty_is_a_new_library(
    tmp_path: Path, open_library: OpenLibrary
) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "library.db").touch()
    library = open_library()
    assert library.recovery is None
    assert library.info().photos == 0


def test_a_damaged_library_that_another_process_uses_waits_for_that_one(
    indexed: Path, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "LOCK_SECONDS", 0.1)
    spoil(indexed / "library.db")
    damaged = (indexed / "library.db").read_bytes()
    with filelock.FileLock(indexed / "update.lock"):
        with pytest.raises(LibraryDamagedError, match="another Photoseek is using it"):
            open_library(indexed)
        assert (indexed / "library.db").read_bytes() == damaged
    assert open_library(indexed).recovery is not None


def test_two_processes_that_find_the_damage_replace_the_file_once(
    indexed: Path, colour_bundle: ModelBundle
) -> None:
    spoil(indexed / "library.db")
    commands = [start(colour_bundle, "search", "red", "--library", indexed) for _ in range(3)]
    lines = []
    for process in commands:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0
        assert "red" in out.splitlines()[0]
        lines += err.splitlines()
    (line,) = lines
    assert line.startswith("photoseek: the library file ")
    assert len(set_aside(indexed)) == 1


def test_a_damaged_library_on_a_read_only_disk_is_said_and_left_alone(
    indexed: Path, mounted: Callable[..., Path], open_library: OpenLibrary
) -> None:
    disk = mounted("disk", "size=20m")
    shutil.copytree(indexed, disk / "library")
    spoil(disk / "library" / "library.db")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(LibraryDamagedError, match="cannot be replaced"):
        open_library(disk / "library")


# When and what is backed up


def test_an_update_that_changed_nothing_writes_no_backup(
    indexed: Path, open_library: OpenLibrary
) -> None:
    before = {path: path.stat() for path in (indexed / "backups").rglob("*")}
    library = open_library(indexed)
    library.update()
    library.close()
    after = {path: path.stat() for path in (indexed / "backups").rglob("*")}
    assert {path: stat.st_mtime_ns for path, stat in before.items()} == {
        path: stat.st_mtime_ns for path, stat in after.items()
    }


def test_three_backups_are_kept_and_no_piece_besides_theirs(
    open_library: OpenLibrary, colour_folder: Path
) -> None:
    library = open_library()
    library.add_folder(colour_folder)
    for number in range(5):
        add_photo(library, f"{'x' * number}x.jpg")
        library.update()
    kept = list(backups.Backups(library.directory / "library.db").newest_first())
    assert len(kept) == 3
    assert pieces(library.directory) == {piece for backup in kept for piece in backup.pieces}
    assert [backup.name[:8] for backup in kept] == ["00000005", "00000004", "00000003"]


def test_a_backup_after_one_new_photo_writes_only_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "PIECE_SIZE", 16384)
    chance = random.Random(3)

    def add_photos(catalogue: Catalogue, names: range) -> None:
        with catalogue.transaction():
            for name in names:
                file = PhotoFile(1, b"%06d.jpg" % name, 1000, 1000)
                photo_id = catalogue.put_photo(file, chance.randbytes(16), 64, 64, Metadata())
                catalogue.put_embedding(photo_id, "model", np.ones(512, np.float32))

    with closing(Catalogue(tmp_path / "library.db")) as catalogue:
        catalogue.folders.add(tmp_path / "photos")
        catalogue.models.put("model", "a model", 512, shipped=False)
        add_photos(catalogue, range(2000))
        catalogue.back_up(lambda: False)
        first = pieces(tmp_path)
        add_photos(catalogue, range(2000, 2001))
        catalogue.back_up(lambda: False)
    second = pieces(tmp_path)
    assert first < second
    assert len(second - first) < len(first) / 10


def test_no_backup_is_kept_of_a_library_that_fails_its_check(
    indexed: Path, open_library: OpenLibrary
) -> None:
    before = pieces(indexed)
    library = open_library(indexed)
    add_photo(library, "white.jpg")
    with (indexed / "library.db").open("r+b") as file:
        file.seek(-16384, 2)
        file.write(random.Random(2).randbytes(16384))
    with pytest.raises(LibraryDamagedError):
        library.update()
    library.close()
    assert pieces(indexed) == before
    library = open_library(indexed)
    assert library.recovery is not None
    assert library.info().searchable == 6


def test_what_another_process_writes_during_a_backup_is_kept_and_no_damage(
    indexed: Path, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library, other = open_library(indexed), open_library(indexed)
    add_photo(library, "white.jpg")
    (tmp_path / "new").mkdir()
    keep = backups.Backups.keep

    def write_meanwhile(*arguments: object) -> object:
        other.add_folder(tmp_path / "new")
        return keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(backups.Backups, "keep", write_meanwhile)
    library.update()
    library.close()
    other.close()
    library = open_library(indexed)
    assert library.recovery is None
    assert len(library.folders()) == 3
    (indexed / "library.db").write_bytes(b"")
    assert open_library(indexed).info().searchable == 7


def test_a_backup_that_finds_no_room_is_said_and_the_update_holds(
    mounted: Callable[..., Path], open_library: OpenLibrary, colour_folder: Path
) -> None:
    disk = mounted("disk", "size=20m")
    library = open_library(disk / "library")
    library.add_folder(colour_folder)
    (disk / "library" / "backups").symlink_to(mounted("small", "size=64k"))
    report = library.update()
    assert report.added == 6
    (problem,) = report.problems
    assert "no backup of it can be written" in problem
    library.close()
    library = open_library(disk / "library")
    assert library.recovery is None
    assert library.info().searchable == 6


def test_a_stopped_update_makes_no_backup(open_library: OpenLibrary, colour_folder: Path) -> None:
    library = open_library()
    library.add_folder(colour_folder)
    library.update(cancelled=lambda: True)
    assert not lists(library.directory)


def test_a_backup_cannot_name_a_file_outside_its_folder(
    indexed: Path, open_library: OpenLibrary, tmp_path: Path
) -> None:
    library_backups = backups.Backups(indexed / "library.db")
    (backup,) = library_backups.newest_first()
    content = (indexed / "backups" / backup.name).read_bytes()
    led_out = content.replace(backup.pieces[0].encode(), b"../../photos/0-red.jpg")
    name = f"00000009-{blake3(led_out).hexdigest()}.json"
    (indexed / "backups" / name).write_bytes(led_out)
    assert [kept.name for kept in library_backups.newest_first()] == [backup.name]
