"""Paints one photo of the grid: its picture, a ring when chosen, a badge when offline."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from photoseek import Photo
from photoseek_desktop.icons import symbolic_pixmap
from photoseek_desktop.photo_model import PhotoModel
from photoseek_desktop.thumbnail_cache import ThumbnailCache
from photoseek_desktop.tile_image import CORNER

__all__ = ["PhotoDelegate"]

RING = 3
BADGE = 24


class PhotoDelegate(QStyledItemDelegate):
    """Paints from the cache; what is not there yet is a quiet placeholder."""

    def __init__(self, cache: ThumbnailCache, parent: QObject) -> None:
        super().__init__(parent)
        self._cache = cache
        self._badges: dict[float, QPixmap] = {}

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one tile into `option.rect`, a square."""
        model = index.model()
        assert isinstance(model, PhotoModel)
        photo = model.photo(index.row())
        photo_id = model.photo_id(index.row())
        rect, state = option.rect, option.state
        pixmap = self._cache.pixmap(photo_id)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if pixmap is None:
            without = self._cache.is_without(photo_id)
            self._paint_placeholder(painter, rect, option.palette, photo if without else None)
        elif photo is not None and photo.offline:
            painter.setOpacity(0.55)
            painter.drawPixmap(rect, pixmap)
            painter.setOpacity(1.0)
        else:
            painter.drawPixmap(rect, pixmap)
        if photo is not None and photo.offline:
            self._paint_badge(painter, rect)
        if selected:
            self._paint_ring(painter, rect, option.palette, veil=True)
        elif state & QStyle.StateFlag.State_HasFocus:
            self._paint_ring(painter, rect, option.palette, veil=False)
        elif state & QStyle.StateFlag.State_MouseOver:
            self._paint_hover(painter, rect)

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the size that the view has decided on, the same for every index."""
        return option.rect.size()

    def _paint_placeholder(
        self, painter: QPainter, rect: QRect, palette: QPalette, photo: Photo | None
    ) -> None:
        """Paint an empty tile, with the file's name when there will be no picture."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Button))
        painter.drawRoundedRect(rect, rect.width() * CORNER, rect.width() * CORNER)
        if photo is not None:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            inner = rect.adjusted(10, 10, -10, -10)
            metrics = QFontMetrics(painter.font())
            name = metrics.elidedText(photo.path.name, Qt.TextElideMode.ElideMiddle, inner.width())
            painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_badge(self, painter: QPainter, rect: QRect) -> None:
        """Mark a photo whose drive is away; legible on any picture, in any theme."""
        ratio = painter.device().devicePixelRatio()
        if ratio not in self._badges:
            white = QColor(Qt.GlobalColor.white)
            self._badges[ratio] = symbolic_pixmap("offline", BADGE - 8, white, ratio)
        badge = QRect(rect.right() - BADGE - 7, rect.top() + 8, BADGE, BADGE)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawEllipse(badge)
        painter.drawPixmap(badge.adjusted(4, 4, -4, -4), self._badges[ratio])

    def _paint_ring(self, painter: QPainter, rect: QRect, palette: QPalette, *, veil: bool) -> None:
        accent = palette.color(QPalette.ColorRole.Highlight)
        inside = QRectF(rect).adjusted(RING / 2, RING / 2, -RING / 2, -RING / 2)
        radius = rect.width() * CORNER
        tint = QColor(accent)
        tint.setAlpha(46 if veil else 0)
        # A thin line in the window's colour keeps the ring visible on a photo of its own colour.
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Window), RING + 2))
        painter.setBrush(tint)
        painter.drawRoundedRect(inside, radius, radius)
        painter.setPen(QPen(accent, RING))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(inside, radius, radius)

    def _paint_hover(self, painter: QPainter, rect: QRect) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255, 28))
        painter.drawRoundedRect(rect, rect.width() * CORNER, rect.width() * CORNER)
