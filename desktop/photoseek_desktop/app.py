"""The `photoseek-desktop` command: reads the command line and opens the window."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from photoseek.decoding.command import serve_if_asked
from photoseek.log import catch_faults
from photoseek.paths import LIBRARY_VARIABLE, default_library_directory
from photoseek_desktop.system_check import why_no_window

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window and stay until it is closed; 0 done, 1 no window here, 2 wrong usage."""
    if serve_if_asked(arguments):
        return 0
    options = _parser().parse_args(arguments)
    problem = why_no_window()
    if problem:
        sys.stderr.write(f"photoseek-desktop: {problem}\n")
        return 1
    # Qt is imported here and not above, so that `--help` works where Qt does not.
    from PySide6.QtCore import QLocale
    from PySide6.QtWidgets import QApplication

    from photoseek_desktop.desk import Desk

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if QLocale().language() is QLocale.Language.C:
        QLocale.setDefault(QLocale(QLocale.Language.English))
    app = QApplication(["photoseek-desktop"])
    app.setApplicationName("Photoseek")
    app.setDesktopFileName("photoseek")
    # One style on every system: the palette and the sheet are made for it.
    app.setStyle("Fusion")
    desk = Desk(app, options.library or default_library_directory())
    directory = options.library or desk.last
    catch_faults(directory)
    desk.open(directory, options.folders)
    return app.exec()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photoseek-desktop",
        description="Find photos in your own folders by a phrase or an example photo.",
    )
    parser.add_argument(
        "--version", action="version", version=f"photoseek-desktop {version('photoseek')}"
    )
    parser.add_argument(
        "--library",
        metavar="DIR",
        type=Path,
        help=f"the library's folder (default: the last; at first ${LIBRARY_VARIABLE}, or your own)",
    )
    parser.add_argument(
        "folders", metavar="FOLDER", type=Path, nargs="*", help="folders to add and read"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
