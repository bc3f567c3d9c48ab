"""One photo large: next and previous, zoom, and words where there is no photo."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from desktop.conftest import OpenWindow, draw_photo, make_photos
from desktop.window import names, press
from photoseek import Library, ModelBundle
from photoseek.decoding.opener import PhotoOpener, Viewed
from photoseek_desktop.session import Session


def open_first(qtbot: QtBot, session: Session) -> None:
    """Go from the search bar to the first photo and press Enter."""
    names(qtbot, session, 3)
    press(session, Qt.Key.Key_Down)
    press(session, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.window.viewer.view.has_photo)


def words(session: Session) -> list[str]:
    return [label.text() for label in session.window.viewer.findChildren(QLabel)]


def test_enter_shows_the_photo_large_with_name_and_place(qtbot: QtBot, session: Session) -> None:
    open_first(qtbot, session)
    assert session.window.viewer.isVisible()
    assert "white-29.jpg" in words(session)
    assert "1 of 240" in words(session)
    assert session.window.windowTitle() == "white-29.jpg — Photoseek"


def test_double_click_opens_and_escape_returns_to_the_photo(qtbot: QtBot, session: Session) -> None:
    grid, viewer = session.window.grid, session.window.viewer
    place = grid.visualRect(session.window.model.index(2)).center()
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert viewer.isVisible()
    press(session, Qt.Key.Key_Right)
    press(session, Qt.Key.Key_Escape)
    assert grid.isVisible()
    assert session.window.selected_ids() == [session.window.model.photo_id(3)]
    assert session.window.windowTitle() == "Photoseek"


def test_next_and_previous_walk_and_stop_at_the_ends(qtbot: QtBot, session: Session) -> None:
    open_first(qtbot, session)
    viewer = session.window.viewer
    press(session, Qt.Key.Key_Left)
    assert "1 of 240" in words(session)
    press(session, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "white-28.jpg" in words(session))
    press(session, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: "red-00.jpg" in words(session) and viewer.view.has_photo)
    press(session, Qt.Key.Key_Right)
    assert "240 of 240" in words(session)
    press(session, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: "red-01.jpg" in words(session))


def test_neighbours_are_decoded_ahead(qtbot: QtBot, session: Session) -> None:
    open_first(qtbot, session)
    viewer = session.window.viewer
    following = session.window.model.photo_id(1)
    qtbot.waitUntil(lambda: viewer.loader.holds(following))
    press(session, Qt.Key.Key_Right)
    assert viewer.photo_id == following
    assert viewer.view.has_photo


def test_wheel_zooms_at_the_pointer_and_zero_fits_again(qtbot: QtBot, session: Session) -> None:
    open_first(qtbot, session)
    view = session.window.viewer.view
    before = view.zoom
    middle = QPointF(view.rect().center())
    for _ in range(3):
        event = QWheelEvent(
            middle,
            QPointF(view.mapToGlobal(middle)),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view, event)
    assert view.zoom > before * 1.5
    press(session, Qt.Key.Key_Right)
    assert "1 of 240" in words(session), "an arrow moves a zoomed photo"
    press(session, Qt.Key.Key_0)
    assert view.is_fitted
    assert view.zoom == before


def test_photo_that_is_gone_is_explained(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    folder = make_photos(tmp_path / "photos", variants=1)
    session = open_window(tmp_path / "library", folder)
    qtbot.waitUntil(lambda: names(qtbot, session, 1) == ["white-00.jpg"])
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 8)
    names(qtbot, session, 8)
    (folder / "white-00.jpg").unlink()
    (folder / "black-00.jpg").write_bytes(b"overwritten")
    press(session, Qt.Key.Key_Down)
    press(session, Qt.Key.Key_Return)
    view = session.window.viewer.view
    qtbot.waitUntil(
        lambda: view.message == "white-00.jpg cannot be shown: the file does not exist."
    )
    press(session, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "black-00.jpg cannot be shown: " in view.message)
    press(session, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: view.has_photo)


def test_viewer_stays_at_its_photo_while_others_arrive(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    folder = make_photos(tmp_path / "photos", variants=1)
    session = open_window(tmp_path / "library", folder)
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 8)
    open_first(qtbot, session)
    assert "1 of 8" in words(session)
    draw_photo(folder / "newest.jpg", "red", 50)
    with qtbot.waitSignal(session.indexer.finished, timeout=10_000):
        session.window.actions_.rescan.trigger()
    qtbot.waitUntil(lambda: "2 of 9" in words(session))
    assert "white-00.jpg" in words(session)


def test_an_update_does_not_take_the_name_away(qtbot: QtBot, session: Session) -> None:
    open_first(qtbot, session)
    window = session.window
    told: list[str] = []
    window.viewer.shown.connect(told.append)
    window.model.forget_photos()
    assert window.viewer.photo is not None
    qtbot.waitUntil(lambda: len(told) >= 2)  # the old row, then the one that was fetched anew
    assert set(told) == {window.viewer.photo.path.name}


def test_an_offline_photo_shows_its_thumbnail(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, bundle: Path
) -> None:
    folder = make_photos(tmp_path / "drive", variants=1)
    with Library.open(tmp_path / "library", bundle=ModelBundle.open(bundle)) as library:
        library.add_folder(folder)
        library.update()
    folder.rename(tmp_path / "unplugged")
    session = open_window(tmp_path / "library")
    names(qtbot, session, 1)
    session.window.grid.photo_opened.emit(session.window.model.photo_id(0))
    view = session.window.viewer.view
    qtbot.waitUntil(lambda: view.has_preview)
    assert view.message


def test_the_thumbnail_is_shown_while_a_photo_is_being_opened(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    view = PhotoOpener.view

    def view_slowly(self: PhotoOpener, *given: Any, **more: Any) -> Viewed:
        opened.wait(10)
        return view(self, *given, **more)

    monkeypatch.setattr(PhotoOpener, "view", view_slowly)
    names(qtbot, session, 3)
    viewer = session.window.viewer
    session.window.grid.photo_opened.emit(session.window.model.photo_id(0))
    qtbot.waitUntil(lambda: viewer.view.has_preview)
    assert not viewer.view.has_photo
    opened.set()
    qtbot.waitUntil(lambda: viewer.view.has_photo)
    assert not viewer.view.has_preview
