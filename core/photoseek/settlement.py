"""Settles what has happened to photos whose files are not where they were.

The rule, the only one, in the words of the guide:

A photo that you delete is forgotten at the next look, and so are all photos of a subfolder that you
delete. If it was only moved, it is known by its content and keeps its place in every search; if it
comes back later, it is read again.

A photo is kept, and called *offline*, while nobody can say whether it was deleted:

- Its folder in the library is missing or empty, as it is when a drive is unplugged.
- Another drive used to begin at a folder above it, and that drive is away.
- A folder above it cannot be listed.
- More than half of its folder's photos, and more than ten, are not there at once. So many vanish
  rather because a network drive or a program that keeps folders alike has gone wrong.
- A cloud drive shows it and has not fetched it.

As soon as the folder and the drive can be looked at again, what is there is back as if it had never
been away, and what was deleted meanwhile is forgotten. To forget offline photos by hand, name the
photo, a folder or the drive: `photoseek forget --missing FOLDER`, or Forget in the window.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from photoseek.database import Catalogue, KnownFile
from photoseek.paths import path_below
from photoseek.photo_names import is_skipped_folder
from photoseek.placeholders import photo_of_stub
from photoseek.records import Failure, Folder
from photoseek.scanner import Scan

__all__ = ["is_certain", "refresh_states", "settle"]

MOST_LOST = 0.5
"""The share of a folder's photos above which they are not taken for deleted."""

HANDFUL = 10
"""As many photos are taken for deleted whatever share they are."""

DRIVE_AWAY = "the drive that was here is away"


def settle(
    catalogue: Catalogue,
    folders: Mapping[int, Folder],
    scans: Mapping[int, Scan],
    gone: Mapping[int, KnownFile],
    begin_changes: Callable[[], None],
) -> int:
    """Forget, of the files that are `gone`, those that were deleted; return how many.

    `scans` are of the folders that were looked at whole; in the others only some places were, and
    nothing that looked like a drive which is away. `begin_changes` is called before any is
    forgotten.
    """
    removed = [
        item.id for item in gone.values() if item.folder_id not in scans and not item.missing
    ]
    for folder_id, scan in scans.items():
        folder = folders[folder_id]
        missed = [item for item in gone.values() if item.folder_id == folder_id]
        mounts = [*scan.mounts, *_find_unmounted(catalogue, folder, scan, missed)]
        reason = _offline_reason(folder, scan, len(missed))
        places = [place.path for place in scan.unreadable]
        kept = {item.id for item in missed if reason or _is_below_any(_path(folder, item), places)}
        catalogue.set_missing(kept, missing=True)
        removed += [item.id for item in missed if item.id not in kept]
        below = [place for place in scan.unreadable if place.path != folder.path]
        catalogue.folders.set_scan_result(folder.id, reason, below, mounts)
    if removed:
        begin_changes()
        catalogue.remove_photos(removed)
    return len(removed)


def is_certain(folder: Folder, scan: Scan, gone: int) -> bool:
    """Tell whether a look at some places shows what was deleted; else look at the whole folder."""
    return not scan.unreadable and not (
        gone and (_are_too_many(folder, gone) or _is_empty(folder.path))
    )


def refresh_states(catalogue: Catalogue, model_id: str) -> None:
    """Say of the folders that they are online again, where nothing that was missing is left."""
    missing = catalogue.missing_files(model_id)
    unreadable = catalogue.folders.unreadable()
    for folder in catalogue.folders.all():
        left = [_path(folder, item) for item in missing if item.folder_id == folder.id]
        mounts = catalogue.folders.mounts(folder.id)
        ended = {
            place
            for place in mounts
            if not place.is_mount() and not any(path.is_relative_to(place) for path in left)
        }
        online = not left and not _is_empty(folder.path)
        catalogue.folders.set_scan_result(
            folder.id,
            None if online else folder.reason,
            [place for place in unreadable.get(folder.id, ()) if place.path not in ended],
            [place for place in mounts if place not in ended],
        )


def _offline_reason(folder: Folder, scan: Scan, gone: int) -> str | None:
    """Say why a whole folder is taken for offline; None when it is there."""
    itself = next((place for place in scan.unreadable if place.path == folder.path), None)
    if itself is not None:
        return itself.reason
    if gone and _is_empty(folder.path):
        return "the folder is empty"
    if _are_too_many(folder, gone):
        return f"{gone:,} of its {folder.photos:,} photos are gone at once"
    return None


def _are_too_many(folder: Folder, gone: int) -> bool:
    return gone > HANDFUL and gone > folder.photos * MOST_LOST


def _is_empty(folder: Path) -> bool:
    """Tell whether a folder holds nothing, as the place of a drive that is away."""
    try:
        with os.scandir(folder) as entries:
            names = [os.fsencode(entry.name) for entry in entries]
    except OSError:
        return True
    # What a cloud drive has not fetched is there, by a name that begins with a dot.
    return all(is_skipped_folder(name) and photo_of_stub(name) is None for name in names)


def _find_unmounted(
    catalogue: Catalogue, folder: Folder, scan: Scan, gone: list[KnownFile]
) -> list[Path]:
    """Note the drives below a folder that held photos and are away: what they held is kept.

    An empty place is left where one was mounted, or none; neither could not be listed.
    """
    away = [
        place
        for place in catalogue.folders.mounts(folder.id)
        if place not in scan.mounts
        and any(_path(folder, item).is_relative_to(place) for item in gone)
    ]
    scan.unreadable += [Failure(place, DRIVE_AWAY) for place in away]
    return away


def _is_below_any(path: Path, places: list[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _path(folder: Folder, item: KnownFile) -> Path:
    return path_below(folder.path, item.name)
