"""The files that could not be read, as a table that holds a hundred thousand of them."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from photoseek import Failure
from photoseek_desktop.messages import wrapped

__all__ = ["FailureModel"]

Index = QModelIndex | QPersistentModelIndex


class FailureModel(QAbstractTableModel):
    """Two columns, the file and the reason; rows are put into words only when they are seen."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._failures: tuple[Failure, ...] = ()

    def show_failures(self, failures: tuple[Failure, ...]) -> None:
        """Take the failures; the same ones again leave the selection and the scroll bar alone."""
        if failures != self._failures:
            self.beginResetModel()
            self._failures = failures
            self.endResetModel()

    def failure(self, row: int) -> Failure:
        """Return the failure at a row."""
        return self._failures[row]

    def text(self) -> str:
        """Return all rows as lines of two columns."""
        return "\n".join(f"{failure.path}\t{failure.reason}" for failure in self._failures)

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of failures."""
        return 0 if parent is not None and parent.isValid() else len(self._failures)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return two: the file and the reason."""
        return 0 if parent is not None and parent.isValid() else 2

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Name the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("File"), self.tr("Why it could not be read"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell's text, and the whole of it as its tooltip."""
        failure = self._failures[index.row()]
        text = failure.reason if index.column() else str(failure.path)
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.ToolTipRole:
            return wrapped(text)
        return None
