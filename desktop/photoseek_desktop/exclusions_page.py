"""The library dialog's page of patterns: what is left out of the library."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from photoseek import LibraryInfo
from photoseek_desktop.plain_list import PlainList

__all__ = ["ExclusionsPage"]


class ExclusionsPage(QWidget):
    """Lists the patterns; adding one hides photos at once, and taking it back shows them again.

    Signals:
        exclude_wanted(str): leave out what this pattern matches.
        include_wanted(str): take this pattern back.
    """

    exclude_wanted = Signal(str)
    include_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.list = PlainList([self.tr("Left out")])
        self.list.itemSelectionChanged.connect(self._on_selected)
        hint = QLabel(
            self.tr(
                "Trash/ leaves out folders of that name, *_edited.jpg files, /2019/raw one place "
                "below each folder. Photos that a pattern hides come back when you remove it."
            ),
            wordWrap=True,
        )
        hint.setProperty("muted", True)
        self.pattern = QLineEdit()
        self.pattern.setPlaceholderText(self.tr("Trash/ or *_edited.jpg"))
        self.pattern.setAccessibleName(self.tr("Pattern of files and folders to leave out"))
        self.pattern.textChanged.connect(self._on_edited)
        self.pattern.returnPressed.connect(self._on_add_clicked)
        self.add_button = QPushButton(self.tr("Leave out"))
        # The dialog would take Enter for its own button otherwise.
        self.add_button.setAutoDefault(False)
        self.add_button.clicked.connect(self._on_add_clicked)
        self.remove_button = QPushButton(self.tr("Remove pattern"))
        self.remove_button.setAutoDefault(False)
        self.remove_button.clicked.connect(self._on_remove_clicked)
        row = QHBoxLayout()
        row.addWidget(self.pattern, 1)
        row.addWidget(self.add_button)
        row.addStretch(1)
        row.addWidget(self.remove_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addWidget(hint)
        layout.addWidget(self.list)
        layout.addLayout(row)
        self._on_edited()
        self._on_selected()

    def show_info(self, info: LibraryInfo) -> None:
        """Fill the list in; the chosen pattern stays chosen."""
        chosen = self._chosen()
        self.list.clear()
        for pattern in info.exclusions:
            item = QTreeWidgetItem([pattern])
            self.list.addTopLevelItem(item)
            item.setSelected(pattern == chosen)
        self._on_selected()

    def showEvent(self, event: QShowEvent) -> None:
        """Let the person type at once."""
        super().showEvent(event)
        self.pattern.setFocus()

    def _chosen(self) -> str | None:
        items = self.list.selectedItems()
        return items[0].text(0) if items else None

    def _on_selected(self) -> None:
        self.remove_button.setEnabled(self._chosen() is not None)

    def _on_edited(self) -> None:
        self.add_button.setEnabled(bool(self.pattern.text().strip()))

    def _on_add_clicked(self) -> None:
        pattern = self.pattern.text().strip()
        if pattern:
            self.pattern.clear()
            self.exclude_wanted.emit(pattern)

    def _on_remove_clicked(self) -> None:
        pattern = self._chosen()
        if pattern is not None:
            self.include_wanted.emit(pattern)
