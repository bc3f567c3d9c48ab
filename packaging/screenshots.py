"""Takes README's two pictures: the real window, on a folder of photos, light and dark.

    .venv/bin/python packaging/screenshots.py PHOTOS --phrase "a dog in the snow" \\
        --photo EXAMPLE.jpg --light phrase.png --dark photo.png

The folder is read into a library of its own, the phrase is typed into the search bar and the
photo dropped on the window. Where there is no screen, a virtual one (Xvfb) is started, and where
there is none of those, Qt draws without a screen.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEventLoop, QLocale, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from photoseek_desktop.session import Session
from photoseek_desktop.theme import ThemeChoice

PATIENCE = 1800.0
"""Seconds for reading the folder: a large one takes a while."""

QUIET = 0.6
"""Seconds without a picture being loaded after which the grid is complete."""


def main() -> None:
    """Take the pictures that were asked for."""
    options = parse()
    with virtual_screen(), tempfile.TemporaryDirectory() as scratch:
        QLocale.setDefault(QLocale(QLocale.Language.English))
        app = QApplication(["photoseek-desktop"])
        app.setStyle("Fusion")
        if options.font:
            app.setFont(QFont(options.font, 10))
        session = Session(app, options.library or Path(scratch), [options.photos])
        session.window.resize(*options.size)
        session.window.page.status_line.slider.setValue(options.tile)
        session.start()
        window = session.window
        wait(lambda: window.page.shows_photos)
        wait(lambda: session.indexer.started_once and not session.indexer.running)
        if options.light:
            session.theme.choose(ThemeChoice.LIGHT)
            type_phrase(session, options.phrase)
            take(session, options.light)
        if options.dark:
            session.theme.choose(ThemeChoice.DARK)
            if options.light:
                with answer(session):
                    window.page.search_bar.clear()
            drop(session, options.photo.resolve())
            take(session, options.dark)
        window.close()


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path, help="a folder of photos that may be shown")
    parser.add_argument("--phrase", default="a dog running on a beach")
    parser.add_argument("--photo", type=Path, help="the photo to drop, for --dark")
    parser.add_argument("--light", type=Path, help="PNG of the phrase's matches, light")
    parser.add_argument("--dark", type=Path, help="PNG of the photo's matches, dark")
    parser.add_argument("--library", type=Path, help="keep the library here")
    parser.add_argument("--font", help="another font than the system's")
    parser.add_argument("--tile", type=int, default=180, help="least side of the photos")
    parser.add_argument("--size", type=int, nargs=2, default=(1180, 760))
    options = parser.parse_args()
    if options.dark and not options.photo:
        parser.error("--dark needs --photo")
    return options


@contextmanager
def virtual_screen() -> Iterator[None]:
    """Give Qt a screen: the one there is, else Xvfb's, else none at all."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if screen or "QT_QPA_PLATFORM" in os.environ or not sys.platform.startswith("linux"):
        yield
        return
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield
        return
    reading, writing = os.pipe()
    command = [xvfb, "-displayfd", str(writing), "-screen", "0", "1920x1200x24"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        with os.fdopen(reading) as number:
            os.environ["DISPLAY"] = f":{number.readline().strip()}"
        try:
            yield
        finally:
            process.terminate()


def wait(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Let the window work until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("the window did not get there in time")
        # Not QTest.qWait, which keeps Python's other threads waiting along.
        loop = QEventLoop()
        QTimer.singleShot(20, loop.quit)
        loop.exec()


def type_phrase(session: Session, phrase: str) -> None:
    """Type as a person does, key by key."""
    edit = session.window.page.search_bar.edit
    edit.setFocus()
    with answer(session):
        QTest.keyClicks(edit, phrase)
        QTest.keyClick(edit, Qt.Key.Key_Return)
    # A blinking cursor would be in one picture and not in the next.
    session.window.grid.setFocus()


def drop(session: Session, photo: Path) -> None:
    """Drop a file on the middle of the window, as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo))])
    window = session.window
    middle = QPoint(window.width() // 2, window.height() // 2)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    with answer(session):
        enter = QDragEnterEvent(middle, copy, data, buttons, keys)
        QApplication.sendEvent(window, enter)
        QApplication.sendEvent(window, QDropEvent(QPointF(middle), copy, data, buttons, keys))
        wait(lambda: bool(window.page.search_bar.request.photos))
    window.grid.setFocus()


@contextmanager
def answer(session: Session) -> Iterator[None]:
    """Wait until what is asked in the block has been answered."""
    answers: list[object] = []
    session.librarian.results_ready.connect(answers.append)
    yield
    bar = session.window.page.search_bar
    wait(lambda: bool(answers) and session.librarian.request == bar.request)
    session.librarian.results_ready.disconnect(answers.append)


def take(session: Session, path: Path) -> None:
    """Save the window once every picture in it is there and no notice covers the counts."""
    since = time.monotonic()

    def at_rest() -> bool:
        nonlocal since
        if session.window.cache.busy:
            since = time.monotonic()
        return time.monotonic() - since > QUIET

    wait(at_rest)
    session.window.page.status_line.end_notice()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not session.window.grab().save(str(path)):
        sys.exit(f"{path} cannot be written")
    print(path)


if __name__ == "__main__":
    main()
