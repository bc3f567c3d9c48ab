"""The bar that tells how far indexing has come, with pause and stop."""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QToolButton

from photoseek import Progress
from photoseek_desktop.eliding_label import ElidingLabel
from photoseek_desktop.icons import Icons
from photoseek_desktop.messages import progress_line

__all__ = ["IndexingBar", "Pace"]

WINDOW = 15.0
"""Seconds that the rate is averaged over."""

SURE_AFTER = 1.5
"""Seconds before a rate is worth telling."""


class Pace:
    """Photos a second over the last seconds of work, pauses left out."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def restart(self) -> None:
        """Begin anew, after a pause."""
        self._seen.clear()

    def note(self, done: int, now: float) -> float | None:
        """Take in how many are done at a time in seconds; return the rate once it is sure."""
        self._seen.append((now, done))
        while now - self._seen[0][0] > WINDOW:
            self._seen.popleft()
        since, before = self._seen[0]
        return (done - before) / (now - since) if now - since >= SURE_AFTER else None


class IndexingBar(QFrame):
    """Shown while the library is brought up to date.

    Signals:
        pause_wanted(bool): hold the work, or let it go on.
        stop_wanted(): end the work.
    """

    pause_wanted = Signal(bool)
    stop_wanted = Signal()

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons
        self._pace = Pace()
        self._line = ""
        self._paused = False
        self.setObjectName("indexingBar")
        self._label = ElidingLabel()
        self._progress = QProgressBar(textVisible=False)
        self._progress.setAccessibleName(self.tr("Indexing progress"))
        self._pause = self._button()
        self._pause.clicked.connect(lambda: self.pause_wanted.emit(not self._paused))
        self._stop = self._button()
        self._stop.setToolTip(self.tr("Stop reading photos; what was read is kept"))
        self._stop.setAccessibleName(self._stop.toolTip())
        self._stop.clicked.connect(self.stop_wanted)
        icons.put(self._stop, "stop")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 6, 12, 6)
        layout.setSpacing(12)
        layout.addWidget(self._label, 3)
        layout.addWidget(self._progress, 2)
        layout.addWidget(self._pause)
        layout.addWidget(self._stop)
        self.hide()

    @property
    def text(self) -> str:
        """What the bar says."""
        return self._label.text()

    def begin(self) -> None:
        """Show that an update starts."""
        self._pace.restart()
        self._line = self.tr("Looking for new photos…")
        self._progress.setRange(0, 0)
        self.show_paused(False)
        self.show()

    def show_progress(self, progress: Progress) -> None:
        """Show how far the update is."""
        known = progress.stage == "embedding"
        self._progress.setRange(0, progress.total if known else 0)
        self._progress.setValue(progress.done)
        rate = self._pace.note(progress.done, time.monotonic()) if known else None
        self._line = progress_line(progress, rate)
        self._show_line()

    def show_paused(self, paused: bool) -> None:
        """Show that the work is held, or goes on."""
        self._paused = paused
        self._pace.restart()
        self._icons.put(self._pause, "play" if paused else "pause")
        name = self.tr("Go on reading photos") if paused else self.tr("Pause reading photos")
        self._pause.setToolTip(name)
        self._pause.setAccessibleName(name)
        self.setProperty("paused", paused)
        self.style().unpolish(self._progress)
        self.style().polish(self._progress)
        self._show_line()

    def end(self) -> None:
        """Hide: there is nothing to tell."""
        self.hide()

    def _show_line(self) -> None:
        prefix = self.tr("Paused") + " · " if self._paused else ""
        self._label.setText(prefix + self._line)

    def _button(self) -> QToolButton:
        button = QToolButton()
        button.setProperty("flat", True)
        button.setFixedSize(30, 30)
        button.setIconSize(QSize(18, 18))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button
