"""What can be done with the selected photos: open, show in the file manager, copy, find similar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from photoseek import Photo
from photoseek_desktop.actions import Actions
from photoseek_desktop.confirmation import confirm
from photoseek_desktop.file_manager import FileManager
from photoseek_desktop.librarian import Librarian
from photoseek_desktop.messages import explanation_text, photos

__all__ = ["PhotoActions"]

MOST_OPENED = 10
"""Photos that one command opens in other programs: more is a slip of the hand."""

MOST_SIMILAR = 4


class PhotoActions(QObject):
    """Connects the photo actions to what they do.

    Signals:
        similar_found(list[QueryPhoto]): search by these photos of the library.
        notice(str): something to say in passing.
        forget_wanted(list[int]): forget these offline photos.
    """

    forget_wanted = Signal(object)
    similar_found = Signal(object)
    notice = Signal(str)

    def __init__(
        self,
        actions: Actions,
        librarian: Librarian,
        selected_ids: Callable[[], list[int]],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._librarian = librarian
        self._selected_ids = selected_ids
        self._window = window
        self._files = FileManager(self)
        actions.open.triggered.connect(self.open)
        actions.reveal.triggered.connect(self.reveal)
        actions.copy.triggered.connect(self.copy)
        actions.similar.triggered.connect(self.find_similar)
        actions.explain_this.triggered.connect(self.explain_selected)
        actions.forget.triggered.connect(self.forget_offline)

    def open(self) -> None:
        """Open the selected photos in the system's viewer."""
        self._with_files(self._open)

    def reveal(self) -> None:
        """Show the selected photos in the file manager."""
        self._with_files(lambda found: self._files.show([photo.path for photo in found]))

    def reveal_path(self, path: Path) -> None:
        """Show any file in the file manager."""
        self._files.show([path])

    def copy(self) -> None:
        """Copy the selected photos: paths for a text field, files for a file manager."""
        ids = self._selected_ids()
        if ids:
            self._librarian.fetch_photos(ids, self._copy)

    def find_similar(self) -> None:
        """Search by the selected photos."""
        ids = self._selected_ids()[:MOST_SIMILAR]
        if ids:
            self._librarian.fetch_query_photos(ids, self.similar_found.emit)

    def forget_offline(self) -> None:
        """Ask, then forget those of the selected photos that are offline."""
        ids = self._selected_ids()
        if ids:
            self._librarian.fetch_photos(ids, self._ask_to_forget)

    def explain_selected(self) -> None:
        """Say why the selected photo is where it is."""
        ids = self._selected_ids()
        if ids:
            self._librarian.fetch_photos(ids[:1], self._explain_first)

    def explain(self, path: Path) -> None:
        """Say why any file is, or is not, found."""

        def then(text: str) -> None:
            box = QMessageBox(
                QMessageBox.Icon.NoIcon, self.tr("Photoseek"), path.name, parent=self._window
            )
            box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            box.setInformativeText(text)
            box.open()

        self._librarian.explain(path, lambda explanation: then(explanation_text(explanation)))

    def _ask_to_forget(self, found: list[Photo]) -> None:
        offline = [photo.id for photo in found if photo.offline]
        if offline:
            confirm(
                self._window,
                self.tr("Forget {photos}?").format(photos=photos(len(offline))),
                self.tr(
                    "Their files cannot be found now. If they are on a drive that is only "
                    "unplugged, keep them: they will be read again otherwise."
                ),
                self.tr("Forget"),
                lambda: self.forget_wanted.emit(offline),
            )

    def _explain_first(self, found: list[Photo]) -> None:
        if found:
            self.explain(found[0].path)

    def _with_files(self, then: Callable[[list[Photo]], None]) -> None:
        """Do something with the files that are there, and say how many are not."""
        ids = self._selected_ids()[:MOST_OPENED]

        def on_found(found: list[Photo]) -> None:
            missing = len(ids) - len(found)
            if missing:
                self.notice.emit(self.tr("{photos} offline or gone").format(photos=photos(missing)))
            if found:
                then(found)

        if ids:
            self._librarian.fetch_files(ids, on_found)

    def _open(self, found: list[Photo]) -> None:
        for photo in found:
            if not self._files.open(photo.path):
                self.notice.emit(
                    self.tr("No program is set up to open {name}").format(name=photo.path.name)
                )

    def _copy(self, found: list[Photo]) -> None:
        data = QMimeData()
        data.setText("\n".join(str(photo.path) for photo in found))
        data.setUrls([QUrl.fromLocalFile(str(photo.path)) for photo in found])
        QGuiApplication.clipboard().setMimeData(data)
        if len(found) == 1:
            self.notice.emit(self.tr("Copied the path of {name}").format(name=found[0].path.name))
        else:
            self.notice.emit(self.tr("Copied {photos}").format(photos=photos(len(found))))
