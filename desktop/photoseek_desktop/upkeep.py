"""Keeps the page true to the library: opening, indexing, refreshing, folders that come and go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from photoseek import (
    BundleError,
    Changes,
    Failure,
    Folder,
    LibraryDamagedError,
    LibraryInfo,
    LibraryTooNewError,
    PhotoseekError,
    Progress,
    UpdateReport,
)
from photoseek_desktop.actions import Actions
from photoseek_desktop.browser_page import BrowserPage
from photoseek_desktop.dialogs import Dialogs
from photoseek_desktop.folder_watch import FolderWatch
from photoseek_desktop.indexer import Indexer
from photoseek_desktop.librarian import Librarian
from photoseek_desktop.messages import report_line, unwatched_line
from photoseek_desktop.search_request import Results, SearchRequest

__all__ = ["Upkeep"]

REFRESH_EVERY = 3000
"""Milliseconds between two looks at what indexing has added."""

PATIENCE = 700
"""Milliseconds after which reading a few new photos is worth a bar."""

BUSY_PAUSE = 5000
"""Milliseconds between two tries while another process updates the library."""


class Upkeep(QObject):
    """Stands between the library's work and the widgets that tell about it.

    Signals:
        photos_changed(): photos may have changed, gone offline or come back.
    """

    photos_changed = Signal()

    def __init__(
        self,
        librarian: Librarian,
        indexer: Indexer,
        watch: FolderWatch,
        page: BrowserPage,
        dialogs: Dialogs,
        actions: Actions,
        folders: Sequence[Path],
    ) -> None:
        super().__init__(page)
        self._librarian = librarian
        self._indexer = indexer
        self._watch = watch
        self._page = page
        self._dialogs = dialogs
        self._actions = actions
        self._folders = tuple(folders)
        self._refresh = QTimer(self, interval=REFRESH_EVERY)
        self._refresh.timeout.connect(self._on_refresh_due)
        self._slow = QTimer(self, singleShot=True, interval=PATIENCE)
        self._slow.timeout.connect(self._show_indexing)
        self._busy = QTimer(self, singleShot=True, interval=BUSY_PAUSE)
        self._busy.timeout.connect(self._on_busy_over)
        self._told_busy = False
        self._looks_at_everything = False
        self._added: set[Path] = set()
        self._waiting: list[Path] = []
        self._told_waiting: set[Path] = set()
        self._unwatched: tuple[Failure, ...] = ()
        self._connect_library()
        self._connect_person()

    def open_library(self) -> None:
        """Open the library; everything else follows."""
        self._enable_actions(False)
        self._page.show_opening()
        self._librarian.open()

    def add_folders(self, paths: Sequence[Path]) -> None:
        """Add folders between two photos of an update under way, which starts over after that."""
        self._librarian.add_folders(paths)
        if self._indexer.running:
            self._indexer.start()

    def end(self) -> None:
        """Ask the library nothing more: the window closes."""
        self._refresh.stop()
        self._busy.stop()
        self._watch.stop()

    def _connect_library(self) -> None:
        librarian, indexer, page = self._librarian, self._indexer, self._page
        librarian.opened.connect(self._on_opened)
        librarian.recovered.connect(self._dialogs.tell)
        librarian.open_failed.connect(self._on_open_failed)
        librarian.searching.connect(page.show_searching)
        librarian.results_ready.connect(self._on_results_ready)
        librarian.results_refreshed.connect(lambda new: page.show_results(new, refreshed=True))
        librarian.search_failed.connect(page.show_search_failed)
        librarian.info_changed.connect(self._on_info_changed)
        librarian.folder_added.connect(self._on_folder_added)
        librarian.folder_waits.connect(self._on_folder_waits)
        librarian.folder_covered.connect(self._on_folder_covered)
        librarian.folders_changed.connect(self._on_folders_changed)
        librarian.models_changed.connect(self._on_models_changed)
        librarian.failed.connect(self._dialogs.tell)
        indexer.started.connect(self._on_indexing_started)
        indexer.progressed.connect(self._on_progressed)
        indexer.paused_changed.connect(page.indexing_bar.show_paused)
        indexer.finished.connect(self._on_indexing_finished)
        indexer.busy.connect(self._on_busy)
        indexer.failed.connect(self._on_indexing_failed)
        indexer.crashed.connect(self._on_indexing_crashed)
        self._watch.changed.connect(self._on_folders_watched)
        self._watch.failed.connect(self._dialogs.tell)

    def _connect_person(self) -> None:
        dialogs, bar = self._dialogs, self._page.indexing_bar
        bar.pause_wanted.connect(self._on_pause_wanted)
        bar.stop_wanted.connect(self._indexer.stop)
        self._actions.rescan.triggered.connect(self._on_rescan_wanted)
        self._actions.try_again.triggered.connect(self.open_library)
        self._actions.library.triggered.connect(self._on_library_wanted)
        dialogs.folder_chosen.connect(lambda path: self.add_folders([path]))
        dialogs.remove_wanted.connect(self._on_remove_wanted)
        dialogs.forget_wanted.connect(self._on_forget_wanted)
        dialogs.retry_wanted.connect(lambda: self._indexer.start(retry_failed=True))
        dialogs.exclude_wanted.connect(self._on_exclude_wanted)
        dialogs.include_wanted.connect(self._on_include_wanted)
        dialogs.model_chosen.connect(self._librarian.add_model)
        dialogs.use_model_wanted.connect(self._librarian.use_model)
        dialogs.remove_model_wanted.connect(self._on_remove_model_wanted)

    # The library

    def _enable_actions(self, enabled: bool) -> None:
        for action in self._actions.on_library:
            action.setEnabled(enabled)

    def _on_opened(self, folders: tuple[Folder, ...]) -> None:
        self._enable_actions(True)
        self._page.show_folders(bool(folders))
        self._librarian.show(SearchRequest())
        self._librarian.request_info()
        if self._folders:
            self.add_folders(self._folders)

    def _on_open_failed(self, error: PhotoseekError) -> None:
        if isinstance(error, BundleError):
            title = self.tr("The model cannot be used")
        elif isinstance(error, LibraryDamagedError):
            title = self.tr("The library is damaged")
        elif isinstance(error, LibraryTooNewError):
            title = self.tr("The library was made by a newer Photoseek")
        else:
            title = self.tr("The library cannot be opened")
        self._page.show_open_failed(title, f"{error}.")

    def _on_info_changed(self, info: LibraryInfo) -> None:
        self._page.show_info(info)
        self._dialogs.show_info(info)
        if not self._watch.started and info.folders:
            # Only now, so that the model is loaded once for both lanes.
            self._watch.start()

    def _on_results_ready(self, results: Results) -> None:
        self._page.show_results(results, refreshed=False)
        if self._indexer.running:
            self._librarian.request_info()

    def _on_folder_added(self, folder: Path) -> None:
        self._told_waiting.clear()
        self._added.add(folder)

    def _on_folder_waits(self, folder: Path) -> None:
        self._waiting.append(folder)
        self._busy.start()
        if folder in self._told_waiting:
            return
        self._told_waiting.add(folder)
        line = self.tr(
            "Another Photoseek is reading this library's photos. {folder} is added when it has "
            "finished."
        )
        self._page.status_line.show_notice(line.format(folder=folder))

    def _on_busy_over(self) -> None:
        """Try again what another process has kept from being done."""
        if self._waiting:
            folders, self._waiting = self._waiting, []
            self.add_folders(folders)
        self._indexer.try_again()

    def _on_folder_covered(self, folder: Path, covering: Path) -> None:
        if folder == covering:
            line = self.tr("{folder} is in the library already")
        else:
            line = self.tr("{folder} is already covered by {covering}")
        self._page.status_line.show_notice(line.format(folder=folder, covering=covering))

    def _tell_empty(self, folders: Sequence[Path]) -> None:
        line = self.tr("No photos found in {folder}")
        self._page.status_line.show_notice(
            " · ".join(line.format(folder=folder) for folder in folders)
        )

    def _on_folders_changed(self) -> None:
        self._page.show_folders(True)
        self._watch.start()
        self._look_for_changes()

    def _on_folders_watched(self, changes: Changes) -> None:
        """Update what has changed, and say so where that takes longer than it should."""
        new = [failure for failure in changes.unwatched if failure not in self._unwatched]
        self._unwatched = changes.unwatched
        if new:
            self._page.status_line.show_notice(" · ".join(map(unwatched_line, new)))
        self._indexer.start(changes.places)

    def _on_models_changed(self) -> None:
        self._indexer.start()
        self._look_for_changes()

    def _look_for_changes(self) -> None:
        self._librarian.refresh()
        self._librarian.request_info(sizes=self._dialogs.library is not None)

    def _on_refresh_due(self) -> None:
        # An update that a last change on the disk began is heard of after the window has closed.
        if self._indexer.paused or not self._librarian.is_open:
            return
        self._librarian.refresh()

    def _on_library_wanted(self) -> None:
        self._librarian.request_info(sizes=True)

    def _on_remove_wanted(self, folder: Path) -> None:
        self._indexer.stop()
        self._librarian.remove_folder(folder)

    def forget_photos(self, ids: list[int]) -> None:
        """Forget those of these photos that are offline."""
        self._indexer.stop()
        self._librarian.forget_photos(ids)

    def _on_forget_wanted(self, folder: Path | None) -> None:
        self._indexer.stop()
        self._librarian.forget_missing(folder)

    def _on_exclude_wanted(self, pattern: str) -> None:
        self._indexer.stop()
        self._librarian.exclude(pattern)

    def _on_include_wanted(self, pattern: str) -> None:
        self._indexer.stop()
        self._librarian.include(pattern)

    def _on_remove_model_wanted(self, model_id: str) -> None:
        self._indexer.stop()
        self._librarian.remove_model(model_id)

    # Indexing

    def _on_indexing_started(self, everything: bool) -> None:
        self._looks_at_everything = everything
        # A photo that has just come is read before an eye could follow a bar.
        if everything:
            self._show_indexing()
        else:
            self._slow.start()

    def _show_indexing(self) -> None:
        self._page.indexing_bar.begin()
        self._page.show_indexing(True)
        self._refresh.start()

    def _on_progressed(self, progress: Progress) -> None:
        if self._indexer.running:
            self._page.indexing_bar.show_progress(progress)

    def _on_pause_wanted(self, pause: bool) -> None:
        if pause:
            self._indexer.pause()
        else:
            self._indexer.resume()

    def _on_indexing_finished(self, report: UpdateReport) -> None:
        self._told_busy = False
        self._end_indexing()
        self._page.status_line.show_notice(report_line(report))
        if self._added and self._looks_at_everything and not report.cancelled:
            self._librarian.find_empty(self._added, self._tell_empty)
            self._added = set()
        self._watch.go_on()

    def _on_indexing_failed(self, message: str) -> None:
        self._end_indexing()
        self._dialogs.tell(message)
        self._watch.go_on()

    def _on_indexing_crashed(self) -> None:
        self._end_indexing()
        self._watch.go_on()

    def _on_busy(self) -> None:
        self._end_indexing()
        self._busy.start()
        if not self._told_busy:
            self._told_busy = True
            self._page.status_line.show_notice(
                self.tr(
                    "Another Photoseek is reading this library's photos. Searching works, and "
                    "new photos appear as they are read."
                )
            )

    def _end_indexing(self) -> None:
        self._slow.stop()
        self._refresh.stop()
        self._page.indexing_bar.end()
        self._page.show_indexing(False)
        self.photos_changed.emit()
        self._look_for_changes()

    def _on_rescan_wanted(self) -> None:
        if not self._indexer.running:
            self._indexer.start()
