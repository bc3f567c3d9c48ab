"""The window's dialogs: choosing folders and photos, the library, help, and what must be told."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from photoseek import LibraryInfo
from photoseek_desktop.library_dialog import LibraryDialog
from photoseek_desktop.messages import sentence
from photoseek_desktop.settings import Settings
from photoseek_desktop.shortcuts_dialog import ShortcutsDialog

__all__ = ["Dialogs"]


class Dialogs(QObject):
    """Opens dialogs over the window and says what was chosen in them.

    Signals:
        library_chosen(Path): open this library, or make one there.
        folder_chosen(Path): add this folder to the library.
        photo_chosen(Path): search by this photo.
        missed_chosen(Path): say why this file is not found.
        remove_wanted(Path): take this folder out of the library.
        forget_wanted(Path | None): forget the offline photos of this folder, or of all.
        retry_wanted(): open all photos again that could not be read.
        model_chosen(Path): add the model bundle in this folder.
        use_model_wanted(str, bool): search with this model, though it is incomplete or not.
        remove_model_wanted(str): forget this model.
        exclude_wanted(str): leave out what this pattern matches.
        include_wanted(str): take this pattern back.
        reveal_wanted(Path): show this file in the file manager.
    """

    library_chosen = Signal(object)
    folder_chosen = Signal(object)
    photo_chosen = Signal(object)
    missed_chosen = Signal(object)
    remove_wanted = Signal(object)
    forget_wanted = Signal(object)
    retry_wanted = Signal()
    model_chosen = Signal(object)
    use_model_wanted = Signal(str, bool)
    remove_model_wanted = Signal(str)
    exclude_wanted = Signal(str)
    include_wanted = Signal(str)
    reveal_wanted = Signal(object)

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._info: LibraryInfo | None = None
        self.library: LibraryDialog | None = None

    def show_info(self, info: LibraryInfo) -> None:
        """Take in the library's state, for its dialog now or later."""
        self._info = info
        if self.library is not None:
            self.library.show_info(info)

    def choose_folder(self) -> None:
        """Let the person choose a folder with photos."""
        title = self.tr("Choose a folder with photos")
        start = self._settings.last_folder
        chosen = QFileDialog.getExistingDirectory(self._window, title, start)
        if chosen:
            self._settings.last_folder = chosen
            self.folder_chosen.emit(Path(chosen))

    def choose_library(self) -> None:
        """Let the person choose a library, or a place for a new one."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, self.tr("Choose a library's folder, or an empty one for a new library")
        )
        if chosen:
            self.library_chosen.emit(Path(chosen))

    def choose_model(self) -> None:
        """Let the person choose a model bundle."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, self.tr("Choose the folder of a model (it holds manifest.json)")
        )
        if chosen:
            self.model_chosen.emit(Path(chosen))

    def choose_photo(self) -> None:
        """Let the person choose an example photo."""
        self._choose_file(self.tr("Choose a photo to search by"), self.photo_chosen)

    def choose_missed(self) -> None:
        """Let the person choose a photo that they expected to find."""
        self._choose_file(self.tr("Which photo do you miss?"), self.missed_chosen)

    def show_library(self) -> None:
        """Show folders, unreadable photos, models and sizes."""
        if self._info is None or self.library is not None:
            return
        dialog = LibraryDialog(self._window)
        dialog.add_wanted.connect(self.choose_folder)
        dialog.remove_wanted.connect(self.remove_wanted)
        dialog.forget_wanted.connect(self.forget_wanted)
        dialog.retry_wanted.connect(self.retry_wanted)
        dialog.reveal_wanted.connect(self.reveal_wanted)
        dialog.exclusions.exclude_wanted.connect(self.exclude_wanted)
        dialog.exclusions.include_wanted.connect(self.include_wanted)
        dialog.models.add_wanted.connect(self.choose_model)
        dialog.models.use_wanted.connect(self.use_model_wanted)
        dialog.models.remove_wanted.connect(self.remove_model_wanted)
        dialog.finished.connect(self._on_library_closed)
        dialog.show_info(self._info)
        self.library = dialog
        dialog.open()

    def show_help(self) -> None:
        """Show how to search, and every key."""
        dialog = ShortcutsDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_about(self) -> None:
        """Say what Photoseek is, and which."""
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(self.tr("About Photoseek"))
        box.setIconPixmap(self._window.windowIcon().pixmap(64, 64))
        box.setText(self.tr("Photoseek {version}").format(version=version("photoseek")))
        box.setInformativeText(
            self.tr(
                "Finds photos in your own folders by a phrase or an example photo, on this "
                "computer. It opens no network connection and changes no photo."
            )
        )
        box.open()

    def tell(self, message: str) -> None:
        """Tell something that the person has to know before going on."""
        lines = [sentence(line) for line in message.splitlines()]
        text = "\n".join(line if line.endswith(".") else f"{line}." for line in lines)
        box = QMessageBox(QMessageBox.Icon.Warning, self.tr("Photoseek"), text, parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _choose_file(self, title: str, chosen_signal: SignalInstance) -> None:
        start = self._settings.last_folder
        chosen, _ = QFileDialog.getOpenFileName(self._window, title, start)
        if chosen:
            self._settings.last_folder = str(Path(chosen).parent)
            chosen_signal.emit(Path(chosen))

    def _on_library_closed(self) -> None:
        if self.library is not None:
            self.library.deleteLater()
            self.library = None
