"""A slow, obvious twin of a library: what it must hold of its folders after each update.

It is written from the rule that `photoseek.settlement` says, and looks at every file itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from blake3 import blake3

__all__ = ["PATTERNS", "Disk", "Known", "Twin", "digest_of", "look"]

ENDINGS = (".jpg", ".png", ".bmp", ".gif", ".webp", ".tif")

PATTERNS: dict[str, Callable[[Path], bool]] = {
    "*.png": lambda path: path.name.endswith(".png"),
    "sub/": lambda path: "sub" in path.parts[:-1],
    "/a.jpg": lambda path: path == Path("a.jpg"),
    "b*": lambda path: any(part.startswith("b") for part in path.parts),
}
"""Patterns that leave photos out, and whether each does so with a path below a folder."""


def digest_of(content: bytes) -> str:
    return blake3(content).hexdigest(length=16)


@dataclass(frozen=True)
class Known:
    """What a library remembers of a file; one that is no photo has no `digest`."""

    digest: str | None
    rating: int | None = None
    missing: bool = False

    @property
    def is_photo(self) -> bool:
        return self.digest is not None


@dataclass
class Disk:
    """What can be seen in the folders of a library; `shut` files are listed and not opened."""

    files: dict[Path, bytes] = field(default_factory=dict)
    shut: set[Path] = field(default_factory=set)
    stubs: set[Path] = field(default_factory=set)
    ratings: dict[Path, int] = field(default_factory=dict)
    unreadable: set[Path] = field(default_factory=set)
    mounts: set[Path] = field(default_factory=set)
    empty: set[Path] = field(default_factory=set)


def look(folders: Iterable[Path], locked: Collection[Path], shut: Collection[Path]) -> Disk:
    """Look at everything in some folders."""
    disk = Disk()
    for folder in folders:
        _look(folder, folder, disk, locked, shut)
    return disk


def _look(
    place: Path, folder: Path, disk: Disk, locked: Collection[Path], shut: Collection[Path]
) -> None:
    if _is_any_above(locked, place) or not place.is_dir():
        disk.unreadable.add(place)
        return
    if place != folder and os.path.ismount(place):
        disk.mounts.add(place)
    shown = 0
    for path in sorted(place.iterdir()):
        if path.name.startswith(".") and path.suffix == ".icloud":
            disk.stubs.add(path.with_name(path.name[1 : -len(".icloud")]))
            shown += 1
        elif path.is_dir():
            _look(path, folder, disk, locked, shut)
            shown += 1
        else:
            shown += 1
            if path.suffix in ENDINGS:
                disk.files[path] = path.read_bytes()
                if path in shut:
                    disk.shut.add(path)
            elif path.suffix == ".xmp":
                disk.ratings[path.with_suffix("")] = int(path.read_text().split('"')[-2])
    if place == folder and not shown:
        disk.empty.add(place)


@dataclass
class Settled:
    """What an update comes to: the files known after it, and how it came to know them.

    `offline` are folders, `embedded` is how many photos may be embedded. `moved` has, by digest,
    the places from which photos came and those where they may be now.
    """

    known: dict[Path, Known]
    offline: set[Path]
    embedded: range
    moved: dict[str, tuple[list[Path], list[Path]]]
    mounts: set[Path]


class Twin:
    """What one library must hold; `photos` are the digests of all files that are photos."""

    def __init__(self, photos: Collection[str]) -> None:
        self.photos = photos
        self.folders: set[Path] = set()
        self.patterns: set[str] = set()
        self.known: dict[Path, Known] = {}
        self.hidden: dict[Path, Known] = {}
        self.mounts: set[Path] = set()

    def folder_of(self, path: Path) -> Path | None:
        return next((folder for folder in self.folders if path.is_relative_to(folder)), None)

    def excludes(self, path: Path) -> bool:
        folder = self.folder_of(path)
        assert folder is not None
        return any(PATTERNS[pattern](path.relative_to(folder)) for pattern in self.patterns)

    def settle_exclusions(self) -> tuple[int, int]:
        """Hide what the patterns leave out; return how many rows that hides, and shows."""
        hidden = {path: known for path, known in self.known.items() if self.excludes(path)}
        shown = {path: known for path, known in self.hidden.items() if not self.excludes(path)}
        self.known = {p: k for p, k in self.known.items() if p not in hidden} | shown
        self.hidden = {p: k for p, k in self.hidden.items() if p not in shown} | hidden
        return len(hidden), len(shown)

    def remove_folder(self, folder: Path) -> None:
        self.folders.remove(folder)
        self.known = {p: k for p, k in self.known.items() if not p.is_relative_to(folder)}
        self.hidden = {p: k for p, k in self.hidden.items() if not p.is_relative_to(folder)}
        self.mounts = {p for p in self.mounts if not p.is_relative_to(folder)}

    def forget_missing(self, below: Path) -> int:
        """Forget what is offline at or below a place; return how many photos that is."""
        gone = {p for p, k in self.known.items() if k.missing and p.is_relative_to(below)}
        photos = sum(self.known[path].is_photo for path in gone)
        self.known = {p: k for p, k in self.known.items() if p not in gone}
        return photos

    def update(self, disk: Disk, rows: Collection[Path], *, whole: bool = True) -> Settled:
        """Return what an update must come to that has seen this disk.

        `rows` are what the library knows now: of two equal photos, either may be the one that was
        moved. After a look that was not `whole`, what was offline before may still be.
        """
        known: dict[Path, Known] = {}
        arrived: dict[str, list[Path]] = {}
        for path, content in disk.files.items():
            if self.excludes(path):
                continue
            before = self.known.get(path, Known(None))
            digest = digest_of(content)
            if path in disk.shut:
                known[path] = replace(before, missing=False)
            elif digest not in self.photos:
                known[path] = Known(None)
            else:
                known[path] = Known(digest, disk.ratings.get(path))
                if before.digest != digest:
                    arrived.setdefault(digest, []).append(path)
        for path in disk.stubs - disk.files.keys():
            if not self.excludes(path):
                before = self.known.get(path, Known(None))
                known[path] = replace(before, missing=before.is_photo)
        gone = self.known.keys() - known.keys()
        moved = {}
        for digest, places in arrived.items():
            equal = [path for path in gone if self.known[path].digest == digest]
            sources = sorted(equal, key=lambda path: (path in rows, path))[: len(places)]
            gone -= set(sources)
            moved[digest] = sources, places
        offline, mounts = set(), set(disk.mounts)
        for folder in self.folders:
            missed = {path for path in gone if path.is_relative_to(folder)}
            away = {
                place
                for place in self.mounts - disk.mounts
                if place.is_relative_to(folder) and _any_below(missed, place)
            }
            mounts |= away
            count = sum(path.is_relative_to(folder) for path in self.known)
            too_many = len(missed) > max(10, count / 2)
            if folder in disk.unreadable or (missed and folder in disk.empty) or too_many:
                offline.add(folder)
            closed = disk.unreadable | away
            for path in missed:
                keeps = folder in offline or _is_any_above(closed, path)
                if not whole and path in rows:
                    keeps = keeps or self.known[path].missing
                if not whole and too_many and path not in rows:
                    keeps = False
                if keeps:
                    known[path] = replace(self.known[path], missing=True)
        remembered = {k.digest for k in self.known.values()}
        # What another photo has taken the place of may be gone before its embedding is lent.
        kept = {k.digest for p, k in self.known.items() if known.get(p, k).digest == k.digest}
        least, most = (
            sum(len(places) for digest, places in arrived.items() if digest not in digests)
            for digests in (remembered, kept)
        )
        return Settled(known, offline, range(least, most + 1), moved, mounts)


def _is_any_above(places: Iterable[Path], path: Path) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _any_below(paths: Iterable[Path], place: Path) -> bool:
    return any(path.is_relative_to(place) for path in paths)
