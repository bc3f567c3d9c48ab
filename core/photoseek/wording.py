"""Puts records into words for a terminal and into values for JSON.

In JSON a file name's odd bytes are lone surrogates, as Python has them, so that a script can
open the file; a terminal gets them as `\\xNN`.
"""

from __future__ import annotations

import re
from pathlib import Path

from photoseek.records import Explanation, LibraryInfo, LibraryModel, Photo, SearchResult

__all__ = [
    "coverage",
    "explanation_text",
    "hit_values",
    "info_values",
    "model_text",
    "model_values",
    "printable",
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


def printable(path: Path) -> str:
    """Return a path as one line that any terminal takes; odd bytes become `\\xNN`.

    Control characters do too: a file's name could otherwise give orders to the terminal.
    """
    text = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)
