"""The grid of photos: scrolls over any number of them, likely matches first, under a header."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDrag,
    QFont,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from photoseek_desktop.grid_layout import GridLayout, Section
from photoseek_desktop.grid_view import GridView
from photoseek_desktop.messages import photos
from photoseek_desktop.photo_delegate import PhotoDelegate
from photoseek_desktop.photo_model import PhotoModel
from photoseek_desktop.search_request import Results
from photoseek_desktop.thumbnail_cache import ThumbnailCache

__all__ = ["LARGEST_TILE", "SMALLEST_TILE", "PhotoGrid"]

Index = QModelIndex | QPersistentModelIndex
Command = QItemSelectionModel.SelectionFlag

SMALLEST_TILE = 96
LARGEST_TILE = 320
GAP = 8
MARGIN = 20
TOP = 8
HEADER = 56

MOST_DRAGGED = 5000
"""Photos in one drag: their rows are all in memory, and other programs take no more."""


class PhotoGrid(GridView):
    """Square tiles in one or two sections; the place to be is a photo, not a scroll offset.

    Signals:
        photo_opened(int): a photo was double-clicked, or Enter pressed on it.
        selection_changed(): other photos are selected.
        typed(str): the person typed letters, which belong into the search bar.
        menu_wanted(QPoint): a context menu is wanted at this point of the screen.
        notice(str): something to say in passing.
    """

    photo_opened = Signal(int)
    selection_changed = Signal()
    typed = Signal(str)
    menu_wanted = Signal(QPoint)
    notice = Signal(str)

    def __init__(
        self, model: PhotoModel, cache: ThumbnailCache, parent: QWidget | None = None
    ) -> None:
        super().__init__(model, GridLayout(0, SMALLEST_TILE, GAP, MARGIN, ()), parent)
        self._cache = cache
        self._tile = 180
        self._titles: tuple[tuple[str, str], ...] = ()
        self.setItemDelegate(PhotoDelegate(cache, self))
        self.setAccessibleName(self.tr("Photos"))
        self.activated.connect(lambda index: self.photo_opened.emit(model.photo_id(index.row())))
        cache.loaded.connect(self._on_thumbnails_loaded)
        cache.side_changed.connect(self.viewport().update)

    @property
    def tile(self) -> int:
        """The least side of a tile in logical pixels."""
        return self._tile

    @property
    def titles(self) -> list[str]:
        """The sections' headers in words."""
        return [f"{title} {note}" for title, note in self._titles if title]

    def set_tile(self, tile: int) -> None:
        """Show larger or smaller tiles, keeping the photos that are looked at in view."""
        tile = min(max(tile, SMALLEST_TILE), LARGEST_TILE)
        if tile != self._tile:
            anchor = self._anchor()
            self._tile = tile
            self._arrange()
            self._return_to(anchor)

    def show_results(self, results: Results) -> None:
        """Show the answer to a new question from its top."""
        self._take(results)
        self.verticalScrollBar().setValue(0)
        if len(results.ids):
            first = self._photos.index(0)
            self.selectionModel().setCurrentIndex(first, Command.NoUpdate)

    def refresh_results(self, results: Results) -> None:
        """Show newer results of the same question; what the person looks at stays where it is."""
        same = np.array_equal(results.ids, self._photos.ids)
        if same and results.likely == self._photos.likely:
            return
        anchor = self._anchor()
        selected = self.selected_ids()
        current = self.currentIndex().row()
        # Somebody who has not moved yet stays at the top, whatever has come there.
        moved = current > 0 or len(selected)
        current_id = self._photos.photo_id(current) if moved and current >= 0 else None
        self._take(results)
        self._select_ids(selected, current_id)
        self._return_to(anchor)

    @property
    def has_selection(self) -> bool:
        """Whether any photo is selected."""
        return self.selectionModel().hasSelection()

    def selected_rows(self) -> list[int]:
        """Return the selected rows in the order shown."""
        # By runs: an index object for each of 100,000 rows would take half a second.
        selection = self.selectionModel().selection()
        runs = (selection.at(number) for number in range(selection.count()))
        return sorted(row for run in runs for row in range(run.top(), run.bottom() + 1))

    def selected_ids(self) -> NDArray[np.int64]:
        """Return the selected photos `(n,)` in the order shown."""
        return self._photos.ids[self.selected_rows()]

    def go_to(self, photo_id: int) -> None:
        """Select a photo and scroll to it."""
        row = self._photos.row_of(photo_id)
        if row is not None:
            self.setCurrentIndex(self._photos.index(row))

    def _take(self, results: Results) -> None:
        likely, total = results.likely, len(results.ids)
        self._photos.show(results.ids, likely)
        sections: tuple[Section, ...] = (Section(0, total, 0),)
        self._titles = (("", ""),)
        if results.request and results.tells_likely and total:
            rest = self.tr("the rest follows, closest first")
            if not likely:
                sections = (Section(0, total, HEADER),)
                self._titles = ((self.tr("No likely match"), self.tr("the closest first")),)
            else:
                sections = (Section(0, likely, HEADER), Section(likely, total - likely, HEADER))
                counted = self.locale().toString(likely)
                self._titles = (
                    (self.tr("Likely matches"), counted),
                    (self.tr("Likely matches end here"), rest),
                )
                if likely == total:
                    sections, self._titles = sections[:1], self._titles[:1]
        self._arrange(sections)

    def _arrange(self, sections: tuple[Section, ...] | None = None) -> None:
        if sections is None:
            sections = self._layout.sections
        self._layout = GridLayout(self.viewport().width(), self._tile, GAP, MARGIN, sections, TOP)
        self._cache.set_side(round(self._layout.side * self.devicePixelRatioF()))
        self.updateGeometries()
        self.viewport().update()

    def _anchor(self) -> tuple[int, int] | None:
        """Return the first photo in view and its distance from the view's top."""
        if self.verticalOffset() == 0:
            return None
        rows = self._layout.rows_in(self.view_rect())
        if not rows:
            return None
        top = self._layout.tile_rect(rows[0]).top() - self.verticalOffset()
        return self._photos.photo_id(rows[0]), top

    def _return_to(self, anchor: tuple[int, int] | None) -> None:
        row = self._photos.row_of(anchor[0]) if anchor else None
        if anchor is None:
            self.verticalScrollBar().setValue(0)
        elif row is not None:
            self.verticalScrollBar().setValue(self._layout.tile_rect(row).top() - anchor[1])

    def _select_ids(self, wanted: NDArray[np.int64], current_id: int | None) -> None:
        selection = QItemSelection()
        for first, last in _runs(np.flatnonzero(np.isin(self._photos.ids, wanted))):
            selection.select(self._photos.index(first), self._photos.index(last))
        self.selectionModel().select(selection, Command.ClearAndSelect)
        current = self._photos.row_of(current_id) if current_id is not None else 0
        if current is not None and len(self._photos.ids):
            self.selectionModel().setCurrentIndex(self._photos.index(current), Command.NoUpdate)

    def _on_thumbnails_loaded(self, photo_ids: tuple[int, ...]) -> None:
        loaded = set(photo_ids)
        for row in self._layout.rows_in(self.view_rect()):
            if self._photos.photo_id(row) in loaded:
                rect = self._layout.tile_rect(row).translated(0, -self.verticalOffset())
                self.viewport().update(rect)

    # What the person sees and does.

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the headers and tiles in view, then ask for the pictures just below."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        offset = self.verticalOffset()
        area = event.rect().translated(0, offset)
        self._paint_headers(painter, area, offset)
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain = option.state & ~(
            QStyle.StateFlag.State_Selected
            | QStyle.StateFlag.State_MouseOver
            | QStyle.StateFlag.State_HasFocus
        )
        delegate, selected = self.itemDelegate(), self.selectionModel()
        current = self.currentIndex().row() if self.hasFocus() else -1
        hovered = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())).row()
        for row in self._layout.rows_in(area):
            index = self._photos.index(row)
            option.rect = self._layout.tile_rect(row).translated(0, -offset)
            option.state = plain
            if selected.isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if row == current:
                option.state |= QStyle.StateFlag.State_HasFocus
            if row == hovered and self.viewport().underMouse():
                option.state |= QStyle.StateFlag.State_MouseOver
            delegate.paint(painter, option, index)
        self.paint_band(painter)
        self._ask_for_pictures()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the tiles out for the new width; the photos looked at stay in view."""
        anchor = self._anchor()
        self._arrange()
        self._return_to(anchor)
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Make pictures anew when the window moves to a screen of another density."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._arrange()

    def keyboardSearch(self, search: str) -> None:
        """Letters typed on the grid are the start of a phrase."""
        if search.isprintable() and search.strip():
            self.typed.emit(search)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space opens a photo too, as in a file manager's preview."""
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self.photo_opened.emit(self._photos.photo_id(self.currentIndex().row()))
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu at the pointer, or at the current photo for the menu key."""
        place = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            current = self.currentIndex()
            self.scrollTo(current)
            if not self.selectionModel().hasSelection():
                self.setCurrentIndex(current)
            place = self.viewport().mapToGlobal(self.visualRect(current).center())
        self.menu_wanted.emit(place)

    def startDrag(self, _actions: Qt.DropAction) -> None:
        """Drag the selected photos out as files, under the picture of the first: all, or none."""
        rows = self.selected_rows()
        if len(rows) > MOST_DRAGGED:
            self.notice.emit(
                self.tr("{photos} are too many to drag; copy them instead (Ctrl+C)").format(
                    photos=photos(len(rows))
                )
            )
            return
        if len(self._photos.known(rows)) < len(rows):
            self.notice.emit(
                self.tr("Preparing {photos}; drag again in a moment").format(
                    photos=photos(len(rows))
                )
            )
            return
        drag = QDrag(self)
        drag.setMimeData(self._photos.mimeData([self._photos.index(row) for row in rows]))
        pixmap = self._cache.pixmap(self._photos.photo_id(rows[0]))
        if pixmap is not None:
            side = round(96 * self.devicePixelRatioF())
            small = pixmap.scaled(
                side,
                side,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            small.setDevicePixelRatio(self.devicePixelRatioF())
            drag.setPixmap(small)
        drag.exec(Qt.DropAction.CopyAction)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell that other photos are selected."""
        super().selectionChanged(selected, deselected)
        self.selection_changed.emit()

    def _paint_headers(self, painter: QPainter, area: QRect, offset: int) -> None:
        for number, (title, note) in enumerate(self._titles):
            rect = self._layout.header_rect(number)
            if rect.height() and rect.intersects(area):
                self._paint_header(painter, rect.translated(0, -offset), title, note, number)

    def _paint_header(
        self, painter: QPainter, rect: QRect, title: str, note: str, number: int
    ) -> None:
        """Paint a title and a quiet note beside it; a line above all but the first."""
        palette = self.palette()
        if number:
            painter.setPen(palette.color(QPalette.ColorRole.Mid))
            y = rect.top() + 6
            painter.drawLine(rect.left(), y, rect.right(), y)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        text = rect.adjusted(0, 8 if number else 0, 0, 0)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.15)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(text, middle, title)
        beside = painter.fontMetrics().horizontalAdvance(title) + 12
        painter.setFont(self.font())
        painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(text.adjusted(beside, 1, 0, 1), middle, note)

    def _ask_for_pictures(self) -> None:
        """Ask for the pictures in view, and behind them for the next screenful."""
        view = self.view_rect()
        ahead = view.translated(0, view.height())
        rows = dict.fromkeys(self._layout.rows_in(view) + self._layout.rows_in(ahead))
        self._cache.look_at(self._photos.photo_id(row) for row in rows)


def _runs(rows: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of rows `(n,)` that follow one another."""
    if len(rows):
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            yield int(run[0]), int(run[-1])
