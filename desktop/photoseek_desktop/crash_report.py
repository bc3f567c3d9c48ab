"""Tells the person when Photoseek itself is at fault, and gives them what a report needs."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["CrashReport"]


class CrashReport(QObject):
    """Shows one dialog for a fault, however often it repeats; the terminal gets every one."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._open = False

    def install(self) -> None:
        """Catch what nobody catches."""
        sys.excepthook = self._on_uncaught

    def show(self, fault: BaseException) -> None:
        """Tell about a fault, now or as soon as the GUI thread is free."""
        details = "".join(traceback.format_exception(fault))
        sys.stderr.write(details)
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
        box.finished.connect(self._on_closed)
        box.open()

    def _on_closed(self) -> None:
        self._open = False
