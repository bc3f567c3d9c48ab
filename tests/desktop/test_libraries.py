"""A person keeps several libraries and goes from one to another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from desktop.conftest import make_photos
from desktop.window import WAIT
from photoseek_desktop.desk import Desk
from photoseek_desktop.known_libraries import KnownLibraries
from photoseek_desktop.library_dialog import LibraryDialog
from photoseek_desktop.session import Session


@pytest.fixture
def desk(qapp: QApplication, bundle: Path, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(qapp, tmp_path / "home", bundle)
    yield desk
    if desk.session is not None:
        desk.session.window.close()
        desk.session.window.deleteLater()
        desk.session.deleteLater()
    qapp.processEvents()


def shows(qtbot: QtBot, desk: Desk, directory: Path, photos: int) -> Session:
    """Wait until the desk's window shows a library with so many photos, and return it."""

    def there() -> bool:
        session = desk.session
        return (
            session is not None
            and session.directory == directory
            and session.librarian.is_open
            and len(session.window.model.ids) == photos
            and not session.indexer.running
        )

    qtbot.waitUntil(there, timeout=WAIT)
    assert desk.session is not None
    return desk.session


def test_another_library_takes_the_place_of_the_first_and_is_opened_the_next_time(
    qtbot: QtBot, desk: Desk, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, family = tmp_path / "home", tmp_path / "family"
    family.mkdir()
    desk.open(desk.last, [make_photos(tmp_path / "photos", variants=1)])
    session = shows(qtbot, desk, home, 8)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(family))
    session.window.actions_.other_library.trigger()
    session = shows(qtbot, desk, family, 0)
    assert session.window.windowTitle() == "family — Photoseek"
    assert Desk(qapp, home).last == family
    chosen = next(a for a in session.window.actions_.libraries.actions() if a.data() == home)
    chosen.trigger()
    shows(qtbot, desk, home, 8)
    assert desk.last == home


def test_a_folder_with_other_things_in_it_becomes_no_library(
    qtbot: QtBot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = make_photos(tmp_path / "photos", variants=1)
    desk.open(tmp_path / "home")
    session = shows(qtbot, desk, tmp_path / "home", 0)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photos))
    session.window.actions_.other_library.trigger()

    def told() -> str:
        boxes = session.window.findChildren(QMessageBox)
        return boxes[0].text() if boxes else ""

    qtbot.waitUntil(lambda: "holds no library, but other things" in told(), timeout=WAIT)
    assert desk.session is session
    assert not (photos / "library.db").exists()


def test_the_libraries_are_kept_in_order_and_the_first_one_stays(tmp_path: Path) -> None:
    known = KnownLibraries(tmp_path / "home")
    assert known.recent == (tmp_path / "home",)
    for number in range(12):
        known.remember(tmp_path / str(number))
    again = KnownLibraries(tmp_path / "home").recent
    assert again[:2] == (tmp_path / "11", tmp_path / "10")
    assert again[-1] == tmp_path / "home"


def test_the_librarys_page_is_left_alone_while_nothing_changes(
    qtbot: QtBot, session: Session
) -> None:
    dialog = LibraryDialog(session.window)
    with qtbot.waitSignal(session.librarian.info_changed) as first:
        session.librarian.request_info()
    dialog.show_info(first.args[0])
    folder = dialog.folders.topLevelItem(0)
    assert folder is not None
    folder.setSelected(True)
    labels = dialog.findChildren(QLabel)
    with qtbot.waitSignal(session.librarian.info_changed) as second:
        session.librarian.request_info()
    dialog.show_info(second.args[0])
    assert dialog.findChildren(QLabel) == labels
    assert dialog.folders.topLevelItem(0) is folder
