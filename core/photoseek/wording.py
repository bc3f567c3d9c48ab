"""Puts records into words for a terminal and into values for JSON.

In JSON a file name's odd bytes are lone surrogates, as Python has them, so that a script can
open the file; a terminal gets them as `\\xNN`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from photoseek.records import (
    Explanation,
    LibraryInfo,
    LibraryModel,
    Photo,
    Ranking,
    SearchResult,
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

__all__ = [
    "coverage",
    "explanation_text",
    "hit_text",
    "hit_values",
    "info_values",
    "likely_text",
    "model_text",
    "model_values",
    "printable",
    "understood_lines",
    "understood_values",
]


def hit_values(result: SearchResult) -> dict[str, object]:
    """Return one hit as JSON has it."""
    return {
        "rank": result.rank,
        "path": str(result.photo.path),
        "score": round(result.score, 6),
        "likely": result.likely,
        "offline": result.photo.offline,
        **_photo_values(result.photo),
    }


def _photo_values(photo: Photo) -> dict[str, object]:
    """Return a photo's date, metadata and size; `dated_by` says what the date was read from."""
    metadata = photo.metadata
    place = None if metadata.latitude is None else [metadata.latitude, metadata.longitude]
    return {
        "date": photo.date.isoformat(timespec="seconds"),
        "dated_by": photo.dated_by,
        "camera": metadata.camera,
        "lens": metadata.lens,
        "size": [photo.width, photo.height],
        "orientation": metadata.orientation,
        "place": place,
        "rating": metadata.rating,
        "keywords": list(metadata.keywords),
        "format": metadata.format,
    }


def hit_text(result: SearchResult, *, is_compared: bool) -> str:
    """Return one hit as a line: a star for a likely one, and its score, or the photo's date."""
    value = f"{result.score:.3f}" if is_compared else f"{result.photo.date:%Y-%m-%d}"
    offline = "  (offline)" if result.photo.offline else ""
    mark = "*" if result.likely else " "
    return f"{result.rank:4} {mark} {value}  {printable(result.photo.path)}{offline}"


def likely_text(ranking: Ranking, *, tells_likely: bool) -> str:
    """Return the line below the hits: how many photos are likely matches, shown or not."""
    if not tells_likely:
        return "these come nearest; the model does not tell which are likely"
    if not ranking.likely:
        return "no likely match; these come nearest"
    shown = ranking.likely < ranking.all_likely
    more = f", the best {ranking.likely:,} of which are shown" if shown else ""
    return f"{ranking.all_likely:,} likely (*){more}"


def understood_lines(ranking: Ranking) -> Iterator[str]:
    """Give a line for all that was not simply searched for as it was typed."""
    for item in ranking.understood:
        yield _understood_text(item)
    if ranking.corrections:
        words = ", ".join(f"'{item.meant}' for '{item.typed}'" for item in ranking.corrections)
        yield f"taken {words}; --as-typed does not do so"
    if ranking.unknown_words:
        words = ", ".join(f"'{word}'" for word in ranking.unknown_words)
        english = any(map(in_another_alphabet, ranking.unknown_words))
        yield f"the model does not know {words}" + ("; it reads English" if english else "")


def _understood_text(item: Understood) -> str:
    match item:
        case DateTaken(typed, after, before):
            return f"'{typed}' shows only photos {_dates(after, before)}; --as-typed does not do so"
        case LeftOut(typed, phrase):
            return f"'{typed}' leaves out '{phrase}', as a minus does; --as-typed does not do so"
        case PhotoTaken(_, path):
            return f"searched by the photo {path}; --as-typed does not do so"
        case NamesTaken(typed, count):
            files = "1 file is" if count == 1 else f"{count:,} files are"
            return f"{files} named '{typed}'; --as-typed searches for the words instead"
        case CutShort(words):
            return f"the phrase is too long; only its first {words} words are searched for"


def _dates(after: datetime | None, before: datetime | None) -> str:
    """Write an interval with its first and its last day, which `before` is not in."""
    first = f"{after:%Y-%m-%d}" if after else ""
    last = f"{before - timedelta(microseconds=1):%Y-%m-%d}" if before else ""
    if first and last:
        return f"of {first}" if first == last else f"from {first} to {last}"
    return f"from {first} on" if first else f"until {last}"


def understood_values(ranking: Ranking) -> dict[str, object]:
    """Return the same for JSON; a key is there only where there is something to say."""
    values: dict[str, object] = {}
    if ranking.corrections:
        values["corrected"] = {item.typed: item.meant for item in ranking.corrections}
    if ranking.unknown_words:
        values["unknown"] = list(ranking.unknown_words)
    if ranking.understood:
        values["understood"] = [_understood_value(item) for item in ranking.understood]
    return values


def _understood_value(item: Understood) -> dict[str, object]:
    match item:
        case DateTaken(typed, after, before):
            return {
                "as": "date",
                "typed": typed,
                "after": after.isoformat() if after else None,
                "before": before.isoformat() if before else None,
            }
        case LeftOut(typed, phrase):
            return {"as": "left out", "typed": typed, "phrase": phrase}
        case PhotoTaken(typed, path):
            return {"as": "photo", "typed": typed, "path": str(path)}
        case NamesTaken(typed, count):
            return {"as": "file name", "typed": typed, "count": count}
        case CutShort(words):
            return {"as": "cut short", "words": words}


def info_values(info: LibraryInfo) -> dict[str, object]:
    """Return a library's state as JSON has it."""
    return {
        "library": str(info.directory),
        "photos": info.photos,
        "searchable": info.searchable,
        "failed": info.failed,
        "not_downloaded": info.not_downloaded,
        "pending": info.pending,
        "offline": info.offline,
        "folders": [
            {
                "path": str(folder.path),
                "photos": folder.photos,
                "online": folder.online,
                "reason": folder.reason,
            }
            for folder in info.folders
        ],
        "exclusions": list(info.exclusions),
        "failures": [{"path": str(item.path), "reason": item.reason} for item in info.failures],
        "model": {"id": info.model_id, "name": info.model_name},
        "models": [model_values(model) for model in info.models],
        "provider": info.provider,
        "fallback": info.fallback,
        "sizes": {
            "database": info.database_bytes,
            "backups": info.backup_bytes,
            "thumbnails": info.thumbnail_bytes,
            "models": sum(model.bundle_bytes for model in info.models),
        },
    }


def model_values(model: LibraryModel) -> dict[str, object]:
    """Return one of a library's models as JSON has it."""
    return {
        "id": model.id,
        "name": model.name,
        "in_use": model.in_use,
        "kept": model.kept,
        "embedded": model.embedded,
        "lacking": model.lacking,
        "sizes": {"bundle": model.bundle_bytes, "embeddings": model.embedding_bytes},
    }


def model_text(model: LibraryModel) -> str:
    """Return one of a library's models as a line; a star marks the one in use."""
    readable = model.embedded + model.lacking
    line = f"{'*' if model.in_use else ' '} {model.id}  {model.name}"
    line += f"  {model.embedded:,} of {readable:,} photos"
    size = (model.bundle_bytes + model.embedding_bytes) / 1e6
    return f"{line}, {size:.1f} MB" + ("" if model.kept else ", its files are missing")


def coverage(info: LibraryInfo) -> str:
    """Return the truth about coverage in one line."""
    parts = [f"{info.searchable:,} of {info.photos:,} searchable"]
    if info.failed > info.not_downloaded:
        parts.append(f"{info.failed - info.not_downloaded:,} could not be read")
    if info.not_downloaded:
        parts.append(f"{info.not_downloaded:,} not downloaded from the cloud")
    if info.pending:
        parts.append(f"{info.pending:,} still to be read")
    if info.offline:
        parts.append(f"{info.offline:,} kept although their files are gone")
    return "; ".join(parts)


def explanation_text(explanation: Explanation, phrase: str | None) -> str:
    """Return why a photo is, or is not, found: one line, and one more for its rank."""
    line = f"{printable(explanation.path)}: {explanation.status}: {explanation.reason}"
    if explanation.rank is None:
        return line
    place = f"rank {explanation.rank:,} of {explanation.of:,} for {phrase!r}"
    place += f", score {explanation.score:.3f}"
    if explanation.deviations is not None:
        place += f", {explanation.deviations:+.1f} deviations from this library's usual"
    return f"{line}\n{place}; {'a likely match' if explanation.likely else 'not a likely match'}"


def printable(path: Path | str) -> str:
    """Return a path or a sentence as one line that any terminal takes; odd bytes become `\\xNN`.

    Control characters do too: a file's name could otherwise give orders to the terminal.
    """
    text = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)
