"""What the tests of accidents share: photos that must stay as they are, disks, a library."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drawing import draw_photo
from originals import Originals
from photoseek import Library

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")


@pytest.fixture
def originals() -> Iterator[Originals]:
    """Photos that are compared with what they were when the test ends."""
    known = Originals()
    yield known
    known.check()


@pytest.fixture
def many_photos(originals: Originals) -> Callable[[Path, int], Path]:
    """Draw small photos, each another one, that nothing may touch."""

    def draw(folder: Path, count: int) -> Path:
        for place in range(count):
            colour = COLOURS[place % len(COLOURS)]
            draw_photo(folder / f"{place}-{colour}.jpg", colour, size=(64 + place, 64))
        return originals.add(folder)

    return draw


@pytest.fixture
def indexed(
    open_library: Callable[..., Library], many_photos: Callable[[Path, int], Path], tmp_path: Path
) -> Path:
    """A closed library of six photos; returns its folder."""
    library = open_library()
    library.add_folder(many_photos(tmp_path / "photos", 6))
    library.update()
    library.close()
    return library.directory


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount a small file system in memory; skips where that is not permitted."""
    points: list[Path] = []

    def mount(name: str, options: str) -> Path:
        point = tmp_path / name
        point.mkdir(exist_ok=True, parents=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(point)]
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            pytest.skip("mounting a small disk needs root on Linux")
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting is not permitted here")
        points.append(point)
        return point

    yield mount
    for point in reversed(points):
        subprocess.run(["umount", "-l", str(point)], check=True)
