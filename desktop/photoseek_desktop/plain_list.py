"""A list with columns, as the library's dialog shows its folders, files and models."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidget

__all__ = ["PlainList"]


class PlainList(QTreeWidget):
    """Rows without a hierarchy, under headings; long texts lose their middle."""

    def __init__(self, headings: Sequence[str]) -> None:
        super().__init__()
        self.setHeaderLabels(list(headings))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.header().setStretchLastSection(True)
        self.setAccessibleName(headings[0])
