"""Puts values into a library that its tables refuse, as a library from somebody else may hold."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["put_crafted"]

_CHANGE = "UPDATE sqlite_master SET sql = ? WHERE name = 'photos'"


def put_crafted(path: Path, column: str, value: object, photo_id: int) -> None:
    """Set a column of a photo to any value at all; the tables look as Photoseek makes them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        ((sql,),) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'photos'")
        database.execute("PRAGMA writable_schema = ON")
        loose = re.sub(r"(?<!IS) NOT NULL", "", sql.replace(") STRICT", ")"))
        database.execute(_CHANGE, (loose,))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("PRAGMA writable_schema = ON")
        database.execute(f"UPDATE photos SET {column} = ? WHERE id = ?", (value, photo_id))
        database.execute(_CHANGE, (sql,))
