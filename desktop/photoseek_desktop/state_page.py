"""A page that says in words why there are no photos to see, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from photoseek_desktop.icons import Icons, application_icon

__all__ = ["StatePage"]

TEXT_WIDTH = 460


class StatePage(QWidget):
    """A picture, a title, a few sentences and buttons, in the middle of the room there is."""

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._text = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._text.setProperty("muted", True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        font = self._text.font()
        font.setPointSizeF(font.pointSizeF() * 1.1)
        self._text.setFont(font)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(10)
        middle = QWidget()
        middle.setMaximumWidth(TEXT_WIDTH)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self._picture)
        column.addSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addSpacing(10)
        column.addLayout(self._buttons)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(middle, 100)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.addStretch(4)
        layout.addLayout(row)
        layout.addStretch(5)

    @property
    def title(self) -> str:
        """What the page says first."""
        return self._title.text()

    @property
    def text(self) -> str:
        """What the page says below its title."""
        return self._text.text()

    def show_state(self, icon: str, title: str, text: str, actions: Sequence[QAction] = ()) -> None:
        """Show a state; the first action is the one to take. An empty `icon` is Photoseek's."""
        self._picture.setMinimumHeight(0)
        if icon:
            self._icons.put_on_label(self._picture, icon, 56)
        else:
            self._picture.setPixmap(self._logo())
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._picture.setMinimumHeight(self._picture.sizeHint().height())
        self._buttons.addStretch(1)
        for number, action in enumerate(actions):
            self._buttons.addWidget(self._button(action, primary=number == 0))
        self._buttons.addStretch(1)

    def focus_button(self) -> None:
        """Let Enter do what the page proposes."""
        item = self._buttons.itemAt(1)
        widget = item.widget() if item is not None else None
        if widget is not None:
            # A widget new in a layout is shown, and can take the focus, only a moment later.
            QTimer.singleShot(0, widget, lambda: widget.isVisible() and widget.setFocus())

    def _logo(self) -> QPixmap:
        return application_icon().pixmap(QSize(96, 96), self.devicePixelRatioF())

    def _button(self, action: QAction, *, primary: bool) -> QPushButton:
        button = QPushButton(action.text())
        button.setProperty("primary", primary)
        button.setAutoDefault(True)
        button.clicked.connect(action.trigger)
        return button
