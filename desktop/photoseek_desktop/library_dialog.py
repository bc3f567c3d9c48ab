"""The library in full: its folders, the photos that could not be read, its models and sizes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTabWidget,
    QTreeView,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from photoseek import LibraryInfo
from photoseek_desktop.confirmation import confirm
from photoseek_desktop.exclusions_page import ExclusionsPage
from photoseek_desktop.failure_model import FailureModel
from photoseek_desktop.messages import count, file_size, photos, wrapped
from photoseek_desktop.models_page import ModelsPage
from photoseek_desktop.plain_list import PlainList, PlainTable

__all__ = ["LibraryDialog"]

PATH_ROLE = Qt.ItemDataRole.UserRole


class LibraryDialog(QDialog):
    """Shows a `LibraryInfo`, and asks before anything is taken out of the library.

    Signals:
        add_wanted(): the person wants to add a folder.
        remove_wanted(Path): take this folder out of the library.
        forget_wanted(Path | None): forget the offline photos of this folder, or of all.
        retry_wanted(): open all photos again that could not be read.
        reveal_wanted(Path): show this file in the file manager.
    """

    add_wanted = Signal()
    remove_wanted = Signal(object)
    forget_wanted = Signal(object)
    retry_wanted = Signal()
    reveal_wanted = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._info: LibraryInfo | None = None
        self.setWindowTitle(self.tr("Library"))
        self.resize(760, 480)
        self.folders = PlainList([self.tr("Folder"), self.tr("Photos"), self.tr("State")])
        self.failures = FailureModel(self)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(self._folders_page(), self.tr("Folders"))
        self.tabs.addTab(self._failures_page(), self.tr("Unreadable"))
        self.exclusions = ExclusionsPage()
        self.tabs.addTab(self.exclusions, self.tr("Left out"))
        self.models = ModelsPage()
        self.tabs.addTab(self.models, self.tr("Models"))
        self.tabs.addTab(self._about_page(), self.tr("Model and storage"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        # Enter in a field must not close the dialog.
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self.tabs)
        layout.addWidget(buttons)

    def show_info(self, info: LibraryInfo) -> None:
        """Fill everything in; what is as before is left alone, chosen rows and text too."""
        before, self._info = self._info, info
        if info == before:
            return
        self._show_failures(info)
        if before is None or (info.folders, info.offline) != (before.folders, before.offline):
            self._show_folders(info)
        if before is None or info.exclusions != before.exclusions:
            self.exclusions.show_info(info)
        if before is None or info.models != before.models:
            self.models.show_info(info)
        self._show_about(info)

    def show_failures_tab(self) -> None:
        """Bring the unreadable photos to the front."""
        self.tabs.setCurrentIndex(1)

    def _folders_page(self) -> QWidget:
        add = QPushButton(self.tr("Add folder…"))
        add.clicked.connect(self.add_wanted)
        self.remove_button = QPushButton(self.tr("Remove from library…"))
        self.remove_button.clicked.connect(self._on_remove_clicked)
        self.forget_button = QPushButton(self.tr("Forget missing photos…"))
        self.forget_button.clicked.connect(self._on_forget_clicked)
        self.folders.itemSelectionChanged.connect(self._on_folder_selected)
        row = QHBoxLayout()
        row.addWidget(add)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        row.addWidget(self.forget_button)
        return _page(self.folders, row)

    def _failures_page(self) -> QWidget:
        hint = QLabel(
            self.tr(
                "Double-click a file to see it in the file manager. Files are tried again when "
                "they change, and what may pass from time to time."
            )
        )
        hint.setProperty("muted", True)
        self.retry_button = QPushButton(self.tr("Try again now"))
        self.retry_button.clicked.connect(self.retry_wanted)
        copy = QPushButton(self.tr("Copy list"))
        copy.clicked.connect(self._on_copy_clicked)
        view = PlainTable(self.failures, self.tr("File"))
        view.setColumnWidth(0, 380)
        view.activated.connect(
            lambda index: self.reveal_wanted.emit(self.failures.failure(index.row()).path)
        )
        row = QHBoxLayout()
        row.addWidget(hint, 1)
        row.addWidget(self.retry_button)
        row.addWidget(copy)
        return _page(view, row)

    def _about_page(self) -> QWidget:
        page = QWidget()
        self._about = QFormLayout(page)
        self._about.setContentsMargins(4, 16, 4, 4)
        self._about.setHorizontalSpacing(28)
        self._about.setVerticalSpacing(10)
        return page

    def _show_folders(self, info: LibraryInfo) -> None:
        chosen = self._chosen_folder()
        self.folders.clear()
        for folder in info.folders:
            state = self.tr("online") if folder.online else folder.reason or self.tr("offline")
            item = QTreeWidgetItem([str(folder.path), count(folder.photos), state])
            item.setData(0, PATH_ROLE, str(folder.path))
            item.setToolTip(0, wrapped(str(folder.path)))
            item.setToolTip(2, wrapped(state))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.folders.addTopLevelItem(item)
            item.setSelected(folder.path == chosen)
        self.folders.setColumnWidth(0, 440)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        self.folders.headerItem().setTextAlignment(1, right)
        self.forget_button.setEnabled(info.offline > 0)
        self._offline = info.offline
        self._on_folder_selected()

    def _show_failures(self, info: LibraryInfo) -> None:
        self.failures.show_failures(info.failures)
        self.retry_button.setEnabled(bool(info.failures))
        self.tabs.setTabText(1, self.tr("Unreadable ({count})").format(count=count(info.failed)))

    def _show_about(self, info: LibraryInfo) -> None:
        while self._about.rowCount():
            self._about.removeRow(0)
        rows = [
            (self.tr("Photos"), photos(info.photos)),
            (self.tr("Searchable"), count(info.searchable)),
            (self.tr("Could not be read"), count(info.failed)),
            (self.tr("Not read yet"), count(info.pending)),
            (self.tr("Offline, kept"), count(info.offline)),
            (self.tr("Model"), f"{info.model_name} ({info.model_id[:12]})"),
            (self.tr("Measured recall"), self._recall(info)),
            (self.tr("Runs on"), self._provider(info)),
            (self.tr("Library"), str(info.directory)),
            (self.tr("Database"), file_size(info.database_bytes)),
            (self.tr("Backups"), file_size(info.backup_bytes)),
            (self.tr("Thumbnails"), file_size(info.thumbnail_bytes)),
            (self.tr("Models"), file_size(sum(model.bundle_bytes for model in info.models))),
        ]
        for title, value in rows:
            name = QLabel(title)
            name.setProperty("muted", True)
            words = QLabel(value, wordWrap=True)
            words.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            self._about.addRow(name, words)

    def _recall(self, info: LibraryInfo) -> str:
        if info.recall is None:
            return self.tr("not measured")
        recall = info.recall.phrase_to_photo
        return self.tr(
            "{dataset}: the right photo is among the first 10 of {photos} for {r10} % of phrases"
        ).format(
            dataset=info.recall.dataset,
            photos=count(info.recall.photos),
            r10=self.locale().toString(recall.r10, "f", 1),
        )

    def _provider(self, info: LibraryInfo) -> str:
        return f"{info.provider} — {info.fallback}" if info.fallback else info.provider

    def _chosen_folder(self) -> Path | None:
        items = self.folders.selectedItems()
        return Path(items[0].data(0, PATH_ROLE)) if items else None

    def _on_folder_selected(self) -> None:
        self.remove_button.setEnabled(bool(self.folders.selectedItems()))

    def _on_remove_clicked(self) -> None:
        folder = self._chosen_folder()
        if folder is None:
            return
        confirm(
            self,
            self.tr("Remove {folder} from the library?").format(folder=folder),
            self.tr(
                "Its photos will not be found any more. The files themselves stay as they "
                "are, and the folder can be added again."
            ),
            self.tr("Remove"),
            lambda: self.remove_wanted.emit(folder),
        )

    def _on_forget_clicked(self) -> None:
        folder = self._chosen_folder()
        if folder is None:
            question = self.tr("Forget {photos}?").format(photos=photos(self._offline))
        else:
            question = self.tr("Forget the offline photos of {folder}?").format(folder=folder)
        confirm(
            self,
            question,
            self.tr(
                "Their files cannot be found now. If they are on a drive that is only "
                "unplugged, keep them: they will be read again otherwise."
            ),
            self.tr("Forget"),
            lambda: self.forget_wanted.emit(folder),
        )

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.failures.text())


def _page(tree: QTreeView, row: QHBoxLayout) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 12, 0, 0)
    layout.addWidget(tree)
    layout.addLayout(row)
    return page
