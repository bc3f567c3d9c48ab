"""The panel in which a person narrows the photos down: dates, folder, camera and more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from photoseek import Filter, FilterChoices, Folder, Near, QueryError
from photoseek.filters import SHAPES, parse_near
from photoseek.typed_dates import parse_date
from photoseek_desktop.filter_words import format_name, shape_name
from photoseek_desktop.messages import sentence

__all__ = ["FilterPanel"]

WIDTH = 400
STARS = (5, 4, 3, 2, 1)


class FilterPanel(QFrame):
    """Drops down from its button; what is chosen holds at once, and is shown by `FilterChips`.

    Signals:
        filter_changed(Filter): the person asks for something else.
    """

    filter_changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("filterPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._filter = Filter()
        hint = self.tr("2024, May 2024 or 2024-05-31")
        self.after = self._line(hint, self.tr("First day"))
        self.after.setToolTip(self.tr("From its beginning on: 2008 is from January 1st, 2008"))
        self.before = self._line(self.tr("today"), self.tr("Last day"))
        self.before.setToolTip(self.tr("To its end: 2008 is up to December 31st, 2008"))
        self.folder = self._box(self.tr("Folder"))
        self.camera = self._box(self.tr("Camera"))
        self.format = self._box(self.tr("Format"))
        self.shape = self._box(self.tr("Shape"))
        self.rating = self._box(self.tr("Rating"))
        self.keyword = self._box(self.tr("Keyword"))
        self.name = self._line(self.tr("part of the file's name"), self.tr("Name"))
        self.near = self._line(self.tr("48.86, 2.35, 10 km"), self.tr("Place"))
        self._problem = QLabel(wordWrap=True)
        self._problem.setObjectName("problem")
        self._problem.hide()
        self._clear = QPushButton(self.tr("Show all photos"))
        self._clear.setAutoDefault(False)
        self._clear.clicked.connect(lambda: self._take(Filter()))
        done = QPushButton(self.tr("Done"))
        done.setProperty("primary", True)
        done.clicked.connect(self.close)
        dates = QHBoxLayout()
        dates.setSpacing(8)
        dates.addWidget(self.after, 3)
        dates.addWidget(QLabel("–"))
        dates.addWidget(self.before, 2)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for title, field in (
            (self.tr("Taken"), dates),
            (self.tr("Folder"), self.folder),
            (self.tr("Camera"), self.camera),
            (self.tr("Format"), self.format),
            (self.tr("Shape"), self.shape),
            (self.tr("Rating"), self.rating),
            (self.tr("Keyword"), self.keyword),
            (self.tr("Name"), self.name),
            (self.tr("Place"), self.near),
        ):
            label = QLabel(title)
            label.setProperty("muted", True)
            label.setMinimumHeight(self.name.sizeHint().height())
            form.addRow(label, field)
        buttons = QHBoxLayout()
        buttons.addWidget(self._clear)
        buttons.addStretch(1)
        buttons.addWidget(done)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self._problem)
        layout.addLayout(buttons)
        self.setFixedWidth(WIDTH)

    @property
    def problem(self) -> str:
        """What is wrong with what was typed."""
        return "" if self._problem.isHidden() else self._problem.text()

    def open_below(self, button: QWidget) -> None:
        """Drop down, with the right edge at the button's."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width() - self.width(), button.height() + 6))
        room = button.screen().availableGeometry()
        self.move(max(room.left(), corner.x()), min(corner.y(), room.bottom() - self.height()))
        self.show()
        self.after.setFocus(Qt.FocusReason.PopupFocusReason)

    def show_filter(self, wanted: Filter) -> None:
        """Fill the fields in."""
        self._filter = wanted
        self._problem.hide()
        self._clear.setEnabled(bool(wanted))
        self.after.setText(_day(wanted.after) if wanted.after else "")
        last = wanted.before - timedelta(microseconds=1) if wanted.before else None
        self.before.setText(_day(last) if last else "")
        self.name.setText(wanted.name)
        near = wanted.near
        self.near.setText(f"{near.latitude:g}, {near.longitude:g}, {near.km:g} km" if near else "")
        for box, value in (
            (self.folder, wanted.folder),
            (self.camera, wanted.camera),
            (self.format, wanted.format),
            (self.shape, wanted.shape),
            (self.rating, wanted.rating),
            (self.keyword, wanted.keyword),
        ):
            _choose(box, value)

    def show_choices(self, choices: FilterChoices, folders: Sequence[Folder]) -> None:
        """Offer what there is in the library."""
        _fill(
            self.folder,
            self.tr("All folders"),
            [(str(folder.path), folder.path) for folder in folders],
        )
        _fill(self.camera, self.tr("All cameras"), [(name, name) for name in choices.cameras])
        _fill(
            self.format,
            self.tr("All formats"),
            [(format_name(name), name) for name in choices.formats],
        )
        _fill(self.shape, self.tr("All shapes"), [(shape_name(name), name) for name in SHAPES])
        _fill(
            self.rating,
            self.tr("Rated or not"),
            [("★" * stars + (self.tr(" and more") if stars < 5 else ""), stars) for stars in STARS],
        )
        _fill(self.keyword, self.tr("All keywords"), [(word, word) for word in choices.keywords])
        self.show_filter(self._filter)

    def _line(self, hint: str, name: str) -> QLineEdit:
        line = QLineEdit()
        line.setPlaceholderText(hint)
        line.setAccessibleName(name)
        line.editingFinished.connect(self._on_edited)
        return line

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setMinimumContentsLength(12)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.activated.connect(self._on_edited)
        return box

    def _on_edited(self) -> None:
        try:
            wanted = self._read()
        except QueryError as error:
            self._problem.setText(sentence(f"{error}."))
            self._problem.show()
            self.adjustSize()
            return
        if wanted != self._filter:
            self._take(wanted)
        elif self.problem:
            self.show_filter(wanted)

    def _take(self, wanted: Filter) -> None:
        self.show_filter(wanted)
        self.filter_changed.emit(wanted)

    def _read(self) -> Filter:
        """Return what the fields ask for; `QueryError` says what in them cannot be."""
        first, last = self.after.text().strip(), self.before.text().strip()
        near: Near | None = None
        if place := self.near.text().strip():
            near = parse_near(place.lower().removesuffix("km"))
        return Filter(
            after=parse_date(first).begin if first else None,
            before=parse_date(last).end if last else None,
            camera=self.camera.currentData() or "",
            folder=self.folder.currentData(),
            format=self.format.currentData() or "",
            near=near,
            name=self.name.text().strip(),
            lens=self._filter.lens,
            keyword=self.keyword.currentData() or "",
            rating=self.rating.currentData(),
            megapixels=self._filter.megapixels,
            shape=self.shape.currentData() or "",
        )


def _fill(box: QComboBox, everything: str, items: Iterable[tuple[str, object]]) -> None:
    box.clear()
    box.addItem(everything, None)
    for text, value in items:
        box.addItem(text, value)


def _choose(box: QComboBox, value: object) -> None:
    """Choose an item; one that is not offered, such as a folder below another, is added."""
    if value in ("", None):
        box.setCurrentIndex(0)
        return
    # findData would compare a path as Qt does, which knows no paths.
    place = next((each for each in range(box.count()) if box.itemData(each) == value), -1)
    if place < 0:
        box.addItem(value.name if isinstance(value, Path) else str(value), value)
        place = box.count() - 1
    box.setCurrentIndex(place)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
