"""The folders of a library, and what the last scan saw below each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from photoseek.database.connection import Connection
from photoseek.database.rows import to_path
from photoseek.records import Failure, Folder

__all__ = ["FolderTable"]


class FolderTable:
    """What a library was told to read; `Catalogue.remove_folder` forgets one and its photos."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[Folder, ...]:
        """Return the folders by their paths, with their counts of files."""
        rows = self._connection.typed(
            "ibTi",
            "SELECT f.id, f.path, f.offline_reason, count(p.id) FROM folders f "
            "LEFT JOIN photos p ON p.folder_id = f.id GROUP BY f.id ORDER BY f.path",
        )
        return tuple(
            Folder(id_, to_path(path), reason is None, reason, photos)
            for id_, path, reason, photos in rows
        )

    def add(self, path: Path, inside: Sequence[Folder] = ()) -> None:
        """Add a folder; photos of the folders `inside` it become its own, embeddings and all."""
        with self._connection.transaction():
            new = self._connection.run("INSERT INTO folders (path) VALUES (?)", os.fsencode(path))
            for folder in inside:
                prefix = os.fsencode(folder.path.relative_to(path)) + os.fsencode(os.sep)
                for table in ("photos", "excluded_photos"):
                    names = self._connection.typed(
                        "bi",
                        f"SELECT name, id FROM {table} WHERE folder_id = ?",  # noqa: S608 -- one of two
                        folder.id,
                    )
                    self._connection.run_many(
                        f"UPDATE {table} SET folder_id = ?, name = ? WHERE id = ?",  # noqa: S608 -- one of two
                        [(new, prefix + name, id_) for name, id_ in names],
                    )
                self._connection.run(
                    "UPDATE mounts SET folder_id = ? WHERE folder_id = ?", new, folder.id
                )
                if not folder.online:  # its drive is away, and stays known as one
                    self._connection.run(
                        "INSERT INTO mounts VALUES (?, ?)", new, os.fsencode(folder.path)
                    )
                self._connection.run("DELETE FROM folders WHERE id = ?", folder.id)

    def mounts(self, folder_id: int) -> list[Path]:
        """Return where other drives begin below a folder, or began when they were there."""
        asked = "SELECT path FROM mounts WHERE folder_id = ?"
        rows = self._connection.typed("b", asked, folder_id)
        return [to_path(row[0]) for row in rows]

    def unreadable(self) -> dict[int, list[Failure]]:
        """Return what could not be looked at below each folder, by the folder's id."""
        found: dict[int, list[Failure]] = {}
        for id_, path, reason in self._connection.rows("SELECT * FROM unreadable ORDER BY path"):
            found.setdefault(id_, []).append(Failure(to_path(path), reason))
        return found

    def set_scan_result(
        self,
        folder_id: int,
        offline_reason: str | None,
        unreadable: Sequence[Failure],
        mounts: Sequence[Path],
    ) -> None:
        """Record why a folder is offline, if it is, and what was seen below it.

        `unreadable` could not be listed, at `mounts` other drives begin.
        """
        places = [(folder_id, os.fsencode(item.path), item.reason) for item in unreadable]
        with self._connection.transaction():
            # Only what differs is written: a library that has not changed needs no new backup.
            self._connection.run(
                "UPDATE folders SET offline_reason = ?1 WHERE id = ?2 AND offline_reason IS NOT ?1",
                offline_reason,
                folder_id,
            )
            known = "SELECT folder_id, path, reason FROM unreadable WHERE folder_id = ?"
            if set(self._connection.rows(known, folder_id)) != set(places):
                self._connection.run("DELETE FROM unreadable WHERE folder_id = ?", folder_id)
                self._connection.run_many("INSERT INTO unreadable VALUES (?, ?, ?)", places)
            if set(self.mounts(folder_id)) != set(mounts):
                self._connection.run("DELETE FROM mounts WHERE folder_id = ?", folder_id)
                rows = [(folder_id, os.fsencode(path)) for path in mounts]
                self._connection.run_many("INSERT INTO mounts VALUES (?, ?)", rows)
