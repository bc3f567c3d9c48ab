"""The panel beside a large photo that tells what the photo says of itself."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from photoseek import Near, Photo
from photoseek_desktop.filter_words import format_name
from photoseek_desktop.messages import file_size, photo_date

__all__ = ["InfoPanel"]

WIDTH = 300
BREAK = "\u200b"
"""A space without width, at which a long path may be broken."""


class InfoPanel(QScrollArea):
    """Shows the metadata of one `Photo`; what it does not tell has no row.

    Signals:
        near_wanted(Near): show the photos that were taken around here.
    """

    near_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._near: Near | None = None
        self.setObjectName("infoPanel")
        self.setFixedWidth(WIDTH)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("About this photo"))
        page = QWidget()
        self._rows = QFormLayout()
        self._rows.setHorizontalSpacing(16)
        self._rows.setVerticalSpacing(2)
        self._rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.near_button = QPushButton(self.tr("Photos taken near here"))
        self.near_button.clicked.connect(lambda: self.near_wanted.emit(self._near))
        layout = QVBoxLayout(page)
        layout.setContentsMargins(20, 16, 16, 16)
        layout.setSpacing(14)
        layout.addLayout(self._rows)
        layout.addWidget(self.near_button)
        layout.addStretch(1)
        self.setWidget(page)

    @property
    def texts(self) -> list[str]:
        """What the rows say, without their titles."""
        values = [label for label in self.findChildren(QLabel) if not label.property("muted")]
        return [label.text().replace(BREAK, "") for label in values]

    def show_photo(self, photo: Photo | None) -> None:
        """Fill the rows in; None empties them."""
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self._near = None
        for title, text in self._facts(photo) if photo else []:
            if text:
                self._rows.addRow(_title(title), _value(text))
        if photo and photo.metadata.latitude is not None and photo.metadata.longitude is not None:
            self._near = Near(photo.metadata.latitude, photo.metadata.longitude)
        self.near_button.setVisible(self._near is not None)

    def _facts(self, photo: Photo) -> list[tuple[str, str]]:
        metadata, locale = photo.metadata, QLocale()
        megapixels = locale.toString(photo.width * photo.height / 1e6, "f", 1)
        place = ""
        if metadata.latitude is not None and metadata.longitude is not None:
            place = f"{_degrees(metadata.latitude, 'N', 'S')}, "
            place += _degrees(metadata.longitude, "E", "W")
        dated = {
            "photo": self.tr("Taken"),
            "name": self.tr("Dated by name"),
            "file": self.tr("File dated"),
        }
        return [
            (self.tr("Name"), photo.path.name),
            (dated[photo.dated_by], photo_date(photo)),
            (self.tr("Camera"), metadata.camera),
            (self.tr("Lens"), metadata.lens),
            (
                self.tr("Size"),
                self.tr("{width} × {height}, {megapixels} megapixels").format(
                    width=photo.width, height=photo.height, megapixels=megapixels
                ),
            ),
            (self.tr("File"), f"{format_name(metadata.format)} {file_size(photo.file_size)}"),
            (self.tr("Rating"), "★" * (metadata.rating or 0)),
            (self.tr("Keywords"), ", ".join(metadata.keywords)),
            (self.tr("Place"), place),
            (self.tr("Folder"), str(photo.path.parent)),
        ]


def _title(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("muted", True)
    return label


def _value(text: str) -> QLabel:
    label = QLabel(text.replace("/", f"/{BREAK}").replace("_", f"_{BREAK}"), wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setContentsMargins(0, 0, 0, 10)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _degrees(angle: float, positive: str, negative: str) -> str:
    number = QLocale().toString(abs(angle), "f", 4)
    return f"{number}° {positive if angle >= 0 else negative}"
