"""Makes the grid's pictures: a thumbnail cut to a square with rounded corners."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QBrush, QImage, QPainter

__all__ = ["CORNER", "make_tile"]

CORNER = 0.045
"""Radius of a tile's corners, as a share of its side."""


def make_tile(jpeg: bytes | None, side: int) -> QImage | None:
    """Return a square of `side` pixels cut from the middle of a thumbnail, ready to be painted.

    Any thread. None when there is no thumbnail, or it cannot be read.
    """
    image = QImage.fromData(jpeg) if jpeg else QImage()
    if image.isNull():
        return None
    short = min(image.width(), image.height())
    middle = QRect((image.width() - short) // 2, (image.height() - short) // 2, short, short)
    square = image.copy(middle).scaled(
        side, side, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    tile = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(square))
    painter.drawRoundedRect(tile.rect(), side * CORNER, side * CORNER)
    painter.end()
    return tile
