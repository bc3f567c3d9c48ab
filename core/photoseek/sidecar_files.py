"""Finds the files beside a photo that describe it: XMP sidecars, and Google Takeout's JSON."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

__all__ = ["Sidecar", "Sidecars", "is_sidecar_name", "photos_of", "stamp"]

MOST = 4
"""Sidecars of one photo that are read."""

_SUFFIXES = (b".json", b".xmp", b".JSON", b".XMP")

_TAKEOUT = b".supplemental-metadata"
"""What Takeout puts between a photo's name and `.json`, as much of it as fits."""

_TAKEOUT_LENGTH = 46
"""Bytes of a name that Takeout leaves in front of `.json`; the rest is cut off."""

_NUMBERED = re.compile(rb"(.+)(\(\d+\))(\.[^.]+)")
"""Takeout's second photo of one name: `a(1).jpg`, described by `a.jpg(1).json`."""

_EDITED = re.compile(rb"(.+)-(?:edited|effects|bearbeitet|modifi\xc3\xa9|editado|modificato)(\..+)")
"""Takeout's edited copy, in some languages: the original's file describes it too."""


class Sidecar(NamedTuple):
    """A file beside photos; `path` is its path below the library's folder.

    None where a cloud drive has not fetched it: it can be told from another one, and not read.
    """

    name: bytes
    size: int
    modified_ns: int
    path: bytes | None


def is_sidecar_name(name: bytes) -> bool:
    """Tell whether a file of this name may describe a photo."""
    return name.endswith(_SUFFIXES)


def stamp(sidecars: Collection[Sidecar]) -> int:
    """Return a number that differs when other sidecars, or changed ones, are there; 0 for none."""
    if not sidecars:
        return 0
    told = repr(sorted(sidecar[:3] for sidecar in sidecars)).encode()
    # SQLite's integers have a sign.
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big") >> 1 or 1


class Sidecars:
    """The files of one folder that may describe photos in it."""

    def __init__(self) -> None:
        self._by_name: dict[bytes, Sidecar] = {}
        self._json = False

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def add(self, sidecar: Sidecar) -> None:
        """Take in a file of the folder."""
        lower = sidecar.name.lower()
        self._json = self._json or lower.endswith(b".json")
        self._by_name[lower] = sidecar

    def of(self, photo: bytes) -> tuple[Sidecar, ...]:
        """Return what describes the photo of this name, the most direct name first."""
        names = _sidecar_names(photo.lower(), takeout=self._json)
        found = dict.fromkeys(self._by_name[name] for name in names if name in self._by_name)
        return tuple(found)[:MOST]


def photos_of(sidecars: Iterable[bytes], photos: Iterable[bytes]) -> list[bytes]:
    """Return those photos of a folder that files of these names there describe, or would."""
    wanted = {name.lower() for name in sidecars}
    takeout = any(name.endswith(b".json") for name in wanted)
    return [
        photo
        for photo in photos
        if not wanted.isdisjoint(_sidecar_names(photo.lower(), takeout=takeout))
    ]


def _sidecar_names(photo: bytes, *, takeout: bool) -> Iterator[bytes]:
    """Yield the names, in lower case, that a photo's sidecars can have."""
    stem = photo.rpartition(b".")[0]
    yield photo + b".xmp"
    yield stem + b".xmp"
    if not takeout:
        return
    yield from _takeout_names(photo, b"")
    if numbered := _NUMBERED.fullmatch(photo):
        yield from _takeout_names(numbered[1] + numbered[3], numbered[2])
    yield stem + b".json"
    if edited := _EDITED.fullmatch(photo):
        yield from _takeout_names(edited[1] + edited[2], b"")


def _takeout_names(photo: bytes, number: bytes) -> Iterator[bytes]:
    """Yield what Takeout may call the file that describes a photo, however much it has cut off."""
    whole = photo + _TAKEOUT
    for length in range(len(photo), len(whole) + 1):
        yield whole[:length] + number + b".json"
    if len(photo) > _TAKEOUT_LENGTH:
        yield photo[:_TAKEOUT_LENGTH] + number + b".json"
