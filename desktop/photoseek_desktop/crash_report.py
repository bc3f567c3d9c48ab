"""Tells the person when Photoseek itself is at fault, and gives them what a report needs."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["CrashReport"]


class CrashReport(QObject):
    """Shows one dialog for a fault, however often it repeats; the terminal gets every one."""

    def __init__(self, window: QWidget, log: Path) -> None:
        super().__init__(window)
        self._log = log
        self._window = window
        self._open = False

    def install(self) -> None:
        """Catch what nobody catches."""
        sys.excepthook = self._on_uncaught

    def show(self, fault: BaseException) -> None:
        """Tell about a fault, now or as soon as the GUI thread is free."""
        details = "".join(traceback.format_exception(fault))
        sys.stderr.write(details)
        logging.getLogger("photoseek_desktop").error(details)
        if not self._open:
            self._open = True
            QTimer.singleShot(0, self, lambda: self._show(details))

    def _on_uncaught(
        self,
        _kind: type[BaseException],
        fault: BaseException,
        _where: TracebackType | None,
    ) -> None:
        if isinstance(fault, KeyboardInterrupt):
            QGuiApplication.quit()
        else:
            self.show(fault)

    def _show(self, details: str) -> None:
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            self.tr("Photoseek"),
            self.tr("Something went wrong inside Photoseek."),
            QMessageBox.StandardButton.Ok,
            self._window,
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(
            self.tr(
                "This is a fault of the program, not of your photos; nothing of yours is lost. "
                "You can go on. Please report it with the details below."
            )
        )
        box.setDetailedText(details)
        if self._log.is_file():
            button = box.addButton(self.tr("Open the &log"), QMessageBox.ButtonRole.ActionRole)
            button.clicked.connect(self._open_log)
            box.setEscapeButton(QMessageBox.StandardButton.Ok)  # Qt knows it by itself if alone
            box.setDefaultButton(QMessageBox.StandardButton.Ok)
        box.finished.connect(self._on_closed)
        box.open()

    def _open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log)))

    def _on_closed(self) -> None:
        self._open = False
