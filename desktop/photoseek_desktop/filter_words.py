"""Puts the parts of a filter into words, each with what is left when it is taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from photoseek import Filter
from photoseek_desktop.messages import with_whole_year

__all__ = ["FilterPart", "filter_parts", "format_name", "shape_name"]

_SHORT = QLocale.FormatType.ShortFormat


@dataclass(frozen=True)
class FilterPart:
    """One thing that a filter asks for, and the filter without it."""

    text: str
    rest: Filter


def filter_parts(wanted: Filter) -> list[FilterPart]:
    """Return what a filter asks for, one part after another."""
    parts: list[FilterPart] = []

    def add(text: str, **nothing: object) -> None:
        parts.append(FilterPart(text, replace(wanted, **nothing)))  # type: ignore[arg-type]

    if wanted.after or wanted.before:
        add(_dates(wanted.after, wanted.before), after=None, before=None)
    if wanted.folder is not None:
        add(tr("in {folder}").format(folder=wanted.folder.name or wanted.folder), folder=None)
    if wanted.near is not None:
        add(
            tr("within {km} km of {north}, {east}").format(
                km=_number(wanted.near.km),
                north=_number(wanted.near.latitude),
                east=_number(wanted.near.longitude),
            ),
            near=None,
        )
    if wanted.camera:
        add(wanted.camera, camera="")
    if wanted.lens:
        add(wanted.lens, lens="")
    if wanted.format:
        add(format_name(wanted.format), format="")
    if wanted.shape:
        add(shape_name(wanted.shape), shape="")
    if wanted.megapixels is not None:
        text = tr("{count} megapixels and more").format(count=_number(wanted.megapixels))
        add(text, megapixels=None)
    if wanted.rating is not None:
        add(
            "★" * wanted.rating + " " + tr("and more") if wanted.rating else tr("rated"),
            rating=None,
        )
    if wanted.keyword:
        add(tr("keyword “{word}”").format(word=wanted.keyword), keyword="")
    if wanted.name:
        add(tr("named “{name}”").format(name=wanted.name), name="")
    return parts


def format_name(format_: str) -> str:
    """Return a format as people write it."""
    return {"jp2": "JPEG 2000", "webp": "WebP"}.get(format_, format_.upper())


def shape_name(shape: str) -> str:
    """Return a shape in the person's language."""
    names = {"landscape": tr("Landscape"), "portrait": tr("Portrait"), "square": tr("Square")}
    return names[shape]


def _dates(after: datetime | None, before: datetime | None) -> str:
    if all(moment is None or moment == datetime(moment.year, 1, 1) for moment in (after, before)):
        first = str(after.year) if after else ""
        last = str(before.year - 1) if before else ""
    else:
        first = _day(after) if after else ""
        last = _day(before - timedelta(microseconds=1)) if before else ""
    if first and last:
        return first if first == last else f"{first} – {last}"
    if first:
        return tr("since {date}").format(date=first)
    return tr("until {date}").format(date=last)


def _day(moment: datetime) -> str:
    day = QDate(moment.year, moment.month, moment.day)
    return QLocale().toString(day, with_whole_year(QLocale().dateFormat(_SHORT)))


def _number(number: float) -> str:
    return QLocale().toString(number, "g", 6)


def tr(text: str) -> str:
    """Translate a sentence of this module."""
    return QCoreApplication.translate("filter_words", text)
