"""An item view of square tiles: where they are, how keys and the mouse move among them."""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPalette, QRegion
from PySide6.QtWidgets import QAbstractItemView, QFrame, QWidget

from photoseek_desktop.grid_layout import GridLayout
from photoseek_desktop.photo_model import PhotoModel

__all__ = ["GridView"]

Index = QModelIndex | QPersistentModelIndex


class GridView(QAbstractItemView):
    """Answers what every item view is asked, by the arithmetic of a `GridLayout`.

    Qt's own list view cannot put a header across the grid, and lays out every row in a loop.
    """

    def __init__(self, model: PhotoModel, layout: GridLayout, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._photos = model
        self._layout = layout
        self._band_start: QPoint | None = None
        self._band = QRect()
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there, so that the tiles do not change their size when it comes or goes.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)

    def visualRect(self, index: Index) -> QRect:
        """Return where a tile lies in the viewport."""
        if not index.isValid():
            return QRect()
        return self._layout.tile_rect(index.row()).translated(0, -self.verticalOffset())

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Return the photo under a point of the viewport."""
        row = self._layout.row_at(point + QPoint(0, self.verticalOffset()))
        return QModelIndex() if row is None else self._photos.index(row)

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a photo into view, with its whole tile."""
        if not index.isValid():
            return
        bar = self.verticalScrollBar()
        gap = self._layout.gap
        tile = self._layout.tile_rect(index.row()).adjusted(0, -gap, 0, gap)
        view = self.view_rect()
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(tile.center().y() - view.height() // 2)
        elif tile.top() < view.top():
            section = self._layout.sections[0]
            in_first_line = index.row() < self._layout.columns and section.header
            bar.setValue(0 if in_first_line else tile.top())
        elif tile.bottom() > view.bottom():
            bar.setValue(tile.bottom() - view.height())

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return the photo that an arrow key, Home, End or a page key leads to."""
        count = len(self._photos.ids)
        if not count:
            return QModelIndex()
        row = max(self.currentIndex().row(), 0)
        page = max(1, self.viewport().height() // self._layout.pitch)
        moves = QAbstractItemView.CursorAction
        target = {
            moves.MoveLeft: row - 1,
            moves.MovePrevious: row - 1,
            moves.MoveRight: row + 1,
            moves.MoveNext: row + 1,
            moves.MoveHome: 0,
            moves.MoveEnd: count - 1,
        }.get(action)
        if target is None:
            lines = {moves.MoveUp: 1, moves.MoveDown: -1, moves.MovePageUp: page}
            target = self._layout.row_above(row, lines.get(action, -page))
        return self._photos.index(min(max(target, 0), count - 1))

    def horizontalOffset(self) -> int:
        """There is no scrolling sideways."""
        return 0

    def verticalOffset(self) -> int:
        """Return how far the content is scrolled up."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, _index: Index) -> bool:
        """Every photo is shown."""
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select by rubber band, or from one tile to another."""
        selection = QItemSelection()
        if self.state() is QAbstractItemView.State.DragSelectingState:
            area = rect.normalized().translated(0, self.verticalOffset())
            for first, last in self._layout.runs_in(area):
                selection.select(self._photos.index(first), self._photos.index(last))
        else:
            rows = [self.indexAt(point).row() for point in (rect.topLeft(), rect.bottomRight())]
            first, last = min(rows), max(rows)
            if first >= 0:
                selection.select(self._photos.index(first), self._photos.index(last))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Return the part of the viewport that a selection covers."""
        region = QRegion()
        for row in self._layout.rows_in(self.view_rect()):
            index = self._photos.index(row)
            if selection.contains(index):
                region += self.visualRect(index)
        return region

    def updateGeometries(self) -> None:
        """Fit the scroll bar to the content."""
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        bar.setPageStep(height)
        bar.setSingleStep(max(20, self._layout.pitch // 3))
        bar.setRange(0, max(0, self._layout.height - height))
        bar.setEnabled(bar.maximum() > 0)
        super().updateGeometries()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Paint everything: a few dozen prepared pictures are quicker than working out less."""
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a rubber band beside the tiles."""
        empty = not self.indexAt(event.position().toPoint()).isValid()
        if empty and event.button() is Qt.MouseButton.LeftButton:
            self._band_start = event.position().toPoint() + QPoint(0, self.verticalOffset())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the rubber band out."""
        super().mouseMoveEvent(event)
        if self._band_start is not None:
            end = event.position().toPoint() + QPoint(0, self.verticalOffset())
            self._band = QRect(self._band_start, end).normalized()
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the rubber band."""
        super().mouseReleaseEvent(event)
        self._band_start, self._band = None, QRect()
        self.viewport().update()

    def paint_band(self, painter: QPainter) -> None:
        """Paint the rubber band, while there is one."""
        if self._band.isEmpty():
            return
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        painter.setPen(accent)
        painter.setBrush(QColor(accent.red(), accent.green(), accent.blue(), 40))
        painter.drawRect(self._band.translated(0, -self.verticalOffset()))

    def view_rect(self) -> QRect:
        """Return the part of the content that is in view."""
        return self.viewport().rect().translated(0, self.verticalOffset())
