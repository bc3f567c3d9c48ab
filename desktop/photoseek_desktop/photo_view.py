"""Shows one photo as large as it fits, or closer: the wheel zooms, dragging moves."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

__all__ = ["PhotoView"]

ZOOM_STEP = 1.25
GAP = 16
MOST_ZOOM = 16.0
MOST_ENLARGED = 2.0
"""A small photo is fitted at up to twice its size, which still looks like a photo."""

SETTLE = 200
"""Milliseconds after which a resized view wants its photo scaled anew."""


class PhotoView(QWidget):
    """Paints a pixmap; zoom 0 means fitted to the view.

    Signals:
        fit_wanted(): the view has another size; `view_pixels` says which.
        full_wanted(): the photo is looked at closer than its fitted picture shows.
    """

    fit_wanted = Signal()
    full_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = QSize()
        self._full = QImage()
        self._fitted = QPixmap()
        self._preview = QPixmap()
        self._message = ""
        self._zoom = 0.0
        self._centre = QPointF()
        self._grabbed: QPointF | None = None
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.setAccessibleName(self.tr("Photo"))
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self.fit_wanted)

    @property
    def has_photo(self) -> bool:
        """Whether a photo is shown."""
        return not self._fitted.isNull()

    @property
    def message(self) -> str:
        """What is said instead of a photo."""
        return self._message

    @property
    def has_preview(self) -> bool:
        """Whether a small picture is shown above the sentence."""
        return not self._preview.isNull()

    @property
    def zoom(self) -> float:
        """Device pixels a photo's pixel takes."""
        return self._zoom or self._fit_zoom()

    @property
    def is_fitted(self) -> bool:
        """Whether the whole photo is shown."""
        return self._zoom == 0.0

    def view_pixels(self) -> QSize:
        """Return the view's size in device pixels."""
        return (QSizeF(self.size()) * self.devicePixelRatioF()).toSize()

    def photo_point(self, at: QPointF) -> QPointF:
        """Return which pixel of the photo lies at a point of the view."""
        return (at - self._target().topLeft()) * self.devicePixelRatioF() / self.zoom

    def show_photo(self, size: QSize, fitted: QImage) -> None:
        """Show a photo of this size; `fitted` is scaled down for this view."""
        self._message = ""
        self._size, self._full = size, QImage()
        self._preview = QPixmap()
        self._fitted = QPixmap.fromImage(fitted)
        self.zoom_to_fit()

    def show_full(self, full: QImage) -> None:
        """Take the photo's own pixels, or as many of them as are to be had, for zooming in."""
        self._full = full
        self.update()

    def show_fitted(self, fitted: QImage) -> None:
        """Take the photo scaled for the view's new size."""
        self._fitted = QPixmap.fromImage(fitted)
        self.update()

    def show_nothing(self) -> None:
        """Let go of the photo."""
        self.show_message("")

    def show_message(self, message: str) -> None:
        """Say why there is no photo."""
        self._size, self._full = QSize(), QImage()
        self._fitted = self._preview = QPixmap()
        self._message = message
        self.zoom_to_fit()

    def show_preview(self, preview: QImage) -> None:
        """Show a small picture above the sentence that says why the photo is not shown."""
        if self._message:
            self._preview = QPixmap.fromImage(preview)
            self.update()

    def zoom_to_fit(self) -> None:
        """Show the whole photo."""
        self._zoom = 0.0
        self._centre = QPointF(self._size.width() / 2, self._size.height() / 2)
        self.unsetCursor()
        self.update()

    def zoom_to_full(self, at: QPointF | None = None) -> None:
        """Show one pixel of the photo as one of the screen."""
        self._zoom_to(1.0, at)

    def zoom_in(self, at: QPointF | None = None) -> None:
        """Come a step closer."""
        self._zoom_to(self.zoom * ZOOM_STEP, at)

    def zoom_out(self, at: QPointF | None = None) -> None:
        """Step back, down to the whole photo."""
        self._zoom_to(self.zoom / ZOOM_STEP, at)

    def pan(self, dx: float, dy: float) -> bool:
        """Move by parts of the view; False when the whole photo is in view anyway."""
        if self.is_fitted:
            return False
        pixels = self.view_pixels()
        self._centre += QPointF(dx * pixels.width(), dy * pixels.height()) / self.zoom
        self._stay_inside()
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the photo, or the sentence in its place."""
        painter = QPainter(self)
        if self._message:
            self._paint_message(painter)
            return
        if not self.has_photo:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.zoom < 4)
        target = self._target()
        if self.is_fitted:
            painter.drawPixmap(target, self._fitted, QRectF(self._fitted.rect()))
            return
        # Only the part in view is handed over: the photo may be a hundred times larger.
        seen = target.intersected(QRectF(self.rect()))
        scale = self.devicePixelRatioF() / self.zoom
        # In pixels of the picture at hand, which until the full one is here is the fitted one.
        picture = self._full if not self._full.isNull() else self._fitted
        scale *= picture.width() / self._size.width()
        source = QRectF((seen.topLeft() - target.topLeft()) * scale, seen.size() * scale)
        if not self._full.isNull():
            painter.drawImage(seen, self._full, source)
        else:
            painter.drawPixmap(seen, self._fitted, source)

    def _paint_message(self, painter: QPainter) -> None:
        """Paint the sentence in the middle, or below the preview if there is one."""
        room = self.rect().adjusted(40, 40, -40, -40)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        words = painter.fontMetrics().boundingRect(room, flags, self._message).height()
        size = self._preview.size().scaled(
            self._preview.size().boundedTo(room.size() - QSize(0, words + GAP)),
            Qt.AspectRatioMode.KeepAspectRatio,
        )
        height = words if size.isEmpty() else size.height() + GAP + words
        top = room.center().y() - height // 2
        if not size.isEmpty():
            place = QRect(QPoint(room.center().x() - size.width() // 2, top), size)
            painter.drawPixmap(place, self._preview)
            top = place.bottom() + GAP
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(QRect(room.left(), top, room.width(), words), flags, self._message)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the photo in view, and have it scaled anew when the size has settled."""
        super().resizeEvent(event)
        self._stay_inside()
        self._settle.start()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        steps = event.angleDelta().y() / 120
        if steps and self.has_photo:
            self._zoom_to(self.zoom * ZOOM_STEP**steps, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the photo."""
        if event.button() is Qt.MouseButton.LeftButton and not self.is_fitted:
            self._grabbed = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the photo along."""
        if self._grabbed is not None:
            moved = event.position() - self._grabbed
            self._grabbed = event.position()
            self._centre -= moved * self.devicePixelRatioF() / self.zoom
            self._stay_inside()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go of the photo."""
        self._grabbed = None
        if not self.is_fitted:
            self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go between the whole photo and its own pixels."""
        if self.is_fitted:
            self.zoom_to_full(event.position())
        else:
            self.zoom_to_fit()

    def changeEvent(self, event: QEvent) -> None:
        """Have the photo scaled anew on a screen of another density."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._settle.start()

    def _fit_zoom(self) -> float:
        if not self.has_photo:
            return 1.0
        view = self.view_pixels()
        return min(
            view.width() / self._size.width(), view.height() / self._size.height(), MOST_ENLARGED
        )

    def _zoom_to(self, zoom: float, at: QPointF | None) -> None:
        if not self.has_photo:
            return
        if zoom <= self._fit_zoom():
            self.zoom_to_fit()
            return
        zoom = min(zoom, MOST_ZOOM)
        ratio = self.devicePixelRatioF()
        middle = QPointF(self.width() / 2, self.height() / 2)
        away = ((at if at is not None else middle) - middle) * ratio
        # The pixel under the pointer stays under it.
        self._centre += away / self.zoom - away / zoom
        self._zoom = zoom
        if self._grabbed is None:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        self._stay_inside()
        if self._full.isNull() and self._fitted.size() != self._size:
            self.full_wanted.emit()

    def _stay_inside(self) -> None:
        view = self.view_pixels()
        self._centre = QPointF(
            _clamp(self._centre.x(), view.width() / self.zoom / 2, self._size.width()),
            _clamp(self._centre.y(), view.height() / self.zoom / 2, self._size.height()),
        )
        self.update()

    def _target(self) -> QRectF:
        """Return where the whole photo lies, in logical pixels of the widget."""
        scale = self.zoom / self.devicePixelRatioF()
        size = QSizeF(self._size) * scale
        if self.is_fitted:
            left = round((self.width() - size.width()) / 2)
            top = round((self.height() - size.height()) / 2)
            return QRectF(left, top, size.width(), size.height())
        corner = QPointF(self.width() / 2, self.height() / 2) - self._centre * scale
        return QRectF(corner, size)


def _clamp(centre: float, half_view: float, length: float) -> float:
    if 2 * half_view >= length:
        return length / 2
    return min(max(centre, half_view), length - half_view)
