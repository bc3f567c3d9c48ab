"""A person opens the window on their folder, types, drops a photo and scrolls; shipped model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.window import drop, drop_files, names, search, type_phrase, wait_for_tiles
from photoseek_desktop.session import Session

READING = 60_000
"""Milliseconds for a slow machine to read the eight photos."""


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, photos: Path, tmp_path: Path) -> Iterator[Session]:
    """The window as `photoseek-desktop FOLDER` opens it for the first time."""
    qapp.setStyle("Fusion")
    session = Session(qapp, tmp_path / "library", [photos])
    session.window.resize(900, 640)
    with qtbot.waitSignal(session.indexer.finished, timeout=READING):
        session.start()
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 8, timeout=READING)
    yield session
    session.window.close()
    session.window.deleteLater()
    session.deleteLater()
    qapp.processEvents()
    assert [t.name for t in threading.enumerate() if t.name.startswith("photoseek-")] == []


def test_typing_shows_the_right_photo_first(qtbot: QtBot, window: Session) -> None:
    type_phrase(qtbot, window, "a cat")
    assert names(qtbot, window, 1) == ["IMG_0001.jpg"]
    search(qtbot, window, "a flower")
    assert names(qtbot, window, 1) == ["IMG_0006.jpg"]
    wait_for_tiles(qtbot, window, range(8))


def test_dropping_a_photo_finds_its_original(
    qtbot: QtBot, window: Session, cat_from_outside: Path
) -> None:
    with qtbot.waitSignal(window.librarian.results_ready, timeout=READING):
        drop_files(window, cat_from_outside)
    assert names(qtbot, window, 1) == ["IMG_0001.jpg"]


def test_dropping_a_picture_from_a_browser_finds_its_original(
    qtbot: QtBot, window: Session, cat_from_outside: Path
) -> None:
    data = QMimeData()
    data.setImageData(QImage(str(cat_from_outside)))
    with qtbot.waitSignal(window.librarian.results_ready, timeout=READING):
        drop(window, data)
    assert names(qtbot, window, 1) == ["IMG_0001.jpg"]


def test_enter_shows_the_photo_large_and_the_arrows_go_on(qtbot: QtBot, window: Session) -> None:
    search(qtbot, window, "a cat")
    names(qtbot, window, 8)
    grid = window.window.grid
    grid.setFocus()
    grid.setCurrentIndex(window.window.model.index(0, 0))
    QTest.keyClick(grid, Qt.Key.Key_Return)
    viewer = window.window.viewer
    qtbot.waitUntil(viewer.isVisible, timeout=READING)
    QTest.keyClick(viewer, Qt.Key.Key_Right)
    QTest.keyClick(viewer, Qt.Key.Key_Left)
    QTest.keyClick(viewer, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not viewer.isVisible(), timeout=READING)


def test_the_window_tells_how_many_files_could_not_be_read(window: Session) -> None:
    coverage = window.window.page.status_line.coverage
    assert coverage == "8 of 11 searchable · 3 could not be read"
