"""Photos are narrowed down by what they say of themselves, sorted, and described."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from desktop.conftest import OpenWindow
from desktop.window import WAIT, names, press, search
from drawing import draw_photo
from photoseek import Filter
from photoseek_desktop.filter_panel import FilterPanel
from photoseek_desktop.filter_words import filter_parts
from photoseek_desktop.session import Session


@pytest.fixture
def travels(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> Session:
    """A window on three reds and a blue of Paris 2023 and Rome 2024, and one without metadata."""
    for name, colour, date, model, rating, north in (
        ("paris/a.jpg", "red", "2023:06:01 10:00:00", "EOS R5", 3, 48.86),
        ("paris/b.jpg", "blue", "2023:12:31 23:30:00", "EOS R5", 5, 48.86),
        ("rome/c.jpg", "red", "2024:05:01 09:00:00", "G7 X", 4, 41.9),
    ):
        exif = Image.Exif()
        exif[0x010F], exif[0x0110], exif[0x4746] = "Canon", model, rating
        exif[0x9C9E] = "holiday".encode("utf-16-le")
        exif.get_ifd(0x8769)[0x9003], exif.get_ifd(0x8769)[0x9011] = date, "+02:00"
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2], gps[3], gps[4] = "N", (north, 0.0, 0.0), "E", (12.5, 0.0, 0.0)
        draw_photo(tmp_path / "photos" / name, colour, exif=exif.tobytes())
    plain = draw_photo(tmp_path / "photos" / "plain.png", "red", size=(60, 90))
    os.utime(plain, (1_500_000_000, 1_500_000_000))
    return open_window(tmp_path / "library", tmp_path / "photos")


@pytest.fixture
def panel(qtbot: QtBot, travels: Session) -> FilterPanel:
    """The panel, dropped down."""
    QTest.mouseClick(travels.window.page.filter_button, Qt.MouseButton.LeftButton)
    panel = travels.window.page.filter_panel
    qtbot.waitUntil(panel.isVisible, timeout=WAIT)
    return panel


def fill_in(qtbot: QtBot, session: Session, line: QLineEdit, text: str) -> None:
    with qtbot.waitSignal(session.librarian.results_ready, timeout=WAIT):
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)


def choose(qtbot: QtBot, session: Session, box: QComboBox, text: str) -> None:
    with qtbot.waitSignal(session.librarian.results_ready, timeout=WAIT):
        row = box.findText(text)
        assert row >= 0, text
        box.setCurrentIndex(row)
        box.activated.emit(row)


def take_away(qtbot: QtBot, session: Session, text: str) -> None:
    chips = session.window.page.filter_chips.findChildren(QToolButton)
    button = next(each for each in chips if each.accessibleName().endswith(text))
    with qtbot.waitSignal(session.librarian.results_ready, timeout=WAIT):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_dates_include_the_whole_of_the_last_one(
    qtbot: QtBot, travels: Session, panel: FilterPanel
) -> None:
    fill_in(qtbot, travels, panel.before, "2023")
    assert names(qtbot, travels) == ["b.jpg", "a.jpg", "plain.png"]
    fill_in(qtbot, travels, panel.after, "2023-06")
    assert names(qtbot, travels) == ["b.jpg", "a.jpg"]
    assert panel.before.text() == "2023-12-31"
    travels.window.page.status_line.end_notice()
    assert travels.window.page.status_line.text == "2 photos, newest first"


@pytest.mark.parametrize(
    ("field", "choice", "found"),
    [
        ("camera", "Canon G7 X", ["c.jpg"]),
        ("format", "PNG", ["plain.png"]),
        ("shape", "Portrait", ["plain.png"]),
        ("rating", "★★★★ and more", ["c.jpg", "b.jpg"]),
        ("keyword", "holiday", ["c.jpg", "b.jpg", "a.jpg"]),
    ],
)
def test_each_list_offers_what_there_is_and_narrows(
    qtbot: QtBot, travels: Session, panel: FilterPanel, field: str, choice: str, found: list[str]
) -> None:
    choose(qtbot, travels, getattr(panel, field), choice)
    assert names(qtbot, travels) == found


def test_a_filter_holds_for_a_phrase_and_goes_chip_by_chip(
    qtbot: QtBot, travels: Session, panel: FilterPanel
) -> None:
    choose(qtbot, travels, panel.camera, "Canon EOS R5")
    fill_in(qtbot, travels, panel.name, "jpg")
    panel.close()
    search(qtbot, travels, "red")
    assert names(qtbot, travels) == ["a.jpg", "b.jpg"]
    assert travels.window.page.filter_chips.texts == ["Canon EOS R5", "named “jpg”"]
    take_away(qtbot, travels, "Canon EOS R5")
    assert set(names(qtbot, travels)) == {"a.jpg", "b.jpg", "c.jpg"}
    take_away(qtbot, travels, "named “jpg”")
    assert len(names(qtbot, travels)) == 4
    assert not travels.window.page.filter_chips.isVisible()


def test_escape_takes_the_phrase_away_and_then_the_filter(
    qtbot: QtBot, travels: Session, panel: FilterPanel
) -> None:
    choose(qtbot, travels, panel.format, "PNG")
    panel.close()
    search(qtbot, travels, "blue")
    travels.window.page.search_bar.edit.setFocus()
    for left in (["PNG"], []):
        with qtbot.waitSignal(travels.librarian.results_ready, timeout=WAIT):
            press(travels, Qt.Key.Key_Escape)
        assert travels.window.page.filter_chips.texts == left
    assert len(names(qtbot, travels)) == 4


def test_what_is_no_date_is_said_and_not_asked_for(
    qtbot: QtBot, travels: Session, panel: FilterPanel
) -> None:
    panel.after.setText("soon")
    panel.after.editingFinished.emit()
    assert panel.problem.startswith("'soon' is not a date; write it as 2024")
    assert not travels.librarian.request
    fill_in(qtbot, travels, panel.after, "2024")
    assert panel.problem == ""
    assert names(qtbot, travels) == ["c.jpg"]


def test_dates_may_be_as_people_write_them_up_to_the_last_year_there_is(
    qtbot: QtBot, travels: Session, panel: FilterPanel
) -> None:
    fill_in(qtbot, travels, panel.after, "june 2023")
    assert names(qtbot, travels) == ["c.jpg", "b.jpg", "a.jpg"]
    assert panel.after.text() == "2023-06-01"
    fill_in(qtbot, travels, panel.before, "31.12.2023")
    assert names(qtbot, travels) == ["b.jpg", "a.jpg"]
    for last in ("9999", "9999-12", "9999-12-31"):
        fill_in(qtbot, travels, panel.before, last)
        assert panel.before.text() == "9999-12-31"
        fill_in(qtbot, travels, panel.before, "2023")


def test_an_end_before_the_start_is_said_and_not_asked_for(
    qtbot: QtBot, travels: Session, panel: FilterPanel
) -> None:
    fill_in(qtbot, travels, panel.after, "2024")
    panel.before.setText("2023")
    panel.before.editingFinished.emit()
    assert "end before they begin" in panel.problem
    assert travels.librarian.request.filter.before is None


def test_a_filter_that_nothing_passes_says_so(
    qtbot: QtBot, travels: Session, panel: FilterPanel
) -> None:
    fill_in(qtbot, travels, panel.name, "nothing")
    page = travels.window.page
    qtbot.waitUntil(lambda: page.state_page.title == "No photo passes the filter", timeout=WAIT)


def test_likely_matches_come_by_date_when_asked_for(qtbot: QtBot, travels: Session) -> None:
    search(qtbot, travels, "red")
    assert travels.window.model.likely == 3
    with qtbot.waitSignal(travels.librarian.results_ready, timeout=WAIT):
        travels.window.actions_.newest_first.trigger()
    assert names(qtbot, travels) == ["c.jpg", "a.jpg", "plain.png", "b.jpg"]
    with qtbot.waitSignal(travels.librarian.results_ready, timeout=WAIT):
        travels.window.actions_.closest_first.trigger()
    assert names(qtbot, travels)[3] == "b.jpg"


def test_a_large_photo_tells_what_it_says_of_itself_and_finds_its_neighbours(
    qtbot: QtBot, travels: Session
) -> None:
    window = travels.window
    names(qtbot, travels)
    window.grid.photo_opened.emit(window.model.photo_id(1))
    window.actions_.info.trigger()
    info = window.viewer.info
    assert info.isVisible()
    texts = info.texts
    assert texts[0] == "b.jpg"
    assert texts[1].endswith("UTC+02:00")
    assert {"Canon EOS R5", "★★★★★", "holiday", "48.8600° N, 12.5000° E"} <= set(texts)
    with qtbot.waitSignal(travels.librarian.results_ready, timeout=WAIT):
        QTest.mouseClick(info.near_button, Qt.MouseButton.LeftButton)
    assert names(qtbot, travels) == ["b.jpg", "a.jpg"]
    assert window.page.filter_chips.texts == ["within 10 km of 48.86, 12.5"]


def test_words_for_a_filter_say_its_dates_as_short_as_they_can() -> None:
    def words(after: datetime | None, before: datetime | None) -> str:
        return filter_parts(Filter(after=after, before=before))[0].text

    assert words(datetime(2023, 1, 1), datetime(2024, 1, 1)) == "2023"
    assert words(datetime(2023, 1, 1), datetime(2025, 1, 1)) == "2023 – 2024"
    assert words(datetime(2023, 1, 1), None) == "since 2023"
    assert words(None, datetime(2023, 5, 2)) == "until 5/1/2023"
    assert words(datetime(2023, 5, 1), datetime(2023, 5, 2)) == "5/1/2023"
