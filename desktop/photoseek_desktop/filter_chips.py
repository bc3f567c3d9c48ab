"""The row below the search bar that shows what the photos are narrowed down by."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QToolButton, QWidget

from photoseek import Filter
from photoseek_desktop.filter_words import FilterPart, filter_parts
from photoseek_desktop.icons import Icons

__all__ = ["FilterChips"]

MOST_WIDTH = 320


HEIGHT = 42


class FilterChips(QScrollArea):
    """Chips, each with a button that takes it away; hidden when there is none.

    Signals:
        filter_changed(Filter): what is left after one was taken away.
    """

    filter_changed = Signal(object)

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._icons = icons
        self.setFixedHeight(HEIGHT)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    @property
    def texts(self) -> list[str]:
        """What the chips say."""
        return [label.text() for label in self.findChildren(QLabel)]

    def show_filter(self, wanted: Filter) -> None:
        """Show the parts of a filter."""
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(20, 0, 20, 10)
        layout.setSpacing(8)
        layout.addStretch(1)
        for part in filter_parts(wanted):
            layout.addWidget(self._chip(part))
        layout.addStretch(1)
        self.setWidget(row)
        self.setVisible(bool(wanted))

    def _chip(self, part: FilterPart) -> QWidget:
        chip = QFrame()
        chip.setObjectName("queryChip")
        chip.setFixedHeight(32)
        label = QLabel()
        label.setText(
            label.fontMetrics().elidedText(part.text, Qt.TextElideMode.ElideMiddle, MOST_WIDTH)
        )
        label.setToolTip(part.text)
        remove = QToolButton()
        remove.setProperty("flat", True)
        remove.setIconSize(QSize(14, 14))
        remove.setFixedSize(24, 24)
        remove.setToolTip(self.tr("No longer only: {text}").format(text=part.text))
        remove.setAccessibleName(remove.toolTip())
        remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons.put(remove, "close")
        remove.clicked.connect(lambda: self.filter_changed.emit(part.rest))
        layout = QHBoxLayout(chip)
        layout.setContentsMargins(14, 2, 4, 2)
        layout.setSpacing(4)
        layout.addWidget(label)
        layout.addWidget(remove)
        return chip
