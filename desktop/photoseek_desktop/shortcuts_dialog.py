"""Help: how to search, and every key."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

__all__ = ["ShortcutsDialog"]


class ShortcutsDialog(QDialog):
    """A page of help."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Help and shortcuts"))
        self.resize(560, 620)
        page = QWidget()
        grid = QGridLayout(page)
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for title, rows in self._chapters():
            heading = QLabel(title)
            font = heading.font()
            font.setWeight(font.Weight.DemiBold)
            heading.setFont(font)
            heading.setContentsMargins(0, 12 if grid.count() else 0, 0, 2)
            grid.addWidget(heading, grid.rowCount(), 0, 1, 2)
            for key, meaning in rows:
                row = grid.rowCount()
                keys = QLabel(key)
                keys.setProperty("muted", True)
                words = QLabel(meaning, wordWrap=True)
                grid.addWidget(keys, row, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(words, row, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.addWidget(scroll)
        layout.addWidget(buttons)

    def _chapters(self) -> list[tuple[str, list[tuple[str, str]]]]:
        def key(sequence: str) -> str:
            return QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)

        return [
            (
                self.tr("Searching"),
                [
                    (self.tr("Type"), self.tr("what the photo shows: a dog running on a beach")),
                    (self.tr("-word"), self.tr("leaves something out: dog -beach")),
                    (self.tr("Drop"), self.tr("a photo on the window to find photos like it")),
                    (key("Ctrl+V"), self.tr("searches by a copied photo")),
                    (key("Ctrl+O"), self.tr("chooses a photo to search by")),
                    (key("Ctrl+F"), self.tr("goes to the search bar")),
                    (key("Ctrl+Shift+F"), self.tr("narrows down by date, camera, folder and more")),
                    (key("Esc"), self.tr("clears the search, then the filter")),
                ],
            ),
            (
                self.tr("Photos"),
                [
                    (self.tr("Arrows"), self.tr("move; with Shift they select")),
                    (key("Return"), self.tr("shows the photo large")),
                    (key("Ctrl+C"), self.tr("copies the selected photos and their paths")),
                    (key("Ctrl+E"), self.tr("finds photos similar to the selected ones")),
                    (key("Ctrl+Return"), self.tr("opens them in the system's viewer")),
                    (key("Ctrl+Shift+R"), self.tr("shows them in the file manager")),
                    (key("Menu"), self.tr("shows everything that can be done")),
                    (key("Ctrl++") + "  " + key("Ctrl+-"), self.tr("larger and smaller photos")),
                ],
            ),
            (
                self.tr("One photo, large"),
                [
                    (self.tr("Left, Right"), self.tr("previous and next photo")),
                    (key("Alt+Return"), self.tr("what the photo says of itself")),
                    (self.tr("+  -  0  1"), self.tr("closer, away, whole photo, full size")),
                    (key("Esc"), self.tr("goes back to the photos")),
                ],
            ),
            (
                self.tr("Library"),
                [
                    (key("Ctrl+Shift+O"), self.tr("adds a folder")),
                    (key("F5"), self.tr("looks for new and changed photos")),
                    (key("Ctrl+I"), self.tr("folders, unreadable photos and the model")),
                    (key("F10"), self.tr("opens the menu")),
                    (key("Ctrl+Q"), self.tr("quits")),
                ],
            ),
        ]
