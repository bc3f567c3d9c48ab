"""The window's sentences about counts, coverage, progress and results, in one place."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale, QTimeZone

from photoseek import (
    Correction,
    Explanation,
    Failure,
    LibraryInfo,
    LibraryModel,
    Photo,
    Progress,
    UpdateReport,
)
from photoseek.understood import (
    CutShort,
    DateTaken,
    LeftOut,
    NamesTaken,
    PhotoTaken,
    Understood,
    in_another_alphabet,
)
from photoseek_desktop.search_request import Results

__all__ = [
    "corrections_line",
    "count",
    "coverage_line",
    "duration",
    "explanation_text",
    "file_size",
    "model_state",
    "photo_date",
    "photo_tooltip",
    "photos",
    "progress_line",
    "report_line",
    "results_line",
    "sentence",
    "understood_line",
    "unknown_words_line",
    "unwatched_line",
    "with_whole_year",
    "wrapped",
]

TOOLTIP_WIDTH = 80
"""Letters in a line of a tooltip."""


def tr(text: str) -> str:
    """Translate a sentence of this module."""
    return QCoreApplication.translate("messages", text)


def count(number: int) -> str:
    """Write a number the way the person's language does: 12,031."""
    return QLocale().toString(number)


def photos(number: int) -> str:
    """Return "1 photo" or "8,091 photos"."""
    return tr("1 photo") if number == 1 else tr("{count} photos").format(count=count(number))


def sentence(text: str) -> str:
    """Begin a line of core's with a capital, unless it begins with a file's name or an address."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.strip(",").isalpha() else text


def wrapped(text: str) -> str:
    """Break long lines, at any letter where it must be: a tooltip is as wide as its widest line."""
    lines = [textwrap.wrap(line, TOOLTIP_WIDTH) or [""] for line in text.splitlines()]
    return "\n".join(part for line in lines for part in line)


def file_size(size: int) -> str:
    """Write a number of bytes shortly: 12.4 MB."""
    return QLocale().formattedDataSize(size, 1, QLocale.DataSizeFormat.DataSizeTraditionalFormat)


def duration(seconds: float) -> str:
    """Write a length of time as roughly as a person wants to know it."""
    if seconds < 10:
        return tr("a few seconds")
    if seconds < 90:
        return tr("{count} seconds").format(count=count(round(seconds / 5) * 5))
    if seconds < 5400:
        return tr("{count} minutes").format(count=count(round(seconds / 60)))
    return tr("{count} hours").format(count=QLocale().toString(seconds / 3600, "f", 1))


def coverage_line(info: LibraryInfo) -> str:
    """Say how much of the library can be found: "12,031 of 12,044 searchable · 13 …"."""
    if info.photos == info.searchable:
        parts = [tr("{photos} searchable").format(photos=photos(info.searchable))]
    else:
        parts = [
            tr("{searchable} of {photos} searchable").format(
                searchable=count(info.searchable), photos=count(info.photos)
            )
        ]
    if info.pending:
        parts.append(tr("{count} not read yet").format(count=count(info.pending)))
    away = info.not_downloaded
    if info.failed > away:
        parts.append(tr("{count} could not be read").format(count=count(info.failed - away)))
    if away:
        parts.append(tr("{count} not downloaded from the cloud").format(count=count(away)))
    if info.offline:
        parts.append(tr("{count} offline").format(count=count(info.offline)))
    return " · ".join(parts)


def progress_line(progress: Progress, per_second: float | None) -> str:
    """Say how far indexing has come, how fast it goes and how long it will take."""
    if progress.stage == "scanning":
        return tr("Looking for new photos…")
    if progress.stage == "finishing":
        return tr("Finishing…")
    line = tr("Reading photos: {done} of {total}")
    if progress.beside:
        line = tr("Reading photos with {model} too: {done} of {total}")
    parts = [
        line.format(model=progress.beside, done=count(progress.done), total=count(progress.total))
    ]
    if per_second:
        speed = QLocale().toString(per_second, "f", 0 if per_second >= 10 else 1)
        parts.append(tr("{count} a second").format(count=speed))
        left = duration((progress.total - progress.done) / per_second)
        parts.append(tr("{duration} left").format(duration=left))
    if progress.failed:
        parts.append(tr("{count} could not be read").format(count=count(progress.failed)))
    return " · ".join(parts)


def unwatched_line(failure: Failure) -> str:
    """Say which folder is not watched, why, and what is done instead."""
    return tr("{folder} {reason}; it is looked at again every minute").format(
        folder=failure.path, reason=failure.reason
    )


def report_line(report: UpdateReport) -> str:
    """Say what an update changed; empty when it changed nothing."""
    changes = (
        (report.added, tr("{photos} added")),
        (report.changed, tr("{photos} read again")),
        (report.moved, tr("{photos} moved")),
        (report.removed, tr("{photos} gone")),
        (report.failed, tr("{photos} could not be read")),
        (report.beside, tr("{photos} read with another model too")),
    )
    parts = [text.format(photos=photos(number)) for number, text in changes if number]
    # Core's lines name commands for the terminal after a semicolon.
    parts += [problem.split("; ")[0] for problem in report.problems]
    if report.cancelled:
        parts.insert(0, tr("Stopped; press F5 to go on"))
    return " · ".join(parts)


def model_state(model: LibraryModel) -> str:
    """Say what a model can be used for."""
    if not model.kept:
        return tr("Its files are missing: add it again, or remove it")
    if model.lacking:
        state = tr("has not read {photos}").format(photos=photos(model.lacking))
    else:
        state = tr("has read all photos")
    return (
        tr("In use; {state}").format(state=state) if model.in_use else state[:1].upper() + state[1:]
    )


def results_line(results: Results) -> str:
    """Say what the grid shows."""
    total = len(results.ids)
    if not results.is_compared:
        return tr("{photos}, newest first").format(photos=photos(total))
    if not results.tells_likely:
        return tr("{photos}, closest first").format(photos=photos(total))
    if not results.likely:
        return tr("No likely match among {photos}").format(photos=photos(total))
    if results.likely == 1:
        return tr("1 likely match among {photos}").format(photos=photos(total))
    return tr("{likely} likely matches among {photos}").format(
        likely=count(results.likely), photos=photos(total)
    )


def corrections_line(corrections: Sequence[Correction]) -> str:
    """Say which words were searched for in place of those typed."""
    return " ".join(
        tr("Showing results for “{meant}” instead of “{typed}”.").format(
            meant=correction.meant, typed=correction.typed
        )
        for correction in corrections
    )


def unknown_words_line(words: Sequence[str], *, searched: bool) -> str:
    """Say which words the model does not know, and whether the others were searched for."""
    quoted = ", ".join(f"“{word}”" for word in words)
    if len(words) == 1:
        line = tr("I don't know the word {words}.").format(words=quoted)
    else:
        line = tr("I don't know the words {words}.").format(words=quoted)
    if any(map(in_another_alphabet, words)):
        line += " " + tr("I read English.")
    return line + " " + tr("These are the matches for the rest.") if searched else line


def understood_line(understood: Sequence[Understood]) -> str:
    """Say what was made of the phrase besides words to search for."""
    return " ".join(map(_understood, understood))


def _understood(item: Understood) -> str:
    match item:
        case DateTaken(typed, after, before):
            return tr("“{typed}” is taken for a date: only photos {dates} are shown.").format(
                typed=typed, dates=_dates(after, before)
            )
        case LeftOut(typed, phrase):
            return tr("“{typed}” leaves out {phrase}, as -{phrase} does.").format(
                typed=typed, phrase=phrase
            )
        case PhotoTaken(_, path):
            return tr("Searching by the photo {name}.").format(name=path.name)
        case NamesTaken(typed, number):
            line = tr("{photos} named “{typed}”.")
            return line.format(photos=photos(number), typed=typed)
        case CutShort(words):
            return tr("That is too long for me: I read the first {count} words.").format(
                count=count(words)
            )


def _dates(after: datetime | None, before: datetime | None) -> str:
    first = _day(after) if after else ""
    last = _day(before - timedelta(microseconds=1)) if before else ""
    if first and last:
        if first == last:
            return tr("of {date}").format(date=first)
        return tr("from {first} to {last}").format(first=first, last=last)
    return tr("since {date}").format(date=first) if first else tr("until {date}").format(date=last)


def _day(moment: datetime) -> str:
    return QLocale().toString(
        QDate(moment.year, moment.month, moment.day), QLocale.FormatType.LongFormat
    )


def explanation_text(explanation: Explanation) -> str:
    """Say why a file is, or is not, found, and where it stands for the search."""
    by_status = {
        "found": tr("This photo is in the library and can be found."),
        "failed": tr("This file could not be read: {reason}."),
        "excluded": tr("This file is left out: {reason}."),
        "offline": tr("This photo is offline, and can still be found: {reason}."),
        "pending": tr("This photo has not been read yet. Press F5 to go on reading."),
        "not indexed": tr("This file is not in the library: {reason}."),
    }
    # Core's reasons name commands for the terminal after a semicolon.
    reason = explanation.reason.split("; ")[0]
    lines = [by_status[explanation.status].format(reason=reason)]
    if explanation.rank is not None and explanation.of is not None:
        lines.append(
            tr("For this search it is number {rank} of {of}.").format(
                rank=count(explanation.rank), of=count(explanation.of)
            )
        )
    if explanation.deviations is not None:
        lines.append(
            tr(
                "Its score lies {count} deviations {side} what is usual here for this search."
            ).format(
                count=QLocale().toString(abs(explanation.deviations), "f", 1),
                side=tr("above") if explanation.deviations >= 0 else tr("below"),
            )
        )
    if explanation.likely is not None:
        lines.append(
            tr("That makes it a likely match.")
            if explanation.likely
            else tr("That is too little for a likely match.")
        )
    return "\n".join(lines)


def photo_date(photo: Photo) -> str:
    """Write when a photo was taken by its camera's clock, with the time zone where it tells it."""
    date = photo.date
    moment = QDateTime(date.year, date.month, date.day, date.hour, date.minute, date.second)
    short = QLocale().dateTimeFormat(QLocale.FormatType.ShortFormat)
    text = QLocale().toString(moment, with_whole_year(short))
    offset = photo.metadata.taken.utcoffset() if photo.metadata.taken else None
    return (
        text
        if offset is None
        else f"{text} {QTimeZone(int(offset.total_seconds())).abbreviation(moment)}"
    )


def with_whole_year(form: str) -> str:
    """Return a locale's form of a date with the century: photos may come from another one."""
    return form if "yyyy" in form else form.replace("yy", "yyyy")


def photo_tooltip(photo: Photo) -> str:
    """Describe a photo in a few lines: name, folder, size, date."""
    lines = [
        photo.path.name,
        str(photo.path.parent),
        f"{photo.width} × {photo.height} · {file_size(photo.file_size)}",
        photo_date(photo),
    ]
    if photo.offline:
        lines.append(tr("Offline: the file cannot be reached now"))
    return wrapped("\n".join(lines))
