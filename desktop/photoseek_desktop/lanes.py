"""The only starter of threads: lanes that run plain functions one after another."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from photoseek import PhotoseekError

__all__ = ["Cancelled", "Job", "Lane", "Lanes"]

T = TypeVar("T")
Cancelled = Callable[[], bool]
"""Asked by long work, on its own thread, whether it should stop."""

JOIN_SECONDS = 10.0
"""How long a closing window waits for work that does not notice it was cancelled."""


@dataclass(eq=False)
class Job(Generic[T]):
    """One piece of work on its way through a lane; after `cancel` nothing is heard of it.

    `done` becomes true on the owner's thread just before the outcome is handed over, also when
    the work crashed and there is none.
    """

    work: Callable[[Cancelled], T]
    then: Callable[[T], None]
    otherwise: Callable[[PhotoseekError], None]
    on_crash: Callable[[], None] = lambda: None
    done: bool = False
    _cancelled: bool = False

    def cancel(self) -> None:
        """Ask the work to stop; neither `then` nor `otherwise` will be called."""
        self._cancelled = True

    def is_cancelled(self) -> bool:
        """Say whether nobody waits for this work any more."""
        return self._cancelled


class Lane(QObject):
    """A worker thread with a queue; results come back on the thread that owns the lane.

    Signals:
        crashed(Exception): the work raised something that is our fault, not the world's.
    """

    crashed = Signal(object)
    _finished = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._current: list[Job[Any]] = []
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._work, name=f"photoseek-{name}", daemon=True)
        self._thread.start()

    def run(
        self,
        work: Callable[[Cancelled], T],
        then: Callable[[T], None],
        otherwise: Callable[[PhotoseekError], None],
        on_crash: Callable[[], None] = lambda: None,
    ) -> Job[T]:
        """Queue `work(cancelled)`; its result goes to `then`, a `PhotoseekError` to `otherwise`.

        `on_crash` follows the signal `crashed`, for who would wait for either of them.
        """
        job = Job(work, then, otherwise, on_crash)
        self._current.append(job)
        self._jobs.put(job)
        return job

    def stop(self) -> None:
        """Cancel all work and let the thread end; `join` waits for it."""
        for job in self._current:
            job.cancel()
        self._jobs.put(None)

    def join(self, seconds: float) -> bool:
        """Wait for the thread to end after `stop`; False when it is still at work."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(job)

    def _do(self, job: Job[Any]) -> None:
        """Do a job and send its outcome; nothing here holds on to a result while the lane waits."""
        outcome = None if job.is_cancelled() else self._outcome(job)
        # The lane may be gone when the application ends without waiting for a hung decoder.
        with contextlib.suppress(RuntimeError):
            self._finished.emit((job, outcome))

    def _outcome(self, job: Job[Any]) -> Callable[[], None]:
        """Do the work; return what is to be called with its result on the owner's thread."""
        try:
            result = job.work(job.is_cancelled)
        except PhotoseekError as raised:
            error = raised
            return lambda: job.otherwise(error)
        except Exception as raised:  # noqa: BLE001 -- the task door
            return partial(self._on_crash, job, raised)
        return lambda: job.then(result)

    def _on_crash(self, job: Job[Any], bug: Exception) -> None:
        self.crashed.emit(bug)
        job.on_crash()

    def _on_finished(self, delivery: tuple[Job[Any], Callable[[], None] | None]) -> None:
        job, outcome = delivery
        self._current.remove(job)
        job.done = True
        if outcome is not None and not job.is_cancelled():
            outcome()


class Lanes(QObject):
    """The window's lanes: what waits in one never holds up another.

    Signals:
        crashed(Exception): work in any lane failed through a fault of ours.
    """

    crashed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.indexing = Lane("indexing", self)
        self.search = Lane("search", self)
        self.thumbnails = Lane("thumbnails", self)
        self.photos = Lane("photos", self)
        self.upkeep = Lane("upkeep", self)
        self.watching = Lane("watching", self)
        self._all = (
            self.indexing,
            self.search,
            self.thumbnails,
            self.photos,
            self.upkeep,
            self.watching,
        )
        for lane in self._all:
            lane.crashed.connect(self.crashed)

    def close(self) -> bool:
        """Cancel everything and wait for the threads; False when one would not end."""
        for lane in self._all:
            lane.stop()
        deadline = time.monotonic() + JOIN_SECONDS
        ended = [lane.join(max(0.0, deadline - time.monotonic())) for lane in self._all]
        return all(ended)
