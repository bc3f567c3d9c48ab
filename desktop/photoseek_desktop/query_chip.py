"""A query photo in the search bar: its picture, its name and a button that takes it away."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from photoseek_desktop.icons import Icons
from photoseek_desktop.search_request import QueryPhoto

__all__ = ["QueryChip"]

PICTURE = 28
NAME_WIDTH = 110


class QueryChip(QFrame):
    """Shows one `QueryPhoto`.

    Signals:
        removed(): the person took the photo out of the question.
    """

    removed = Signal()

    def __init__(self, photo: QueryPhoto, icons: Icons, parent: QWidget) -> None:
        super().__init__(parent)
        self.photo = photo
        self.setObjectName("queryChip")
        self.setFixedHeight(32)
        self.setToolTip(self.tr("Searching by the photo “{name}”").format(name=photo.name))
        self.setAccessibleName(self.toolTip())
        picture = QLabel()
        picture.setFixedSize(PICTURE, PICTURE)
        picture.setPixmap(_round_picture(photo.thumbnail, self.devicePixelRatioF()))
        self._name = QLabel()
        name = self.fontMetrics().elidedText(photo.name, Qt.TextElideMode.ElideMiddle, NAME_WIDTH)
        self._name.setText(name)
        remove = QToolButton()
        remove.setProperty("flat", True)
        remove.setIconSize(QSize(14, 14))
        remove.setFixedSize(24, 24)
        remove.setToolTip(self.tr("Remove this photo from the search"))
        remove.setAccessibleName(remove.toolTip())
        remove.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        icons.put(remove, "close")
        remove.clicked.connect(self.removed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 2, 4, 2)
        layout.setSpacing(6)
        layout.addWidget(picture)
        layout.addWidget(self._name)
        layout.addWidget(remove)

    def set_compact(self, compact: bool) -> None:
        """Leave the name away where there is little room."""
        self._name.setVisible(not compact)


def _round_picture(image: QImage, ratio: float) -> QPixmap:
    side = round(PICTURE * ratio)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    if image.isNull():
        return pixmap
    scaled = image.scaled(
        side,
        side,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    circle = QPainterPath()
    circle.addEllipse(QRectF(0, 0, side, side))
    painter.setClipPath(circle)
    painter.drawImage((side - scaled.width()) // 2, (side - scaled.height()) // 2, scaled)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
