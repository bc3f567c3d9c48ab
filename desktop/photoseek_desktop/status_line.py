"""The last line of the window: what is shown, how much of the library can be found, tile size."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSlider

from photoseek import LibraryInfo
from photoseek_desktop.eliding_label import ElidingLabel
from photoseek_desktop.messages import coverage_line
from photoseek_desktop.photo_grid import LARGEST_TILE, SMALLEST_TILE

__all__ = ["StatusLine"]

NOTICE_STAYS = 8000
"""Milliseconds for which a passing notice covers the results' line."""

STEP = 20
ROOM_FOR_SLIDER = 700


class StatusLine(QFrame):
    """Left: the results, or what has just happened. Right: coverage, and the tiles' size.

    Signals:
        coverage_clicked(): the person wants to know more about the library.
        tile_wanted(int): tiles of another size.
    """

    coverage_clicked = Signal()
    tile_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._results = ""
        self.setObjectName("statusLine")
        self._label = ElidingLabel()
        self._coverage = QPushButton()
        self._coverage.setProperty("link", True)
        self._coverage.setToolTip(self.tr("Folders, unreadable photos and the model"))
        self._coverage.clicked.connect(self.coverage_clicked)
        self._coverage.hide()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(SMALLEST_TILE, LARGEST_TILE)
        self.slider.setSingleStep(STEP)
        self.slider.setPageStep(STEP)
        self.slider.setFixedWidth(110)
        self.slider.setToolTip(self.tr("Size of the photos (Ctrl++, Ctrl+-)"))
        self.slider.setAccessibleName(self.tr("Size of the photos"))
        self.slider.valueChanged.connect(self.tile_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 4, 20, 4)
        layout.setSpacing(16)
        layout.addWidget(self._label)
        layout.addWidget(self._coverage)
        layout.addWidget(self.slider)
        self._passing = QTimer(self, singleShot=True, interval=NOTICE_STAYS)
        self._passing.timeout.connect(self._show_results)

    @property
    def text(self) -> str:
        """What the left side says."""
        return self._label.text()

    @property
    def coverage(self) -> str:
        """What the coverage button says."""
        return self._coverage.text()

    def show_results_line(self, line: str) -> None:
        """Say what the grid shows; a passing notice stays in front for its time."""
        self._results = line
        if not self._passing.isActive():
            self._show_results()

    def show_notice(self, notice: str) -> None:
        """Say what has just happened, for a while."""
        if notice:
            self._label.setText(notice)
            self._passing.start()

    def end_notice(self) -> None:
        """Say again what the grid shows."""
        self._passing.stop()
        self._show_results()

    def show_info(self, info: LibraryInfo) -> None:
        """Say how much of the library can be found, and by what."""
        line = coverage_line(info)
        if info.fallback:
            line += " · " + self.tr("on the CPU")
        self._coverage.setText(line)
        self._coverage.setVisible(bool(info.folders))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the slider away where there is little room; its keys still work."""
        super().resizeEvent(event)
        self.slider.setVisible(self.width() >= ROOM_FOR_SLIDER)

    def _show_results(self) -> None:
        self._label.setText(self._results)
