"""Brings a library up to date with its folders: one photo from the scan to its embedding."""

from __future__ import annotations

import dataclasses
import gc
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from photoseek.database import Catalogue, KnownFile, PhotoFile
from photoseek.decoding.pool import Decoded, DecodeJob, DecoderPool, Known, Outcome, Undecodable
from photoseek.encoder import Encoder
from photoseek.errors import LibraryError
from photoseek.exclusions import Exclusions
from photoseek.paths import path_below
from photoseek.records import NOT_DOWNLOADED, Failure, Folder, Progress, UpdateReport
from photoseek.scanner import FoundFile, Scan, scan_folder, scan_places
from photoseek.thumbnails import ThumbnailCache

__all__ = ["Indexer"]

BATCH_SIZE = 32
"""Photos to one encoder call and one transaction: what a crash can lose at most."""

MOST_LOST = 0.2
"""A folder that has lost more of its photos at once is taken for offline, not for tidied up."""


_Job = tuple[PhotoFile, KnownFile | None]
"""A file to open, and what was known of its place before."""


@dataclass
class _Plan:
    """What one scan asks for: files to open, ids whose files are gone, and the tally so far.

    `scans` are of the folders that were looked at whole: only those can be told to be offline.
    `again` are files that must be decoded after all, because the photo with the same bytes that
    would have lent its embedding has been replaced in the same update. `away` are files that a
    cloud drive has not fetched, and whose photos are not embedded.
    """

    report: UpdateReport
    jobs: list[_Job] = field(default_factory=list)
    gone: dict[int, KnownFile] = field(default_factory=dict)
    by_size: defaultdict[int, list[KnownFile]] = field(default_factory=lambda: defaultdict(list))
    scans: dict[int, Scan] = field(default_factory=dict)
    again: list[_Job] = field(default_factory=list)
    away: list[_Job] = field(default_factory=list)


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
    ) -> None:
        self._catalogue = catalogue
        self._thumbnails = thumbnails
        self._encoder = encoder
        self._model_id = encoder.bundle.manifest.model_id
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._leave_out = leave_out  # the library's own folder: thumbnails are no photos
        self._exclusions = Exclusions(catalogue.exclusions.patterns())
        self._folders = {folder.id: folder for folder in catalogue.folders.all()}
        self._done = self._total = self._failed = 0

    def run(self, places: Collection[Path] | None = None) -> UpdateReport:
        """Scan, or look only at some places; open what is new or changed, settle what is gone."""
        started = time.monotonic()
        self._tell("scanning")
        with _uncollected():
            plan = self._plan(places)
        self._total = len(plan.jobs) + len(plan.away)
        self._tell("embedding")
        if plan.away:
            not_fetched = Undecodable(NOT_DOWNLOADED, "not_downloaded")
            self._commit([(*job, not_fetched) for job in plan.away], plan)
        self._embed(plan, plan.jobs, plan.by_size)
        self._embed(plan, plan.again, {})
        self._tell("finishing")
        # A scan that was cut short has not seen everything: nothing counts as gone after it.
        if not self._cancelled():
            self._settle(plan)
        return dataclasses.replace(
            plan.report, cancelled=self._cancelled(), seconds=time.monotonic() - started
        )

    # What there is to do

    def _plan(self, places: Collection[Path] | None) -> _Plan:
        plan = _Plan(UpdateReport(0, 0, 0, 0, 0, 0, 0, 0, cancelled=False, seconds=0.0))
        found = unchanged = 0
        returned: list[int] = []
        for folder in self._folders.values():
            scan, known = self._look(folder, places, plan)
            found += len(scan.files) + len(scan.placeholders)
            for seen in scan.files:
                before = known.pop(seen.name, None)
                if before is not None and before.missing:
                    returned.append(before.id)
                if before is not None and _is_unchanged(before, seen) and _is_settled(before):
                    unchanged += 1
                else:
                    plan.jobs.append((PhotoFile(folder.id, *seen), before))
            unchanged += self._keep_away(folder, scan, known, plan)
            plan.gone.update((item.id, item) for item in known.values())
        sizes = {file.file_size for file, _ in plan.jobs}
        if sizes:
            for item in self._catalogue.embedded_files(self._model_id, sizes):
                plan.by_size[item.file_size].append(item)
        self._catalogue.set_missing(returned, missing=False)
        plan.report = dataclasses.replace(plan.report, found=found, unchanged=unchanged)
        return plan

    def _keep_away(
        self, folder: Folder, scan: Scan, known: dict[bytes, KnownFile], plan: _Plan
    ) -> int:
        """Take note of what a cloud drive has not fetched; return how much of it is embedded."""
        embedded = []
        for seen in {item.name: item for item in scan.placeholders}.values():
            before = known.pop(seen.name, None)
            if before is not None and before.embedded:
                embedded.append(before.id)
            else:
                plan.away.append((PhotoFile(folder.id, *seen), before))
        # Like photos on a drive that is away: found, and not opened.
        self._catalogue.set_missing(embedded, missing=True)
        return len(embedded)

    def _look(
        self, folder: Folder, places: Collection[Path] | None, plan: _Plan
    ) -> tuple[Scan, dict[bytes, KnownFile]]:
        """Return what is there now and what was known: of the whole folder, or of the places."""
        if places is not None and folder.path not in places and folder.online:
            below = _outermost(place for place in places if place.is_relative_to(folder.path))
            scan = scan_places(
                folder.path,
                below,
                self._cancelled,
                leave_out=self._leave_out,
                exclusions=self._exclusions,
            )
            names = [os.fsencode(place.relative_to(folder.path)) for place in below]
            found = self._catalogue.known_at(self._model_id, folder.id, names)
            known = {item.name: item for item in found}
            gone = len(known.keys() - scan.names())
            has_drives = gone and self._catalogue.folders.mounts(folder.id)
            if not below or (_is_plain(folder, scan, gone) and not has_drives):
                return scan, known
        scan = scan_folder(
            folder.path,
            self._cancelled,
            leave_out=self._leave_out,
            exclusions=self._exclusions,
        )
        plan.scans[folder.id] = scan
        found = self._catalogue.known_files(self._model_id, folder.id)
        return scan, {item.name: item for item in found}

    # Opening and embedding

    def _embed(self, plan: _Plan, jobs: list[_Job], by_size: Mapping[int, list[KnownFile]]) -> None:
        if not jobs:
            return
        files = {self._path(file): (file, before) for file, before in jobs}
        batch: list[tuple[PhotoFile, KnownFile | None, Outcome]] = []
        with DecoderPool(self._encoder.bundle.manifest.image) as pool:
            for job, outcome in pool.decode(self._decode_jobs(jobs, by_size), self._cancelled):
                batch.append((*files[job.path], outcome))
                if len(batch) == BATCH_SIZE:
                    self._commit(batch, plan)
                    batch = []
                if self._cancelled():
                    break
        self._commit(batch, plan)

    def _decode_jobs(
        self, jobs: list[_Job], by_size: Mapping[int, list[KnownFile]]
    ) -> Iterator[DecodeJob]:
        for file, _ in jobs:
            if self._cancelled():
                return
            digests = {item.digest for item in by_size.get(file.file_size, ())}
            yield DecodeJob(self._path(file), frozenset(d for d in digests if d is not None))

    def _commit(
        self, batch: list[tuple[PhotoFile, KnownFile | None, Outcome]], plan: _Plan
    ) -> None:
        decoded = [outcome for _, _, outcome in batch if isinstance(outcome, Decoded)]
        vectors = iter(
            self._encoder.encode_pixels(np.stack([photo.pixels for photo in decoded]))
            if decoded
            else ()
        )
        tally = dict.fromkeys(("added", "changed", "moved", "unchanged", "failed", "again"), 0)
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
                    # A drive that goes away while it is read takes no model's embedding with it.
                    if not (before is not None and before.failure is None and outcome.retry):
                        self._catalogue.put_failure(file, outcome.reason, retry=outcome.retry)
                    tally["failed"] += 1
        self._done += len(batch) - tally.pop("again")
        plan.report = dataclasses.replace(
            plan.report, **{key: getattr(plan.report, key) + n for key, n in tally.items()}
        )
        self._failed += tally["failed"]
        self._tell("embedding")

    def _reuse(self, file: PhotoFile, before: KnownFile | None, known: Known, plan: _Plan) -> str:
        """Store a file whose bytes are known: the same photo, a moved one, or a copy."""
        same = [item for item in plan.by_size[file.file_size] if item.digest == known.digest]
        if before is not None and before.embedded and before.digest == known.digest:
            self._catalogue.move_photo(before.id, file)
            self._catalogue.describe(before.id, known.metadata)
            return "changed" if before.file != file else "unchanged"
        moved = next((item for item in same if item.id in plan.gone), None)
        if moved is not None:
            del plan.gone[moved.id]
            self._catalogue.move_photo(moved.id, file)
            self._catalogue.describe(moved.id, known.metadata)
            return "moved"
        if not any(self._catalogue.copy_photo(item.id, file) for item in same):
            plan.again.append((file, before))
            return "again"
        return "added" if before is None else "changed"

    def _keep_thumbnails(self, decoded: list[Decoded]) -> None:
        try:
            for photo in decoded:
                self._thumbnails.put(photo.digest, photo.thumbnail)
        except OSError as error:
            raise LibraryError(
                f"thumbnails cannot be written to {self._thumbnails.directory} ({error.strerror}); "
                "free some space or make it writable: what was indexed so far is kept"
            ) from error

    # What is gone

    def _settle(self, plan: _Plan) -> None:
        """Forget photos whose files are gone, unless so many are that the folder is offline."""
        removed = [
            item
            for item in plan.gone.values()
            if item.folder_id not in plan.scans and not item.missing
        ]
        for folder_id, scan in plan.scans.items():
            folder = self._folders[folder_id]
            gone = [item for item in plan.gone.values() if item.folder_id == folder_id]
            mounts = [*scan.mounts, *self._find_unmounted(folder, scan, gone)]
            reason = _offline_reason(folder, scan, len(gone))
            kept = gone if reason else [item for item in gone if self._is_hidden(item, scan)]
            hidden = {item.id for item in kept}
            self._catalogue.set_missing(hidden, missing=True)
            removed += [item for item in gone if item.id not in hidden]
            self._catalogue.folders.set_scan_result(folder.id, reason, _below(folder, scan), mounts)
        for digest in self._catalogue.remove_photos([item.id for item in removed]):
            self._thumbnails.remove(digest)
        plan.report = dataclasses.replace(
            plan.report,
            removed=len(removed),
            offline=self._catalogue.counts(self._model_id).offline,
        )

    def _find_unmounted(self, folder: Folder, scan: Scan, gone: list[KnownFile]) -> list[Path]:
        """Note the drives below a folder that held photos and are away: what they held is hidden.

        An empty place is left where one was mounted, or none; neither could not be listed.
        """
        away = [
            place
            for place in self._catalogue.folders.mounts(folder.id)
            if place not in scan.mounts
            and any(self._path(item.file).is_relative_to(place) for item in gone)
        ]
        scan.unreadable += [Failure(place, "the drive that was here is away") for place in away]
        return away

    def _is_hidden(self, item: KnownFile, scan: Scan) -> bool:
        """Tell whether the file lies below a place that could not be listed this time."""
        path = self._path(item.file)
        return item.missing or any(path.is_relative_to(place.path) for place in scan.unreadable)

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


def _is_unchanged(known: KnownFile, seen: FoundFile) -> bool:
    return known.file_size == seen.file_size and known.modified_ns == seen.modified_ns


def _is_settled(known: KnownFile) -> bool:
    """Tell whether an unchanged file needs nothing: embedded and described, or failed for good."""
    done = known.embedded and known.described
    return done or (known.failure is not None and not known.retry)


def _below(folder: Folder, scan: Scan) -> list[Failure]:
    """Return the places that could not be listed, less the folder itself: that is its state."""
    return [place for place in scan.unreadable if place.path != folder.path]


def _outermost(places: Iterable[Path]) -> list[Path]:
    """Leave out the places that lie in others."""
    all_places = set(places)
    return [place for place in all_places if all_places.isdisjoint(place.parents)]


def _is_plain(folder: Folder, scan: Scan, gone: int) -> bool:
    """Tell whether a look at some places is enough; what may be an unplugged drive is not."""
    if scan.unreadable or gone > folder.photos * MOST_LOST:
        return False
    try:
        with os.scandir(folder.path) as entries:
            return not gone or any(True for _ in entries)
    except OSError:
        return False


def _offline_reason(folder: Folder, scan: Scan, gone: int) -> str | None:
    """Say why a folder is taken for offline; None when it is there.

    An unplugged drive shows as a missing folder, an empty mount point, or a folder that has lost
    over a fifth of its photos at once; none of them is a wish to forget photos.
    """
    itself = next((place for place in scan.unreadable if place.path == folder.path), None)
    if itself is not None:
        return itself.reason
    if gone and not (scan.files or scan.placeholders):
        return "the folder is empty"
    if folder.photos and gone > folder.photos * MOST_LOST:
        return f"{gone} of its {folder.photos} photos are gone at once"
    return None
