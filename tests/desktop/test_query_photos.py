"""Dropping, pasting and choosing a photo finds photos like it."""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QByteArray, QMimeData, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from desktop.conftest import OpenWindow, draw_photo, make_photos
from desktop.window import WAIT, drop, drop_files, names, press, search
from photoseek import Folder, Library, LibraryBusyError
from photoseek_desktop.query_photo import ReadSources, read_sources
from photoseek_desktop.session import Session


def chips(session: Session) -> list[str]:
    return [photo.name for photo in session.window.page.search_bar.request.photos]


def message(qtbot: QtBot) -> str:
    """Return what the open message box says, and close it."""
    boxes: list[QMessageBox] = []

    def one_is_open() -> bool:
        boxes[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
        return any(box.isVisible() for box in boxes)

    qtbot.waitUntil(one_is_open)
    box = next(box for box in boxes if box.isVisible())
    text = box.text()
    box.close()
    return text


def test_dropping_a_photo_finds_photos_like_it(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    photo = draw_photo(tmp_path / "from a friend.png", "green", 99)
    with qtbot.waitSignal(session.librarian.results_ready):
        drop_files(session, photo)
    assert chips(session) == ["from a friend.png"]
    assert all(name.startswith("green") for name in names(qtbot, session, 30))


def test_several_dropped_photos_are_searched_together(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    red = draw_photo(tmp_path / "a.png", "red", 99)
    yellow = draw_photo(tmp_path / "b.png", "yellow", 99)
    with qtbot.waitSignal(session.librarian.results_ready):
        drop_files(session, red, yellow)
    assert chips(session) == ["a.png", "b.png"]
    assert names(qtbot, session, 1)[0].startswith("orange")


def test_a_later_drop_is_a_new_question(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    for colour in ("green", "blue"):
        with qtbot.waitSignal(session.librarian.results_ready):
            drop_files(session, draw_photo(tmp_path / f"{colour}.jpg", colour))
    assert chips(session) == ["blue.jpg"]
    assert names(qtbot, session, 1)[0].startswith("blue")


def test_phrase_and_photo_combine_and_each_can_go(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    search(qtbot, session, "yellow")
    with qtbot.waitSignal(session.librarian.results_ready):
        drop_files(session, draw_photo(tmp_path / "red.png", "red", 99))
    assert names(qtbot, session, 1)[0].startswith("orange")
    edit = session.window.page.search_bar.edit
    with qtbot.waitSignal(session.librarian.results_ready):
        edit.setCursorPosition(0)
        edit.setFocus()
        press(session, Qt.Key.Key_Backspace)
    assert chips(session) == []
    assert names(qtbot, session, 1)[0].startswith("yellow")


def test_the_last_of_many_dropped_photos_are_searched_by(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    photos = make_photos(tmp_path / "many", variants=1)
    chosen = sorted(photos.iterdir())
    with qtbot.waitSignal(session.librarian.results_ready):
        drop_files(session, *chosen)
    assert chips(session) == [path.name for path in chosen[-4:]]
    assert "4 photos" in session.window.page.status_line.text


def test_a_drop_of_many_files_that_are_no_photos_is_told_in_a_few_lines(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    letters = [tmp_path / f"letter-{number}.txt" for number in range(40)]
    for letter in letters:
        letter.write_text("Dear friend")
    drop_files(session, *letters)
    assert len(message(qtbot).splitlines()) < 12


def test_searching_goes_on_while_a_dropped_photo_is_being_opened(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()

    def read_slowly(*given: Any) -> ReadSources:
        opened.wait(WAIT)
        return read_sources(*given)

    monkeypatch.setattr("photoseek_desktop.librarian.read_sources", read_slowly)
    drop_files(session, draw_photo(tmp_path / "red.jpg", "red"))
    search(qtbot, session, "blue")
    assert names(qtbot, session, 1)[0].startswith("blue")
    with qtbot.waitSignal(session.librarian.results_ready):
        opened.set()
    assert chips(session) == ["red.jpg"]


def test_leaving_out_words_beside_a_photo(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    with qtbot.waitSignal(session.librarian.results_ready):
        drop_files(session, draw_photo(tmp_path / "orange.png", "orange", 99))
    search(qtbot, session, "-yellow")
    assert names(qtbot, session, 1)[0].startswith("red")


def test_an_image_dragged_from_a_browser_is_searched_by(qtbot: QtBot, session: Session) -> None:
    image = QImage(80, 60, QImage.Format.Format_RGB32)
    image.fill(QColor(30, 50, 210))
    data = QMimeData()
    data.setImageData(image)
    data.setUrls([QUrl("https://example.org/sea.jpg")])
    with qtbot.waitSignal(session.librarian.results_ready):
        drop(session, data)
    assert chips(session) == ["Dropped picture"]
    assert names(qtbot, session, 1)[0].startswith("blue")


def test_an_image_written_into_a_page_is_searched_by(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    content = draw_photo(tmp_path / "x.png", "purple", 3).read_bytes()
    data = QMimeData()
    encoded = base64.b64encode(content).decode()
    data.setHtml(f'<img src="data:image/png;base64,{encoded}">')
    with qtbot.waitSignal(session.librarian.results_ready):
        drop(session, data)
    assert names(qtbot, session, 1)[0].startswith("purple")


def test_a_web_address_alone_is_explained(qtbot: QtBot, session: Session) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/sea.jpg")])
    drop(session, data)
    assert "opens no connections" in session.window.page.status_line.text


def test_a_copied_image_is_pasted(qtbot: QtBot, session: Session) -> None:
    image = QImage(80, 60, QImage.Format.Format_RGB32)
    image.fill(QColor(230, 220, 40))
    QGuiApplication.clipboard().setImage(image)
    session.window.page.search_bar.edit.setFocus()
    with qtbot.waitSignal(session.librarian.results_ready):
        press(session, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert chips(session) == ["Pasted picture"]
    assert names(qtbot, session, 1)[0].startswith("yellow")


def test_a_copied_file_is_pasted_and_text_stays_text(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    data = QMimeData()
    path = draw_photo(tmp_path / "white.png", "white", 99)
    data.setUrls([QUrl.fromLocalFile(str(path))])
    data.setText(str(path))
    QGuiApplication.clipboard().setMimeData(data)
    edit = session.window.page.search_bar.edit
    edit.setFocus()
    with qtbot.waitSignal(session.librarian.results_ready):
        press(session, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert (chips(session), edit.text()) == (["white.png"], "")
    QGuiApplication.clipboard().setText("black")
    with qtbot.waitSignal(session.librarian.results_ready):
        press(session, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert edit.text() == "black"


def yellow_picture() -> QImage:
    image = QImage(80, 60, QImage.Format.Format_RGB32)
    image.fill(QColor(230, 220, 40))
    return image


def test_a_cell_of_a_spreadsheet_is_pasted_as_its_text(qtbot: QtBot, session: Session) -> None:
    data = QMimeData()
    data.setText("black\n")
    data.setHtml("<table><tr><td>black</td></tr></table>")
    data.setImageData(yellow_picture())
    QGuiApplication.clipboard().setMimeData(data)
    edit = session.window.page.search_bar.edit
    edit.setFocus()
    with qtbot.waitSignal(session.librarian.results_ready):
        press(session, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert (chips(session), edit.text().strip()) == ([], "black")


@pytest.mark.parametrize("text", ["", "https://example.org/yellow.jpg"])
def test_a_picture_copied_in_a_browser_is_searched_by(
    qtbot: QtBot, session: Session, text: str
) -> None:
    data = QMimeData()
    data.setHtml('<img src="https://example.org/yellow.jpg" alt="a yellow square">')
    data.setImageData(yellow_picture())
    if text:
        data.setText(text)
    QGuiApplication.clipboard().setMimeData(data)
    session.window.page.search_bar.edit.setFocus()
    with qtbot.waitSignal(session.librarian.results_ready):
        press(session, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert chips(session) == ["Pasted picture"]


def test_a_dropped_file_that_is_no_photo_is_told(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("Dear friend")
    drop_files(session, tmp_path / "letter.txt", draw_photo(tmp_path / "ok.png", "green"))
    assert message(qtbot).startswith("letter.txt: ")
    assert chips(session) == ["ok.png"]


def test_a_dropped_folder_is_added_and_read(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    folder = make_photos(tmp_path / "more", variants=1)
    with qtbot.waitSignal(session.indexer.finished):
        drop_files(session, folder)
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 248)


def test_a_dropped_folder_without_photos_is_said_to_be_empty(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    line = session.window.page.status_line
    drop_files(session, tmp_path / "letters")
    qtbot.waitUntil(lambda: str(tmp_path / "letters") in line.text, timeout=WAIT)
    assert line.text.startswith("No photos")


def test_a_folder_dropped_while_another_process_is_at_work_is_added_after_it(
    qtbot: QtBot,
    open_window: OpenWindow,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr("photoseek_desktop.upkeep.BUSY_PAUSE", 20)
    session = open_window(library)
    asked: list[Path] = []
    add_folder = Library.add_folder

    def busy_at_first(self: Library, path: Path) -> Folder:
        asked.append(path)
        if len(asked) < 3:
            raise LibraryBusyError("another Photoseek is updating the library")
        return add_folder(self, path)

    monkeypatch.setattr(Library, "add_folder", busy_at_first)
    folder = make_photos(tmp_path / "more", variants=1)
    drop_files(session, folder)
    qtbot.waitUntil(lambda: str(folder) in session.window.page.status_line.text, timeout=WAIT)
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 248, timeout=WAIT)
    assert asked == [folder] * 3
    assert not any(isinstance(w, QMessageBox) for w in QApplication.topLevelWidgets())


def test_a_dropped_folder_that_is_covered_already_is_said_to_be_so(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    photos = make_photos(tmp_path / "photos", variants=1)
    session = open_window(tmp_path / "library", photos)
    inside = photos / "inside"
    inside.mkdir()
    line = session.window.page.status_line
    drop_files(session, inside)
    qtbot.waitUntil(lambda: line.text == f"{inside} is already covered by {photos}", timeout=WAIT)
    drop_files(session, photos)
    qtbot.waitUntil(lambda: line.text == f"{photos} is in the library already", timeout=WAIT)


@pytest.mark.parametrize("times", [1, 6])
def test_find_similar(qtbot: QtBot, session: Session, times: int) -> None:
    grid = session.window.grid
    for _ in range(times):
        grid.setCurrentIndex(session.window.model.index(0))
        with qtbot.waitSignal(session.librarian.results_ready):
            session.window.actions_.similar.trigger()
    assert len(chips(session)) == 1
    assert names(qtbot, session, 1)[0].startswith("white")
    assert len(session.window.model.ids) == 239


def test_first_drop_of_a_folder_starts_the_library(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path
) -> None:
    folder = make_photos(tmp_path / "photos", variants=1)
    session = start_window(tmp_path / "library")
    page = session.window.page
    qtbot.waitUntil(lambda: page.state_page.title == "Find any photo by describing it")
    with qtbot.waitSignal(session.indexer.finished, timeout=10_000):
        drop_files(session, folder)
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 8)


def test_truncated_image_data_does_no_harm(qtbot: QtBot, session: Session) -> None:
    data = QMimeData()
    data.setHtml('<img src="data:image/png;base64,AAAA">')
    drop(session, data)
    assert message(qtbot).startswith("Dropped picture: ")
    data.setData("application/x-qt-image", QByteArray())
    assert chips(session) == []
