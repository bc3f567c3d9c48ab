"""Answers a person's "why isn't this photo found?" for any file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from photoseek.conditions import why_not
from photoseek.database import Catalogue, KnownFile
from photoseek.filters import Filter
from photoseek.manifest import LikelyRule
from photoseek.paths import path_below
from photoseek.photo_names import why_skipped
from photoseek.ranking import standardise
from photoseek.records import Explanation, Folder, Photo, Ranking

__all__ = ["explain"]


def explain(
    path: Path,
    catalogue: Catalogue,
    model_id: str,
    ranking: Ranking | None,
    likely: LikelyRule | None,
    library_directory: Path,
    wanted: Filter,
) -> Explanation:
    """Say what the library knows of a file, and its place in `ranking`, a whole one, if given.

    `likely` is the rule of that ranking.
    """
    folder = next((f for f in catalogue.folders.all() if path.is_relative_to(f.path)), None)
    known = None
    if folder is not None:
        name = os.fsencode(path.relative_to(folder.path))
        rule = _rule(catalogue.exclusions.patterns(), name)
        if rule is not None:
            return Explanation(
                path,
                "excluded",
                f"excluded by this rule: {rule} (photoseek exclude --remove takes it back)",
            )
        known = catalogue.find_file(folder.id, name, model_id)
    if folder is None or known is None:
        own_name = _own_name(path, catalogue, model_id)
        if own_name not in (None, path):
            explanation = explain(
                own_name, catalogue, model_id, ranking, likely, library_directory, wanted
            )
            return dataclasses.replace(explanation, path=path)
        return _unknown(path, folder, library_directory)
    explanation = _sifted(_state(path, folder, known), catalogue.photos([known.id]), wanted)
    if ranking is None or not known.embedded:
        return explanation
    return _placed(explanation, known.id, ranking, likely)


def _own_name(path: Path, catalogue: Catalogue, model_id: str) -> Path | None:
    """Return the path by which the library knows a file that is named by way of a link."""
    try:
        size = path.stat().st_size
    except OSError:
        return None
    real = os.path.realpath(path)
    folders = {folder.id: folder.path for folder in catalogue.folders.all()}
    names = (
        path_below(folders[item.folder_id], item.name)
        for item in catalogue.files_of_size(size, model_id)
    )
    return next((name for name in names if os.path.realpath(name) == real), None)


def _rule(patterns: Sequence[str], name: bytes) -> str | None:
    if not patterns:
        return None
    from photoseek.exclusions import Exclusions

    return Exclusions(patterns).rule_for(name)


def _unknown(path: Path, folder: Folder | None, library_directory: Path) -> Explanation:
    if not path.exists():
        return Explanation(path, "not indexed", "there is no such file")
    if path.is_dir():
        return Explanation(path, "not indexed", "this is a folder; name a photo in it")
    if folder is None:
        reason = f"its folder is not in the library; add it: photoseek index {path.parent}"
        return Explanation(path, "not indexed", reason)
    if path.is_relative_to(library_directory.absolute()):
        return Explanation(path, "excluded", "it belongs to the library itself")
    skipped = why_skipped(path, folder.path)
    if skipped is not None:
        return Explanation(path, "excluded", skipped)
    reason = f"it was not there at the last scan; run: photoseek index {folder.path}"
    return Explanation(path, "not indexed", reason)


def _sifted(explanation: Explanation, photos: list[Photo], wanted: Filter) -> Explanation:
    """Say so where the filter leaves out a photo that could be found without it."""
    for photo in photos:
        reason = why_not(photo, wanted)
        if reason is not None and explanation.status in ("found", "offline"):
            return dataclasses.replace(
                explanation, status="excluded", reason=f"the filter leaves it out: {reason}"
            )
    return explanation


def _state(path: Path, folder: Folder, known: KnownFile) -> Explanation:
    if known.failure is not None:
        return Explanation(path, "failed", known.failure)
    if not known.embedded:
        reason = f"this model has not read it yet; run: photoseek index {folder.path}"
        return Explanation(path, "pending", reason)
    if known.missing:
        why = folder.reason or "its file was gone at the last scan"
        return Explanation(path, "offline", f"{why}; it stays searchable")
    return Explanation(path, "found", "it is searchable")


def _placed(
    explanation: Explanation, photo_id: int, ranking: Ranking, likely: LikelyRule | None
) -> Explanation:
    places = np.flatnonzero(ranking.ids == photo_id)
    if not len(places):
        return explanation
    place = int(places[0])
    score = float(ranking.scores[place])
    deviations = None
    if likely is not None:
        usual, spread = standardise(ranking.scores, likely.mean, likely.std)
        deviations = (score - usual) / max(spread, 1e-6)
    return dataclasses.replace(
        explanation,
        rank=place + 1,
        of=len(ranking.ids),
        score=score,
        deviations=deviations,
        likely=place < ranking.likely,
    )
