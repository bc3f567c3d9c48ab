"""Folders that are watched while photos come, change and go, with the system's real events."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import start
from drawing import draw_photo
from photoseek import Changes, Library, ModelBundle
from photoseek import watcher as watcher_module
from photoseek.watcher import FolderWatcher

GIVE_UP = 60.0
"""Seconds after which an event is taken for lost; on a machine at rest it takes half a second."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="counts inotify's handles")
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and file names")


class Watch:
    """A running watch that is asked for its next changes and gives up at last."""

    def __init__(self, *folders: Path, leave_out: Path = Path("/nowhere")) -> None:
        self._until = 0.0
        watcher = FolderWatcher(lambda: folders, leave_out)
        self._changes = watcher.changes(lambda: time.monotonic() > self._until)

    def next(self) -> Changes:
        self._until = time.monotonic() + GIVE_UP
        return next(self._changes)

    def until(self, place: Path) -> Changes:
        """Return the changes that name a place; events of one act may come apart."""
        while True:
            changes = self.next()
            if changes.places is not None and place in changes.places:
                return changes


def touch(path: Path) -> Path:
    path.write_bytes(b"12345")
    return path


def test_the_start_is_told_as_everything_and_a_new_photo_by_its_place(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    assert watch.next() == Changes(None, ())
    photo = touch(tmp_path / "a.jpg")
    assert watch.next() == Changes(frozenset({photo}), ())


def test_a_burst_of_a_thousand_photos_is_one_batch(tmp_path: Path) -> None:
    burst = tmp_path / "elsewhere"
    burst.mkdir()
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(1000):
        touch(burst / f"{number}.jpg")
    watch = Watch(folder)
    watch.next()
    for photo in burst.iterdir():
        photo.rename(folder / photo.name)
    changes = watch.next()
    assert changes.places is not None
    assert len(changes.places) == 1000


def test_what_happens_while_an_update_runs_is_told_after_it(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.next()
    first = touch(tmp_path / "a.jpg")
    assert first in (watch.next().places or ())
    second = touch(tmp_path / "b.jpg")
    first.unlink()
    changes = watch.until(second)
    assert changes.places == frozenset({first, second})


def test_a_folder_that_is_moved_in_is_told_whole_and_watched(tmp_path: Path) -> None:
    trip = tmp_path / "trip"
    (trip / "day one").mkdir(parents=True)
    touch(trip / "day one" / "a.jpg")
    folder = tmp_path / "photos"
    folder.mkdir()
    watch = Watch(folder)
    watch.next()
    trip.rename(folder / "trip")
    watch.until(folder / "trip")
    photo = touch(folder / "trip" / "day one" / "b.jpg")
    watch.until(photo)


def test_files_that_are_no_photos_and_the_library_itself_wake_nobody(tmp_path: Path) -> None:
    library = tmp_path / "library"
    (library / "thumbnails").mkdir(parents=True)
    (tmp_path / "@eaDir").mkdir()
    watch = Watch(tmp_path, leave_out=library)
    watch.next()
    for name in ("notes.txt", ".hidden.jpg", "@eaDir/a.jpg", "library/thumbnails/a.jpg"):
        touch(tmp_path / name)
    photo = touch(tmp_path / "a.jpg")
    assert watch.next().places == frozenset({photo})


def test_a_folder_that_is_a_link_hears_of_changes_by_its_real_name(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    watcher = FolderWatcher(lambda: [link], Path("/nowhere"))
    # As macOS tells it; here, the system says what it was asked for.
    names = watcher_module._all_names([link])
    assert list(watcher._concerned(real / "a.jpg", names)) == [link / "a.jpg"]
    assert list(watcher._concerned(link / "a.jpg", names)) == [link / "a.jpg"]
    assert list(watcher._concerned(tmp_path / "a.jpg", names)) == []


def test_a_sidecar_that_comes_is_told_like_a_photo(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.next()
    for name in ("a.xmp", "a.jpg.json"):
        sidecar = touch(tmp_path / name)
        watch.until(sidecar)


def test_a_folder_that_is_away_is_said_to_be_and_is_watched_once_it_comes(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    watch = Watch(drive)
    changes = watch.next()
    assert [(item.path, item.reason) for item in changes.unwatched] == [(drive, "is not there now")]
    drive.mkdir()
    assert watch.next() == Changes(None, ())
    photo = touch(drive / "a.jpg")
    assert watch.next().places == frozenset({photo})


def test_a_folder_that_goes_and_comes_back_is_looked_at_whole_each_time(tmp_path: Path) -> None:
    drive, other = tmp_path / "drive", tmp_path / "other"
    drive.mkdir()
    other.mkdir()
    watch = Watch(drive, other)
    watch.next()
    drive.rename(tmp_path / "unplugged")
    while not (changes := watch.next()).unwatched:
        pass
    assert changes.places is None
    photo = touch(other / "a.jpg")
    assert watch.next().places == frozenset({photo})
    (tmp_path / "unplugged").rename(drive)
    assert watch.next() == Changes(None, ())


@linux
def test_a_name_that_is_no_text_makes_everything_be_looked_at(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.next()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg")).write_bytes(b"1")
    assert watch.next() == Changes(None, ())


FEW_HANDLES = """
import sys
from pathlib import Path
from photoseek import watcher as watcher_module
from photoseek.watcher import FolderWatcher
folders = [Path(name) for name in sys.argv[1:]]
changes = next(FolderWatcher(lambda: folders, Path("/nowhere")).changes(lambda: False))
for item in changes.unwatched:
    print(item.path.name, item.reason)
"""


@linux
def test_more_folders_than_the_system_has_handles_for_are_named_and_the_rest_is_watched(
    tmp_path: Path,
) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    for number in range(40):
        (large / str(number)).mkdir(parents=True)
    # A user namespace has its own count of handles, so no other program goes without.
    limited = 'echo 10 > /proc/sys/user/max_inotify_watches && exec "$@"'
    alone = ["unshare", "--user", "--map-root-user", "sh", "-c", limited, "sh"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("this system gives programs no user namespace")
    run = subprocess.run(
        [*alone, sys.executable, "-c", FEW_HANDLES, str(small), str(large)],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = run.stdout.splitlines()
    assert line.startswith("large holds more folders than this system lets programs watch")


@pytest.fixture
def following(
    tmp_path: Path, colour_bundle: ModelBundle, colour_folder: Path
) -> Iterator[subprocess.Popen[str]]:
    """`photoseek index --watch --json` on six photos."""
    library = tmp_path / "library"
    process = start(
        colour_bundle, "index", colour_folder, "--watch", "--json", "--library", library
    )
    yield process
    process.kill()
    process.communicate()


@posix
def test_the_terminal_reads_photos_as_they_come_and_stops_with_ctrl_c(
    following: subprocess.Popen[str],
    colour_folder: Path,
    tmp_path: Path,
    colour_bundle: ModelBundle,
) -> None:
    assert following.stdout is not None
    assert '"added": 6' in following.stdout.readline()
    draw_photo(colour_folder / "new" / "white.jpg", "white")
    assert '"added": 1' in following.stdout.readline()
    (colour_folder / "red.jpg").rename(colour_folder / "new" / "red.jpg")
    assert '"moved": 1' in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, errors = following.communicate()
    assert (following.returncode, errors) == (
        0,
        "photoseek: stopped; what was done so far is kept\n",
    )
    with Library.open(tmp_path / "library", bundle=colour_bundle) as library:
        assert library.search("white")[0].photo.path.name == "white.jpg"
        assert library.info().photos == 7


def test_a_file_that_grows_is_read_again_until_it_is_whole(
    library: Library, colour_folder: Path, tmp_path: Path
) -> None:
    library.add_folder(colour_folder)
    whole = draw_photo(tmp_path / "white.png", "white", size=(400, 400)).read_bytes()
    changes = library.watch()
    library.update(places=next(changes).places)
    photo = colour_folder / "white.png"
    photo.write_bytes(whole[:100])
    assert library.update(places=next(changes).places).failed == 1
    photo.write_bytes(whole)
    report = library.update(places=next(changes).places)
    assert (report.changed, library.info().failed) == (1, 0)
    assert library.search("white")[0].photo.path == photo
