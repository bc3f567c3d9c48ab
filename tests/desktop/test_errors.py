"""Whatever is wrong with the world is said in a line, with what to do; nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox, QTreeWidget
from pytestqt.qtbot import QtBot

from desktop.conftest import OpenWindow, make_photos
from desktop.test_query_photos import message
from desktop.window import accept_question, drop_files
from photoseek import Library, UpdateReport
from photoseek.log import LOG_FILE
from photoseek_desktop.session import Session


def failure(qtbot: QtBot, session: Session) -> tuple[str, str]:
    """Wait until the library could not be opened; return what the window says."""
    if not session.window.page.state_page.title.startswith(("The ", "This ")):
        with qtbot.waitSignal(session.librarian.open_failed, timeout=10_000):
            pass
    page = session.window.page
    assert not page.search_bar.isEnabled()
    return page.state_page.title, page.state_page.text


def test_missing_model_is_told(
    qtbot: QtBot, start_window: OpenWindow, library: Path, tmp_path: Path
) -> None:
    session = start_window(library, bundle=tmp_path / "nowhere")
    title, text = failure(qtbot, session)
    assert title == "The model cannot be used"
    assert "nowhere" in text


def test_damaged_model_is_told_and_can_be_tried_again(
    qtbot: QtBot, start_window: OpenWindow, library: Path, bundle: Path, tmp_path: Path
) -> None:
    damaged = Path(shutil.copytree(bundle, tmp_path / "damaged"))
    content = (damaged / "text_encoder.onnx").read_bytes()
    (damaged / "text_encoder.onnx").write_bytes(content[:-1])
    session = start_window(library, bundle=damaged)
    assert failure(qtbot, session)[0] == "The model cannot be used"
    (damaged / "text_encoder.onnx").write_bytes(content)
    session.window.actions_.try_again.trigger()
    qtbot.waitUntil(lambda: session.window.page.shows_photos, timeout=10_000)


def test_damaged_library_is_restored_and_told(
    qtbot: QtBot, start_window: OpenWindow, library: Path
) -> None:
    (library / "library.db").write_bytes(b"no database at all " * 500)
    session = start_window(library)
    told = message(qtbot)
    assert "library.db.damaged-" in told
    assert "was restored" in told
    qtbot.waitUntil(lambda: session.window.page.shows_photos, timeout=10_000)
    assert len(session.window.model.ids) == 240


def test_another_programs_file_in_the_librarys_place_is_told(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path
) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "library.db").write_bytes(b"no database at all " * 500)
    assert failure(qtbot, start_window(tmp_path / "library"))[0] == "The library is damaged"


def test_newer_library_is_told(qtbot: QtBot, start_window: OpenWindow, library: Path) -> None:
    connection = sqlite3.connect(library / "library.db")
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    title, _ = failure(qtbot, start_window(library))
    assert title == "The library was made by a newer Photoseek"


def test_library_in_the_place_of_a_file_is_told(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    title, text = failure(qtbot, start_window(tmp_path / "file"))
    assert title == "The library cannot be opened"
    assert str(tmp_path / "file") in text


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_folder_that_is_none_is_told(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file.txt").write_text("no folder")
    session = start_window(tmp_path / "library", tmp_path / name)
    assert name in message(qtbot)
    assert session.window.page.state_page.title == "Find any photo by describing it"


def test_unreadable_photos_are_listed_with_reasons(qtbot: QtBot, session: Session) -> None:
    session.window.actions_.library.trigger()
    dialog = session.window.dialogs.library
    assert dialog is not None
    assert dialog.tabs.tabText(1) == "Unreadable (1)"
    failure = dialog.failures.failure(0)
    assert failure.path.name == "broken.jpg"
    assert failure.reason
    assert dialog.failures.text() == f"{failure.path}\t{failure.reason}"
    dialog.close()


def test_removing_a_folder_leaves_its_files(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    folder = make_photos(tmp_path / "photos", variants=1)
    session = open_window(tmp_path / "library", folder)
    session.window.actions_.library.trigger()
    dialog = session.window.dialogs.library
    assert dialog is not None
    item = dialog.folders.topLevelItem(0)
    assert item is not None
    item.setSelected(True)
    dialog.remove_button.click()
    accept_question(dialog)
    page = session.window.page
    qtbot.waitUntil(lambda: page.state_page.title == "Find any photo by describing it")
    dialog.close()
    assert len(list(folder.iterdir())) == 8
    assert isinstance(dialog.folders, QTreeWidget)


def test_forgetting_missing_photos(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> None:
    gone = make_photos(tmp_path / "gone", variants=1)
    kept = make_photos(tmp_path / "kept", variants=2)
    session = open_window(tmp_path / "library", gone, kept)
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 24, timeout=10_000)
    shutil.rmtree(gone)
    with qtbot.waitSignal(session.indexer.finished, timeout=10_000):
        session.window.actions_.rescan.trigger()
    page = session.window.page
    qtbot.waitUntil(lambda: page.status_line.coverage == "24 photos searchable · 8 offline")
    session.window.actions_.library.trigger()
    dialog = session.window.dialogs.library
    assert dialog is not None
    dialog.forget_button.click()
    accept_question(dialog)
    qtbot.waitUntil(lambda: page.status_line.coverage == "16 photos searchable", timeout=10_000)
    dialog.close()


def test_forgetting_the_offline_photos_of_one_folder_or_one_photo(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    folders = [make_photos(tmp_path / name, variants=1) for name in ("one", "two")]
    session = open_window(tmp_path / "library", *folders)
    window = session.window
    qtbot.waitUntil(lambda: len(window.model.ids) == 16, timeout=10_000)
    for folder in folders:
        shutil.rmtree(folder)
    with qtbot.waitSignal(session.indexer.finished, timeout=10_000):
        window.actions_.rescan.trigger()
    coverage = window.page.status_line
    qtbot.waitUntil(lambda: "16 offline" in coverage.coverage)
    window.grid.go_to(int(window.model.ids[0]))
    qtbot.waitUntil(lambda: window.model.any_offline(window.selected_ids()))
    window.actions_.forget.trigger()
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is not None)
    accept_question(window)
    qtbot.waitUntil(lambda: "15 offline" in coverage.coverage, timeout=10_000)
    window.actions_.library.trigger()
    dialog = window.dialogs.library
    assert dialog is not None
    item = dialog.folders.topLevelItem(0)
    assert item is not None
    left = int(item.text(1))
    item.setSelected(True)
    dialog.forget_button.click()
    accept_question(dialog)
    qtbot.waitUntil(lambda: f"{15 - left} offline" in coverage.coverage, timeout=10_000)
    dialog.close()


def test_the_library_dialog_opens_what_could_not_be_read_again(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    update = Library.update

    def noting(self: Library, *given: Any, retry_failed: bool, **more: Any) -> UpdateReport:
        asked.append(retry_failed)
        return update(self, *given, retry_failed=retry_failed, **more)

    monkeypatch.setattr(Library, "update", noting)
    session.window.actions_.library.trigger()
    dialog = session.window.dialogs.library
    assert dialog is not None
    qtbot.waitUntil(dialog.retry_button.isEnabled)
    with qtbot.waitSignal(session.indexer.finished, timeout=10_000):
        dialog.retry_button.click()
    assert asked[-1:] == [True]
    with qtbot.waitSignal(session.indexer.finished, timeout=10_000):
        session.window.actions_.rescan.trigger()
    assert asked[-1:] == [False]
    dialog.close()


def test_why_a_file_is_not_found(
    qtbot: QtBot, session: Session, tmp_path: Path, photos: Path
) -> None:
    session.window.photo_actions.explain(photos / "broken.jpg")
    assert message(qtbot) == "broken.jpg"
    session.window.photo_actions.explain(tmp_path / "elsewhere.jpg")
    assert message(qtbot) == "elsewhere.jpg"


def test_a_fault_of_ours_is_admitted_and_the_window_lives_on(
    qtbot: QtBot,
    session: Session,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Library, "rank", fail)
    session.window.page.search_bar.edit.setText("red")
    assert message(qtbot) == "Something went wrong inside Photoseek."
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err
    monkeypatch.undo()
    with qtbot.waitSignal(session.librarian.results_ready):
        drop_files(session, photos / "blue-00.jpg")


def test_uncaught_exceptions_come_to_the_same_dialog(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    session.crash_report.install()
    fault = ValueError("another bug")
    sys.excepthook(ValueError, fault, None)
    assert message(qtbot) == "Something went wrong inside Photoseek."
    assert not any(
        isinstance(w, QMessageBox) and w.isVisible() for w in QApplication.topLevelWidgets()
    )


def test_a_fault_is_in_the_log_which_can_be_opened(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    session.crash_report.show(ValueError("about '/photos/private.jpg'"))
    qtbot.waitUntil(lambda: bool(session.window.findChildren(QMessageBox)))
    (box,) = session.window.findChildren(QMessageBox)
    button = next(b for b in box.buttons() if "log" in b.text())
    button.click()
    log = session.directory / LOG_FILE
    assert opened == [str(log)]
    assert "photoseek_desktop: ValueError: about [name]" in log.read_text()
