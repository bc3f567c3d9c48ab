"""The search bar: a phrase, and photos beside it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from photoseek import Filter
from photoseek_desktop.icons import Icons
from photoseek_desktop.query_chip import QueryChip
from photoseek_desktop.query_photo import MOST_PHOTOS
from photoseek_desktop.search_request import QueryPhoto, SearchRequest

__all__ = ["SearchBar"]

PAUSE_IN_TYPING = 180
"""Milliseconds without a key after which the phrase is searched for."""

HEIGHT = 44
ROOM_FOR_NAMES = 560


class SearchBar(QFrame):
    """A rounded field that holds chips, the phrase and two buttons.

    Signals:
        request_changed(SearchRequest): the question is another one, typing has paused.
        left(): the down arrow, or Enter once more: on to the photos.
        photo_wanted(): the person wants to choose an example photo.
        pasted(): the person pastes; what it is decides where it goes.
    """

    request_changed = Signal(object)
    left = Signal()
    photo_wanted = Signal()
    pasted = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        self._chips: list[QueryChip] = []
        self._filter = Filter()
        self._newest_first = False
        self._told = SearchRequest()
        self.setObjectName("searchField")
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(220)
        self.setMaximumWidth(760)
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(self.tr("Describe a photo, or drop one here"))
        self.edit.setAccessibleName(self.tr("Search your photos"))
        self.edit.setToolTip(
            self.tr("Type what the photo shows. A minus leaves something out: dog -beach")
        )
        # What is dropped goes to the window: here it would come out as a file's address.
        self.edit.setAcceptDrops(False)
        self.edit.installEventFilter(self)
        self._clear = self._button("close", self.tr("Clear the search"))
        self._by_photo = self._button("photo-search", self.tr("Search by a photo…"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 8, 0)
        layout.setSpacing(8)
        glass = QLabel()
        icons.put_on_label(glass, "search", 20)
        layout.addWidget(glass)
        self._chip_row = QHBoxLayout()
        self._chip_row.setSpacing(6)
        layout.addLayout(self._chip_row)
        layout.addWidget(self.edit, 1)
        layout.addWidget(self._clear)
        layout.addWidget(self._by_photo)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_IN_TYPING)
        self._pause.timeout.connect(self._tell)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.returnPressed.connect(self._on_return_pressed)
        self._clear.clicked.connect(self.clear)
        self._by_photo.clicked.connect(self.photo_wanted)
        self._show_clear()

    @property
    def request(self) -> SearchRequest:
        """The question as it stands."""
        return SearchRequest(
            self.edit.text(),
            tuple(chip.photo for chip in self._chips),
            filter=self._filter,
            newest_first=self._newest_first,
        )

    def set_filter(self, wanted: Filter) -> None:
        """Narrow the question down, or widen it again."""
        self._filter = wanted
        self._tell()

    def set_filter_alone(self, wanted: Filter) -> None:
        """Ask for what passes a filter, without a phrase or photos."""
        self._empty()
        self._filter = wanted
        self._on_photos_changed()

    def set_newest_first(self, newest_first: bool) -> None:
        """Ask for the likely matches by date, or the closest first."""
        self._newest_first = newest_first
        self._tell()

    def put_photos(self, photos: list[QueryPhoto]) -> None:
        """Put photos beside the phrase, in place of those there; the last ones of too many."""
        self._drop_all()
        for photo in photos[-MOST_PHOTOS:]:
            chip = QueryChip(photo, self._icons, self)
            chip.removed.connect(lambda chip=chip: self._remove(chip))
            self._chips.append(chip)
            self._chip_row.addWidget(chip)
        self._on_photos_changed()

    def set_photos(self, photos: list[QueryPhoto]) -> None:
        """Ask for these photos alone, without a phrase."""
        self._empty()
        self.put_photos(photos)

    def clear(self) -> None:
        """Empty the bar; when it is empty, take the filter away too."""
        if not self.request.is_compared:
            self._filter = Filter()
        self._empty()
        self._on_photos_changed()
        self.edit.setFocus()

    def focus(self) -> None:
        """Let the person type a phrase over the old one."""
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()

    def type(self, text: str) -> None:
        """Go on with letters that were typed elsewhere."""
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.edit.setText(text)

    def set_dropping(self, dropping: bool) -> None:
        """Show that a photo can be dropped here."""
        self._set_active(dropping or self.edit.hasFocus())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watch the edit's focus for the ring, and keys that it does not take."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._set_active(event.type() == QEvent.Type.FocusIn)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._take_key(event)
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave names away where there is little room."""
        super().resizeEvent(event)
        self._fit_chips()

    def _take_key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Down:
            self.left.emit()
            return True
        if event.key() == Qt.Key.Key_Backspace and self._chips:
            at_start = self.edit.cursorPosition() == 0 and not self.edit.hasSelectedText()
            if at_start:
                self._remove(self._chips[-1])
            return at_start
        if event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit()
            return True
        return False

    def _set_active(self, active: bool) -> None:
        if self.property("active") != active:
            self.setProperty("active", active)
            self.style().unpolish(self)
            self.style().polish(self)

    def _button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("flat", True)
        button.setProperty("round", True)
        button.setFixedSize(32, 32)
        button.setIconSize(QSize(20, 20))
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._icons.put(button, icon)
        return button

    def _empty(self) -> None:
        self._drop_all()
        self.edit.clear()

    def _drop_all(self) -> None:
        for chip in tuple(self._chips):
            self._drop(chip)

    def _drop(self, chip: QueryChip) -> None:
        self._chips.remove(chip)
        self._chip_row.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def _remove(self, chip: QueryChip) -> None:
        self._drop(chip)
        self._on_photos_changed()
        self.edit.setFocus()

    def _fit_chips(self) -> None:
        compact = self.width() < ROOM_FOR_NAMES or len(self._chips) > 1
        for chip in self._chips:
            chip.set_compact(compact)

    def _show_clear(self) -> None:
        self._clear.setVisible(self.request.is_compared)
        placeholder = self.tr("Describe a photo, or drop one here")
        if self._chips:
            placeholder = self.tr("Add words, or -words to leave out")
        self.edit.setPlaceholderText(placeholder)

    def _on_photos_changed(self) -> None:
        self._fit_chips()
        self._show_clear()
        self._tell()

    def _on_text_changed(self) -> None:
        self._show_clear()
        self._pause.start()

    def _on_return_pressed(self) -> None:
        if self.request == self._told:
            self.left.emit()
        else:
            self._tell()

    def _tell(self) -> None:
        self._pause.stop()
        request = self.request
        if request != self._told:
            self._told = request
            self.request_changed.emit(request)
