"""One run of the window: makes the parts, wires them, and takes them down in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from photoseek.log import LOG_FILE
from photoseek.paths import default_library_directory
from photoseek_desktop.crash_report import CrashReport
from photoseek_desktop.folder_watch import FolderWatch
from photoseek_desktop.icons import application_icon
from photoseek_desktop.indexer import Indexer
from photoseek_desktop.lanes import Lanes
from photoseek_desktop.librarian import Librarian
from photoseek_desktop.main_window import MainWindow
from photoseek_desktop.settings import Settings
from photoseek_desktop.theme import Theme

__all__ = ["Session"]


class Session(QObject):
    """Owns everything that lives as long as the window.

    Signals:
        library_wanted(Path): the person wants another library in this one's place.
    """

    library_wanted = Signal(object)

    def __init__(
        self,
        app: QApplication,
        directory: Path | None = None,
        folders: Sequence[Path] = (),
        bundle: Path | None = None,
        libraries: Sequence[Path] = (),
    ) -> None:
        super().__init__()
        app.setWindowIcon(application_icon())
        self.directory = directory or default_library_directory()
        self.settings = Settings(self.directory)
        self.theme = Theme(app, self.settings.theme, self)
        self.lanes = Lanes(self)
        self.librarian = Librarian(self.lanes, self.directory, bundle, self)
        self.indexer = Indexer(self.lanes.indexing, self.librarian, self)
        self.watch = FolderWatch(self.lanes.watching, self.librarian, self)
        self.window = MainWindow(
            self.librarian,
            self.indexer,
            self.watch,
            self.lanes,
            self.theme,
            self.settings,
            folders,
            self.directory,
            libraries,
        )
        self.window.library_wanted.connect(self.library_wanted)
        self.crash_report = CrashReport(self.window, self.directory / LOG_FILE)
        self.lanes.crashed.connect(self.crash_report.show)
        self.window.closing.connect(self.close)
        self._closed = False

    def start(self) -> None:
        """Show the window and open the library behind it."""
        self.window.show()
        self.window.start()

    def close(self) -> None:
        """End the work and close the library; a lane that will not end keeps the library open."""
        if self._closed:
            return
        self._closed = True
        self.indexer.stop()
        self.theme.restore()
        self.librarian.stop_opening()
        if self.lanes.close():
            self.librarian.close()
