"""What the library remembers of folders, photos and embeddings: every question asked of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from photoseek.database.backups import Backups, Scope
from photoseek.database.connection import Connection
from photoseek.database.exclusion_table import ExclusionTable
from photoseek.database.folder_table import FolderTable
from photoseek.database.model_table import ModelTable
from photoseek.database.rows import (
    DATE,
    DESCRIPTION,
    RowError,
    from_date,
    from_metadata,
    to_fact_row,
    to_path,
    to_photo,
)
from photoseek.database.vectors import unit_rows
from photoseek.facts import FactRow
from photoseek.paths import path_below
from photoseek.records import Failure, Metadata, Photo

__all__ = [
    "Catalogue",
    "Counts",
    "EmbeddingChanges",
    "KnownFile",
    "PhotoFile",
    "StoredFailure",
]


T = TypeVar("T")


class PhotoFile(NamedTuple):
    """A place in a folder and the file that was seen there; `name` is the path below the folder.

    `changed_ns` is the time of its entry (ctime), `beside` the stamp of its sidecars. A tuple, as
    is `KnownFile`: a scan makes one of each photo, and tuples are made faster.
    """

    folder_id: int
    name: bytes
    file_size: int
    modified_ns: int
    changed_ns: int = 0
    beside: int = 0


class KnownFile(NamedTuple):
    """What the library remembers of a file; `embedded` is for the model in use.

    `described` tells whether its metadata has been read. Where it could not be read as a photo,
    `failure` says why, `failure_kind` for code, and `reader` which versions tried. `tries` counts
    what may pass and has not; before `try_after`, in seconds since 1970, there is no next one.
    """

    id: int
    folder_id: int
    name: bytes
    file_size: int
    modified_ns: int
    changed_ns: int
    beside: int
    digest: bytes | None
    failure: str | None
    failure_kind: str | None
    tries: int
    try_after: int
    reader: str | None
    missing: bool
    embedded: bool
    described: bool

    @property
    def file(self) -> PhotoFile:
        """The file as it was seen last."""
        return PhotoFile(*self[1:7])


class StoredFailure(NamedTuple):
    """Why a file is no photo, as `KnownFile` has it."""

    reason: str
    kind: str
    tries: int = 0
    try_after: int = 0
    reader: str | None = None


@dataclass(frozen=True)
class EmbeddingChanges:
    """What came and went since a reader last asked: `ids` `(n,)`, `vectors` `(n, dim)` float32.

    `anew` says that the reader has to forget what it knows. `last_added` and `last_removed` are
    where it stands after it.
    """

    ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    removed: tuple[int, ...]
    anew: bool
    last_added: int
    last_removed: int


@dataclass(frozen=True)
class Counts:
    """Files by state, for one model."""

    photos: int
    searchable: int
    failed: int
    offline: int


_KNOWN = (
    "SELECT p.id, p.folder_id, p.name, p.file_size, p.modified_ns, p.changed_ns, p.beside, "
    "p.digest, p.failure, p.failure_kind, p.tries, p.try_after, p.reader, p.missing, "
    "e.seq IS NOT NULL, p.described FROM photos p "
    "LEFT JOIN embeddings e ON e.photo_id = p.id "
    "AND e.model = (SELECT id FROM models WHERE model_id = ?)"
)

_KNOWN_KINDS = "iibiiiiBTTiiTiii"

_FAILURE = (
    "folder_id, name, file_size, modified_ns, changed_ns, beside, failure, failure_kind, tries, "
    "try_after, reader"
)
"""The columns of a `PhotoFile` and a `StoredFailure`."""

PORTION = 1024
"""Embeddings that are read at once: a few megabytes, which the next ones take again. With 8192, a
million take half as long again."""


class Catalogue:
    """The tables of one library, through one connection.

    What concerns `folders`, `models` or `exclusions` alone is asked of those.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = Connection(path)
        self.folders = FolderTable(self._connection)
        self.models = ModelTable(self._connection)
        self.exclusions = ExclusionTable(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def settle(self) -> None:
        """Write everything into the file itself, which can then be moved."""
        self._connection.settle()

    def transaction(self) -> AbstractContextManager[None]:
        """Run what is inside as one: all of it lands, or none."""
        return self._connection.transaction()

    def check(self) -> None:
        """Read the whole file; `LibraryDamagedError` where its tables do not hold together."""
        self._connection.check()

    def check_thoroughly(self) -> None:
        """As `check`, and see that each value is one that Photoseek writes."""
        self._connection.check(thoroughly=True)
        for model in self.models.rows():
            for _ in self.embedding_changes(model.id, model.embedding_dim, 0, 0):
                pass
        self.scope()
        ids = [facts.id for facts in self.fact_rows(0)]
        for start in range(0, len(ids), PORTION):
            self.photos(ids[start : start + PORTION])

    def back_up(self, cancelled: Callable[[], bool]) -> None:
        """Keep a checked copy of the file, if enough has changed since the last one.

        `LibraryDamagedError` where the check fails, `OSError` where the disk does not take it.
        """
        backups, size = Backups(self.path.parent), self.path.stat().st_size
        if self._connection.copy(lambda source: backups.is_due(source, size)):
            self.check()
            self._connection.copy(lambda source: backups.keep(source, cancelled))

    def scope(self) -> Scope:
        """Return what the library covers."""
        folders = tuple(folder.path for folder in self.folders.all())
        return Scope(folders, self.exclusions.patterns())

    def remove_folder(self, folder_id: int) -> None:
        """Forget a folder with its photos, hidden or not."""
        self._connection.run("DELETE FROM folders WHERE id = ?", folder_id)

    # Digests, by which the thumbnails are named

    def note_digests(self) -> None:
        """Take note, from now on, of the digests of whatever leaves the library in whatever way."""
        self._connection.run("CREATE TEMP TABLE left_digests (digest BLOB PRIMARY KEY)")
        for table in ("photos", "excluded_photos"):
            self._connection.run(
                f"CREATE TEMP TRIGGER left_{table} AFTER DELETE ON main.{table} "  # noqa: S608 -- one of two
                "WHEN old.digest IS NOT NULL "
                "BEGIN INSERT OR IGNORE INTO left_digests VALUES (old.digest); END"
            )

    def unused_digests(self) -> list[bytes]:
        """Return the digests noted since the last call that no photo has, shown or hidden."""
        with self.transaction():
            rows = self._connection.rows(
                "SELECT digest FROM left_digests WHERE digest NOT IN (SELECT digest FROM photos "
                "WHERE digest IS NOT NULL) AND digest NOT IN (SELECT digest FROM excluded_photos "
                "WHERE digest IS NOT NULL)"
            )
            self._connection.run("DELETE FROM left_digests")
        return [row[0] for row in rows]

    def digests(self) -> set[bytes]:
        """Return the digest of every photo, shown or hidden."""
        rows = self._connection.rows(
            "SELECT digest FROM photos WHERE digest IS NOT NULL "
            "UNION SELECT digest FROM excluded_photos WHERE digest IS NOT NULL"
        )
        return {row[0] for row in rows}

    # Files

    def known_files(self, model_id: str, folder_id: int) -> list[KnownFile]:
        """Return every file the library remembers of a folder."""
        return self._known(model_id, "p.folder_id = ?", folder_id)

    def known_at(self, model_id: str, folder_id: int, names: Sequence[bytes]) -> list[KnownFile]:
        """Return the files remembered under these names, and below them where they are folders."""
        sep = os.fsencode(os.sep)
        end = bytes([sep[0] + 1])  # no name below a folder comes after this one
        where = "p.folder_id = ? AND (p.name = ? OR (p.name > ? AND p.name < ?))"
        return [
            known
            for name in names
            for known in self._known(model_id, where, folder_id, name, name + sep, name + end)
        ]

    def embedded_files(self, model_id: str, file_sizes: Iterable[int]) -> list[KnownFile]:
        """Return the files of these sizes that have an embedding to lend."""
        return self._known(
            model_id,
            "e.seq IS NOT NULL AND p.file_size IN (SELECT value FROM json_each(?))",
            json.dumps(list(file_sizes)),
        )

    def find_file(self, folder_id: int, name: bytes, model_id: str) -> KnownFile | None:
        """Return what is remembered of one file."""
        found = self._known(model_id, "p.folder_id = ? AND p.name = ?", folder_id, name)
        return found[0] if found else None

    def files_of_size(self, file_size: int, model_id: str) -> list[KnownFile]:
        """Return what is remembered of all files of a size."""
        return self._known(model_id, "p.file_size = ?", file_size)

    def _known(self, model_id: str, where: str, *values: object) -> list[KnownFile]:
        rows = self._connection.typed(_KNOWN_KINDS, f"{_KNOWN} WHERE {where}", model_id, *values)
        return [KnownFile._make(row) for row in rows]

    def put_photo(
        self, file: PhotoFile, digest: bytes, width: int, height: int, metadata: Metadata
    ) -> int:
        """Store a readable photo, return its id; the same bytes at the same place keep theirs."""
        with self.transaction():
            rows = self._connection.rows(
                "SELECT id FROM photos WHERE folder_id = ? AND name = ? AND digest = ? "
                "AND failure IS NULL",
                file.folder_id,
                file.name,
                digest,
            )
            if rows:
                self.move_photo(rows[0][0], file)
                self.describe(rows[0][0], metadata)
                return int(rows[0][0])
            self._clear(file)
            photo_id = self._connection.run(
                "INSERT INTO photos (folder_id, name, file_size, modified_ns, changed_ns, beside, "
                "digest, width, height) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *file,
                digest,
                width,
                height,
            )
            self.describe(photo_id, metadata)
            return photo_id

    def describe(self, photo_id: int, metadata: Metadata) -> None:
        """Store what a photo says of itself."""
        with self.transaction():
            self._connection.run(
                f"UPDATE photos SET ({DESCRIPTION}, described) = "  # noqa: S608 -- our own constant
                "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) WHERE id = ?",
                *from_metadata(metadata),
                photo_id,
            )
            self._date(photo_id)

    def _date(self, photo_id: int) -> None:
        """Store the one date of a photo; to be called whenever what it depends on has changed."""
        for row in self._connection.rows(
            "SELECT name, modified_ns, taken, taken_us FROM photos WHERE id = ?", photo_id
        ):
            self._connection.run(
                f"UPDATE photos SET ({DATE}) = (?, ?, ?) WHERE id = ?",  # noqa: S608 -- our own constant
                *self._checked(partial(from_date, row)),
                photo_id,
            )

    def put_failure(self, file: PhotoFile, failure: StoredFailure) -> None:
        """Record why a file is no photo. Where just that is known, nothing is written."""
        values = (*file, *failure)
        with self.transaction():
            rows = self._connection.rows(
                f"SELECT id, failure IS NOT NULL, missing, {_FAILURE} FROM photos "  # noqa: S608 -- our own constant
                "WHERE folder_id = ? AND name = ?",
                file.folder_id,
                file.name,
            )
            if rows and rows[0][1:] == (1, 0, *values):
                return
            if rows and rows[0][1]:
                self._connection.run(
                    f"UPDATE photos SET missing = 0, ({_FAILURE}) = "  # noqa: S608 -- our own constant
                    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                    *values,
                    rows[0][0],
                )
                return
            # It was a photo, and an id stands for a photo's bytes.
            self._clear(file)
            self._connection.run(
                f"INSERT INTO photos ({_FAILURE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- our own constant
                *values,
            )

    def put_off(self, photo_id: int, tries: int, try_after: int) -> None:
        """Record that a photo which was read before could not be, and when to try again."""
        self._connection.run(
            "UPDATE photos SET tries = ?, try_after = ? WHERE id = ?", tries, try_after, photo_id
        )

    def copy_photo(self, source_id: int, file: PhotoFile) -> int | None:
        """Add a file whose bytes are those of a known photo, with all of its embeddings.

        Return its id; None, and nothing is done, where that photo has gone in the meantime.
        """
        with self.transaction():
            if not self._connection.rows("SELECT 1 FROM photos WHERE id = ?", source_id):
                return None
            self._clear(file)
            copy = self._connection.run(
                "INSERT INTO photos (folder_id, name, file_size, modified_ns, changed_ns, beside, "  # noqa: S608 -- our own constant
                f"digest, width, height, described, {DESCRIPTION}) SELECT ?, ?, ?, ?, ?, ?, "
                f"digest, width, height, described, {DESCRIPTION} FROM photos WHERE id = ?",
                *file,
                source_id,
            )
            self._connection.run(
                "INSERT INTO embeddings (photo_id, model, vector) "
                "SELECT ?, model, vector FROM embeddings WHERE photo_id = ?",
                copy,
                source_id,
            )
            self._date(copy)
            return copy

    def move_photo(self, photo_id: int, file: PhotoFile) -> None:
        """Give a photo its new place; its id, embeddings and thumbnail stay."""
        with self.transaction():
            self._connection.run(
                "DELETE FROM photos WHERE folder_id = ? AND name = ? AND id <> ?",
                file.folder_id,
                file.name,
                photo_id,
            )
            self._connection.run(
                "UPDATE photos SET folder_id = ?, name = ?, file_size = ?, modified_ns = ?, "
                "changed_ns = ?, beside = ?, missing = 0, tries = 0, try_after = 0 WHERE id = ?",
                *file,
                photo_id,
            )
            self._date(photo_id)

    def set_missing(self, photo_ids: Iterable[int], *, missing: bool) -> None:
        """Mark photos as kept although their files are gone, or as back."""
        rows = [(missing, id_) for id_ in photo_ids]
        if rows:
            self._connection.run_many(
                "UPDATE photos SET missing = ?1 WHERE id = ?2 AND missing <> ?1", rows
            )

    def remove_photos(self, photo_ids: Sequence[int]) -> None:
        """Forget photos and their embeddings."""
        self._connection.run(
            "DELETE FROM photos WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(list(photo_ids)),
        )

    def missing_files(self, model_id: str) -> list[KnownFile]:
        """Return what is kept although its files are gone, unread files among it."""
        return self._known(model_id, "p.missing")

    # Embeddings

    def put_embedding(self, photo_id: int, model_id: str, vector: NDArray[np.float32]) -> None:
        """Store a photo's unit vector `(dim,)`, as float16."""
        self._connection.run(
            "INSERT OR REPLACE INTO embeddings (photo_id, model, vector) "
            "SELECT ?, id, ? FROM models WHERE model_id = ?",
            photo_id,
            vector.astype(np.float16).tobytes(),
            model_id,
        )

    def data_version(self) -> int:
        """Return a number that changes when another connection has written to the library."""
        return self._connection.data_version()

    def embedding_changes(
        self, model_id: str, dim: int, last_added: int, last_removed: int
    ) -> Iterator[EmbeddingChanges]:
        """Yield, in portions, what came and went after `last_added` and `last_removed`.

        0 stands for everything: a million embeddings, which nobody wants in memory twice.
        `LibraryDamagedError` for a vector that no model has written.
        """
        # Both ends are of one moment, and nothing after them is read: a photo that is hidden and
        # shown meanwhile goes and comes the next time.
        ((end, end_removed),) = self._connection.typed(
            "ii",
            "SELECT max(coalesce((SELECT max(seq) FROM embeddings), 0), coalesce((SELECT seq "
            "FROM sqlite_sequence WHERE name = 'embeddings'), 0)), coalesce((SELECT seq FROM "
            "sqlite_sequence WHERE name = 'removals'), 0)",
        )
        removed = self._connection.typed(
            "i",
            "SELECT photo_id FROM removals WHERE seq > ? AND seq <= ? ORDER BY seq",
            last_removed if last_added else end_removed,
            end_removed,
        )
        # Old removals are dropped, and a file that was put back knows others.
        missed = last_added and (end < last_added or len(removed) != end_removed - last_removed)
        anew, more = bool(missed) or not last_added, True
        if missed:
            last_added, removed = 0, []
        while more:
            added = self._connection.typed(
                "iib",
                "SELECT seq, photo_id, vector FROM embeddings WHERE seq > ? AND seq <= ? "
                "AND model = (SELECT id FROM models WHERE model_id = ?) ORDER BY seq LIMIT ?",
                last_added,
                end,
                model_id,
                PORTION,
            )
            more = len(added) == PORTION
            # The rows of other models are not looked at again either.
            last_added = added[-1][0] if more else end
            try:
                ids = np.array([row[1] for row in added], np.int64)
                vectors = unit_rows([row[2] for row in added], dim)
            except ValueError as error:
                raise self._connection.damaged(error) from error
            gone = tuple(row[0] for row in removed)
            yield EmbeddingChanges(ids, vectors, gone, anew, last_added, end_removed)
            removed, anew = [], False

    # What people see

    def photos(self, ids: Sequence[int]) -> list[Photo]:
        """Return readable photos in the order of `ids`; those that are gone are left out."""
        wanted = [int(id_) for id_ in ids]
        photos = self._connection.records(
            to_photo,
            "SELECT p.id, f.path, p.name, p.width, p.height, p.file_size, p.modified_ns, "  # noqa: S608 -- our own constant
            f"p.missing, {DATE}, {DESCRIPTION} "
            "FROM photos p JOIN folders f ON f.id = p.folder_id "
            "WHERE p.failure IS NULL AND p.id IN (SELECT value FROM json_each(?))",
            json.dumps(wanted),
        )
        found = {photo.id: photo for photo in photos}
        return [found[id_] for id_ in wanted if id_ in found]

    def edits(self) -> int:
        """Return how often what filters ask for has changed of photos that keep their ids."""
        return self._connection.number("SELECT count FROM edits")

    def fact_rows(self, after_id: int) -> list[FactRow]:
        """Return what filters ask of the readable photos above an id, by rising id."""
        return self._connection.records(
            to_fact_row,
            "SELECT p.id, f.path, p.name, p.dated, p.taken_us, p.latitude, p.longitude, "
            "p.camera, p.format, p.lens, p.keywords, p.rating, p.width, p.height "
            "FROM photos p JOIN folders f ON f.id = p.folder_id "
            "WHERE p.failure IS NULL AND p.id > ? ORDER BY p.id",
            after_id,
        )

    def newest_first(self) -> NDArray[np.int64]:
        """Return the ids of all readable photos, the last taken first."""
        rows = self._connection.rows(
            "SELECT id FROM photos WHERE failure IS NULL "
            "ORDER BY dated DESC, taken_us DESC, id DESC"
        )
        return np.array([row[0] for row in rows], np.int64)

    def digest(self, photo_id: int) -> bytes | None:
        """Return the digest of a photo's bytes; None for an unknown id."""
        rows = self._connection.rows("SELECT digest FROM photos WHERE id = ?", photo_id)
        return rows[0][0] if rows else None

    def failures(self) -> tuple[Failure, ...]:
        """Return the files that could not be read, then the folders that could not be listed."""
        files = self._connection.typed(
            "bbt",
            "SELECT f.path, p.name, p.failure FROM photos p JOIN folders f ON f.id = p.folder_id "
            "WHERE p.failure IS NOT NULL ORDER BY f.path, p.name",
        )
        asked = "SELECT path, reason FROM unreadable ORDER BY path"
        folders = self._connection.typed("bt", asked)
        return (
            *(Failure(path_below(to_path(folder), name), why) for folder, name, why in files),
            *(Failure(to_path(path), why) for path, why in folders),
        )

    def counts(self, model_id: str) -> Counts:
        """Count the files by state."""
        ((photos, failed, offline),) = self._connection.rows(
            "SELECT count(*), count(failure), count(*) FILTER (WHERE missing AND failure IS NULL) "
            "FROM photos"
        )
        ((searchable,),) = self._connection.rows(
            "SELECT count(*) FROM embeddings e JOIN models m ON m.id = e.model "
            "WHERE m.model_id = ?",
            model_id,
        )
        return Counts(photos, searchable, failed, offline)

    def _checked(self, read: Callable[[], T]) -> T:
        """Return what is made of rows; `LibraryDamagedError` where we cannot have written them."""
        try:
            return read()
        except RowError as error:
            raise self._connection.damaged(error) from error

    def _clear(self, file: PhotoFile) -> None:
        self._connection.run(
            "DELETE FROM photos WHERE folder_id = ? AND name = ?", file.folder_id, file.name
        )
