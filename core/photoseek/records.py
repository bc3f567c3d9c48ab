"""The values that core hands out: frozen records of photos, folders, results and reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from photoseek.manifest import RecallReport
    from photoseek.understood import Understood

__all__ = [
    "NOT_DOWNLOADED",
    "Changes",
    "Correction",
    "DatedBy",
    "Explanation",
    "Failure",
    "FilterChoices",
    "Folder",
    "LibraryInfo",
    "LibraryModel",
    "Metadata",
    "Photo",
    "Progress",
    "Ranking",
    "SearchResult",
    "UpdateReport",
]


@dataclass(frozen=True)
class Folder:
    """A folder of the library; `reason` says why it is offline."""

    id: int
    path: Path
    online: bool
    reason: str | None
    photos: int


@dataclass(frozen=True)
class Metadata:
    """What a photo says of itself; empty or None where it says nothing.

    `taken` is the camera's clock, with its time zone where the photo tells it. `orientation` is
    EXIF's, 1 to 8, `rating` 0 to 5; `format` names the content, whatever the file is called.
    """

    taken: datetime | None = None
    camera: str = ""
    lens: str = ""
    orientation: int = 1
    latitude: float | None = None
    longitude: float | None = None
    rating: int | None = None
    keywords: tuple[str, ...] = ()
    format: str = ""


DatedBy = Literal["photo", "name", "file"]
"""What a photo's date was read from: the photo itself, or its file's name, or its file's time."""


@dataclass(frozen=True)
class Photo:
    """A readable photo; `width` and `height` are upright pixels, `file_size` is in bytes.

    `date` is the one that it is sorted and filtered by, on the camera's clock; it has a time zone
    only where the photo tells it. A date from the file's time is on this computer's clock.
    """

    id: int
    path: Path
    folder: Path
    width: int
    height: int
    file_size: int
    modified: datetime
    offline: bool
    date: datetime
    dated_by: DatedBy
    metadata: Metadata = Metadata()

    @property
    def dated_by_file(self) -> bool:
        """Whether `date` is only the file's time."""
        return self.dated_by == "file"


@dataclass(frozen=True)
class FilterChoices:
    """What filters can ask for in a library, each text once, sorted."""

    cameras: tuple[str, ...]
    lenses: tuple[str, ...]
    formats: tuple[str, ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Correction:
    """A word that the model does not know, as typed, and the known one that it was taken for."""

    typed: str
    meant: str


@dataclass(frozen=True)
class Ranking:
    """All photos compared with a query, best first.

    `ids` is `(n,)` int64 and `scores` `(n,)` float32 dot products of unit vectors; the first
    `likely` rows are likely matches, of which there are `all_likely` where not all rows were asked
    for. `unknown_words` are those the model's vocabulary lacks, `corrections` those in whose place
    known ones were searched for, `understood` what else was made of the phrase. Without
    `is_compared` the photos were only filtered: they come newest first, and all scores are 0.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    likely: int
    unknown_words: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    understood: tuple[Understood, ...] = ()
    all_likely: int = 0
    is_compared: bool = True


@dataclass(frozen=True)
class SearchResult:
    """One row of a search; `rank` starts at 1."""

    rank: int
    photo: Photo
    score: float
    likely: bool


@dataclass(frozen=True)
class Failure:
    """A file that could not be read as a photo, or a folder that could not be listed."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Changes:
    """What a watcher asks an update to look at: `places`, files or folders, or everything (None).

    `unwatched` are the folders that it cannot watch, with the reason: those are only looked at
    again from time to time.
    """

    places: frozenset[Path] | None
    unwatched: tuple[Failure, ...]


@dataclass(frozen=True)
class Progress:
    """How far an update has come: files done of the total to open, and how many of them failed.

    `beside` names the model, where it is not the one in use that embeds.
    """

    stage: Literal["scanning", "embedding", "finishing"]
    done: int
    total: int
    failed: int
    beside: str = ""


@dataclass(frozen=True)
class UpdateReport:
    """What an update found and did, in photos.

    `found` counts files seen in the folders, `offline` the kept photos whose files are gone,
    `beside` those embedded by other models than the one in use. `problems` says in a line each
    which of those models cannot be used, and why no backup could be kept.
    """

    found: int
    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    failed: int
    offline: int
    cancelled: bool
    seconds: float
    beside: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class LibraryModel:
    """A model of a library: photos `embedded` by it and those `lacking`, and sizes in bytes.

    `kept` tells whether its bundle lies in the library; without it, it cannot be used.
    """

    id: str
    name: str
    in_use: bool
    kept: bool
    embedded: int
    lacking: int
    bundle_bytes: int
    embedding_bytes: int

    @property
    def whole(self) -> bool:
        """Whether every photo that can be read is embedded by it."""
        return self.kept and not self.lacking


NOT_DOWNLOADED = "it lies in the cloud; open it once, or keep its folder on this device"
"""Why a file that a cloud drive shows, without having fetched it, is not read."""


@dataclass(frozen=True)
class LibraryInfo:
    """The state of a library: coverage, folders, failures, model, provider and sizes in bytes.

    `photos` = `searchable` + `failed` + `pending`; `offline` photos stay searchable. Of the
    `failed`, `not_downloaded` are only shown by a cloud drive: Photoseek fetches nothing. The
    sizes of database, backups and thumbnails are as measured last; 0 before that.
    """

    directory: Path
    photos: int
    searchable: int
    failed: int
    pending: int
    offline: int
    folders: tuple[Folder, ...]
    failures: tuple[Failure, ...]
    model_id: str
    model_name: str
    recall: RecallReport | None
    provider: str
    fallback: str | None
    database_bytes: int
    backup_bytes: int
    thumbnail_bytes: int
    models: tuple[LibraryModel, ...] = ()
    exclusions: tuple[str, ...] = ()

    @property
    def not_downloaded(self) -> int:
        """How many photos a cloud drive has not fetched."""
        return sum(failure.reason == NOT_DOWNLOADED for failure in self.failures)


@dataclass(frozen=True)
class Explanation:
    """Why a file is, or is not, found: its state, and its place for a phrase if one was given.

    `deviations` says how many standard deviations its score lies above the usual one here.
    """

    path: Path
    status: Literal["found", "not indexed", "excluded", "failed", "pending", "offline"]
    reason: str
    rank: int | None = None
    of: int | None = None
    score: float | None = None
    deviations: float | None = None
    likely: bool | None = None
