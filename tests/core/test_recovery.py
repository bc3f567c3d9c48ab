"""A library file that is damaged or replaced: noticed at open, set aside, put right, said."""

from __future__ import annotations

import contextlib
import errno
import itertools
import math
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import filelock
import numpy as np
import pytest

from command import start, start_held_update
from drawing import draw_photo
from photoseek import Library, LibraryDamagedError, ModelBundle
from photoseek.database import (
    Catalogue,
    PhotoFile,
    backups,
    library_file,
    presence,
    recovery,
)
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
    "cut by a page": lambda content: content[:-16384],
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
    assert_sound(indexed)
    assert open_library(indexed).recovery is None


def test_a_flipped_bit_breaks_no_opening_search_or_update_for_long(
    indexed: Path, open_library: OpenLibrary
) -> None:
    database, chance = indexed / "library.db", random.Random(5)
    sound = database.read_bytes()
    noticed = 0
    for _ in range(60):
        changed = bytearray(sound)
        # Most of so small a file is empty; its pages begin and end with what counts.
        page = 16384 * chance.randrange(len(changed) // 16384)
        changed[page + chance.randrange(-100, 40)] ^= 1 << chance.randrange(8)
        database.write_bytes(changed)
        with contextlib.suppress(LibraryDamagedError):
            search_all(open_library(indexed))
        library = open_library(indexed)
        search_all(library)
        noticed += library.recovery is not None
        library.close()
    assert noticed


def search_all(library: Library) -> None:
    """Search and update; a value that became another valid one is not noticed by that."""
    try:
        library.search("red", top_k=6)
        library.info()
        library.update()
    finally:
        library.close()


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, 1000.0])
def test_a_damaged_embedding_is_noticed_in_the_search_and_mended_at_the_next_opening(
    indexed: Path, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    monkeypatch.setattr(recovery, "READ_THROUGH", 0)
    with closing(sqlite3.connect(indexed / "library.db")) as database, database:
        (vector,) = database.execute("SELECT vector FROM embeddings WHERE seq = 3").fetchone()
        spoilt = np.full(len(vector) // 2, value, np.float16).tobytes()
        database.execute("UPDATE embeddings SET vector = ? WHERE seq = 3", (spoilt,))
    library = open_library(indexed)
    with pytest.raises(LibraryDamagedError, match="open it again"):
        library.search("red")
    library.close()
    library = open_library(indexed)
    assert library.recovery is not None
    assert "was restored" in library.recovery
    assert len(library.search("red")) == 6
    library.close()
    assert open_library(indexed).recovery is None


def test_damage_in_a_large_library_is_noticed_in_use_and_mended_at_the_next_opening(
    indexed: Path, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "READ_THROUGH", 0)
    database = indexed / "library.db"
    content = bytearray(database.read_bytes())
    with closing(sqlite3.connect(database)) as sound:
        (page,) = sound.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'embeddings'"
        ).fetchone()
    start = (page - 1) * 16384
    content[start : start + 16384] = bytes(16384)
    database.write_bytes(content)
    library = open_library(indexed)
    with pytest.raises(LibraryDamagedError):
        library.search("red")
    library.close()
    library = open_library(indexed)
    assert library.recovery is not None
    assert len(library.search("red")) == 6


def test_a_suspicion_that_was_wrong_is_dropped(indexed: Path, open_library: OpenLibrary) -> None:
    (indexed / "library.db.suspect").touch()
    library = open_library(indexed)
    assert library.recovery is None
    assert not (indexed / "library.db.suspect").exists()


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


def backup_files(directory: Path) -> list[Path]:
    """Return the backups, oldest first."""
    return sorted((directory / "backups").glob("*.db"))


def add_photo(library: Library, name: str) -> None:
    folder = library.directory.with_name("added")
    draw_photo(folder / name, "white", size=(50, 50 + len(name)))
    library.add_folder(folder)


def spoil(path: Path) -> None:
    path.write_bytes(zero_middle(path.read_bytes()))


def spoil_end(path: Path) -> None:
    """Damage the last table of a library, and none that says what its folders are."""
    content = bytearray(path.read_bytes())
    content[-16384:] = random.Random(1).randbytes(16384)
    path.write_bytes(content)


@pytest.fixture
def twice_backed_up(open_library: OpenLibrary, colour_folder: Path) -> Path:
    """A closed library with a backup of six photos, then of seven."""
    library = open_library()
    library.add_folder(colour_folder)
    library.update()
    draw_photo(colour_folder / "white.jpg", "white")
    library.update()
    library.close()
    assert len(backup_files(library.directory)) == 2
    return library.directory


def drop_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE edits")


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))
    path.symlink_to("elsewhere.db")


@pytest.mark.parametrize(
    "spoilt",
    [
        spoil,
        lambda path: path.write_text("[]"),
        lambda path: path.write_bytes(b""),
        Path.unlink,
        drop_table,
        make_pipe,
        make_link,
    ],
)
def test_a_backup_that_is_damaged_too_gives_way_to_the_one_before(
    twice_backed_up: Path, open_library: OpenLibrary, spoilt: Callable[[Path], None]
) -> None:
    spoilt(backup_files(twice_backed_up)[-1])
    (twice_backed_up / "library.db").write_bytes(b"")
    library = open_library(twice_backed_up)
    assert library.info().searchable == 6
    report = library.update()
    assert (report.added, report.unchanged) == (1, 6)


def test_without_a_good_backup_the_library_is_built_again_from_the_photos(
    twice_backed_up: Path, open_library: OpenLibrary, colour_folder: Path
) -> None:
    for path in (*backup_files(twice_backed_up), twice_backed_up / "library.db"):
        spoil_end(path)
    library = open_library(twice_backed_up)
    assert library.recovery is not None
    assert "the next update reads the photos of its folders again" in library.recovery
    assert [folder.path for folder in library.folders()] == [colour_folder]
    assert library.update().added == 7
    assert set_aside(twice_backed_up)


def test_folders_are_read_from_the_damaged_file_where_there_is_no_backup(
    indexed: Path, open_library: OpenLibrary, tmp_path: Path
) -> None:
    shutil.rmtree(indexed / "backups")
    database = indexed / "library.db"
    spoil_end(database)
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
    indexed: Path, open_library: OpenLibrary
) -> None:
    for content in (b"one", b"two", b"three"):
        (indexed / "library.db").write_bytes(content)
        open_library(indexed).close()
    assert {path.read_bytes() for path in set_aside(indexed)} == {b"one", b"two", b"three"}


def test_a_library_file_that_is_gone_is_not_mixed_with_the_log_that_it_left(
    interrupted: Path, open_library: OpenLibrary
) -> None:
    log = (interrupted / "library.db-wal").read_bytes()
    (interrupted / "library.db").unlink()
    library = open_library(interrupted)
    assert library.recovery is not None
    assert library.info().searchable == 6
    library.close()
    assert_sound(interrupted)
    (kept,) = interrupted.glob("library.db.damaged-*-wal")
    assert kept.read_bytes() == log


@pytest.mark.parametrize("call", ["link", "replace", "rename", "unlink", "fsync"])
@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("has_backups", [True, False])
def test_a_recovery_that_is_killed_anywhere_forgets_no_folder(
    interrupted: Path,
    open_library: OpenLibrary,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    has_links: bool,
    has_backups: bool,
) -> None:
    if not has_backups:
        shutil.rmtree(interrupted / "backups")
        with closing(sqlite3.connect(interrupted / "library.db")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        spoil_end(interrupted / "library.db")
    else:
        (interrupted / "library.db").write_bytes(b"nonsense" * 1000)

    class Killed(BaseException):
        """Stands for the end of the process."""

    real = getattr(os, call)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    for number in itertools.count(1):
        calls = itertools.count(1)

        def kill(*arguments: object, calls: Iterator[int] = calls, end: int = number) -> object:
            if next(calls) == end:
                raise Killed
            return real(*arguments)

        with monkeypatch.context() as patched:
            if not has_links:
                patched.setattr(os, "link", refuse)
            patched.setattr(os, call, kill)
            try:
                open_library(interrupted).close()
            except Killed:
                continue
            break
    library = open_library(interrupted)
    names = {folder.path.name for folder in library.folders()}
    assert names == ({"photos"} if has_backups else {"photos", "more"})
    library.close()
    assert_sound(interrupted)


def test_a_library_is_not_replaced_while_another_one_has_it_open(
    indexed: Path, open_library: OpenLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "WAIT_SECONDS", 0.1)
    other = open_library(indexed)
    (indexed / "library.db").unlink()
    with pytest.raises(LibraryDamagedError, match="another Photoseek is using it"):
        open_library(indexed)
    with pytest.raises(LibraryDamagedError, match="is gone"):
        other.update()
    assert not (indexed / "library.db").exists()
    other.close()
    assert open_library(indexed).info().searchable == 6


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
    monkeypatch.setattr(library_file, "LOCK_SECONDS", 0.1)
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
    before = {path: path.stat() for path in backup_files(indexed)}
    library = open_library(indexed)
    library.update()
    library.close()
    after = {path: path.stat() for path in backup_files(indexed)}
    assert {path: stat.st_mtime_ns for path, stat in before.items()} == {
        path: stat.st_mtime_ns for path, stat in after.items()
    }


def test_two_backups_are_kept(open_library: OpenLibrary, colour_folder: Path) -> None:
    library = open_library()
    library.add_folder(colour_folder)
    seen: set[str] = set()
    for number in range(5):
        add_photo(library, f"{'x' * number}x.jpg")
        library.update()
        names = [path.name for path in backup_files(library.directory)]
        assert len(names) == min(2, number + 1)
        assert names[-1] not in seen
        seen.update(names)
    assert not list((library.directory / "backups").glob(".*"))


def test_a_few_photos_make_no_backup_before_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_photos(names: range) -> None:
        with store.transaction():
            for name in names:
                file = PhotoFile(1, b"%06d.jpg" % name, 1000, 1000)
                store.put_photo(file, b"%016d" % name, 64, 64, Metadata())

    monkeypatch.setattr(backups, "SLOWEST", 1)
    with closing(Catalogue(tmp_path / "library.db")) as store:
        store.folders.add(tmp_path / "photos")
        add_photos(range(1000))
        store.back_up(lambda: False)
        (first,) = backup_files(tmp_path)
        add_photos(range(1000, 1001))
        store.back_up(lambda: False)
        assert backup_files(tmp_path) == [first]
        add_photos(range(1001, 1200))
        store.back_up(lambda: False)
        assert len(backup_files(tmp_path)) == 2
        # What the person has made is kept at once.
        store.exclusions.add(["Trash/"])
        store.back_up(lambda: False)
        third = backup_files(tmp_path)[-1]
        assert first not in backup_files(tmp_path)
        # The last backup is days old.
        old = third.with_name("20200102-030405.db")
        for path in backup_files(tmp_path)[:-1]:
            path.unlink()
        third.rename(old)
        store.back_up(lambda: False)
        assert backup_files(tmp_path) == [old]
        add_photos(range(1200, 1201))
        store.back_up(lambda: False)
        assert len(backup_files(tmp_path)) == 2


def test_a_clock_that_was_put_back_does_not_drop_the_new_backup(
    indexed: Path, open_library: OpenLibrary
) -> None:
    (only,) = backup_files(indexed)
    future = only.rename(only.with_name("29990102-030405.db"))
    library = open_library(indexed)
    add_photo(library, "white.jpg")
    library.update()
    assert backup_files(indexed) == [future, only.with_name("29990102-030406.db")]


def test_no_backup_is_kept_of_a_library_that_fails_its_check(
    indexed: Path, open_library: OpenLibrary
) -> None:
    before = backup_files(indexed)
    library = open_library(indexed)
    add_photo(library, "white.jpg")
    library.close()
    library = open_library(indexed)
    with (indexed / "library.db").open("r+b") as file:
        file.seek(-16384, 2)
        file.write(random.Random(2).randbytes(16384))
    with pytest.raises(LibraryDamagedError):
        library.update()
    library.close()
    assert backup_files(indexed) == before
    library = open_library(indexed)
    assert library.recovery is not None
    assert library.info().searchable == 6


def test_a_backup_is_a_whole_library_with_what_is_only_in_the_log(
    indexed: Path, open_library: OpenLibrary
) -> None:
    library, other = open_library(indexed), open_library(indexed)
    add_photo(library, "white.jpg")
    library.update()
    newest = backup_files(indexed)[-1]
    with closing(sqlite3.connect(newest)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM photos").fetchone() == (7,)
    assert other.info().searchable == 7


def test_an_open_library_keeps_its_lock_after_an_update(
    indexed: Path, open_library: OpenLibrary
) -> None:
    library = open_library(indexed)
    add_photo(library, "white.jpg")
    library.update()
    assert len(backup_files(indexed)) == 2
    # SQLite's shared lock is on these bytes; who can lock them alone believes to be the last.
    script = (
        "import fcntl, os, sys; file = os.open(sys.argv[1], os.O_RDWR)\n"
        "fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 1073741826)"
    )
    command = [sys.executable, "-c", script, str(indexed / "library.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "BlockingIOError" in done.stderr
    library.close()
    subprocess.run(command, check=True)


def test_a_backup_that_finds_no_room_is_said_and_the_update_holds(
    mounted: Callable[..., Path], open_library: OpenLibrary, colour_folder: Path
) -> None:
    disk = mounted("disk", "size=20m")
    library = open_library(disk / "library")
    library.add_folder(colour_folder)
    mounted("disk/library/backups", "size=64k")
    report = library.update()
    assert report.added == 6
    (problem,) = report.problems
    assert "no backup of it can be written" in problem
    assert not list((disk / "library" / "backups").iterdir())
    library.close()
    library = open_library(disk / "library")
    assert library.recovery is None
    assert library.info().searchable == 6


def test_a_stopped_update_makes_no_backup(open_library: OpenLibrary, colour_folder: Path) -> None:
    library = open_library()
    library.add_folder(colour_folder)
    library.update(cancelled=lambda: True)
    assert not backup_files(library.directory)


def test_a_backup_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    with closing(Catalogue(tmp_path / "library.db")) as store:
        store.back_up(lambda: True)
    assert not list((tmp_path / "backups").iterdir())
