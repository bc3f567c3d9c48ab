"""Lists with columns, as the library's dialog shows its folders, files and models."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtWidgets import QTreeView, QTreeWidget

__all__ = ["PlainList", "PlainTable"]


class PlainList(QTreeWidget):
    """Rows without a hierarchy, under headings; long texts lose their middle."""

    def __init__(self, headings: Sequence[str]) -> None:
        super().__init__()
        self.setHeaderLabels(list(headings))
        _make_plain(self, headings[0])


class PlainTable(QTreeView):
    """The same for a model's rows, of which there may be very many."""

    def __init__(self, model: QAbstractItemModel, name: str) -> None:
        super().__init__()
        self.setModel(model)
        _make_plain(self, name)


def _make_plain(view: QTreeView, name: str) -> None:
    view.setRootIsDecorated(False)
    view.setUniformRowHeights(True)
    view.setAllColumnsShowFocus(True)
    view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    view.header().setStretchLastSection(True)
    view.setAccessibleName(name)
