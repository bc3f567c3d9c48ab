"""What the library remembers of its models, and of what each has embedded."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from photoseek.database.connection import Connection
from photoseek.errors import LibraryError
from photoseek.paths import path_below

__all__ = ["LackingPhoto", "ModelRow", "ModelTable"]


@dataclass(frozen=True)
class ModelRow:
    """A model of the library: photos `embedded` by it, and those `lacking` though readable."""

    id: str
    name: str
    embedding_dim: int
    current: bool
    shipped: bool
    embedded: int
    lacking: int


@dataclass(frozen=True)
class LackingPhoto:
    """A photo whose file is there, and that a model has not embedded yet."""

    id: int
    path: Path
    file_size: int
    modified_ns: int
    changed_ns: int


class ModelTable:
    """The models of one library; the photos and vectors themselves are the catalogue's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self) -> tuple[ModelRow, ...]:
        """Return the library's models, the one in use first, then as they were added."""
        readable = self._connection.number("SELECT count(*) FROM photos WHERE failure IS NULL")
        rows = self._connection.typed(
            "ttiiii",
            "SELECT m.model_id, m.name, m.embedding_dim, m.current, m.shipped, "
            "coalesce(e.photos, 0) FROM models m "
            "LEFT JOIN (SELECT model, count(*) AS photos FROM embeddings GROUP BY model) e "
            "ON e.model = m.id ORDER BY m.current DESC, m.id",
        )
        return tuple(
            ModelRow(
                id_,
                _printable(name),
                dim,
                bool(current),
                bool(shipped),
                embedded,
                readable - embedded,
            )
            for id_, name, dim, current, shipped, embedded in rows
        )

    def current(self) -> str | None:
        """Return the id of the model in use; None before the first update."""
        rows = self._connection.typed("t", "SELECT model_id FROM models WHERE current")
        return rows[0][0] if rows else None

    def put(self, model_id: str, name: str, embedding_dim: int, *, shipped: bool) -> None:
        """Add a model, or say more of one that is known only by its id."""
        self._connection.run(
            "INSERT INTO models (model_id, name, embedding_dim, shipped) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (model_id) DO UPDATE SET name = excluded.name, "
            "embedding_dim = excluded.embedding_dim, shipped = shipped OR excluded.shipped",
            model_id,
            name,
            embedding_dim,
            shipped,
        )

    def use(self, model_id: str) -> None:
        """Make a model the one in use, in one step."""
        self._connection.run("UPDATE models SET current = (model_id = ?)", model_id)

    def remove(self, model_id: str) -> None:
        """Forget a model and its embeddings, and give their room back where the disk lets us."""
        with self._connection.transaction():
            self._connection.run(
                "DELETE FROM embeddings WHERE model = (SELECT id FROM models WHERE model_id = ?)",
                model_id,
            )
            self._connection.run("DELETE FROM models WHERE model_id = ?", model_id)
        with suppress(LibraryError):  # no room for the smaller copy: the free pages are used again
            self._connection.shrink()

    def lacking(self, model_id: str) -> list[LackingPhoto]:
        """Return the readable photos at hand that a model has not embedded."""
        rows = self._connection.typed(
            "ibbiii",
            "SELECT p.id, f.path, p.name, p.file_size, p.modified_ns, p.changed_ns FROM photos p "
            "JOIN folders f ON f.id = p.folder_id "
            "WHERE p.failure IS NULL AND NOT p.missing AND NOT EXISTS (SELECT 1 FROM embeddings e "
            "JOIN models m ON m.id = e.model WHERE e.photo_id = p.id AND m.model_id = ?) "
            "ORDER BY p.id",
            model_id,
        )
        return [
            LackingPhoto(id_, path_below(Path(os.fsdecode(folder)), name), *stamp)
            for id_, folder, name, *stamp in rows
        ]


def _printable(name: str) -> str:
    """Return a name that a terminal does not obey: the library may come from somebody else."""
    return "".join(letter if letter.isprintable() else " " for letter in name)
