"""What a person does at the window, and what they see there, for the tests to speak in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from photoseek_desktop.session import Session

__all__ = [
    "WAIT",
    "accept_question",
    "drop",
    "drop_files",
    "names",
    "press",
    "search",
    "type_phrase",
    "wait_for_tiles",
]

WAIT = 10_000


def type_phrase(qtbot: QtBot, session: Session, phrase: str) -> None:
    """Type into the search bar key by key, and wait for the answer."""
    edit = session.window.page.search_bar.edit
    with qtbot.waitSignal(session.librarian.results_ready, timeout=WAIT):
        QTest.keyClicks(edit, phrase)


def search(qtbot: QtBot, session: Session, phrase: str) -> None:
    """Put a phrase into the empty bar and press Enter."""
    bar = session.window.page.search_bar
    with qtbot.waitSignal(session.librarian.results_ready, timeout=WAIT):
        bar.edit.setText(phrase)
        QTest.keyClick(bar.edit, Qt.Key.Key_Return)


def press(session: Session, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    """Press a key where the focus is."""
    combined = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        combined |= modifier
    QTest.keyClick(QApplication.focusWidget() or session.window, key, combined)


def names(qtbot: QtBot, session: Session, most: int = 10) -> list[str]:
    """Return the file names of the first photos in the grid, once they are fetched."""
    model = session.window.model
    rows = range(min(most, len(model.ids)))
    qtbot.waitUntil(lambda: all(model.photo(row) is not None for row in rows), timeout=WAIT)
    return [photo.path.name for photo in model.known(rows)]


def drop(session: Session, data: QMimeData) -> None:
    """Drag something onto the middle of the window and let go."""
    window = session.window
    middle = QPoint(window.width() // 2, window.height() // 2)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(middle, copy, data, buttons, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(middle), copy, data, buttons, keys))


def drop_files(session: Session, *paths: Path) -> None:
    """Drop files as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    drop(session, data)


def accept_question(dialog: QWidget) -> None:
    """Press the button of the dialog's question that goes on."""
    box = next(box for box in dialog.findChildren(QMessageBox) if box.isVisible())
    buttons = box.buttons()
    role = QMessageBox.ButtonRole.AcceptRole
    next(button for button in buttons if box.buttonRole(button) is role).click()


def wait_for_tiles(qtbot: QtBot, session: Session, rows: Sequence[int]) -> None:
    """Wait until the pictures of some rows are here."""
    window = session.window

    def all_here() -> bool:
        window.grid.viewport().repaint()
        return all(window.cache.pixmap(window.model.photo_id(row)) for row in rows)

    qtbot.waitUntil(all_here, timeout=WAIT)
