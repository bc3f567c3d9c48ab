"""Photoseek's library: finds photos in folders by a phrase or an example photo, offline.

Indexing: `Library.update` makes a `plan`: the `scanner` lists the files of each folder, and the
`database` knows which of them are new, changed or moved. The pool of `decoding` opens those, each
once, in worker processes, and returns thumbnails, pixels and `metadata`; the `encoder` turns
batches of pixels into embeddings; each batch is one transaction of the `indexer`, after which the
`embedding_index` takes a new snapshot. The `settlement` decides what became of missing photos.

Staying current: the `watcher` tells places where files have changed, and `Library.update` then
looks only there.

Searching: what a person types becomes a `Query` of phrases and photos, wanted or not, and a filter
(`phrases`, `typed_dates`, `typed_paths`); what was made of it is told in values (`understood`).
Words that the model does not know are put right by `spelling` where it is plain what was meant. The
query becomes one vector through the `encoder`, a photo in it with the help of those nearest to it
(`expansion`); `ranking` compares it with every embedding by dot product and says where the likely
matches end, among the photos that a filter lets through the `sieve` (`conditions` over the columns
of `facts`); ids become `Photo` records only for the rows that are shown.

The model is a `ModelBundle`: nothing about it is a constant in code. A library keeps a copy of each
that it has (`models`), searches with one as a `loaded_model`, and after each update lets the others
embed what they lack (`catching_up`). The command line is `cli`.
Importing this package loads neither onnxruntime nor sqlite3 nor Pillow: names load on first use.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

# onnxruntime 1.32 counts its use and sends the counts to its maker, and makes an id of the machine
# in the home folder, unless this is set before it is imported. It holds for child processes too.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from photoseek.bundle import ModelBundle
    from photoseek.encoder import Encoder
    from photoseek.errors import (
        BundleError,
        FolderError,
        LibraryBusyError,
        LibraryDamagedError,
        LibraryError,
        LibraryTooNewError,
        PatternError,
        PhotoError,
        PhotoseekError,
        QueryError,
    )
    from photoseek.filters import Filter, Near
    from photoseek.library import Library
    from photoseek.query import Query
    from photoseek.records import (
        Changes,
        Correction,
        Explanation,
        Failure,
        FilterChoices,
        Folder,
        LibraryInfo,
        LibraryModel,
        Metadata,
        Photo,
        Progress,
        Ranking,
        SearchResult,
        UpdateReport,
    )
    from photoseek.understood import CutShort, DateTaken, LeftOut, NamesTaken, PhotoTaken


_HOME = {
    "BundleError": "errors",
    "Changes": "records",
    "Correction": "records",
    "CutShort": "understood",
    "DateTaken": "understood",
    "Encoder": "encoder",
    "Explanation": "records",
    "Failure": "records",
    "Filter": "filters",
    "FilterChoices": "records",
    "Folder": "records",
    "FolderError": "errors",
    "LeftOut": "understood",
    "Library": "library",
    "LibraryBusyError": "errors",
    "LibraryDamagedError": "errors",
    "LibraryError": "errors",
    "LibraryInfo": "records",
    "LibraryModel": "records",
    "LibraryTooNewError": "errors",
    "Metadata": "records",
    "ModelBundle": "bundle",
    "NamesTaken": "understood",
    "Near": "filters",
    "PatternError": "errors",
    "Photo": "records",
    "PhotoError": "errors",
    "PhotoTaken": "understood",
    "PhotoseekError": "errors",
    "Progress": "records",
    "Query": "query",
    "QueryError": "errors",
    "Ranking": "records",
    "SearchResult": "records",
    "UpdateReport": "records",
}

__all__ = [
    "BundleError",
    "Changes",
    "Correction",
    "CutShort",
    "DateTaken",
    "Encoder",
    "Explanation",
    "Failure",
    "Filter",
    "FilterChoices",
    "Folder",
    "FolderError",
    "LeftOut",
    "Library",
    "LibraryBusyError",
    "LibraryDamagedError",
    "LibraryError",
    "LibraryInfo",
    "LibraryModel",
    "LibraryTooNewError",
    "Metadata",
    "ModelBundle",
    "NamesTaken",
    "Near",
    "PatternError",
    "Photo",
    "PhotoError",
    "PhotoTaken",
    "PhotoseekError",
    "Progress",
    "Query",
    "QueryError",
    "Ranking",
    "SearchResult",
    "UpdateReport",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
