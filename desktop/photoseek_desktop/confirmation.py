"""Asks before something is done that a person may regret."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["is_confirmed"]


def is_confirmed(parent: QWidget, question: str, consequence: str, action: str) -> bool:
    """Ask, with `action` on the button that goes on; Cancel is what Enter does."""
    title = parent.window().windowTitle()
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, question, parent=parent)
    box.setInformativeText(consequence)
    go_on = box.addButton(action, QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.exec()
    return box.clickedButton() is go_on
