"""The main page: search bar above, photos or a state in words in the middle, lines below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from photoseek import CutShort, Filter, FilterChoices, LibraryInfo
from photoseek_desktop.actions import Actions
from photoseek_desktop.filter_chips import FilterChips
from photoseek_desktop.filter_panel import FilterPanel
from photoseek_desktop.icons import Icons, application_icon
from photoseek_desktop.indexing_bar import IndexingBar
from photoseek_desktop.messages import (
    corrections_line,
    results_line,
    sentence,
    understood_line,
    unknown_words_line,
)
from photoseek_desktop.photo_grid import PhotoGrid
from photoseek_desktop.search_bar import SearchBar
from photoseek_desktop.search_request import Results
from photoseek_desktop.state_page import StatePage
from photoseek_desktop.status_line import StatusLine

__all__ = ["BrowserPage"]

LOGO = 28
SIDE = 44
PATIENCE = 350
"""Milliseconds after which a search that is still running is mentioned."""


class BrowserPage(QWidget):
    """Holds the widgets, and decides from what is known which state to show.

    Signals:
        as_typed_wanted(): the phrase is to be searched for as it is, all of it words.
    """

    as_typed_wanted = Signal()

    def __init__(self, grid: PhotoGrid, actions: Actions, icons: Icons) -> None:
        super().__init__()
        self.grid = grid
        self.search_bar = SearchBar(icons)
        self.indexing_bar = IndexingBar(icons)
        self.status_line = StatusLine()
        self.state_page = StatePage(icons)
        self.filter_chips = FilterChips(icons)
        self.filter_panel = FilterPanel(self)
        self._actions = actions
        self._has_folders = False
        self._indexing = False
        self._info: LibraryInfo | None = None
        self._results: Results | None = None
        self._failure = ""
        self._notice = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._notice.setObjectName("notice")
        self._notice.hide()
        self._as_typed = QToolButton()
        self._as_typed.setObjectName("asTyped")
        self._as_typed.setText(self.tr("Search for exactly what I typed"))
        self._as_typed.setProperty("flat", True)
        self._as_typed.clicked.connect(self.as_typed_wanted)
        self._as_typed.hide()
        self._middle = QStackedWidget()
        self._middle.addWidget(self.state_page)
        self._middle.addWidget(grid)
        self._slow = QTimer(self, singleShot=True, interval=PATIENCE)
        self._slow.timeout.connect(
            lambda: self.status_line.show_results_line(self.tr("Searching…"))
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._header = self._make_header(actions, icons)
        layout.addWidget(self._header)
        layout.addWidget(self.filter_chips)
        layout.addWidget(self._notice)
        layout.addWidget(self._as_typed, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(self._middle, 1)
        layout.addWidget(self.indexing_bar)
        layout.addWidget(self.status_line)
        self.setTabOrder(self.search_bar.edit, self._as_typed)
        self.setTabOrder(self._as_typed, grid)
        for part in (self.filter_chips, self.filter_panel):
            part.filter_changed.connect(self._on_filter_changed)
        actions.sorts.triggered.connect(self._on_sort_chosen)
        self._show_chrome(False)

    @property
    def notice(self) -> str:
        """What is said under the search bar."""
        return self._notice.text()

    @property
    def shows_photos(self) -> bool:
        """Whether there is a grid to see."""
        return self._middle.currentWidget() is self.grid

    @property
    def has_folders(self) -> bool:
        """Whether the library covers any folder."""
        return self._has_folders

    @property
    def header_height(self) -> int:
        """Height of the part with the search bar."""
        return self._header.height()

    def show_opening(self) -> None:
        """Say that the library is being opened."""
        self._show_chrome(False)
        self._show_state("", self.tr("Opening your library…"), "")

    def show_open_failed(self, title: str, text: str) -> None:
        """Say why there is no library, and what to do."""
        self._show_chrome(False)
        actions = [self._actions.try_again, self._actions.quit]
        self._show_state("alert", title, text, actions)

    def show_folders(self, has_folders: bool) -> None:
        """Take in whether the library covers any folder."""
        self._has_folders = has_folders
        self._show_chrome(has_folders)
        self._decide()

    def show_info(self, info: LibraryInfo) -> None:
        """Take in the library's state."""
        self._info = info
        self._has_folders = bool(info.folders)
        self.status_line.show_info(info)
        self._show_chrome(self._has_folders)
        self._decide()

    def show_filter(self, wanted: Filter) -> None:
        """Show what the photos are narrowed down by."""
        self.filter_chips.show_filter(wanted)
        self.filter_panel.show_filter(wanted)
        self.filter_button.setChecked(bool(wanted))

    def open_filter(self, choices: FilterChoices) -> None:
        """Let the person narrow the photos down."""
        self.filter_panel.show_choices(choices, self._info.folders if self._info else ())
        self.filter_panel.open_below(self.filter_button)

    def show_indexing(self, indexing: bool) -> None:
        """Take in whether the library is being brought up to date."""
        self._indexing = indexing
        self._decide()

    def show_searching(self) -> None:
        """Say that a search is running, if it takes long enough to notice."""
        self._slow.start()

    def show_results(self, results: Results, *, refreshed: bool) -> None:
        """Show an answer; a refreshed one leaves the person where they are."""
        self._slow.stop()
        self._results, self._failure = results, ""
        if refreshed:
            self.grid.refresh_results(results)
        else:
            self.grid.show_results(results)
        notice = "" if results.all_unknown else self._notice_of(results)
        self._notice.setText(notice)
        self._notice.setVisible(bool(notice))
        can_differ = results.corrections or any(
            not isinstance(item, CutShort) for item in results.understood
        )
        self._as_typed.setVisible(bool(can_differ and notice))
        self._decide()

    def show_search_failed(self, message: str) -> None:
        """Say why the question has no answer."""
        self._slow.stop()
        self._results, self._failure = None, message
        self._notice.hide()
        self._as_typed.hide()
        self._decide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the logo away where there is little room."""
        super().resizeEvent(event)
        self._logo.setVisible(self.width() >= 640)

    def _decide(self) -> None:
        """Show the grid, or the state that says why there is none."""
        results = self._results
        add = self._actions.add_folder
        if not self._has_folders:
            self._show_state(
                "",
                self.tr("Find any photo by describing it"),
                self.tr(
                    "Choose the folder that holds your photos, or drop it here. Photoseek reads "
                    "them on this computer, sends nothing anywhere and changes no file."
                ),
                [add],
            )
        elif results is not None and results.is_dated and not len(results.ids):
            self._show_state(
                "filter",
                self.tr("No photo is from that time"),
                self.tr("Take the date out of the search, or search for exactly what you typed."),
            )
        elif results is not None and results.is_filtered and not len(results.ids):
            self._show_state(
                "filter",
                self.tr("No photo passes the filter"),
                self.tr(
                    "Take away a date, or one of the filters below the search bar, to see more."
                ),
                [self._actions.filter],
            )
        elif self._failure:
            self._show_state("alert", self.tr("This cannot be searched for"), self._failure)
        elif results is not None and results.all_unknown:
            self._show_state(
                "question",
                unknown_words_line(results.unknown_words, searched=False),
                self.tr(
                    "Try other English words, or drop a photo that looks like the one you want."
                ),
            )
        elif results is not None and len(results.ids):
            self._middle.setCurrentWidget(self.grid)
            self.status_line.show_results_line(results_line(results))
            return
        elif self._indexing:
            self._show_state(
                "photo",
                self.tr("Reading your photos…"),
                self.tr("They appear here as they are read. You can search at any time."),
            )
        elif results is not None and self._info is not None:
            self._show_empty(self._info)
        self.status_line.show_results_line("")

    def _on_filter_changed(self, wanted: Filter) -> None:
        self.show_filter(wanted)
        self.search_bar.set_filter(wanted)

    def _on_sort_chosen(self) -> None:
        newest_first = self._actions.newest_first.isChecked()
        self.sort_button.setChecked(newest_first)
        self.search_bar.set_newest_first(newest_first)

    def _notice_of(self, results: Results) -> str:
        """Say what was made of the phrase, and of the words that the model does not know."""
        lines = [understood_line(results.understood)] if results.understood else []
        if results.corrections:
            lines.append(corrections_line(results.corrections))
        if results.unknown_words:
            lines.append(unknown_words_line(results.unknown_words, searched=True))
        return " ".join(lines)

    def _show_empty(self, info: LibraryInfo) -> None:
        actions = [self._actions.add_folder, self._actions.rescan]
        if info.failed or info.pending:
            title = self.tr("No photo could be read yet")
            text = self.tr("Click the line below to see which files, and why.")
            if not info.failed:
                text = self.tr("Look again to go on reading.")
        else:
            title = self.tr("There are no photos in your folders")
            text = self.tr("Add another folder, or look again when there are photos in it.")
        self._show_state("photo", title, text, actions)

    def _show_state(
        self, icon: str, title: str, text: str, actions: Sequence[QAction] = ()
    ) -> None:
        words = sentence(text)
        if (title, words) != (self.state_page.title, self.state_page.text):
            self.state_page.show_state(icon, title, words, actions)
        self._middle.setCurrentWidget(self.state_page)
        if not self.search_bar.edit.hasFocus():
            self.state_page.focus_button()

    def _show_chrome(self, visible: bool) -> None:
        """Keep the search bar and the last line away until there is something to search."""
        appears = visible and not self.search_bar.isEnabled()
        self.search_bar.setEnabled(visible)
        self.filter_button.setEnabled(visible)
        self.sort_button.setEnabled(visible)
        if appears:
            self.search_bar.focus()
        self.status_line.setVisible(visible)

    def _make_header(self, actions: Actions, icons: Icons) -> QWidget:
        self._logo = QLabel()
        self._logo.setPixmap(application_icon().pixmap(QSize(LOGO, LOGO), self.devicePixelRatioF()))
        self._logo.setFixedWidth(SIDE)
        self.filter_button = self._button(icons, "filter", self.tr("Filter photos (Ctrl+Shift+F)"))
        self.filter_button.setCheckable(True)
        self.filter_button.clicked.connect(self._on_filter_clicked)
        self.sort_button = self._button(icons, "sort", self.tr("Order of the photos"))
        self.sort_button.setCheckable(True)
        sorts = QMenu(self.sort_button)
        sorts.addActions(actions.sorts.actions())
        self.sort_button.setMenu(sorts)
        self.menu_button = self._button(icons, "menu", self.tr("Menu (F10)"))
        self.menu_button.setAccessibleName(self.tr("Menu"))
        menu = QMenu(self.menu_button)
        actions.fill_main_menu(menu)
        self.menu_button.setMenu(menu)
        header = QWidget()
        row = QHBoxLayout(header)
        row.setContentsMargins(20, 14, 16, 10)
        row.setSpacing(8)
        row.addWidget(self._logo)
        row.addStretch(1)
        row.addWidget(self.search_bar, 20)
        row.addWidget(self.filter_button)
        row.addWidget(self.sort_button)
        row.addStretch(1)
        row.addWidget(self.menu_button)
        return header

    def _button(self, icons: Icons, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("flat", True)
        button.setFixedSize(40, 40)
        button.setIconSize(QSize(22, 22))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.put(button, icon)
        return button

    def _on_filter_clicked(self) -> None:
        # The button stays lit for as long as there is a filter, however often it is clicked.
        self.filter_button.setChecked(bool(self.search_bar.request.filter))
        self._actions.filter.trigger()
