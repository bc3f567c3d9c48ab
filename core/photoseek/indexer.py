"""Brings a library up to date with its folders: one photo from the scan to its embedding."""

from __future__ import annotations

import dataclasses
import gc
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from photoseek.database import Catalogue, KnownFile, PhotoFile
from photoseek.decoding.outcomes import (
    Decoded,
    DecodeJob,
    FailureKind,
    Known,
    Outcome,
    Undecodable,
)
from photoseek.decoding.pool import DecoderPool
from photoseek.encoder import Encoder
from photoseek.errors import LibraryError
from photoseek.paths import path_below
from photoseek.photo_names import is_raw_name, unread_reason
from photoseek.plan import Job, Plan, Planner
from photoseek.records import NOT_DOWNLOADED, Progress, UpdateReport
from photoseek.retrying import RetryRule
from photoseek.settlement import settle
from photoseek.thumbnails import ThumbnailCache

__all__ = ["BATCH_SIZE", "Indexer"]

BATCH_SIZE = 32
"""Photos to one encoder call and one transaction: what a crash can lose at most."""

_Opened = tuple[PhotoFile, KnownFile | None, Outcome]


class Indexer:
    """One update of one library, on the calling thread; decoding runs in worker processes."""

    def __init__(
        self,
        catalogue: Catalogue,
        thumbnails: ThumbnailCache,
        encoder: Encoder,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        *,
        leave_out: Path,
        retry_failed: bool = False,
    ) -> None:
        self._catalogue = catalogue
        self._thumbnails = thumbnails
        self._encoder = encoder
        self._model_id = encoder.bundle.manifest.model_id
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._retry = RetryRule(int(time.time()), everything=retry_failed)
        self._planner = Planner(
            catalogue, self._model_id, self._retry, cancelled, leave_out=leave_out
        )
        self._folders = {folder.id: folder for folder in catalogue.folders.all()}
        self._done = self._total = self._failed = 0

    def run(self, places: Collection[Path] | None = None) -> UpdateReport:
        """Scan, or look only at some places; open what is new or changed, settle what is gone."""
        started = time.monotonic()
        self._tell("scanning")
        with _uncollected():
            plan = self._planner.plan(places)
        self._total = len(plan.jobs) + len(plan.away) + len(plan.unread)
        self._tell("embedding")
        self._record_unopened(plan)
        self._open(plan, plan.jobs, plan.by_size)
        self._open(plan, plan.again, {})
        self._tell("finishing")
        # A scan that was cut short has not seen everything: nothing counts as gone after it.
        if not self._cancelled():
            self._settle(plan)
        return dataclasses.replace(
            plan.report, cancelled=self._cancelled(), seconds=time.monotonic() - started
        )

    def _settle(self, plan: Plan) -> None:
        begin = self._thumbnails.begin_changes
        removed = settle(self._catalogue, self._folders, plan.scans, plan.gone, begin)
        offline = self._catalogue.counts(self._model_id).offline
        plan.report = dataclasses.replace(plan.report, removed=removed, offline=offline)

    def _record_unopened(self, plan: Plan) -> None:
        """Count what must not be opened, or what nothing here can open."""
        unopened: list[_Opened] = [
            (*job, Undecodable(NOT_DOWNLOADED, "not_downloaded")) for job in plan.away
        ]
        for file, before in plan.unread:
            kind: FailureKind = "no_reader" if is_raw_name(file.name) else "unsupported"
            unopened.append((file, before, Undecodable(unread_reason(file.name) or "", kind)))
        self._commit(unopened, plan)

    def _is_recorded(self, file: PhotoFile, before: KnownFile | None, outcome: Outcome) -> bool:
        """Tell whether the library has a failure already, so that nothing is to be written."""
        return (
            isinstance(outcome, Undecodable)
            and before is not None
            and (before.file, before.missing) == (file, False)
            and before.failure is not None
            and before[8:13] == self._retry.stored(before, outcome)
        )

    # Opening and embedding

    def _open(self, plan: Plan, jobs: list[Job], by_size: Mapping[int, list[KnownFile]]) -> None:
        """Open files, embed them and commit, in batches."""
        if not jobs:
            return
        files = {self._path(file): (file, before) for file, before in jobs}
        wanted = self._decode_jobs(plan, jobs, by_size)
        batch: list[_Opened] = []
        with DecoderPool(self._encoder.bundle.manifest.image) as pool:
            for job, outcome in pool.decode(wanted, self._cancelled):
                batch.append((*files[job.path], outcome))
                if len(batch) == BATCH_SIZE:
                    self._commit(batch, plan)
                    batch = []
                if self._cancelled():
                    break
        self._commit(batch, plan)

    def _decode_jobs(
        self,
        plan: Plan,
        jobs: list[Job],
        by_size: Mapping[int, list[KnownFile]],
    ) -> Iterator[DecodeJob]:
        for file, _ in jobs:
            if self._cancelled():
                return
            digests = {item.digest for item in by_size.get(file.file_size, ())}
            folder = self._folders[file.folder_id].path
            beside = plan.sidecars.get(file.folder_id, {}).get(file.name, ())
            yield DecodeJob(
                self._path(file),
                frozenset(digest for digest in digests if digest is not None),
                tuple(path_below(folder, name) for name in beside),
            )

    def _commit(self, opened: list[_Opened], plan: Plan) -> None:
        """Embed what was opened and write, in one transaction, what differs from the library."""
        batch = [each for each in opened if not self._is_recorded(*each)]
        recorded = len(opened) - len(batch)
        self._count(plan, recorded, {"failed": recorded})
        if batch:
            self._write(batch, plan)
        self._tell("embedding")

    def _write(self, batch: list[_Opened], plan: Plan) -> None:
        decoded = [outcome for _, _, outcome in batch if isinstance(outcome, Decoded)]
        vectors = iter(
            self._encoder.encode_pixels(np.stack([photo.pixels for photo in decoded]))
            if decoded
            else ()
        )
        tally = dict.fromkeys(("added", "changed", "moved", "unchanged", "failed", "again"), 0)
        self._thumbnails.begin_changes()
        # Thumbnails first: a photo in the library has one, a stray thumbnail harms nobody.
        self._keep_thumbnails(decoded)
        with self._catalogue.transaction():
            for file, before, outcome in batch:
                if isinstance(outcome, Decoded):
                    photo_id = self._catalogue.put_photo(
                        file, outcome.digest, outcome.width, outcome.height, outcome.metadata
                    )
                    self._catalogue.put_embedding(photo_id, self._model_id, next(vectors))
                    tally["added" if before is None else "changed"] += 1
                elif isinstance(outcome, Known):
                    tally[self._reuse(file, before, outcome, plan)] += 1
                else:
                    self._fail(file, before, outcome)
                    tally["failed"] += 1
        self._count(plan, len(batch) - tally.pop("again"), tally)

    def _count(self, plan: Plan, done: int, tally: Mapping[str, int]) -> None:
        self._done += done
        self._failed += tally["failed"]
        plan.report = dataclasses.replace(
            plan.report, **{key: getattr(plan.report, key) + n for key, n in tally.items()}
        )

    def _fail(self, file: PhotoFile, before: KnownFile | None, outcome: Undecodable) -> None:
        """Remember why a file was not read, unless it is a photo that may be read again."""
        if before is None or before.failure is not None or not outcome.retry:
            self._catalogue.put_failure(file, self._retry.stored(before, outcome))
            return
        # A drive that goes away while it is read takes no model's embedding with it.
        tries, try_after = self._retry.tries(before, outcome)
        if tries:
            self._catalogue.put_off(before.id, tries, try_after)

    def _reuse(self, file: PhotoFile, before: KnownFile | None, known: Known, plan: Plan) -> str:
        """Store a file whose bytes are known: the same photo, a moved one, or a copy."""
        same = [item for item in plan.by_size[file.file_size] if item.digest == known.digest]
        if before is not None and before.embedded and before.digest == known.digest:
            self._catalogue.move_photo(before.id, file)
            self._catalogue.describe(before.id, known.metadata)
            # The time of its entry alone changes with its permissions, say, which nobody sees.
            is_same = before.file._replace(changed_ns=0) == file._replace(changed_ns=0)
            return "unchanged" if is_same else "changed"
        moved = next((item for item in same if item.id in plan.gone), None)
        if moved is not None:
            del plan.gone[moved.id]
            self._catalogue.move_photo(moved.id, file)
            self._catalogue.describe(moved.id, known.metadata)
            return "moved"
        for item in same:
            copy = self._catalogue.copy_photo(item.id, file)
            if copy is not None:
                self._catalogue.describe(copy, known.metadata)
                return "added" if before is None else "changed"
        plan.again.append((file, before))
        return "again"

    def _keep_thumbnails(self, decoded: list[Decoded]) -> None:
        try:
            for photo in decoded:
                self._thumbnails.put(photo.digest, photo.thumbnail)
        except OSError as error:
            raise LibraryError(
                f"thumbnails cannot be written to {self._thumbnails.directory} ({error.strerror}); "
                "free some space or make it writable: what was indexed so far is kept"
            ) from error

    def _path(self, file: PhotoFile) -> Path:
        return path_below(self._folders[file.folder_id].path, file.name)

    def _tell(self, stage: Literal["scanning", "embedding", "finishing"]) -> None:
        self._on_progress(Progress(stage, self._done, self._total, self._failed))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage among a million new records: none of them can be any."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
