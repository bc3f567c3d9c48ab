"""A person leaves files out of the library in its dialog, and takes that back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from desktop.window import WAIT, names
from photoseek_desktop.exclusions_page import ExclusionsPage
from photoseek_desktop.session import Session


def open_page(qtbot: QtBot, session: Session) -> ExclusionsPage:
    session.window.actions_.library.trigger()
    dialog = session.window.dialogs.library
    assert dialog is not None
    dialog.tabs.setCurrentWidget(dialog.exclusions)
    return dialog.exclusions


def test_a_pattern_hides_photos_at_once_and_removing_it_brings_them_back(
    qtbot: QtBot, session: Session
) -> None:
    page, model = open_page(qtbot, session), session.window.model
    assert names(qtbot, session, 1) == ["white-29.jpg"]
    QTest.keyClicks(page.pattern, "WHITE-*")
    QTest.keyClick(page.pattern, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(model.ids) == 210, timeout=WAIT)
    assert names(qtbot, session, 1) == ["black-29.jpg"]
    qtbot.waitUntil(lambda: page.list.topLevelItemCount() == 1, timeout=WAIT)
    assert page.isVisible()
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    QTest.mouseClick(page.remove_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(model.ids) == 240, timeout=WAIT)
    qtbot.waitUntil(lambda: page.list.topLevelItemCount() == 0, timeout=WAIT)


def test_a_pattern_that_leaves_nothing_out_is_said_to(qtbot: QtBot, session: Session) -> None:
    page = open_page(qtbot, session)
    QTest.keyClicks(page.pattern, "#")
    QTest.mouseClick(page.add_button, Qt.MouseButton.LeftButton)

    def told() -> str:
        box = QApplication.activeModalWidget()
        return box.text() if isinstance(box, QMessageBox) else ""

    qtbot.waitUntil(lambda: told().startswith("'#' leaves nothing out"), timeout=WAIT)
    for box in session.window.findChildren(QMessageBox):
        box.close()
