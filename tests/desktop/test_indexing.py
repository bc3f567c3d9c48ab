"""Folders are read in the background: told, held, stopped, counted; searching goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from command import start_held_update
from desktop.conftest import OpenWindow, draw_photo, make_photos
from desktop.window import names, search
from photoseek import Library, LibraryBusyError, ModelBundle, Progress, UpdateReport
from photoseek_desktop.indexing_bar import Pace
from photoseek_desktop.messages import count
from photoseek_desktop.session import Session

LONG = 15_000


class HeldUpdate:
    """Stands in for `Library.update` with one that lasts as long as the test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.polls = 0
        self.go_on = threading.Event()
        monkeypatch.setattr(Library, "update", self.update)

    def update(
        self,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        *,
        places: Collection[Path] | None,
        retry_failed: bool,
    ) -> UpdateReport:
        done = 0
        while not self.go_on.is_set() and not cancelled():
            self.polls += 1
            done = min(done + 1, 999)
            on_progress(Progress("embedding", done, 1000, 3))
            time.sleep(0.002)
        return UpdateReport(1000, 5, 0, 0, 0, 0, 3, 0, cancelled=cancelled(), seconds=1.0)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldUpdate:
    return HeldUpdate(monkeypatch)


@pytest.fixture
def indexing(held: HeldUpdate, start_window: OpenWindow, library: Path, qtbot: QtBot) -> Session:
    """A window whose library is being updated without end."""
    session = start_window(library)
    bar = session.window.page.indexing_bar
    qtbot.waitUntil(lambda: bar.isVisible() and "of 1,000" in bar.text, timeout=LONG)
    return session


def click(session: Session, name: str) -> None:
    buttons = session.window.page.indexing_bar.findChildren(QToolButton)
    button = next(button for button in buttons if button.accessibleName().startswith(name))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_first_run_asks_for_a_folder_and_reads_it(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_photos(tmp_path / "photos", variants=2)
    session = start_window(tmp_path / "library")
    page = session.window.page
    qtbot.waitUntil(lambda: page.state_page.title == "Find any photo by describing it")
    assert not page.search_bar.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    with qtbot.waitSignal(session.indexer.finished, timeout=LONG):
        session.window.actions_.add_folder.trigger()
    qtbot.waitUntil(lambda: page.shows_photos)
    assert page.status_line.text == "16 photos added"
    qtbot.waitUntil(lambda: page.status_line.coverage == "16 photos searchable")


def test_folder_arguments_are_read_at_once(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    one = make_photos(tmp_path / "one", variants=1)
    two = make_photos(tmp_path / "two", variants=1)
    session = open_window(tmp_path / "library", one, two)
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 16, timeout=LONG)


def test_progress_is_told_and_searching_works_meanwhile(qtbot: QtBot, indexing: Session) -> None:
    assert "3 could not be read" in indexing.window.page.indexing_bar.text
    search(qtbot, indexing, "blue")
    assert names(qtbot, indexing, 1)[0].startswith("blue")
    assert indexing.indexer.running


def test_results_and_coverage_count_the_same_photos_while_reading(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoseek_desktop.upkeep.REFRESH_EVERY", 20)
    folder = make_photos(tmp_path / "photos", variants=20)
    session = start_window(tmp_path / "library", folder)
    line = session.window.page.status_line
    counts: list[tuple[str, str]] = []

    def on_refreshed() -> None:
        if session.indexer.running:
            counts.append((count(len(session.window.model.ids)), line.coverage.split(" ")[0]))

    session.librarian.results_refreshed.connect(on_refreshed)
    with qtbot.waitSignal(session.indexer.finished, timeout=LONG):
        pass
    assert len(set(counts)) > 1
    assert all(shown == searchable for shown, searchable in counts)


def test_pause_holds_the_work_and_resume_goes_on(
    qtbot: QtBot, indexing: Session, held: HeldUpdate
) -> None:
    click(indexing, "Pause")
    bar = indexing.window.page.indexing_bar
    assert bar.text.startswith("Paused · ")
    qtbot.waitUntil(lambda: stands_still(held))
    click(indexing, "Go on")
    before = held.polls
    qtbot.waitUntil(lambda: held.polls > before + 3)
    assert not bar.text.startswith("Paused")
    held.go_on.set()
    qtbot.waitUntil(lambda: not bar.isVisible())


def stands_still(held: HeldUpdate) -> bool:
    before = held.polls
    time.sleep(0.02)  # a work that stands still gives no signal to wait for
    return held.polls == before


def test_stop_ends_the_work_and_says_how_to_go_on(qtbot: QtBot, indexing: Session) -> None:
    with qtbot.waitSignal(indexing.indexer.finished):
        click(indexing, "Stop")
    assert indexing.window.page.status_line.text.startswith("Stopped; press F5 to go on")


@pytest.mark.parametrize("paused", [False, True])
def test_closing_the_window_ends_the_work_promptly(
    qtbot: QtBot, indexing: Session, paused: bool
) -> None:
    if paused:
        indexing.indexer.pause()
    started = time.monotonic()
    indexing.window.close()
    assert time.monotonic() - started < 2
    assert not [t for t in threading.enumerate() if t.name.startswith("photoseek-")]


def test_closing_while_real_photos_are_read_is_prompt(
    qtbot: QtBot, start_window: OpenWindow, photos: Path, tmp_path: Path
) -> None:
    session = start_window(tmp_path / "library", photos)
    with qtbot.waitSignal(session.indexer.progressed, timeout=LONG):
        pass
    started = time.monotonic()
    session.window.close()
    assert time.monotonic() - started < 5


def test_new_photos_are_found_after_f5(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    folder = make_photos(tmp_path / "photos", variants=1)
    session = open_window(tmp_path / "library", folder)
    draw_photo(folder / "late.jpg", "green", 7)
    (folder / "bad.jpg").write_bytes(b"x")
    with qtbot.waitSignal(session.indexer.finished, timeout=LONG):
        session.window.actions_.rescan.trigger()
    qtbot.waitUntil(lambda: names(qtbot, session, 1) == ["late.jpg"])
    assert session.window.page.status_line.text == "1 photo added · 1 photo could not be read"


def test_new_photos_are_found_by_themselves(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    folder = make_photos(tmp_path / "photos", variants=1)
    session = open_window(tmp_path / "library", folder)
    (folder / "later").mkdir()
    draw_photo(folder / "later" / "late.jpg", "green", 7)
    qtbot.waitUntil(lambda: "late.jpg" in names(qtbot, session, 1), timeout=LONG)
    (folder / "later" / "late.jpg").unlink()
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 8, timeout=LONG)


def test_a_folder_that_is_added_is_watched_too(
    qtbot: QtBot, open_window: OpenWindow, tmp_path: Path
) -> None:
    session = open_window(tmp_path / "library", make_photos(tmp_path / "one", variants=1))
    other = make_photos(tmp_path / "two", variants=1)
    session.librarian.add_folders([other])
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 16, timeout=LONG)
    draw_photo(other / "late.jpg", "green", 7)
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 17, timeout=LONG)


def test_a_folder_that_cannot_be_watched_is_named(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_photos(tmp_path / "photos", variants=1)
    monkeypatch.setattr("photoseek.watcher._is_remote", lambda path: path == folder)
    line = start_window(tmp_path / "library", folder).window.page.status_line
    expected = f"{folder} is on a network drive"
    qtbot.waitUntil(lambda: line.text.startswith(expected), timeout=LONG)


def test_another_process_at_work_is_told_and_reading_goes_on(
    qtbot: QtBot, start_window: OpenWindow, library: Path, bundle: Path, tmp_path: Path
) -> None:
    folder = make_photos(tmp_path / "more", variants=1)
    other = start_held_update(ModelBundle.open(bundle), library, folder)
    session = start_window(library)
    with qtbot.waitSignal(session.indexer.busy, timeout=LONG):
        pass
    assert "Another Photoseek" in session.window.page.status_line.text
    search(qtbot, session, "red")
    assert names(qtbot, session, 1)[0].startswith("red")
    with qtbot.waitSignal(session.indexer.finished, timeout=LONG):
        _, errors = other.communicate(timeout=60)
    assert (other.returncode, errors) == (0, "")


def test_places_that_come_while_another_process_is_at_work_are_not_lost(
    qtbot: QtBot, start_window: OpenWindow, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start_window(library)
    indexer = session.indexer
    qtbot.waitUntil(lambda: indexer.started_once and not indexer.running, timeout=LONG)
    asked: list[Collection[Path] | None] = []
    go_on = threading.Event()
    update = Library.update

    def busy_at_first(
        self: Library, *given: Any, places: Collection[Path] | None, **more: Any
    ) -> UpdateReport:
        asked.append(places)
        go_on.wait(LONG)
        if len(asked) == 1:
            raise LibraryBusyError("another Photoseek is updating the library")
        return update(self, *given, places=places, **more)

    monkeypatch.setattr(Library, "update", busy_at_first)
    first, second = Path("/first.jpg"), Path("/second.jpg")
    indexer.start(frozenset({first}))
    indexer.start(frozenset({second}))
    with qtbot.waitSignal(indexer.busy, timeout=LONG):
        go_on.set()
    with qtbot.waitSignal(indexer.finished, timeout=LONG):
        indexer.try_again()
    assert asked == [frozenset({first}), frozenset({first, second})]


def test_folder_without_photos_is_said_to_be_empty(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    session = start_window(tmp_path / "library", tmp_path / "empty")
    page = session.window.page
    with qtbot.waitSignal(session.indexer.finished, timeout=LONG):
        pass
    qtbot.waitUntil(lambda: page.state_page.title == "There are no photos in your folders")


def test_only_unreadable_photos_are_said_to_be_so(
    qtbot: QtBot, start_window: OpenWindow, tmp_path: Path
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "one.jpg").write_bytes(b"x")
    session = start_window(tmp_path / "library", tmp_path / "bad")
    page = session.window.page
    qtbot.waitUntil(lambda: page.state_page.title == "No photo could be read yet", timeout=LONG)


def test_pace_is_the_rate_of_the_last_seconds() -> None:
    pace = Pace()
    assert pace.note(0, 0.0) is None
    assert pace.note(100, 1.0) is None
    assert pace.note(200, 2.0) == pytest.approx(100)
    for second in range(3, 60):
        rate = pace.note(200 + 10 * second, float(second))
    assert rate == pytest.approx(10, rel=0.05)
