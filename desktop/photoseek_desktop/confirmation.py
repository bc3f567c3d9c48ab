"""Asks before something is done that a person may regret."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["confirm"]


def confirm(
    parent: QWidget, question: str, consequence: str, action: str, then: Callable[[], None]
) -> None:
    """Ask, with `action` on the button that calls `then`; Cancel is what Enter does."""
    title = parent.window().windowTitle()
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, question, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setInformativeText(consequence)
    go_on = box.addButton(action, QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    go_on.clicked.connect(then)
    box.open()
