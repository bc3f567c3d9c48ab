"""Watches the library's folders in the background and says what is to be looked at."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, Signal

from photoseek import Changes, Library, PhotoseekError
from photoseek_desktop.lanes import Cancelled, Job, Lane
from photoseek_desktop.librarian import Librarian

__all__ = ["FolderWatch"]

LOOK_EVERY = 0.1
"""Seconds between two looks, while the last changes are dealt with, whether to end."""


class FolderWatch(QObject):
    """Runs `Library.watch` on the watching lane; what comes meanwhile waits for `go_on`.

    Signals:
        changed(Changes): what is to be looked at; first, and after each `start`, everything.
        failed(str): the folders cannot be asked for, in one line; nothing is watched any more.
    """

    changed = Signal(object)
    failed = Signal(str)
    _seen = Signal(object)

    def __init__(self, lane: Lane, librarian: Librarian, parent: QObject) -> None:
        super().__init__(parent)
        self._lane = lane
        self._librarian = librarian
        self._job: Job[None] | None = None
        self._dealt_with = threading.Event()
        self._seen.connect(self._on_seen, Qt.ConnectionType.QueuedConnection)

    @property
    def started(self) -> bool:
        """Whether the folders are watched, or were."""
        return self._job is not None

    def start(self) -> None:
        """Watch the folders as they are now; a watch under way is ended."""
        self.stop()
        library = self._librarian.library
        self._job = self._lane.run(
            lambda cancelled: self._watch(library, cancelled), lambda _: None, self._on_failed
        )

    def stop(self) -> None:
        """End the watch; nothing more is heard of it."""
        if self._job is not None:
            self._job.cancel()

    def go_on(self) -> None:
        """Tell the next changes: the last have been dealt with."""
        self._dealt_with.set()

    def _watch(self, library: Library, cancelled: Cancelled) -> None:
        """Run on the lane's thread."""
        for changes in library.watch(cancelled):
            self._dealt_with.clear()
            self._seen.emit(changes)
            while not self._dealt_with.wait(LOOK_EVERY):
                if cancelled():
                    return

    def _on_seen(self, changes: Changes) -> None:
        if self._job is not None and not self._job.is_cancelled():
            self.changed.emit(changes)

    def _on_failed(self, error: PhotoseekError) -> None:
        self.failed.emit(str(error))
