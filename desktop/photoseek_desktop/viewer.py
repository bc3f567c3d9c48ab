"""The viewer: one photo large, with those before and after it a key away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from photoseek import Photo
from photoseek_desktop.eliding_label import ElidingLabel
from photoseek_desktop.icons import Icons
from photoseek_desktop.info_panel import InfoPanel
from photoseek_desktop.messages import count
from photoseek_desktop.photo_loader import LoadedPhoto, PhotoLoader
from photoseek_desktop.photo_model import PhotoModel
from photoseek_desktop.photo_view import PhotoView

__all__ = ["Viewer"]

PAN = 0.2
"""Share of the view that an arrow key moves a zoomed photo by."""

NOTICE_STAYS = 8000
"""Milliseconds for which a passing notice stands in for the photo's details."""

PATIENCE = 300
"""Milliseconds for which the last photo stays in view while the next is opened."""


class Viewer(QWidget):
    """Walks along the model's rows; holds on to a photo id while the rows are refreshed.

    Signals:
        closed(int): back to the grid, at this photo.
        shown(str): a photo of this file name is looked at.
        menu_wanted(QPoint): a context menu is wanted at this point of the screen.
    """

    closed = Signal(int)
    shown = Signal(str)
    menu_wanted = Signal(QPoint)

    def __init__(
        self,
        model: PhotoModel,
        loader: PhotoLoader,
        icons: Icons,
        fetch_preview: Callable[[int, Callable[[QImage], None]], object],
    ) -> None:
        super().__init__()
        self._model = model
        self.loader = loader
        self._fetch_preview = fetch_preview
        self._photo_id = -1
        self._row = 0
        self._forward = True
        self._loaded: LoadedPhoto | None = None
        self._slow = QTimer(self, singleShot=True, interval=PATIENCE)
        self._slow.timeout.connect(self._on_slow)
        self._notice = ""
        self._passing = QTimer(self, singleShot=True, interval=NOTICE_STAYS)
        self._passing.timeout.connect(self._end_notice)
        self.view = PhotoView()
        self.info = InfoPanel()
        self.info.hide()
        self._name = ElidingLabel(Qt.TextElideMode.ElideMiddle)
        font = self._name.font()
        font.setWeight(font.Weight.DemiBold)
        self._name.setFont(font)
        self._details = ElidingLabel(Qt.TextElideMode.ElideMiddle)
        self._details.setProperty("muted", True)
        self._position = QLabel()
        self._position.setProperty("muted", True)
        back = self._button(icons, "back", self.tr("Back to the photos (Esc)"), self.close_viewer)
        self._previous = self._button(
            icons, "left", self.tr("Previous photo (Left)"), self.previous
        )
        self._next = self._button(icons, "right", self.tr("Next photo (Right)"), self.next)
        self._bar = QHBoxLayout()
        self._bar.setContentsMargins(12, 8, 12, 8)
        self._bar.setSpacing(8)
        self._bar.addWidget(back)
        self._bar.addSpacing(4)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._details)
        self._bar.addLayout(words, 1)
        self._bar.addWidget(self._position)
        self._bar.addWidget(self._previous)
        self._bar.addWidget(self._next)
        top = QWidget()
        top.setObjectName("viewerBar")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        top.setLayout(self._bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.view, 1)
        middle.addWidget(self.info)
        layout.addLayout(middle, 1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        loader.loaded.connect(self._on_loaded)
        loader.full_loaded.connect(self._on_full_loaded)
        model.dataChanged.connect(self._on_photos_fetched)
        model.modelReset.connect(self._on_results_changed)
        self.view.fit_wanted.connect(self._on_fit_wanted)
        self.view.full_wanted.connect(self._on_full_wanted)

    @property
    def photo_id(self) -> int:
        """The photo that is looked at."""
        return self._photo_id

    @property
    def photo(self) -> Photo | None:
        """The row of the photo that is looked at, when it has been fetched."""
        rows = len(self._model.ids)
        if self._row < rows and self._model.photo_id(self._row) == self._photo_id:
            return self._model.photo(self._row)
        return None

    def add_actions(self, actions: list[QAction]) -> None:
        """Put actions on the bar as buttons."""
        for action in actions:
            button = QToolButton()
            button.setProperty("flat", True)
            button.setFixedSize(36, 36)
            button.setIconSize(QSize(20, 20))
            button.setDefaultAction(action)
            button.setToolTip(action.text())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._bar.insertWidget(self._bar.count() - 3, button)
        self._bar.insertSpacing(self._bar.count() - 3, 12)

    def open_photo(self, photo_id: int) -> None:
        """Look at a photo of the model."""
        row = self._model.row_of(photo_id)
        if row is not None:
            self._forward = True
            self._go_to_row(row)

    def show_notice(self, notice: str) -> None:
        """Say what has just happened in place of the photo's details, for a while."""
        self._notice = notice
        self._passing.start()
        self._show_details()

    def show_info(self, shown: bool) -> None:
        """Show what the photo says of itself beside it, or no longer."""
        self.info.setVisible(shown)

    def next(self) -> None:
        """Go to the photo after this one."""
        self._forward = True
        if self._row + 1 < len(self._model.ids):
            self._go_to_row(self._row + 1)

    def previous(self) -> None:
        """Go to the photo before this one."""
        self._forward = False
        if self._row > 0:
            self._go_to_row(self._row - 1)

    def close_viewer(self) -> None:
        """Go back to the grid."""
        self.closed.emit(self._photo_id)

    def leave(self) -> None:
        """Let go of the photos: another page is shown."""
        self.loader.forget()
        self._loaded = None
        self._slow.stop()
        self._end_notice()
        self.view.show_nothing()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go on or move a zoomed photo, plus and minus zoom, Esc goes back."""
        if event.matches(QKeySequence.StandardKey.Cancel) or event.key() == Qt.Key.Key_Backspace:
            self.close_viewer()
        elif not self._take_key(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the photo's menu."""
        self.menu_wanted.emit(event.globalPos())

    def _take_key(self, key: Qt.Key) -> bool:
        keys = Qt.Key
        pans = {
            keys.Key_Left: (-PAN, 0.0),
            keys.Key_Right: (PAN, 0.0),
            keys.Key_Up: (0.0, -PAN),
            keys.Key_Down: (0.0, PAN),
        }
        if key in pans and self.view.pan(*pans[key]):
            return True
        action = {
            keys.Key_Left: self.previous,
            keys.Key_Up: self.previous,
            keys.Key_PageUp: self.previous,
            keys.Key_Right: self.next,
            keys.Key_Down: self.next,
            keys.Key_Space: self.next,
            keys.Key_PageDown: self.next,
            keys.Key_Home: lambda: self._go_to_row(0),
            keys.Key_End: lambda: self._go_to_row(len(self._model.ids) - 1),
            keys.Key_Plus: self.view.zoom_in,
            keys.Key_Equal: self.view.zoom_in,
            keys.Key_Minus: self.view.zoom_out,
            keys.Key_0: self.view.zoom_to_fit,
            keys.Key_1: self.view.zoom_to_full,
        }.get(key)
        if action is not None:
            action()
        return action is not None

    def _button(self, icons: Icons, icon: str, name: str, slot: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setProperty("flat", True)
        button.setFixedSize(36, 36)
        button.setIconSize(QSize(20, 20))
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.put(button, icon)
        button.clicked.connect(slot)
        return button

    def _go_to_row(self, row: int) -> None:
        self._row = row
        self._photo_id = self._model.photo_id(row)
        self._loaded = None
        self._end_notice()
        self._slow.start()
        self._show_words()
        self._load()

    def _load(self) -> None:
        """Ask for this photo, then for the next in the direction of travel, then the other."""
        rows = [self._row, self._row + 1, self._row - 1]
        if not self._forward:
            rows[1:] = rows[:0:-1]
        photos = self._model.known([row for row in rows if 0 <= row < len(self._model.ids)])
        if not photos or photos[0].id != self._photo_id:
            return  # its row is being fetched; `_on_photos_fetched` comes back here
        self.loader.set_view(self.view.view_pixels())
        loaded = self.loader.load(photos)
        if loaded is not None and self._loaded is not loaded:
            self._show(loaded)

    def _show(self, loaded: LoadedPhoto) -> None:
        before, self._loaded = self._loaded, loaded
        self._slow.stop()
        if before is not None and before.photo_id == loaded.photo_id and not loaded.problem:
            self.view.show_fitted(loaded.fitted)
        elif loaded.problem:
            self.view.show_message(self._why_not(loaded.problem))
            self._fetch_preview(loaded.photo_id, partial(self._on_preview, loaded))
        else:
            self.view.show_photo(loaded.size, loaded.fitted)

    def _why_not(self, problem: str) -> str:
        photo = self.photo
        if photo is not None and photo.offline:
            return self.tr(
                "{name} is offline.\nIt is kept in the library; connect the drive or folder "
                "{folder} to see it large."
            ).format(name=photo.path.name, folder=photo.folder)
        name = photo.path.name if photo is not None else ""
        return self.tr("{name} cannot be shown: {reason}.").format(name=name, reason=problem)

    def _show_words(self) -> None:
        photo = self.photo
        self._name.setText(photo.path.name if photo else "")
        self._show_details()
        self.info.show_photo(photo)
        total = len(self._model.ids)
        self._position.setText(
            self.tr("{number} of {total}").format(number=count(self._row + 1), total=count(total))
        )
        self._previous.setEnabled(self._row > 0)
        self._next.setEnabled(self._row + 1 < total)
        self.setAccessibleName(f"{self._name.text()}, {self._position.text()}")
        self.shown.emit(self._name.text())

    def _show_details(self) -> None:
        photo = self.photo
        words = f"{photo.width} × {photo.height} · {photo.path.parent}" if photo else ""
        self._details.setText(self._notice or words)

    def _end_notice(self) -> None:
        self._notice = ""
        self._passing.stop()
        self._show_details()

    def _on_loaded(self, loaded: LoadedPhoto) -> None:
        if self.isVisible() and loaded.photo_id == self._photo_id:
            self._show(loaded)

    def _on_preview(self, loaded: LoadedPhoto, preview: QImage) -> None:
        if loaded is self._loaded:
            self.view.show_preview(preview)

    def _on_early_preview(self, photo_id: int, preview: QImage) -> None:
        """Show the thumbnail for as long as the photo is being opened."""
        if photo_id == self._photo_id and self._loaded is None and not preview.isNull():
            self.view.show_preview(preview)

    def _on_photos_fetched(self) -> None:
        if self.isVisible():
            self._show_words()
            if self._loaded is None:
                self._load()

    def _on_results_changed(self) -> None:
        """Stay at the photo when rows come or go around it."""
        if not self.isVisible():
            return
        row = self._model.row_of(self._photo_id)
        if row is not None:
            self._row = row
            self._show_words()

    def _on_slow(self) -> None:
        self.view.show_message(self.tr("Opening…"))
        self._fetch_preview(self._photo_id, partial(self._on_early_preview, self._photo_id))

    def _on_fit_wanted(self) -> None:
        """Have the photo scaled anew for the view's size; the picture at hand serves until then."""
        if self._loaded is not None and not self._loaded.problem:
            self._load()

    def _on_full_wanted(self) -> None:
        photo = self.photo
        if photo is not None and self._loaded is not None:
            self.loader.load_full(photo, self._loaded.size)

    def _on_full_loaded(self, photo_id: int, full: QImage) -> None:
        if self.isVisible() and photo_id == self._photo_id:
            self.view.show_full(full)
