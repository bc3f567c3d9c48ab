"""Unpacks the freely licensed photos that README's screenshots show.

They are those of the learning game GCompris, which Debian packages with each photo's author and
licence (`/usr/share/doc/gcompris-qt-data/copyright`):

    apt-get download gcompris-qt-data
    dpkg-deb -x gcompris-qt-data_*.deb unpacked
    .venv/bin/python packaging/free_photos.py unpacked photos
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PySide6.QtCore import QDirIterator, QFile, QResource

ACTIVITIES = (
    "categorization",
    "details",
    "erase",
    "explore_farm_animals",
    "explore_monuments",
    "explore_world_animals",
)
LEAST_BYTES = 15_000
"""Below this the game's pictures are icons."""


def main() -> None:
    """Write every photo of the unpacked package to a folder, named as the game names it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("unpacked", type=Path)
    parser.add_argument("photos", type=Path)
    options = parser.parse_args()
    options.photos.mkdir(parents=True, exist_ok=True)
    resources = options.unpacked / "usr/share/gcompris-qt/rcc"
    for activity in ACTIVITIES:
        QResource.registerResource(str(resources / f"{activity}.rcc"))
    files = QDirIterator(":/gcompris", QDirIterator.IteratorFlag.Subdirectories)
    count = 0
    while files.hasNext():
        name = Path(files.next())
        content = read(name) if name.suffix in (".jpg", ".webp") else b""
        if len(content) >= LEAST_BYTES:
            (options.photos / f"{name.parent.name} {name.name}").write_bytes(content)
            count += 1
    print(f"{count} photos in {options.photos}")


def read(name: Path) -> bytes:
    """Return the bytes of a Qt resource."""
    file = QFile(str(name))
    file.open(QFile.OpenModeFlag.ReadOnly)
    return bytes(file.readAll().data())


if __name__ == "__main__":
    main()
