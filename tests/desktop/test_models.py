"""Trying another model from the library's dialog, while searching goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from bundles import make_colour_bundle
from desktop.window import WAIT, names, search
from photoseek import ModelBundle
from photoseek_desktop.models_page import ModelsPage
from photoseek_desktop.session import Session


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return make_colour_bundle(tmp_path / "other", dim=24)


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> Iterator[ModelsPage]:
    """The page of models, on the library of 240 photos."""
    session.window.actions_.library.trigger()
    qtbot.waitUntil(lambda: session.window.dialogs.library is not None, timeout=WAIT)
    dialog = session.window.dialogs.library
    assert dialog is not None
    dialog.tabs.setCurrentWidget(dialog.models)
    yield dialog.models
    dialog.close()


def answer(page: ModelsPage, words: str) -> None:
    """Press the button with these words in the question that is open."""
    box = next(box for box in page.findChildren(QMessageBox) if box.isVisible())
    next(button for button in box.buttons() if button.text() == words).click()


def rows(page: ModelsPage) -> list[list[str]]:
    items = [page.list.topLevelItem(row) for row in range(page.list.topLevelItemCount())]
    return [[item.text(column) for column in (0, 1, 3)] for item in items if item is not None]


def add(qtbot: QtBot, page: ModelsPage, session: Session) -> None:
    button = next(b for b in page.findChildren(QPushButton) if b.text() == "Add model…")
    with qtbot.waitSignal(session.indexer.finished, timeout=WAIT):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [row[1] for row in rows(page)] == ["240", "240"], timeout=WAIT)


def choose(page: ModelsPage, row: int) -> None:
    item = page.list.topLevelItem(row)
    assert item is not None
    page.list.setCurrentItem(item)


def test_another_model_is_added_used_and_the_old_one_removed(
    qtbot: QtBot,
    session: Session,
    page: ModelsPage,
    other: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert rows(page) == [["colours-0", "240", "In use; has read all photos"]]
    choose(page, 0)
    assert not page.use_button.isEnabled()
    assert not page.remove_button.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(other))
    add(qtbot, page, session)
    assert session.window.page.status_line.text == "240 photos read with another model too"
    assert rows(page)[1] == ["colours of 24", "240", "Has read all photos"]
    choose(page, 1)
    with qtbot.waitSignal(session.librarian.results_refreshed, timeout=WAIT):
        QTest.mouseClick(page.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: rows(page)[0][0] == "colours of 24", timeout=WAIT)
    assert [row[2] for row in rows(page)] == ["In use; has read all photos", "Has read all photos"]
    choose(page, 1)
    QTest.mouseClick(page.remove_button, Qt.MouseButton.LeftButton)
    answer(page, "Cancel")
    QTest.mouseClick(page.remove_button, Qt.MouseButton.LeftButton)
    answer(page, "Remove")
    qtbot.waitUntil(lambda: len(rows(page)) == 1, timeout=WAIT)
    page.window().hide()
    search(qtbot, session, "red")
    assert all(name.startswith("red") for name in names(qtbot, session))


def test_a_model_that_lacks_photos_is_used_after_a_question(
    qtbot: QtBot, session: Session, page: ModelsPage, other: Path
) -> None:
    session.librarian.library.add_model(ModelBundle.open(other))
    with qtbot.waitSignal(session.librarian.info_changed, timeout=WAIT):
        session.librarian.request_info()
    assert rows(page)[1] == ["colours of 24", "0", "Has not read 240 photos"]
    choose(page, 1)
    QTest.mouseClick(page.use_button, Qt.MouseButton.LeftButton)
    answer(page, "Cancel")
    assert session.librarian.library.bundle.manifest.name == "colours-0"
    QTest.mouseClick(page.use_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(session.indexer.finished, timeout=WAIT):
        answer(page, "Search with it")
    qtbot.waitUntil(
        lambda: rows(page)[0] == ["colours of 24", "240", "In use; has read all photos"]
    )


def test_a_folder_that_is_no_model_is_told(
    qtbot: QtBot,
    session: Session,
    page: ModelsPage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    with qtbot.waitSignal(session.librarian.failed, timeout=WAIT) as failed:
        session.window.dialogs.choose_model()
    assert "is not a model bundle" in failed.args[0]
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
    box = QApplication.activeModalWidget()
    assert box is not None
    box.close()
    assert len(rows(page)) == 1


def test_a_model_whose_files_are_gone_says_so(
    qtbot: QtBot, session: Session, page: ModelsPage, library: Path, other: Path
) -> None:
    session.librarian.library.add_model(ModelBundle.open(other))
    shutil.rmtree(library / "models" / ModelBundle.open(other).manifest.model_id)
    with qtbot.waitSignal(session.librarian.info_changed, timeout=WAIT):
        session.librarian.request_info()
    assert rows(page)[1][2] == "Its files are missing: add it again, or remove it"
    choose(page, 1)
    assert not page.use_button.isEnabled()
    assert page.remove_button.isEnabled()
