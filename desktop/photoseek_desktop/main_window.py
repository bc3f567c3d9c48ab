"""The main window: brings the page, the viewer and everything that is dropped on them together."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
)
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from photoseek import Filter, Near
from photoseek_desktop.actions import Actions
from photoseek_desktop.browser_page import BrowserPage
from photoseek_desktop.dialogs import Dialogs
from photoseek_desktop.drop_overlay import DropOverlay
from photoseek_desktop.folder_watch import FolderWatch
from photoseek_desktop.icons import Icons
from photoseek_desktop.indexer import Indexer
from photoseek_desktop.intake import Intake
from photoseek_desktop.known_libraries import check_place
from photoseek_desktop.lanes import Lanes
from photoseek_desktop.librarian import Librarian
from photoseek_desktop.photo_actions import PhotoActions
from photoseek_desktop.photo_grid import PhotoGrid
from photoseek_desktop.photo_loader import PhotoLoader
from photoseek_desktop.photo_model import PhotoModel
from photoseek_desktop.query_photo import is_text_with_a_picture
from photoseek_desktop.search_request import QueryPhoto, SearchRequest
from photoseek_desktop.settings import Settings
from photoseek_desktop.theme import Theme, ThemeChoice
from photoseek_desktop.thumbnail_cache import ThumbnailCache
from photoseek_desktop.upkeep import Upkeep
from photoseek_desktop.viewer import Viewer

__all__ = ["MainWindow", "first_size"]

TILE_STEP = 30

FIRST_SIZE = QSize(1180, 800)
TITLE_BAR = 40
"""Logical pixels that a system's own frame may take above the window."""


def first_size(screen: QSize) -> QSize:
    """Return the size of the first window on a screen with this much room: frame and all fit."""
    return FIRST_SIZE.boundedTo(screen - QSize(0, TITLE_BAR))


class MainWindow(QMainWindow):
    """Photoseek's one window.

    Signals:
        closing(): the person closes the window; the work behind it is to end.
        library_wanted(Path): the person wants another library in this one's place.
    """

    closing = Signal()
    library_wanted = Signal(object)

    def __init__(
        self,
        librarian: Librarian,
        indexer: Indexer,
        watch: FolderWatch,
        lanes: Lanes,
        theme: Theme,
        settings: Settings,
        folders: Sequence[Path],
        directory: Path,
        libraries: Sequence[Path],
    ) -> None:
        super().__init__()
        self._librarian = librarian
        self._theme = theme
        self._settings = settings
        icons = Icons(theme)
        self.model = PhotoModel(self)
        self.cache = ThumbnailCache(librarian)
        self.actions_ = Actions(self, icons)
        self.actions_.offer_libraries(directory.absolute(), libraries)
        self._lanes = lanes
        self._title = self.tr("Photoseek")
        if any(other != directory.absolute() for other in libraries):
            self._title = self.tr("{name} — Photoseek").format(name=directory.name)
        self.grid = PhotoGrid(self.model, self.cache)
        self.page = BrowserPage(self.grid, self.actions_, icons)
        self.viewer = Viewer(
            self.model,
            PhotoLoader(lanes.photos, librarian.opener, self),
            icons,
            librarian.fetch_preview,
        )
        self.viewer.add_actions(
            [
                self.actions_.info,
                self.actions_.similar,
                self.actions_.reveal,
                self.actions_.open,
            ]
        )
        self.photo_actions = PhotoActions(self.actions_, librarian, self.selected_ids, self)
        self.dialogs = Dialogs(self, settings)
        self._upkeep = Upkeep(
            librarian, indexer, watch, self.page, self.dialogs, self.actions_, folders
        )
        self._intake = Intake(librarian, self.page.status_line, self)
        self._intake.photos_read.connect(self._on_photos_read)
        self._intake.folders_found.connect(self._upkeep.add_folders)
        self._intake.refused.connect(self.dialogs.tell)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.viewer)
        self.setCentralWidget(self._stack)
        self._overlay = DropOverlay(self)
        self.setWindowTitle(self._title)
        self.setAcceptDrops(True)
        self.setMinimumSize(420, 360)
        self.resize(first_size(self.screen().availableSize()))
        self.restoreGeometry(settings.geometry)
        self.grid.set_tile(settings.tile)
        self.page.status_line.slider.setValue(settings.tile)
        self.actions_.check_theme(theme.choice)
        if sys.platform == "darwin":
            self.actions_.fill_main_menu(self.menuBar().addMenu(self.tr("Photoseek")))
        self.photo_actions.forget_wanted.connect(self._upkeep.forget_photos)
        self._upkeep.photos_changed.connect(self.model.forget_photos)
        self._upkeep.photos_changed.connect(self.cache.forget_failures)
        self.model.photos_wanted.connect(self._on_photos_wanted)
        self._connect_page()
        self._connect_actions()
        self._on_selection_changed()

    def start(self) -> None:
        """Open the library; everything else follows."""
        self._upkeep.open_library()

    def selected_ids(self) -> list[int]:
        """Return the photos that an action is about, in the order shown."""
        if self._stack.currentWidget() is self.viewer:
            return [self.viewer.photo_id]
        return [int(photo_id) for photo_id in self.grid.selected_ids()]

    def _connect_page(self) -> None:
        page, bar = self.page, self.page.search_bar
        bar.request_changed.connect(self._on_request_changed)
        bar.left.connect(self._on_search_bar_left)
        bar.photo_wanted.connect(self.actions_.search_by_photo.trigger)
        bar.pasted.connect(self._on_pasted)
        page.as_typed_wanted.connect(self._on_as_typed_wanted)
        page.status_line.coverage_clicked.connect(self.actions_.library.trigger)
        page.status_line.tile_wanted.connect(self._on_tile_wanted)
        self.grid.photo_opened.connect(self._on_photo_opened)
        self.grid.selection_changed.connect(self._on_selection_changed)
        self.grid.typed.connect(bar.type)
        self.grid.menu_wanted.connect(self._on_menu_wanted)
        self.viewer.closed.connect(self._on_viewer_closed)
        self.viewer.shown.connect(self._on_photo_shown)
        self.viewer.menu_wanted.connect(self._on_menu_wanted)
        self.photo_actions.similar_found.connect(self._on_similar_found)
        for part in (self.photo_actions, self.grid):
            part.notice.connect(self._show_notice)

    def _show_notice(self, notice: str) -> None:
        """Say what has just happened where the person looks."""
        self.page.status_line.show_notice(notice)
        if self._stack.currentWidget() is self.viewer:
            self.viewer.show_notice(notice)

    def _connect_actions(self) -> None:
        slider = self.page.status_line.slider
        actions, dialogs = self.actions_, self.dialogs
        for action, slot in (
            (actions.add_folder, dialogs.choose_folder),
            (actions.search_by_photo, dialogs.choose_photo),
            (actions.paste, self._on_pasted),
            (actions.focus_search, self._on_search_wanted),
            (actions.filter, self._on_filter_wanted),
            (actions.library, dialogs.show_library),
            (actions.explain, dialogs.choose_missed),
            (actions.larger, lambda: slider.setValue(slider.value() + TILE_STEP)),
            (actions.smaller, lambda: slider.setValue(slider.value() - TILE_STEP)),
            (actions.help, dialogs.show_help),
            (actions.about, dialogs.show_about),
            (actions.quit, self.close),
            (actions.menu, self.page.menu_button.showMenu),
            (actions.view, self._view_selected),
        ):
            action.triggered.connect(slot)
        actions.info.setChecked(self._settings.info)
        self.viewer.show_info(self._settings.info)
        actions.info.toggled.connect(self._on_info_toggled)
        self.viewer.info.near_wanted.connect(self._on_near_wanted)
        actions.other_library.triggered.connect(dialogs.choose_library)
        actions.libraries.triggered.connect(lambda chosen: self._open_library(chosen.data()))
        dialogs.library_chosen.connect(self._open_library)
        dialogs.photo_chosen.connect(self._intake.take_photo)
        dialogs.missed_chosen.connect(self.photo_actions.explain)
        dialogs.reveal_wanted.connect(self.photo_actions.reveal_path)
        actions.themes.triggered.connect(self._on_theme_chosen)

    def _open_library(self, directory: Path) -> None:
        self._lanes.upkeep.run(
            lambda _: check_place(directory),
            lambda _: self.library_wanted.emit(directory),
            lambda error: self.dialogs.tell(str(error)),
        )

    # Searching

    def _on_request_changed(self, request: SearchRequest) -> None:
        self._show_page()
        self.page.show_filter(request.filter)
        self._librarian.show(request)

    def _on_as_typed_wanted(self) -> None:
        self._librarian.show(replace(self._librarian.request, as_typed=True))

    def _on_filter_wanted(self) -> None:
        self._show_page()
        self._librarian.fetch_filter_choices(self.page.open_filter)

    def _on_near_wanted(self, near: Near) -> None:
        self._show_page()
        self.page.search_bar.set_filter_alone(Filter(near=near))

    def _on_search_wanted(self) -> None:
        self._show_page()
        self.page.search_bar.focus()

    def _on_search_bar_left(self) -> None:
        if self.page.shows_photos:
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
            self.grid.setCurrentIndex(self.grid.currentIndex())

    def _on_similar_found(self, photos: list[QueryPhoto]) -> None:
        if photos:
            self._show_page()
            self.page.search_bar.set_photos(photos)

    def _on_pasted(self) -> None:
        data = QGuiApplication.clipboard().mimeData()
        if is_text_with_a_picture(data) or not self._intake.take(data, dropped=False):
            if not data.hasText():
                return
            self._show_page()
            self.page.search_bar.edit.setFocus()
            self.page.search_bar.edit.paste()

    def _on_photos_read(self, found: list[QueryPhoto]) -> None:
        self._show_page()
        # What is dropped together is looked for together; a later drop is a new question.
        self.page.search_bar.put_photos(found)

    # Photos

    def _on_photos_wanted(self, ids: tuple[int, ...], edition: int) -> None:
        if self._librarian.is_open:
            self._librarian.fetch_photos(ids, lambda photos: self.model.accept(photos, edition))

    def _on_photo_opened(self, photo_id: int) -> None:
        self._stack.setCurrentWidget(self.viewer)
        self.viewer.setFocus()
        self.viewer.open_photo(photo_id)
        self._on_selection_changed()

    def _view_selected(self) -> None:
        ids = self.selected_ids()
        if ids:
            self._on_photo_opened(ids[0])

    def _on_info_toggled(self, shown: bool) -> None:
        self._settings.info = shown
        self.viewer.show_info(shown)
        if shown and self._stack.currentWidget() is self.page:
            self._view_selected()

    def _on_photo_shown(self, name: str) -> None:
        self.setWindowTitle(self.tr("{name} — Photoseek").format(name=name))

    def _on_viewer_closed(self, photo_id: int) -> None:
        self._show_page()
        self.grid.go_to(photo_id)
        self.grid.setFocus()

    def _show_page(self) -> None:
        if self._stack.currentWidget() is not self.page:
            self.viewer.leave()
            self._stack.setCurrentWidget(self.page)
            self.setWindowTitle(self._title)
            self._on_selection_changed()

    def _on_selection_changed(self) -> None:
        some = self._stack.currentWidget() is self.viewer or self.grid.has_selection
        for action in self.actions_.on_photos:
            action.setEnabled(some)

    def _on_menu_wanted(self, place: QPoint) -> None:
        ids = self.selected_ids()
        if ids:
            offline = self.model.any_offline(ids)
            menu = self.actions_.photo_menu(self, len(ids), offline=offline)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(place)

    def _on_tile_wanted(self, tile: int) -> None:
        self.grid.set_tile(tile)
        self._settings.tile = self.grid.tile

    def _on_theme_chosen(self, action: QAction) -> None:
        # Qt hands a str back, whatever kind of str it was given.
        self._theme.choose(ThemeChoice(action.data()))
        self._settings.theme = self._theme.choice

    # What Qt asks

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc clears the search, then the selection; Del explains itself."""
        if event.key() == Qt.Key.Key_Delete:
            self._show_notice(
                self.tr("Photoseek deletes no files. Ctrl+I, “Left out” hides photos from it.")
            )
            return
        if event.key() == Qt.Key.Key_Escape and self._stack.currentWidget() is self.page:
            if self.page.search_bar.request:
                self.page.search_bar.clear()
            else:
                self.grid.clearSelection()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what a drop will do."""
        data = event.mimeData()
        if event.source() is self.grid:
            event.accept()
        elif data.hasUrls() or data.hasImage() or data.hasHtml():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._overlay.show_text(
                self.tr("Drop a photo to find photos like it, or a folder to add it")
                if self.page.has_folders
                else self.tr("Drop the folder that holds your photos")
            )

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Photos of our own grid can only be dropped on the search bar."""
        own = event.source() is self.grid
        on_bar = event.position().y() <= self.page.header_height
        self.page.search_bar.set_dropping(own and on_bar)
        event.setAccepted(not own or on_bar)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Take the sentence away."""
        self._end_drag()

    def dropEvent(self, event: QDropEvent) -> None:
        """Search by what was dropped, or add the folder."""
        self._end_drag()
        event.acceptProposedAction()
        self.activateWindow()  # what is typed next belongs here
        if event.source() is self.grid:
            self.photo_actions.find_similar()
        elif not self._intake.take(event.mimeData(), dropped=True):
            self.page.status_line.show_notice(
                self.tr(
                    "That is only a web address, and Photoseek opens no connections: save "
                    "the picture, or copy it and paste it here"
                )
            )

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, and end the work."""
        self._settings.geometry = self.saveGeometry()
        self._settings.save()
        self._upkeep.end()
        self.hide()
        self.closing.emit()
        event.accept()

    def _end_drag(self) -> None:
        self._overlay.hide()
        self.page.search_bar.set_dropping(False)
