"""Icons: the application's own, and small line drawings tinted to suit the palette."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QLabel
from shiboken6 import isValid

from photoseek.resources import resource_path
from photoseek_desktop.theme import Theme

__all__ = ["Icons", "application_icon", "symbolic_pixmap"]

SIDES = (16, 20, 24, 32, 48)
APPLICATION_SIDES = (16, 24, 32, 48, 64, 128, 256)

Target = QAction | QAbstractButton


def application_icon() -> QIcon:
    """Return Photoseek's icon in every size it was drawn in."""
    icon = QIcon()
    for side in APPLICATION_SIDES:
        icon.addFile(str(resource_path(f"icons/photoseek-{side}.png")))
    return icon


def symbolic_pixmap(name: str, side: int, colour: QColor, ratio: float = 1.0) -> QPixmap:
    """Draw `resources/icons/symbolic/NAME.svg` in one colour, `side` logical pixels wide."""
    source = resource_path(f"icons/symbolic/{name}.svg").read_bytes()
    source = source.replace(b"#000", colour.name().encode())
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(source)).render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class Icons(QObject):
    """Puts symbolic icons on actions, buttons and labels, and tints them when the theme changes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._targets: list[tuple[Target, str]] = []
        self._labels: list[tuple[QLabel, str, int]] = []
        theme.changed.connect(self._on_theme_changed)

    def put(self, target: Target, name: str) -> None:
        """Give `target` the icon, in place of one it had from here."""
        self._targets = [entry for entry in self._targets if entry[0] is not target]
        self._targets.append((target, name))
        target.setIcon(_icon(name))

    def put_on_label(self, label: QLabel, name: str, side: int) -> None:
        """Show the icon in a label, in the colour of quiet text."""
        self._labels = [entry for entry in self._labels if entry[0] is not label]
        self._labels.append((label, name, side))
        label.setPixmap(_quiet_pixmap(label, name, side))

    def _on_theme_changed(self) -> None:
        self._targets = [entry for entry in self._targets if isValid(entry[0])]
        self._labels = [entry for entry in self._labels if isValid(entry[0])]
        for target, name in self._targets:
            target.setIcon(_icon(name))
        for label, name, side in self._labels:
            label.setPixmap(_quiet_pixmap(label, name, side))


def _icon(name: str) -> QIcon:
    palette = QGuiApplication.palette()
    active = palette.color(QPalette.ColorRole.ButtonText)
    disabled = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    icon = QIcon()
    for side in SIDES:
        icon.addPixmap(symbolic_pixmap(name, side, active), QIcon.Mode.Normal)
        icon.addPixmap(symbolic_pixmap(name, side, disabled), QIcon.Mode.Disabled)
    return icon


def _quiet_pixmap(label: QLabel, name: str, side: int) -> QPixmap:
    colour = QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
    return symbolic_pixmap(name, side, colour, label.devicePixelRatioF())
