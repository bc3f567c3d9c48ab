"""Random histories of folders and their library, held after each step against a slow twin.

Each history has a number, from which all of it is drawn. `PHOTOSEEK_HISTORIES=500` tries so many
instead of the few of the suite, `PHOTOSEEK_FIRST_HISTORY=29` begins with another one. One that
fails is told in as few steps as still fail.
"""

from __future__ import annotations

import functools
import io
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bundles import COLOURS
from drawing import draw
from library_twin import PATTERNS, Known, Settled, Twin, digest_of, look
from photoseek import Library, LibraryBusyError, LibraryError, ModelBundle
from photoseek.encoder import Encoder
from photoseek.errors import FolderError
from quick_decoder import QuickPool, unreadable

HISTORIES = int(os.environ.get("PHOTOSEEK_HISTORIES", "10"))
FIRST = int(os.environ.get("PHOTOSEEK_FIRST_HISTORY", "0"))
STEPS = 40

FORMATS = {"JPEG": {"quality": 95}, "PNG": {}, "BMP": {}, "GIF": {}, "WEBP": {}, "TIFF": {}}
DIRS = ("photos", "photos/sub", "photos/sub/deep", "photos/drive", "extra", "extra/sub")
NAMES = ("a.jpg", "b.jpg", "c.png", "é d.bmp", "e.gif", "f.webp", "g.tif")
SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{}"/></rdf:RDF></x:xmpmeta>"""

_SERVER = """
import json, os, signal, sqlite3, sys
sys.path.insert(0, sys.argv[2])
import onnxruntime, photoseek.library, photoseek.indexer
from pathlib import Path
from photoseek import Library, LibraryError, ModelBundle
from quick_decoder import QuickPool, unreadable

photoseek.indexer.DecoderPool = QuickPool
bundle = ModelBundle.open(sys.argv[1])

def update(order):
    left = order["die"]
    def step(*_):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def audit(event, arguments):
        if event in ("open", "os.rename", "os.remove", "os.mkdir"):
            if str(arguments[0]).startswith(order["library"]):
                step()
    connect = sqlite3.connect
    def traced(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(step)
        return connection
    sqlite3.connect = traced
    sys.addaudithook(audit)
    with unreadable(map(Path, order["locked"]), map(Path, order["shut"])):
        with Library.open(order["library"], bundle=bundle) as library:
            try:
                library.update()
            except LibraryError as error:
                return str(error)
            return library.recovery or ""

for line in sys.stdin:
    child = os.fork()
    if not child:
        os._exit(print(json.dumps(update(json.loads(line))), flush=True) or 0)
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Has imported everything, and updates libraries in forks, each killed after so many steps."""


@functools.cache
def content(colour: str, kind: str, place: int) -> bytes:
    """Return a photo's bytes; those of BMPs of one place are of one size."""
    stream = io.BytesIO()
    draw(colour, size=(64 + place, 64)).save(stream, kind, **FORMATS[kind])
    return stream.getvalue()


ALL = {
    digest_of(content(colour, kind, place)): colour
    for colour in COLOURS
    for kind in FORMATS
    for place in range(3)
}
"""The colour of every photo that can be in a history, by its digest."""

T = TypeVar("T", bound=Callable[..., None])

Photo = tuple[str, str, int]
Spot = tuple[str, str]
Step = tuple[str, dict[str, Any]]
Draw = Callable[[random.Random], Any]


def one_of(*values: object) -> Draw:
    return lambda chance: chance.choice(values)


def between(first: int, last: int) -> Draw:
    return lambda chance: chance.randint(first, last)


def photos(chance: random.Random) -> Photo:
    return chance.choice([*COLOURS]), chance.choice([*FORMATS]), chance.randrange(3)


def spots(chance: random.Random) -> Spot:
    return chance.choice(DIRS), chance.choice(NAMES)


def step(weight: int = 2, **draws: Draw) -> Callable[[T], T]:
    """Make a method a step of histories, as often as its weight says, with such arguments."""

    def mark(method: T) -> T:
        method.__dict__.update(weight=weight, draws=draws)
        return method

    return mark


@dataclass(frozen=True)
class Row:
    """What a library's file has of one file."""

    id: int
    known: Known


class Server:
    """Starts updates in processes of their own."""

    def __init__(self, bundle: ModelBundle) -> None:
        command = [sys.executable, "-c", _SERVER, str(bundle.path), str(Path(__file__).parents[1])]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def update(self, **order: object) -> str | None:
        """Update a library; return what the process says, or None where it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        answer = json.loads(self._process.stdout.readline())
        if isinstance(answer, str):
            assert json.loads(self._process.stdout.readline()) == 0
            return answer
        assert answer == signal.SIGKILL
        return None

    def close(self) -> None:
        self._process.communicate()


class History:
    """One history: folders that a person changes, and a library that follows.

    `base` is a new folder, `disk` one for the library; both are given by the test.
    """

    def __init__(self, base: Path, library: Path, bundle: ModelBundle, server: Server) -> None:
        self.base, self.directory, self.bundle, self.server = base, library, bundle, server
        for name in DIRS:
            (base / name).mkdir(parents=True)
        (base / "aside").mkdir()
        self.twin = Twin(ALL.keys())
        self.locked: set[Path] = set()
        self.shut: set[Path] = set()
        self.touched: set[Path] = set()
        self.last_id = 0
        self.number = 0
        self.library = Library.open(library, bundle=bundle)
        self.reader = Library.open(library, bundle=bundle)

    def end(self) -> None:
        self.library.close()
        self.reader.close()
        shutil.rmtree(self.base)
        shutil.rmtree(self.directory)

    # What the person does with folders and files

    def place(self, name: str) -> Path:
        """Return where a folder is now."""
        away = self.base / "aside" / "unplugged"
        if name.startswith("extra") and away.exists():
            return away / Path(name).relative_to("extra")
        return self.base / name

    def files(self) -> list[Path]:
        found = {
            path
            for name in ("photos", "photos/drive", "extra")
            for path in self.place(name).rglob("*")
            if path.is_file() and path.suffix not in (".xmp", ".icloud")
        }
        return sorted(found)

    def write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.touched.add(path)

    def any_file(self, number: int) -> Path | None:
        files = self.files()
        return files[number % len(files)] if files else None

    @step(6, spot=spots, photo=photos)
    def add_a_photo(self, spot: tuple[str, str], photo: Photo) -> None:
        self.write(self.place(spot[0]) / spot[1], content(*photo))

    @step(spot=spots, photo=photos, count=between(2, 14))
    def add_many_photos(self, spot: tuple[str, str], photo: Photo, count: int) -> None:
        for place in range(count):
            self.write(self.place(spot[0]) / f"{place}{spot[1]}", [*_all_contents()][place * 7])

    @step(spot=spots)
    def add_what_is_no_photo(self, spot: tuple[str, str]) -> None:
        self.write(self.place(spot[0]) / spot[1], b"no photo")

    @step(number=between(0, 999), rating=between(1, 5))
    def write_a_sidecar(self, number: int, rating: int) -> None:
        if path := self.any_file(number):
            self.write(path.with_name(f"{path.name}.xmp"), SIDECAR.format(rating).encode())

    @step(number=between(0, 999))
    def delete_a_sidecar(self, number: int) -> None:
        if path := self.any_file(number):
            path.with_name(f"{path.name}.xmp").unlink(missing_ok=True)
            self.touched.add(path.with_name(f"{path.name}.xmp"))

    @step(number=between(0, 999), photo=photos)
    def change_a_photo(self, number: int, photo: Photo) -> None:
        if path := self.any_file(number):
            self.write(path, content(*photo))

    @step(number=between(0, 999), colour=one_of(*COLOURS))
    def change_a_photo_and_neither_size_nor_time(self, number: int, colour: str) -> None:
        if path := self.any_file(number):
            status, data = path.stat(), path.read_bytes()
            for place in range(3):
                if len(content(colour, "BMP", place)) == len(data):
                    self.write(path, content(colour, "BMP", place))
                    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    @step(number=between(0, 999))
    def touch_a_photo(self, number: int) -> None:
        if path := self.any_file(number):
            self.number += 1
            os.utime(path, (1_500_000_000 + self.number,) * 2)
            self.touched.add(path)

    @step(10, number=between(0, 999), spot=spots)
    def move_a_photo(self, number: int, spot: tuple[str, str]) -> None:
        if path := self.any_file(number):
            target = self.place(spot[0]) / spot[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
            self.touched |= {path, target}

    @step(number=between(0, 999), other=between(0, 999))
    def swap_two_photos(self, number: int, other: int) -> None:
        one, two = self.any_file(number), self.any_file(other)
        if one and two and one != two:
            data = one.read_bytes()
            self.write(one, two.read_bytes())
            self.write(two, data)

    @step(number=between(0, 999), spot=spots)
    def copy_a_photo(self, number: int, spot: tuple[str, str]) -> None:
        if path := self.any_file(number):
            self.write(self.place(spot[0]) / spot[1], path.read_bytes())

    @step(number=between(0, 999))
    def delete_a_photo(self, number: int) -> None:
        if path := self.any_file(number):
            self.number += 1
            shutil.move(path, self.base / "aside" / f"{self.number} {path.name}")
            self.touched.add(path)

    @step(spot=spots, number=between(0, 999))
    def bring_a_photo_back(self, spot: tuple[str, str], number: int) -> None:
        aside = sorted(path for path in (self.base / "aside").iterdir() if path.is_file())
        if aside:
            self.write(self.place(spot[0]) / spot[1], aside[number % len(aside)].read_bytes())

    @step(number=between(0, 999))
    def leave_a_photo_to_the_cloud(self, number: int) -> None:
        if path := self.any_file(number):
            path.unlink()
            path.with_name(f".{path.name}.icloud").touch()
            self.touched.add(path)

    @step(number=between(0, 999))
    def fetch_photos_from_the_cloud(self, number: int) -> None:
        for path in self.base.rglob(".*.icloud"):
            path.unlink()
            self.touched.add(path.with_name(path.name[1 : -len(".icloud")]))
            self.touched.add(path)

    @step(name=one_of("photos/sub", "photos/sub/deep", "extra/sub"))
    def delete_a_subfolder(self, name: str) -> None:
        place = self.place(name)
        if place.exists():
            self.number += 1
            shutil.move(place, self.base / "aside" / f"folder {self.number}")
            self.touched.add(place)

    @step(
        one=one_of("photos/sub", "photos/sub/deep", "extra/sub"),
        other=one_of("photos/moved", "photos/drive/moved", "photos/sub", "extra/moved"),
    )
    def move_a_subfolder(self, one: str, other: str) -> None:
        source, target = self.place(one), self.place(other)
        if source.exists() and not target.exists() and target.parent.exists():
            shutil.move(source, target)
            self.touched |= {source, target}

    @step(3, name=one_of(*DIRS))
    def lock_or_unlock_a_folder(self, name: str) -> None:
        self.locked ^= {self.base / name}
        self.touched.add(self.base / name)

    @step(number=between(0, 999))
    def lock_or_unlock_a_photo(self, number: int) -> None:
        if path := self.any_file(number):
            self.shut ^= {path}
            self.touched.add(path)

    @step(5)
    def unplug_or_replug_the_extra_folder(self) -> None:
        here, away = self.base / "extra", self.base / "aside" / "unplugged"
        if away.exists():
            if not here.exists():
                away.rename(here)
        elif here.exists():
            here.rename(away)
        self.touched.add(here)

    # What the person asks of the library

    @step(name=one_of("photos", "photos/sub", "extra"))
    def add_folder(self, name: str) -> None:
        folder = self.base / name
        locked = any(folder.is_relative_to(place) for place in self.locked)
        if locked or not folder.exists():
            with self.all_closed(), pytest.raises(FolderError):
                self.library.add_folder(folder)
            return
        with self.all_closed():
            self.library.add_folder(folder)
        if self.twin.folder_of(folder) is None:
            inside = {other for other in self.twin.folders if other.is_relative_to(folder)}
            self.twin.folders = self.twin.folders - inside | {folder}
            if inside:
                self.twin.settle_exclusions()
        self.touched.add(folder)
        self.check()

    @step(1, number=between(0, 999))
    def remove_a_folder(self, number: int) -> None:
        folders = sorted(self.twin.folders)
        if len(folders) > 1 or (number % 5 == 0 and folders):
            folder = folders[number % len(folders)]
            self.library.remove_folder(folder)
            self.twin.remove_folder(folder)
            self.check()

    @step(pattern=one_of(*PATTERNS))
    def exclude_or_include(self, pattern: str) -> None:
        self.twin.patterns ^= {pattern}
        adds = pattern in self.twin.patterns
        count = (self.library.exclude if adds else self.library.include)(pattern)
        assert count == self.twin.settle_exclusions()[not adds]
        self.touched |= self.twin.folders  # the next look has to be at everything
        self.check()

    @step(name=one_of(*DIRS, ""), number=between(0, 999))
    def forget_what_is_missing(self, name: str, number: int) -> None:
        missing = sorted(path for path, known in self.twin.known.items() if known.missing)
        place = missing[number % len(missing)] if missing and number % 2 else self.base / name
        assert self.library.forget_missing(place) == self.twin.forget_missing(place)
        self.check()

    @step()
    def close_and_open(self) -> None:
        self.library.close()
        self.library = Library.open(self.directory, bundle=self.bundle)
        assert self.library.recovery is None
        self.check()

    # Updates

    @step(12)
    def update(self) -> None:
        self._update()

    @step(9)
    def update_the_watched_places(self) -> None:
        self._update(places=frozenset(self.touched))

    def _update(self, places: frozenset[Path] | None = None) -> None:
        disk = look(self.twin.folders, self.locked, self.shut)
        before, files = self.rows("photos"), self.states()
        encoded = 0
        encode = Encoder.encode_pixels

        def count(encoder: Encoder, pixels: object) -> object:
            nonlocal encoded
            encoded += len(pixels)  # type: ignore[arg-type]
            return encode(encoder, pixels)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch, self.all_closed():
            patch.setattr(Encoder, "encode_pixels", count)
            report = self.library.update(places=places)
        assert self.states() == files
        after = self.rows("photos")
        settled = self.twin.update(disk, after.keys(), whole=places is None)
        self.settle(settled, before)
        assert encoded in settled.embedded
        assert report.problems == ()
        self.check()
        self.check_thumbnails()
        if places is None:
            assert report.found == len(settled.known.keys() & (disk.files.keys() | disk.stubs))
            online = {folder.path for folder in self.library.folders() if folder.online}
            assert online == self.twin.folders - settled.offline
            written = self.file()
            with self.all_closed():
                again = self.library.update()
            assert (again.added, again.changed, again.moved, again.removed) == (0, 0, 0, 0)
            assert self.file() == written
            self.check_thumbnails()

    def settle(self, settled: Settled, before: dict[Path, Row]) -> None:
        """Compare the rows with what an update must come to, and take that for known."""
        after = self.rows("photos")
        assert differences(after, settled.known) == {}
        for path, row in after.items():
            old = before.get(path)
            if old and old.known.digest == row.known.digest and row.known.is_photo:
                assert old.id == row.id
        for sources, places in settled.moved.values():
            assert {before[path].id for path in sources} <= {after[path].id for path in places}
        ids = {row.id for row in before.values()}
        assert all(row.id in ids or row.id > self.last_id for row in after.values())
        self.last_id = max([self.last_id, *(row.id for row in after.values())])
        self.twin.known, self.twin.mounts = settled.known, settled.mounts
        self.touched.clear()

    @step(4, die=between(1, 160))
    def update_in_another_process_that_is_killed(self, die: int) -> None:
        self._update_elsewhere(die)

    @step(3, close=one_of(False, True))
    def update_in_another_process(self, *, close: bool) -> None:
        self._update_elsewhere(0, close=close)

    def _update_elsewhere(self, die: int, *, close: bool = False) -> None:
        disk = look(self.twin.folders, self.locked, self.shut)
        before = self.rows("photos")
        if close:
            self.library.close()
        answer = self.server.update(
            library=str(self.directory),
            locked=[*map(str, self.locked)],
            shut=[*map(str, self.shut)],
            die=die,
        )
        if close:
            self.library = Library.open(self.directory, bundle=self.bundle)
        settled = self.twin.update(disk, self.rows("photos").keys())
        if answer is None:
            self.settle_partly(settled, before)
        else:
            assert answer == ""
            self.settle(settled, before)
            self.check_thumbnails()
        self.check()

    def settle_partly(self, settled: Settled, before: dict[Path, Row]) -> None:
        """Take for known what an update has left that did not end."""
        after = self.rows("photos")
        for path, row in after.items():
            old, new = before.get(path), settled.known.get(path)
            known = [each for each in (old and old.known, new) if each]
            assert (row.known.digest, row.known.rating) in [(k.digest, k.rating) for k in known]
            assert row.known.missing in [k.missing for k in known]
            if old and row.known.is_photo and old.known.digest == row.known.digest:
                assert old.id == row.id
        moved = {path for sources, _ in settled.moved.values() for path in sources}
        for path in before.keys() - after.keys():
            assert path in moved or path not in settled.known
        self.last_id = max([self.last_id, *(row.id for row in after.values())])
        self.twin.known = {path: row.known for path, row in after.items()}
        self.twin.mounts = self.mounts()
        self.touched |= self.twin.folders

    @contextmanager
    def all_closed(self) -> Iterator[None]:
        """Let locked folders and photos be so."""
        with unreadable(self.locked, self.shut):
            yield

    # What the library's file says, read beside it

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.directory / 'library.db'}?mode=ro", uri=True)

    def rows(self, table: str) -> dict[Path, Row]:
        with closing(self.connect()) as database:
            rows = database.execute(
                "SELECT f.path, p.name, p.id, p.digest, p.rating, p.missing, p.failure "
                f"FROM {table} p JOIN folders f ON f.id = p.folder_id"
            ).fetchall()
        found = {}
        for folder, name, id_, digest, rating, missing, failure in rows:
            path = Path(os.fsdecode(folder)) / os.fsdecode(name)
            assert (failure is None) == (digest is not None)
            known = Known(digest.hex() if digest else None, rating, bool(missing))
            found[path] = Row(id_, known)
        assert len(found) == len(rows)
        return found

    def mounts(self) -> set[Path]:
        with closing(self.connect()) as database:
            return {
                Path(os.fsdecode(path)) for (path,) in database.execute("SELECT path FROM mounts")
            }

    def file(self) -> bytes:
        with closing(self.connect()) as database:
            return database.serialize()

    def states(self) -> dict[Path, tuple[int, ...]]:
        """Return what would show that a photo has been touched."""
        found: dict[Path, tuple[int, ...]] = {}
        for path in self.base.rglob("*"):
            status = path.stat()
            if path.is_file():
                found[path] = (
                    status.st_size,
                    status.st_mtime_ns,
                    status.st_ctime_ns,
                    status.st_mode,
                )
        return found

    # What must be true at any time

    def check_file(self) -> None:
        with closing(self.connect()) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []

    def check_thumbnails(self) -> None:
        rows = (*self.rows("photos").values(), *self.rows("excluded_photos").values())
        digests = {row.known.digest for row in rows if row.known.is_photo}
        assert {path.stem for path in (self.directory / "thumbnails").rglob("*.jpg")} == digests

    def check(self) -> None:
        """Compare what the library shows with the twin."""
        self.check_file()
        shown, hidden = self.rows("photos"), self.rows("excluded_photos")
        assert differences(shown, self.twin.known) == {}
        assert differences(hidden, self.twin.hidden) == {}
        photos = {path: known for path, known in self.twin.known.items() if known.is_photo}
        failed = self.twin.known.keys() - photos.keys()
        offline = {path for path, known in photos.items() if known.missing}
        for library in (self.library, self.reader):
            info = library.info()
            assert (info.photos, info.searchable) == (len(self.twin.known), len(photos))
            assert (info.failed, info.pending, info.offline) == (len(failed), 0, len(offline))
            assert {failure.path for failure in info.failures} >= failed
            browsed = library.photos(library.browse().tolist())
            assert {photo.path: photo.metadata.rating for photo in browsed} == {
                path: known.rating for path, known in photos.items()
            }
            assert {photo.path for photo in browsed if photo.offline} == offline
            for colour in COLOURS if library is self.library else ("red",):
                wanted = {
                    path for path, known in photos.items() if ALL[known.digest or ""] == colour
                }
                hits = library.search(colour, top_k=len(photos) + 1)
                assert len(hits) == len(photos)
                assert {hit.photo.path for hit in hits[: len(wanted)]} == wanted


def differences(rows: dict[Path, Row], known: dict[Path, Known]) -> dict[Path, object]:
    """Return what a library's rows say and what they should, where that differs."""
    return {
        path: (row.known if (row := rows.get(path)) else None, known.get(path))
        for path in rows.keys() | known.keys()
        if path not in rows or rows[path].known != known.get(path)
    }


def _all_contents() -> Iterator[bytes]:
    for place in range(3):
        for colour in COLOURS:
            for kind in FORMATS:
                yield content(colour, kind, place)


@pytest.fixture
def server(colour_bundle: ModelBundle) -> Iterator[Server]:
    server = Server(colour_bundle)
    yield server
    server.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photoseek.indexer.DecoderPool", QuickPool)


class HistoryWithDrives(History):
    """The same with a drive below a folder that comes and goes, and a library's disk that fills.

    `card` is the drive wherever it is mounted, and `library` is on a disk of its own.
    """

    def __init__(
        self, base: Path, library: Path, bundle: ModelBundle, server: Server, card: Path
    ) -> None:
        super().__init__(base, library, bundle, server)
        self.card = card
        self.plug_or_unplug_the_drive()

    def end(self) -> None:
        if os.path.ismount(self.base / "photos" / "drive"):
            self.plug_or_unplug_the_drive()
        super().end()
        for path in self.card.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def place(self, name: str) -> Path:
        if name.startswith("photos/drive") and not os.path.ismount(self.base / "photos" / "drive"):
            return self.card / Path(name).relative_to("photos/drive")
        return super().place(name)

    @step(8)
    def plug_or_unplug_the_drive(self) -> None:
        drive = self.base / "photos" / "drive"
        if os.path.ismount(drive):
            subprocess.run(["umount", drive], check=True)
        else:
            subprocess.run(["mount", "--bind", self.card, drive], check=True)
        self.touched.add(drive)

    @step(8, room=between(0, 600))
    def update_on_a_full_disk(self, room: int) -> None:
        """Update with so many KB left, with whatever comes of it."""
        disk = look(self.twin.folders, self.locked, self.shut)
        before, filler = self.rows("photos"), self.directory.with_name("filler")
        with filler.open("wb") as file:
            os.posix_fallocate(
                file.fileno(), 0, shutil.disk_usage(filler.parent).free - (room << 10) or 1
            )
        try:
            with self.all_closed():
                self.library.update()
        except LibraryBusyError:
            raise
        except LibraryError as error:
            if "free some space" not in str(error):
                raise
        finally:
            filler.unlink()
        self.settle_partly(self.twin.update(disk, self.rows("photos").keys()), before)
        self.check()


def draw_history(kind: type[History], number: int) -> list[Step]:
    """Return the steps of a history: some photos, their folder, then whatever comes."""
    chance = random.Random(number)
    begin: list[Step] = [
        ("add_a_photo", {"spot": spots(chance), "photo": photos(chance)}) for _ in range(10)
    ]
    begin += [("add_folder", {"name": "photos"})] * (number % 3 != 0)
    begin += [("add_folder", {"name": "extra"}), ("update", {})]
    steps = {name: step for name in dir(kind) if hasattr(step := getattr(kind, name), "draws")}
    weights = [step.weight for step in steps.values()]
    return begin + [
        (name, {key: draw(chance) for key, draw in steps[name].draws.items()})
        for name in chance.choices([*steps], weights, k=STEPS)
    ]


def shortened(steps: list[Step], fails: Callable[[list[Step]], bool]) -> list[Step]:
    """Return as few of these steps as still fail."""
    size = len(steps) // 2
    while size:
        for first in range(len(steps) - 1, -1, -size):
            fewer = steps[: max(0, first - size + 1)] + steps[first + 1 :]
            if len(fewer) < len(steps) and fails(fewer):
                steps = fewer
        size //= 2
    return steps


def play_all(kind: type[History], begin: Callable[[int], History]) -> None:
    count = itertools.count()

    def play(steps: list[Step]) -> None:
        history = begin(next(count))
        try:
            for name, arguments in steps:
                getattr(history, name)(**arguments)
        finally:
            history.end()

    def fails(steps: list[Step]) -> bool:
        try:
            play(steps)
        except Exception:  # noqa: BLE001 -- however it fails
            return True
        return False

    for number in range(FIRST, FIRST + HISTORIES):
        steps = draw_history(kind, number)
        try:
            play(steps)
        except Exception as error:
            lines = "\n".join(f"{name} {arguments}" for name, arguments in shortened(steps, fails))
            error.add_note(f"history {number}, as short as it still fails:\n{lines}")
            raise


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.usefixtures("quick")
def test_a_library_is_after_any_history_what_its_twin_is(
    tmp_path: Path, colour_bundle: ModelBundle, server: Server
) -> None:
    play_all(
        History,
        lambda number: History(
            tmp_path / f"{number}", tmp_path / f"library-{number}", colour_bundle, server
        ),
    )


@pytest.mark.usefixtures("quick")
def test_a_library_is_after_any_history_of_drives_and_full_disks_what_its_twin_is(
    tmp_path: Path, colour_bundle: ModelBundle, server: Server, mounted: Callable[..., Path]
) -> None:
    card, disk = mounted("card", "size=8m"), mounted("disk", "size=16m")
    play_all(
        HistoryWithDrives,
        lambda number: HistoryWithDrives(
            tmp_path / f"{number}", disk / f"library-{number}", colour_bundle, server, card
        ),
    )
