"""Files that crash or hang their decoder cost the window a message, and nothing else."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QSize, Qt
from pytestqt.qtbot import QtBot

from desktop.conftest import OpenWindow, draw_photo, make_photos
from desktop.test_query_photos import chips, message
from desktop.test_viewer import open_first
from desktop.window import drop_files, names, press
from flawed_decoder import deadly_photo, flaw_decoder
from photoseek import Photo
from photoseek.decoding.opener import PhotoOpener
from photoseek_desktop.lanes import Lane
from photoseek_desktop.photo_loader import MOST_FULL, LoadedPhoto, PhotoLoader, full_factor
from photoseek_desktop.session import Session

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return flaw_decoder(tmp_path / "flaw", monkeypatch)


@pytest.fixture
def eight(qtbot: QtBot, open_window: OpenWindow, tmp_path: Path) -> Session:
    """A window on eight photos in `tmp_path/photos`, the newest of which is `white-00.jpg`."""
    session = open_window(tmp_path / "library", make_photos(tmp_path / "photos", variants=1))
    qtbot.waitUntil(lambda: len(session.window.model.ids) == 8, timeout=30_000)
    names(qtbot, session, 8)
    return session


def test_a_photo_that_crashes_its_decoder_is_told_in_the_viewer(
    qtbot: QtBot, marks: Path, eight: Session, tmp_path: Path
) -> None:
    deadly_photo(tmp_path / "photos" / "white-00.jpg", "CRASH")
    press(eight, Qt.Key.Key_Down)
    press(eight, Qt.Key.Key_Return)
    view = eight.window.viewer.view
    qtbot.waitUntil(lambda: view.message.startswith("white-00.jpg "), timeout=30_000)
    assert any(marks.iterdir())
    press(eight, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: view.has_photo, timeout=30_000)


def test_a_dropped_file_that_crashes_its_decoder_is_told(
    qtbot: QtBot, marks: Path, session: Session, tmp_path: Path
) -> None:
    drop_files(session, deadly_photo(tmp_path / "deadly.jpg", "CRASH"))
    assert message(qtbot).startswith("deadly.jpg: ")
    assert chips(session) == []
    with qtbot.waitSignal(session.librarian.results_ready, timeout=30_000):
        drop_files(session, draw_photo(tmp_path / "good.png", "green"))
    assert chips(session) == ["good.png"]


@linux
def test_closing_the_window_waits_for_no_photo(
    qtbot: QtBot, marks: Path, session: Session, tmp_path: Path
) -> None:
    drop_files(session, deadly_photo(tmp_path / "endless.jpg", "FOREVER"))
    qtbot.waitUntil(lambda: any(marks.iterdir()), timeout=30_000)
    session.window.close()
    assert [t.name for t in threading.enumerate() if t.name.startswith("photoseek-")] == []


def test_a_fault_of_ours_leaves_a_message_and_the_next_photo(qtbot: QtBot, tmp_path: Path) -> None:
    class Faulty(PhotoOpener):
        def view(self, path: Path, *_: object, **__: object) -> None:  # type: ignore[override]
            raise ZeroDivisionError

    lane = Lane("faulty")
    loader = PhotoLoader(lane, Faulty)
    told: list[LoadedPhoto] = []
    loader.loaded.connect(told.append)
    loader.load([photo_record(1, tmp_path / "a.jpg"), photo_record(2, tmp_path / "b.jpg")])
    qtbot.waitUntil(lambda: len(told) == 2)
    lane.stop()
    lane.join(10)
    assert [loaded.photo_id for loaded in told] == [1, 2]
    assert all(loaded.problem for loaded in told)


def photo_record(photo_id: int, path: Path) -> Photo:
    now = datetime.now(UTC)
    return Photo(photo_id, path, path.parent, 10, 10, 1, now, False, now, "file")


def test_a_photo_is_fetched_in_full_at_the_first_zoom(
    qtbot: QtBot, eight: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.effect_noise((3000, 2000), 50).convert("RGB").save(tmp_path / "photos" / "white-00.jpg")
    asked: list[bool] = []
    view = PhotoOpener.view

    def counted(opener: PhotoOpener, *arguments: object, **options: object) -> object:
        asked.append(options.get("box") is None)
        return view(opener, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(PhotoOpener, "view", counted)
    open_first(qtbot, eight)
    viewer = eight.window.viewer
    assert not any(asked)
    with qtbot.waitSignal(viewer.loader.full_loaded, timeout=30_000) as full:
        press(eight, Qt.Key.Key_1)
    assert full.args is not None
    assert full.args[1].size() == QSize(3000, 2000)
    assert asked.count(True) == 1


@pytest.mark.parametrize("size", [(100, 100), (16_384, 12_288), (30_000, 17_000), (8000, 8000)])
def test_no_photo_is_kept_with_more_pixels_than_the_bound(size: tuple[int, int]) -> None:
    width, height = size
    factor = full_factor(QSize(width, height))
    assert (width // factor) * (height // factor) <= MOST_FULL
    assert factor == 1 or (width * 2 // factor) * (height * 2 // factor) > MOST_FULL
