"""The patterns that a library leaves out, and the photos that they hide."""

from __future__ import annotations

import json
from collections.abc import Sequence

from photoseek.database.connection import Connection

__all__ = ["ExclusionTable"]

_HIDE = (
    """INSERT INTO excluded_photos SELECT * FROM photos
    WHERE id IN (SELECT value FROM json_each(?))""",
    """INSERT INTO excluded_embeddings SELECT photo_id, model, vector FROM embeddings
    WHERE photo_id IN (SELECT value FROM json_each(?))""",
    "DELETE FROM photos WHERE id IN (SELECT value FROM json_each(?))",
)
_SHOW = (
    """DELETE FROM photos WHERE (folder_id, name) IN (SELECT folder_id, name FROM excluded_photos
    WHERE id IN (SELECT value FROM json_each(?)))""",
    """INSERT INTO photos SELECT * FROM excluded_photos
    WHERE id IN (SELECT value FROM json_each(?))""",
    """INSERT INTO embeddings (photo_id, model, vector) SELECT * FROM excluded_embeddings
    WHERE photo_id IN (SELECT value FROM json_each(?))""",
    "DELETE FROM excluded_photos WHERE id IN (SELECT value FROM json_each(?))",
)
"""Each statement takes the photos' ids as JSON."""


class ExclusionTable:
    """What a library leaves out.

    A photo that is hidden keeps its row and embeddings in tables of their own, so that no question
    about photos has to leave it out.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def patterns(self) -> tuple[str, ...]:
        """Return the patterns in the order in which they were added."""
        rows = self._connection.typed("t", "SELECT pattern FROM exclusions ORDER BY id")
        return tuple(pattern for (pattern,) in rows)

    def add(self, patterns: Sequence[str]) -> None:
        """Add patterns; those that are there stay where they are."""
        self._connection.run_many(
            "INSERT OR IGNORE INTO exclusions (pattern) VALUES (?)", [(each,) for each in patterns]
        )

    def remove(self, patterns: Sequence[str]) -> None:
        """Take patterns back."""
        self._connection.run_many(
            "DELETE FROM exclusions WHERE pattern = ?", [(each,) for each in patterns]
        )

    def shown(self) -> list[tuple[int, bytes]]:
        """Return the id of each photo that is not hidden, and its path below its folder."""
        return self._connection.typed("ib", "SELECT id, name FROM photos")

    def hidden(self) -> list[tuple[int, bytes]]:
        """Return the same of each that is."""
        return self._connection.typed("ib", "SELECT id, name FROM excluded_photos")

    def settle(self, hide: Sequence[int], show: Sequence[int]) -> None:
        """Hide some photos and show others; nothing is written where there are none."""
        if hide:
            self.hide(hide)
        if show:
            self.show(show)

    def hide(self, photo_ids: Sequence[int]) -> None:
        """Put photos and their embeddings aside."""
        with self._connection.transaction():
            for statement in _HIDE:
                self._connection.run(statement, json.dumps(list(photo_ids)))

    def show(self, photo_ids: Sequence[int]) -> None:
        """Take photos and their embeddings back, as if they had just been added."""
        with self._connection.transaction():
            for statement in _SHOW:
                self._connection.run(statement, json.dumps(list(photo_ids)))
            # What filters hold in memory goes on from the last id, and these are below it.
            self._connection.run("UPDATE edits SET count = count + 1")
