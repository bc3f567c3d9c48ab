"""Every action of the window, its words, icon and keys, in one table, and the menus of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from photoseek_desktop.icons import Icons
from photoseek_desktop.theme import ThemeChoice

__all__ = ["Actions"]


class Actions(QObject):
    """Actions without effect: the window connects them."""

    def __init__(self, window: QWidget, icons: Icons) -> None:
        super().__init__(window)
        self._window = window
        self._icons = icons
        self.add_folder = self._make(self.tr("Add folder…"), "folder-add", "Ctrl+Shift+O")
        self.search_by_photo = self._make(self.tr("Search by a photo…"), "photo-search", "Ctrl+O")
        self.paste = self._make(self.tr("Search by the copied photo"), "", "Ctrl+V")
        self.focus_search = self._make(self.tr("Search"), "search", "Ctrl+F", "Ctrl+L")
        self.filter = self._make(self.tr("Filter photos…"), "filter", "Ctrl+Shift+F")
        self.rescan = self._make(self.tr("Look for new photos"), "refresh", "F5")
        self.library = self._make(self.tr("Library…"), "library", "Ctrl+I")
        self.other_library = self._make(self.tr("Open another library…"), "")
        self.libraries = QActionGroup(self)
        self.explain = self._make(self.tr("Why isn't a photo found?…"), "question")
        self.larger = self._make(self.tr("Larger photos"), "zoom-in", "Ctrl++", "Ctrl+=")
        self.smaller = self._make(self.tr("Smaller photos"), "zoom-out", "Ctrl+-")
        self.help = self._make(self.tr("Help and shortcuts"), "help", "F1")
        self.about = self._make(self.tr("About Photoseek"), "info")
        self.quit = self._make(self.tr("Quit"), "", "Ctrl+Q")
        self.menu = self._make(self.tr("Menu"), "menu", "F10")
        self.try_again = self._make(self.tr("Try again"), "")

        self.view = self._make(self.tr("Show large"), "photo")
        self.open = self._make(
            self.tr("Open in the system's viewer"), "open", "Ctrl+Return", "Ctrl+Enter"
        )
        self.reveal = self._make(self.tr("Show in file manager"), "folder", "Ctrl+Shift+R")
        self.copy = self._make(self.tr("Copy path"), "copy", "Ctrl+C")
        self.similar = self._make(self.tr("Find similar"), "similar", "Ctrl+E")
        self.info = self._make(self.tr("About this photo"), "info", "Alt+Return")
        self.info.setCheckable(True)
        self.explain_this = self._make(self.tr("Why is it here?"), "question")
        self.forget = self._make(self.tr("Forget offline photo"), "")

        self.sorts = QActionGroup(self)
        self.closest_first = self.sorts.addAction(self.tr("Best match first"))
        self.newest_first = self.sorts.addAction(self.tr("Likely matches by date"))
        for action in self.sorts.actions():
            action.setCheckable(True)
        self.closest_first.setChecked(True)

        self.themes = QActionGroup(self)
        for choice, words in (
            (ThemeChoice.SYSTEM, self.tr("As the system")),
            (ThemeChoice.LIGHT, self.tr("Light")),
            (ThemeChoice.DARK, self.tr("Dark")),
        ):
            action = self.themes.addAction(words)
            action.setCheckable(True)
            action.setData(choice)

    @property
    def on_photos(self) -> tuple[QAction, ...]:
        """Actions that need a selected photo."""
        return (
            self.view,
            self.info,
            self.open,
            self.reveal,
            self.copy,
            self.similar,
            self.explain_this,
        )

    @property
    def on_library(self) -> tuple[QAction, ...]:
        """Actions that need an open library."""
        return (
            self.add_folder,
            self.rescan,
            self.library,
            self.search_by_photo,
            self.paste,
            self.filter,
            self.explain,
        )

    def check_theme(self, choice: ThemeChoice) -> None:
        """Tick the theme that is in force."""
        for action in self.themes.actions():
            action.setChecked(action.data() == choice)

    def offer_libraries(self, current: Path, libraries: Sequence[Path]) -> None:
        """Take in which libraries there are, and which of them is open."""
        for directory in sorted({current, *libraries}):
            action = self.libraries.addAction(str(directory))
            action.setCheckable(True)
            action.setChecked(directory == current)
            action.setData(directory)

    def fill_main_menu(self, menu: QMenu) -> None:
        """Put everything but the photo's own actions into a menu."""
        menu.addActions([self.add_folder, self.rescan, self.library])
        libraries = menu.addMenu(self.tr("Libraries"))
        libraries.addActions(self.libraries.actions())
        libraries.addSeparator()
        libraries.addAction(self.other_library)
        menu.addSeparator()
        menu.addActions([self.search_by_photo, self.paste, self.filter, self.explain])
        menu.addSeparator()
        menu.addActions([self.larger, self.smaller])
        theme = menu.addMenu(self.tr("Theme"))
        self._icons.put(theme.menuAction(), "theme")
        theme.addActions(self.themes.actions())
        menu.addSeparator()
        menu.addActions([self.help, self.about, self.quit])

    def photo_menu(self, parent: QWidget, selected: int, *, offline: bool) -> QMenu:
        """Return the context menu for some selected photos; `offline` if one of them is."""
        menu = QMenu(parent)
        menu.addActions([self.view, self.info])
        menu.addSeparator()
        menu.addActions([self.open, self.reveal, self.copy])
        menu.addSeparator()
        menu.addAction(self.similar)
        if selected == 1:
            menu.addAction(self.explain_this)
        if offline:
            menu.addSeparator()
            menu.addAction(self.forget)
        return menu

    def _make(self, words: str, icon: str, *keys: str) -> QAction:
        action = QAction(words, self._window)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if icon:
            self._icons.put(action, icon)
        self._window.addAction(action)
        return action
