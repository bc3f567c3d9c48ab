"""Keeps the library up to date in the background: starts, pauses, stops and tells how far it is."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from photoseek import Library, LibraryBusyError, PhotoseekError, Progress, UpdateReport
from photoseek_desktop.lanes import Cancelled, Job, Lane
from photoseek_desktop.librarian import Librarian

__all__ = ["Indexer"]

TELL_EVERY = 0.1
"""Seconds between two reports of progress: no eye reads faster."""

LOOK_EVERY = 0.1
"""Seconds between two looks, while paused, whether the work was cancelled."""


class Indexer(QObject):
    """Runs `Library.update` on the indexing lane, once at a time.

    A pause holds the update where it is: it goes on from the same photo, and its lock keeps
    other processes from starting over.

    Signals:
        started(bool): an update begins; whether it looks at everything.
        progressed(Progress): how far it has come.
        paused_changed(bool): it was held, or goes on.
        finished(UpdateReport): it is done, or was stopped by the person.
        busy(): another process updates this library.
        failed(str): it cannot be done, in one line.
        crashed(): it ended through a fault of ours, which is told elsewhere.
    """

    started = Signal(bool)
    progressed = Signal(object)
    paused_changed = Signal(bool)
    finished = Signal(object)
    busy = Signal()
    failed = Signal(str)
    crashed = Signal()

    def __init__(self, lane: Lane, librarian: Librarian, parent: QObject) -> None:
        super().__init__(parent)
        self._lane = lane
        self._librarian = librarian
        self._job: Job[UpdateReport] | None = None
        self._stopping = False
        self._again = False
        # What the update under way looks at, and what has to be looked at after it: None is all.
        self._places: frozenset[Path] | None = None
        self._waiting: frozenset[Path] | None = frozenset()
        self._retry_failed = False
        self.started_once = False
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        lane.crashed.connect(self._on_crashed)

    @property
    def running(self) -> bool:
        """Whether an update is under way, paused or not."""
        return self._job is not None and not self._job.done

    @property
    def paused(self) -> bool:
        """Whether the update is held."""
        return not self._may_go_on.is_set()

    def start(self, places: frozenset[Path] | None = None, *, retry_failed: bool = False) -> None:
        """Update the library, or only some places in it, and what an earlier one has left undone.

        An update under way starts over to see what is new in everything; places wait for its end.
        `retry_failed` opens again what could not be read.
        """
        self._retry_failed = self._retry_failed or retry_failed
        if self.running and places is not None:
            self._wait_for(places)
            return
        if self.running:
            self._again = True
            self._stopping = True
            self.resume()
            return
        self._stopping = self._again = False
        self._wait_for(places)
        self._places, self._waiting = self._waiting, frozenset()
        self.started_once = True
        library, retry_failed = self._librarian.library, self._retry_failed
        self._job = self._lane.run(
            lambda cancelled: self._update(library, cancelled, retry_failed=retry_failed),
            self._on_done,
            self._on_failed,
        )
        self.started.emit(self._places is None)

    def try_again(self) -> None:
        """Start what could not be done once more, unless something else is under way."""
        if not self.running:
            self.start(frozenset())

    def pause(self) -> None:
        """Hold the update before its next photos."""
        if self.running and not self.paused:
            self._may_go_on.clear()
            self.paused_changed.emit(True)

    def resume(self) -> None:
        """Let a held update go on."""
        if self.paused:
            self._may_go_on.set()
            self.paused_changed.emit(False)

    def stop(self) -> None:
        """End the update; what it has read so far is kept."""
        self._stopping = True
        self._waiting = frozenset()
        self.resume()

    def _wait_for(self, places: frozenset[Path] | None) -> None:
        """Look at these places, too, in the next update."""
        if places is None or self._waiting is None:
            self._waiting = None
        else:
            self._waiting |= places

    def _update(
        self, library: Library, cancelled: Cancelled, *, retry_failed: bool
    ) -> UpdateReport:
        """Run on the lane's thread."""
        told = 0.0

        def on_progress(progress: Progress) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= TELL_EVERY or progress.done == progress.total:
                told = now
                self.progressed.emit(progress)

        def is_cancelled() -> bool:
            while not self._may_go_on.wait(LOOK_EVERY):
                if cancelled():
                    return True
            return self._stopping or cancelled()

        return library.update(
            on_progress, is_cancelled, places=self._places, retry_failed=retry_failed
        )

    def _on_crashed(self) -> None:
        if self._job is not None and self._job.done:
            self.crashed.emit()

    def _on_done(self, report: UpdateReport) -> None:
        if self._again:
            self.start()
            return
        self._retry_failed = False
        self.finished.emit(report)
        if self._waiting != frozenset() and not self.running:
            self.start(frozenset())

    def _on_failed(self, error: PhotoseekError) -> None:
        self._wait_for(self._places)
        if isinstance(error, LibraryBusyError):
            self.busy.emit()
        else:
            self.failed.emit(str(error))
