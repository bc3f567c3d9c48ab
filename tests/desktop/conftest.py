"""A tiny library of drawn photos, and windows on it that leave nothing running behind."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from bundles import COLOURS, make_colour_bundle
from photoseek import Library, ModelBundle

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from photoseek_desktop.session import Session

OFFSCREEN_LIMIT = "This plugin does not support"
OPENING = 15_000
VARIANTS = 30
"""Photos of each colour: enough for a grid that scrolls."""

OpenWindow = Callable[..., Session]


def draw_photo(path: Path, colour: str, variant: int = 0) -> Path:
    """Draw a photo of one colour with noise that makes every file another photo."""
    random = np.random.default_rng(variant)
    pixels = np.full((48, 64, 3), COLOURS[colour], np.int16)
    pixels += random.integers(-9, 10, pixels.shape, dtype=np.int16)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return path


def make_photos(folder: Path, variants: int = VARIANTS) -> Path:
    """Draw `variants` photos of each colour; red ones are the oldest, white ones the newest."""
    folder.mkdir(parents=True)
    for place, colour in enumerate(COLOURS):
        for variant in range(variants):
            path = draw_photo(folder / f"{colour}-{variant:02}.jpg", colour, variant)
            moment = 1_700_000_000 + place * 1000 + variant
            os.utime(path, (moment, moment))
    return folder


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_colour_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 photos, and one file that is none."""
    folder = make_photos(tmp_path_factory.mktemp("photos") / "drawn")
    (folder / "broken.jpg").write_bytes(b"not a photo at all")
    return folder


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory, bundle: Path, photos: Path) -> Path:
    """A library that has read `photos`."""
    directory = tmp_path_factory.mktemp("indexed")
    with Library.open(directory, bundle=ModelBundle.open(bundle)) as library:
        library.add_folder(photos)
        library.update()
    return directory


@pytest.fixture
def library(indexed: Path, tmp_path: Path) -> Path:
    """A copy of the indexed library, to be changed at will."""
    return Path(shutil.copytree(indexed, tmp_path / "library"))


@pytest.fixture(autouse=True)
def english() -> None:
    QLocale.setDefault(QLocale(QLocale.Language.English))


@pytest.fixture(autouse=True)
def quiet_qt(qtlog: Any) -> Iterator[None]:
    """Fail on anything that Qt complains about."""
    yield
    messages = [record.message for record in qtlog.records]
    assert [text for text in messages if not text.startswith(OFFSCREEN_LIMIT)] == []


@pytest.fixture
def start_window(qapp: QApplication, bundle: Path) -> Iterator[OpenWindow]:
    """Start windows without waiting for anything."""
    sessions: list[Session] = []

    def start(directory: Path, *folders: Path, bundle: Path = bundle) -> Session:
        qapp.setStyle("Fusion")
        session = Session(qapp, directory, folders, bundle)
        sessions.append(session)
        session.window.resize(900, 640)
        session.start()
        return session

    yield start
    for session in sessions:
        session.window.close()
        session.window.deleteLater()
        session.deleteLater()
    qapp.processEvents()
    assert [t.name for t in threading.enumerate() if t.name.startswith("photoseek-")] == []


@pytest.fixture
def open_window(start_window: OpenWindow, qtbot: QtBot) -> OpenWindow:
    """Open windows, and wait until the library has been opened, read and shown."""

    def open_(directory: Path, *folders: Path, bundle: Path | None = None) -> Session:
        chosen = {"bundle": bundle} if bundle else {}
        session = start_window(directory, *folders, **chosen)
        finished = qtbot.waitSignal(session.indexer.finished, timeout=OPENING)
        with finished, qtbot.waitSignal(session.librarian.results_ready, timeout=OPENING):
            pass
        qtbot.waitUntil(lambda: session.window.page.shows_photos, timeout=OPENING)
        return session

    return open_


@pytest.fixture
def session(open_window: OpenWindow, library: Path) -> Session:
    """A window on the indexed library."""
    return open_window(library)
