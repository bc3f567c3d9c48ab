"""Hands photos to the system: opens them, and shows them in its file manager."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

__all__ = ["FileManager"]

FREEDESKTOP = "org.freedesktop.FileManager1"


class FileManager(QObject):
    """The system's file manager and viewers."""

    def open(self, path: Path) -> bool:
        """Open a photo or folder in the program that the system has for it."""
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def show(self, paths: Sequence[Path]) -> None:
        """Show files in the file manager, selected where it knows how."""
        if sys.platform == "win32":
            # Explorer wants the path in quotes behind the comma, which a list would not give it.
            subprocess.Popen(f'explorer /select,"{paths[0]}"')
        elif sys.platform == "darwin":
            subprocess.Popen(["open", "-R", *map(str, paths)])
        else:
            self._show_over_dbus(paths)

    def _show_over_dbus(self, paths: Sequence[Path]) -> None:
        """Ask the desktop's file manager on Linux, without waiting; else open the folder."""
        # Imported here so that nothing is asked of the bus before the person asks for this.
        from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            self.open(paths[0].parent)
            return
        message = QDBusMessage.createMethodCall(
            FREEDESKTOP, "/org/freedesktop/FileManager1", FREEDESKTOP, "ShowItems"
        )
        message.setArguments([[path.as_uri() for path in paths], ""])
        watcher = QDBusPendingCallWatcher(bus.asyncCall(message), self)

        def on_finished() -> None:
            if watcher.isError():
                self.open(paths[0].parent)
            watcher.deleteLater()

        watcher.finished.connect(on_finished)
