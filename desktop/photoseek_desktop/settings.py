"""What the window remembers, kept beside the library so that `--library` moves it along."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from photoseek_desktop.theme import ThemeChoice

__all__ = ["Settings"]

FILE = "desktop.ini"
DEFAULT_TILE = 180


class Settings:
    """A few values in `desktop.ini`; what cannot be read counts as never set."""

    def __init__(self, directory: Path) -> None:
        self._store = QSettings(str(directory / FILE), QSettings.Format.IniFormat)

    @property
    def theme(self) -> ThemeChoice:
        """The theme that was chosen."""
        value = str(self._store.value("theme", ThemeChoice.SYSTEM))
        return ThemeChoice(value) if value in set(ThemeChoice) else ThemeChoice.SYSTEM

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._store.setValue("theme", str(choice))

    @property
    def tile(self) -> int:
        """The least side of the grid's tiles in logical pixels."""
        value = str(self._store.value("tile", DEFAULT_TILE))
        return int(value) if value.isdecimal() else DEFAULT_TILE

    @tile.setter
    def tile(self, tile: int) -> None:
        self._store.setValue("tile", tile)

    @property
    def info(self) -> bool:
        """Whether a large photo is shown with what it says of itself."""
        return str(self._store.value("info", "false")) == "true"

    @info.setter
    def info(self, shown: bool) -> None:
        self._store.setValue("info", shown)

    @property
    def geometry(self) -> QByteArray:
        """The window's size and place; empty when never set."""
        value = self._store.value("geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._store.setValue("geometry", geometry)

    @property
    def last_folder(self) -> str:
        """Where the person last chose a photo or folder; at first the system's pictures."""
        pictures = QStandardPaths.StandardLocation.PicturesLocation
        first = QStandardPaths.writableLocation(pictures)
        return str(self._store.value("last_folder", first))

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self._store.setValue("last_folder", folder)

    def save(self) -> None:
        """Write to disk now; a read-only disk just does not remember."""
        self._store.sync()
