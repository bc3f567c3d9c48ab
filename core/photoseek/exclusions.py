"""Patterns of files and folders that a library leaves out, written as `.gitignore` has them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from photoseek.database import ExclusionTable
from photoseek.errors import PatternError
from photoseek.filters import folded

__all__ = ["Exclusions", "changed_by"]


_EXAMPLE = "write it as Trash/ or *_edited.jpg"


class Exclusions:
    """Patterns that are held against a path below a library's folder; false when there is none.

    `Trash/` leaves out folders of that name, `*_edited.jpg` files, `/2019/raw` what lies there in
    a library's folder, and `!keep.jpg` takes back what an earlier pattern left out. Unlike in
    `.gitignore`, capitals do not matter: cameras and systems disagree about them.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        """`PatternError` for a pattern that cannot be read, or that leaves nothing out."""
        # Imported late: most libraries exclude nothing.
        from pathspec import GitIgnoreSpec

        self.patterns = tuple(patterns)
        for pattern in patterns:
            if not _is_text(pattern):
                raise PatternError(
                    f"{os.fsencode(pattern)!r} is not text in UTF-8; put ? or * in the place of "
                    "such a letter"
                )
        lines = [folded(pattern) for pattern in patterns]
        try:
            for pattern, line in zip(patterns, lines, strict=True):
                read = GitIgnoreSpec.from_lines([line]).patterns
                if not any(part.include is not None for part in read):
                    raise PatternError(f"{pattern!r} leaves nothing out; {_EXAMPLE}")
            self._spec = GitIgnoreSpec.from_lines(lines)
        except ValueError as error:
            raise PatternError(f"{error}; {_EXAMPLE}") from error

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def rule_for(self, name: bytes, *, is_folder: bool = False) -> str | None:
        """Return the pattern that leaves out a path below the library's folder; None if none."""
        path = folded(os.fsdecode(name)).replace(os.sep, "/")
        result = self._spec.check_file(path + "/" if is_folder else path)
        if not result.include or result.index is None:
            return None
        return self.patterns[result.index]


def _is_text(pattern: str) -> bool:
    try:
        pattern.encode()
    except UnicodeEncodeError:
        return False
    return True


def changed_by(table: ExclusionTable, patterns: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the ids of the photos to hide, and to show, once just these patterns are in force.

    To hold a million names against them takes a while: do it before a transaction, not in one.
    """
    exclusions = Exclusions(patterns)
    hide = [id_ for id_, name in table.shown() if exclusions.rule_for(name) is not None]
    show = [id_ for id_, name in table.hidden() if exclusions.rule_for(name) is None]
    return hide, show
