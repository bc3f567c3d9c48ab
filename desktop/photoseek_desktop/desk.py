"""The desk: one window at a time, on one library, and on another when the person wants it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication

from photoseek_desktop.known_libraries import KnownLibraries
from photoseek_desktop.session import Session

__all__ = ["Desk"]

LATER = Qt.ConnectionType.QueuedConnection
"""A session is not taken down while one of its own signals is on its way."""


class Desk(QObject):
    """Owns the session, and replaces it by one on another library."""

    def __init__(self, app: QApplication, home: Path, bundle: Path | None = None) -> None:
        super().__init__()
        self._app = app
        self._bundle = bundle
        self._known = KnownLibraries(home)
        self.session: Session | None = None

    @property
    def last(self) -> Path:
        """The library that was open last."""
        return self._known.last

    def open(self, directory: Path, folders: Sequence[Path] = ()) -> None:
        """Open a window on a library, and close the one before."""
        quits = self._app.quitOnLastWindowClosed()
        self._app.setQuitOnLastWindowClosed(False)
        if self.session is not None:
            self.session.window.close()
            self.session.window.deleteLater()
            self.session.deleteLater()
        session = Session(self._app, directory, folders, self._bundle, self._known.recent)
        # Only a library that could be opened is opened again the next time.
        session.librarian.opened.connect(lambda _: self._known.remember(directory))
        session.library_wanted.connect(self.open, LATER)
        session.crash_report.install()
        session.start()
        self.session = session
        self._app.setQuitOnLastWindowClosed(quits)
