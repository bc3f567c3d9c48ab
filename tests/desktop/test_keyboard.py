"""Everything can be reached by keyboard, and says its name to a screen reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.conftest import OpenWindow, make_photos
from desktop.window import press
from photoseek_desktop.session import Session


def reachable(window: QWidget) -> list[QWidget]:
    """Return the visible widgets that Tab stops at."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]


def name_of(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton | QLineEdit) else ""
    return widget.accessibleName() or text


def test_everything_that_tab_reaches_has_a_name(qtbot: QtBot, session: Session) -> None:
    window = session.window
    qtbot.waitUntil(lambda: bool(window.page.status_line.coverage))
    assert [type(w).__name__ for w in reachable(window) if not name_of(w)] == []
    window.grid.photo_opened.emit(window.model.photo_id(0))
    assert [type(w).__name__ for w in reachable(window) if not name_of(w)] == []


def test_tab_walks_over_the_whole_page_and_comes_back(qtbot: QtBot, session: Session) -> None:
    window = session.window
    edit = window.page.search_bar.edit
    edit.setFocus()
    seen: list[QWidget] = []
    for _ in range(20):
        press(session, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        seen.append(focused)
        if focused is edit:
            break
    assert set(seen) == set(reachable(window))
    assert window.grid in seen
    assert window.page.menu_button in seen


def test_no_key_is_given_to_two_actions(session: Session) -> None:
    keys = [
        key.toString(QKeySequence.SequenceFormat.PortableText)
        for action in session.window.findChildren(QAction)
        for key in action.shortcuts()
    ]
    assert sorted(keys) == sorted(set(keys))


def test_enter_does_what_the_first_run_proposes(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start_window(tmp_path / "library")
    page = session.window.page
    qtbot.waitUntil(lambda: page.state_page.title == "Find any photo by describing it")
    asked: list[str] = []

    def choose_nothing(_parent: QWidget, title: str, _start: str) -> str:
        asked.append(title)
        return ""

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose_nothing)
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QPushButton))
    press(session, Qt.Key.Key_Return)
    assert asked == ["Choose a folder with photos"]


def test_search_bar_has_the_focus_once_there_is_something_to_search(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    session = open_window(tmp_path / "library", make_photos(tmp_path / "photos", variants=1))
    assert session.window.page.search_bar.edit.hasFocus()


def test_delete_says_that_no_file_is_deleted(qtbot: QtBot, session: Session) -> None:
    window = session.window
    window.grid.setCurrentIndex(window.model.index(0))
    window.grid.setFocus()
    press(session, Qt.Key.Key_Delete)
    assert "deletes no files" in window.page.status_line.text
    assert window.page.search_bar.edit.text() == ""
    window.grid.photo_opened.emit(window.model.photo_id(0))
    press(session, Qt.Key.Key_Delete)
    shown = [label.text() for label in window.viewer.findChildren(QLabel) if label.isVisible()]
    assert any("deletes no files" in text for text in shown)


@pytest.mark.parametrize("letter", ["\x7f", "\x08", "\x1b", "\t"])
def test_keys_that_are_no_letters_are_not_typed_into_the_search(
    session: Session, letter: str
) -> None:
    session.window.grid.keyboardSearch(letter)
    assert session.window.page.search_bar.edit.text() == ""
