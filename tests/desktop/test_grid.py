"""The grid scrolls over every photo, keeps still while the library grows, and answers to keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QDrag, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from desktop.conftest import OpenWindow, make_photos
from desktop.window import names, press, search, wait_for_tiles
from photoseek import Library, ModelBundle
from photoseek_desktop.photo_grid import LARGEST_TILE, SMALLEST_TILE
from photoseek_desktop.search_request import Results
from photoseek_desktop.session import Session


def rows_in_view(session: Session) -> list[int]:
    grid = session.window.grid
    viewport = grid.viewport().rect()
    count = len(session.window.model.ids)
    rects = (grid.visualRect(session.window.model.index(row)) for row in range(count))
    return [row for row, rect in enumerate(rects) if rect.intersects(viewport)]


def test_scrolling_loads_pictures(qtbot: QtBot, session: Session) -> None:
    search(qtbot, session, "orange")
    wait_for_tiles(qtbot, session, rows_in_view(session))
    bar = session.window.grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    rows = rows_in_view(session)
    assert rows[-1] == 239
    wait_for_tiles(qtbot, session, rows)


def test_refreshed_results_leave_the_view_where_it_is(qtbot: QtBot, session: Session) -> None:
    grid, model = session.window.grid, session.window.model
    grid.verticalScrollBar().setValue(700)
    first = rows_in_view(session)[0]
    photo_id, top = model.photo_id(first), grid.visualRect(model.index(first)).top()
    grid.setCurrentIndex(model.index(first + 1))
    chosen = model.photo_id(first + 1)
    grid.verticalScrollBar().setValue(700)
    newer = np.concatenate([np.arange(10_000, 10_020), model.ids])
    grid.refresh_results(Results(session.librarian.request, newer))
    row = model.row_of(photo_id)
    assert row == first + 20
    assert grid.visualRect(model.index(row)).top() == top
    assert session.window.selected_ids() == [chosen]


def test_refreshed_results_at_the_top_show_what_is_new(qtbot: QtBot, session: Session) -> None:
    grid, model = session.window.grid, session.window.model
    grid.refresh_results(Results(session.librarian.request, np.append(10_000, model.ids)))
    assert grid.verticalScrollBar().value() == 0
    assert rows_in_view(session)[0] == 0


def test_keys_move_over_the_grid(qtbot: QtBot, session: Session) -> None:
    grid = session.window.grid
    press(session, Qt.Key.Key_Down)  # from the search bar
    assert grid.hasFocus()
    columns = sum(grid.visualRect(session.window.model.index(row)).top() < 50 for row in range(20))
    press(session, Qt.Key.Key_Right)
    press(session, Qt.Key.Key_Down)
    assert grid.currentIndex().row() == columns + 1
    press(session, Qt.Key.Key_Up)
    press(session, Qt.Key.Key_Left)
    assert grid.currentIndex().row() == 0
    press(session, Qt.Key.Key_End)
    assert grid.currentIndex().row() == 239
    assert 239 in rows_in_view(session)
    press(session, Qt.Key.Key_PageUp)
    assert grid.currentIndex().row() < 239
    press(session, Qt.Key.Key_Home)
    assert grid.verticalScrollBar().value() == 0


def test_shift_selects_and_ctrl_c_copies_paths(
    qtbot: QtBot, session: Session, photos: Path
) -> None:
    session.window.activateWindow()
    press(session, Qt.Key.Key_Down)
    for _ in range(2):
        press(session, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert len(session.window.selected_ids()) == 3
    clipboard = QGuiApplication.clipboard()
    with qtbot.waitSignal(clipboard.dataChanged):
        session.window.actions_.copy.trigger()
    expected = [photos / f"white-{number}.jpg" for number in (29, 28, 27)]
    assert clipboard.text().split("\n") == [str(path) for path in expected]
    assert [url.toLocalFile() for url in clipboard.mimeData().urls()] == list(map(str, expected))


def test_every_photo_can_be_selected_and_copied(qtbot: QtBot, session: Session) -> None:
    press(session, Qt.Key.Key_Down)
    press(session, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(QGuiApplication.clipboard().dataChanged):
        session.window.actions_.copy.trigger()
    assert len(QGuiApplication.clipboard().text().split("\n")) == 240


def test_a_photo_is_dragged_out_as_a_file(qtbot: QtBot, session: Session, photos: Path) -> None:
    names(qtbot, session, 1)
    model = session.window.model
    data = model.mimeData([model.index(0)])
    assert [url.toLocalFile() for url in data.urls()] == [str(photos / "white-29.jpg")]


def test_photos_that_were_not_fetched_yet_are_dragged_all_or_none(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(qtbot, session, 1)
    grid, model = session.window.grid, session.window.model
    dragged: list[int] = []

    class Drag(QDrag):
        def exec(self, *_: object) -> Qt.DropAction:
            dragged.append(len(self.mimeData().urls()))
            return Qt.DropAction.CopyAction

    monkeypatch.setattr("photoseek_desktop.photo_grid.QDrag", Drag)
    grid.selectAll()
    assert len(model.known(range(240))) < 240
    with qtbot.waitSignal(grid.notice):
        grid.startDrag(Qt.DropAction.CopyAction)
    assert dragged == []
    qtbot.waitUntil(lambda: len(model.known(range(240))) == 240)
    grid.startDrag(Qt.DropAction.CopyAction)
    assert dragged == [240]


def test_a_refresh_keeps_a_selection_of_all_photos_in_few_runs(
    qtbot: QtBot, session: Session
) -> None:
    grid, model = session.window.grid, session.window.model
    grid.selectAll()
    before = grid.selected_ids().tolist()
    newer = np.concatenate([[10_000], model.ids[:100], [10_001], model.ids[100:]])
    grid.refresh_results(Results(session.librarian.request, newer))
    assert grid.selected_ids().tolist() == before
    assert grid.selectionModel().selection().count() == 2
    assert grid.has_selection


def test_a_dragged_window_edge_makes_pictures_once(qtbot: QtBot, session: Session) -> None:
    grid, cache = session.window.grid, session.window.cache
    wait_for_tiles(qtbot, session, rows_in_view(session))
    with qtbot.waitSignal(cache.side_changed):
        for tile in range(grid.tile + 1, grid.tile + 60):
            grid.set_tile(tile)
            assert cache.busy
    assert cache.side == round(
        grid.visualRect(session.window.model.index(0)).width() * grid.devicePixelRatioF()
    )


def test_a_closed_context_menu_is_gone(qtbot: QtBot, session: Session) -> None:
    press(session, Qt.Key.Key_Down)
    for _ in range(3):
        session.window.grid.menu_wanted.emit(QPoint(5, 5))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        menu.close()
    owned = session.window.findChildren
    qtbot.waitUntil(lambda: not [menu for menu in owned(QMenu) if menu.parent() is session.window])


def test_clicks_and_rubber_band_select(qtbot: QtBot, session: Session) -> None:
    grid, model = session.window.grid, session.window.model
    left, shift = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
    viewport = grid.viewport()
    QTest.mouseClick(viewport, left, pos=grid.visualRect(model.index(1)).center())
    QTest.mouseClick(viewport, left, shift, grid.visualRect(model.index(5)).center())
    assert grid.selected_rows() == [1, 2, 3, 4, 5]
    below = grid.visualRect(model.index(0)).bottomLeft() + QPoint(-6, 4)
    QTest.mousePress(viewport, left, pos=below)
    QTest.mouseMove(viewport, below + QPoint(30, -30))
    QTest.mouseMove(viewport, grid.visualRect(model.index(1)).center())
    QTest.mouseRelease(viewport, left, pos=grid.visualRect(model.index(1)).center())
    assert grid.selected_rows() == [0, 1]


def test_menu_key_offers_what_can_be_done(qtbot: QtBot, session: Session) -> None:
    press(session, Qt.Key.Key_Down)
    grid = session.window.grid
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5))
    QApplication.sendEvent(grid.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    words = [action.text() for action in menu.actions() if action.text()]
    assert words == [
        "Show large",
        "About this photo",
        "Open in the system's viewer",
        "Show in file manager",
        "Copy path",
        "Find similar",
        "Why is it here?",
    ]
    menu.close()


def test_tiles_grow_and_shrink_within_bounds_and_are_remembered(
    qtbot: QtBot, session: Session, open_window: OpenWindow
) -> None:
    grid, actions = session.window.grid, session.window.actions_
    for _ in range(20):
        actions.larger.trigger()
    assert grid.tile == LARGEST_TILE
    for _ in range(20):
        actions.smaller.trigger()
    assert grid.tile == SMALLEST_TILE
    wait_for_tiles(qtbot, session, rows_in_view(session))
    session.window.close()
    assert open_window(session.directory).window.grid.tile == SMALLEST_TILE


def test_offline_photos_stay_and_are_marked(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path, bundle: Path
) -> None:
    folder = make_photos(tmp_path / "drive", variants=2)
    with Library.open(tmp_path / "library", bundle=ModelBundle.open(bundle)) as library:
        library.add_folder(folder)
        library.update()
    folder.rename(tmp_path / "unplugged")
    session = open_window(tmp_path / "library")
    page = session.window.page
    qtbot.waitUntil(lambda: page.status_line.coverage == "16 photos searchable · 16 offline")
    model = session.window.model
    qtbot.waitUntil(lambda: all(photo.offline for photo in model.known(range(16))))
    wait_for_tiles(qtbot, session, range(4))
    search(qtbot, session, "red")
    assert names(qtbot, session, 1)[0].startswith("red")
    assert "offline" in str(model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole))


@pytest.mark.parametrize("width", [430, 760, 1500])
def test_every_width_shows_whole_tiles(qtbot: QtBot, session: Session, width: int) -> None:
    session.window.resize(width, 600)
    grid = session.window.grid
    qtbot.waitUntil(lambda: session.window.width() == width)
    rects = [grid.visualRect(session.window.model.index(row)) for row in range(30)]
    assert max(rect.right() for rect in rects) < grid.viewport().width()
