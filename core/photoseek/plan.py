"""Plans an update: compares what the folders hold with what the library remembers of them."""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from photoseek.database import Catalogue, KnownFile, PhotoFile
from photoseek.exclusions import Exclusions
from photoseek.photo_names import unread_reason
from photoseek.records import Folder, UpdateReport
from photoseek.retrying import RetryRule
from photoseek.scanner import Scan, scan_folder, scan_places, whole_places
from photoseek.settlement import is_certain

__all__ = ["Job", "Plan", "Planner"]

Job = tuple[PhotoFile, KnownFile | None]
"""A file to open, and what was known of its place before."""


@dataclass
class Plan:
    """What one scan asks for: files to open, ids whose files are gone, and the tally so far.

    `scans` are of the folders that were looked at whole: only those can be found offline.
    `again` are files that must be decoded after all, because the photo with the same bytes that
    would have lent its embedding has been replaced in the same update. `away` are files that a
    cloud drive has not fetched, and whose photos are not embedded; `unread` those of kinds that
    nothing here reads. `sidecars` are the paths of what describes a photo, by folder and name.
    """

    report: UpdateReport
    jobs: list[Job] = field(default_factory=list)
    gone: dict[int, KnownFile] = field(default_factory=dict)
    by_size: defaultdict[int, list[KnownFile]] = field(default_factory=lambda: defaultdict(list))
    scans: dict[int, Scan] = field(default_factory=dict)
    again: list[Job] = field(default_factory=list)
    away: list[Job] = field(default_factory=list)
    unread: list[Job] = field(default_factory=list)
    sidecars: dict[int, dict[bytes, tuple[bytes, ...]]] = field(default_factory=dict)


class Planner:
    """Makes the plan of one update by one model."""

    def __init__(
        self,
        catalogue: Catalogue,
        model_id: str,
        retry: RetryRule,
        cancelled: Callable[[], bool],
        *,
        leave_out: Path,
    ) -> None:
        self._catalogue = catalogue
        self._model_id = model_id
        self._retry = retry
        self._cancelled = cancelled
        self._leave_out = leave_out  # the library's own folder: thumbnails are no photos
        self._exclusions = Exclusions(catalogue.exclusions.patterns())
        self._folders = catalogue.folders.all()

    def plan(self, places: Collection[Path] | None) -> Plan:
        """Look at all folders, or at some places in them."""
        plan = Plan(UpdateReport(0, 0, 0, 0, 0, 0, 0, 0, cancelled=False, seconds=0.0))
        found = unchanged = 0
        for folder in self._folders:
            scan, known = self._look(folder, places, plan)
            plan.sidecars[folder.id] = scan.sidecars
            found += len(scan.files) + len(scan.placeholders)
            unchanged += self._compare(folder, scan, known, plan)
            unchanged += self._keep_away(folder, scan, known, plan)
            plan.gone.update((item.id, item) for item in known.values())
        sizes = {file.file_size for file, _ in plan.jobs}
        if sizes:
            for item in self._catalogue.embedded_files(self._model_id, sizes):
                plan.by_size[item.file_size].append(item)
        plan.report = dataclasses.replace(plan.report, found=found, unchanged=unchanged)
        return plan

    def _look(
        self, folder: Folder, places: Collection[Path] | None, plan: Plan
    ) -> tuple[Scan, dict[bytes, KnownFile]]:
        """Return what is there now and what was known: of the whole folder, or of the places."""
        elsewhere = [other.path for other in self._folders if other.id != folder.id]
        if places is not None and folder.online:
            inside = [place for place in places if place.is_relative_to(folder.path)]
            below = whole_places(folder.path, inside)
            if below is not None:
                scan = scan_places(
                    folder.path,
                    below,
                    self._cancelled,
                    leave_out=self._leave_out,
                    elsewhere=elsewhere,
                    exclusions=self._exclusions,
                )
                names = [os.fsencode(place.relative_to(folder.path)) for place in below]
                found = self._catalogue.known_at(self._model_id, folder.id, names)
                known = {item.name: item for item in found}
                gone = len(known.keys() - scan.names())
                has_drives = gone and self._catalogue.folders.mounts(folder.id)
                if not below or (is_certain(folder, scan, gone) and not has_drives):
                    return scan, known
        scan = scan_folder(
            folder.path,
            self._cancelled,
            leave_out=self._leave_out,
            elsewhere=elsewhere,
            exclusions=self._exclusions,
        )
        plan.scans[folder.id] = scan
        found = self._catalogue.known_files(self._model_id, folder.id)
        return scan, {item.name: item for item in found}

    def _compare(
        self, folder: Folder, scan: Scan, known: dict[bytes, KnownFile], plan: Plan
    ) -> int:
        """Plan what is new or has changed; return how many files have not."""
        returned: list[int] = []
        unchanged = 0
        for seen in scan.files:
            before = known.pop(seen.name, None)
            if before is not None:
                if before.missing:
                    returned.append(before.id)
                is_same = before[2:7] == seen
                is_known = is_same and before.embedded and before.described
                if is_known or self._is_settled(before, is_same=is_same):
                    unchanged += 1
                    continue
            job = PhotoFile(folder.id, *seen), before
            (plan.jobs if unread_reason(seen.name) is None else plan.unread).append(job)
        self._catalogue.set_missing(returned, missing=False)
        return unchanged

    def _is_settled(self, known: KnownFile, *, is_same: bool) -> bool:
        """Tell whether a file that is not known well needs nothing, or waits for its next try."""
        if known.failure is not None:
            return is_same and not self._retry.is_due(known)
        return self._retry.waits(known)

    def _keep_away(
        self, folder: Folder, scan: Scan, known: dict[bytes, KnownFile], plan: Plan
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
