"""What the window remembers, kept beside the library so that `--library` moves it along."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QStandardPaths

from photoseek_desktop.ini_file import IniFile
from photoseek_desktop.photo_grid import LARGEST_TILE, SMALLEST_TILE
from photoseek_desktop.theme import ThemeChoice

__all__ = ["Settings"]

FILE = "window.ini"  # Windows Explorer gives a file called desktop.ini a meaning of its own
DEFAULT_TILE = 180
MOST_GEOMETRY_DIGITS = 2000


class Settings:
    """A few values in `window.ini`; what cannot be read, or is out of range, was never set."""

    def __init__(self, directory: Path) -> None:
        self._file = IniFile(directory, FILE)

    @property
    def theme(self) -> ThemeChoice:
        """The theme that was chosen."""
        value = self._file.get("theme")
        return ThemeChoice(value) if value in set(ThemeChoice) else ThemeChoice.SYSTEM

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._file.set("theme", str(choice))

    @property
    def tile(self) -> int:
        """The least side of the grid's tiles in logical pixels."""
        value = self._file.get("tile")
        if not (value.isascii() and value.isdecimal() and len(value) <= len(str(LARGEST_TILE))):
            return DEFAULT_TILE
        return min(max(int(value), SMALLEST_TILE), LARGEST_TILE)

    @tile.setter
    def tile(self, tile: int) -> None:
        self._file.set("tile", str(tile))

    @property
    def info(self) -> bool:
        """Whether a large photo is shown with what it says of itself."""
        return self._file.get("info") == "true"

    @info.setter
    def info(self, shown: bool) -> None:
        self._file.set("info", "true" if shown else "false")

    @property
    def geometry(self) -> QByteArray:
        """The window's size and place; empty when never set."""
        value = self._file.get("geometry")
        if not value.isascii() or len(value) > MOST_GEOMETRY_DIGITS:
            return QByteArray()
        return QByteArray.fromHex(value.encode())

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._file.set("geometry", bytes(geometry.toHex().data()).decode("ascii"))

    @property
    def last_folder(self) -> str:
        """Where the person last chose a photo or folder; at first the system's pictures."""
        folder = self._file.get_path("last_folder")
        pictures = QStandardPaths.StandardLocation.PicturesLocation
        return str(folder) if folder else QStandardPaths.writableLocation(pictures)

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self._file.set_path("last_folder", Path(folder))

    def save(self) -> None:
        """Write to disk now; a read-only disk just does not remember."""
        self._file.save()
