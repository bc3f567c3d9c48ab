"""The tables of a library file, and the version that says which tables it has."""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "STATEMENTS", "has_our_tables"]

APPLICATION_ID = 0x50484F54
"""Marks a SQLite file as a Photoseek library ("PHOT")."""

SCHEMA_VERSION = 1

KEPT_REMOVALS = 1 << 16
"""Photos; as many that went while a process had the library open and did not search."""

_PHOTO_COLUMNS = """
    -- The path below the folder, in the bytes of the file system.
    name BLOB NOT NULL CHECK (length(name) > 0),
    file_size INTEGER NOT NULL CHECK (file_size >= 0),
    modified_ns INTEGER NOT NULL,
    -- The time at which the system last changed the file's entry (ctime), and a stamp of the
    -- sidecar files beside the photo: either reveals a change that size and time do not.
    changed_ns INTEGER NOT NULL DEFAULT 0,
    beside INTEGER NOT NULL DEFAULT 0,
    digest BLOB,
    width INTEGER CHECK (width > 0),
    height INTEGER CHECK (height > 0),
    missing INTEGER NOT NULL DEFAULT 0 CHECK (missing IN (0, 1)),
    -- Why the file is no photo, in words and by kind; how often it was tried, from when on (in
    -- seconds since 1970) it may be tried again, and the versions of what could not read it.
    failure TEXT,
    failure_kind TEXT,
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    try_after INTEGER NOT NULL DEFAULT 0,
    reader TEXT,
    -- The photo's metadata. `taken` is seconds since 1970 on the camera's clock, `zone` the
    -- camera's minutes east of Greenwich; `keywords` are lines.
    -- `described` is 0 until the metadata was read.
    taken INTEGER,
    zone INTEGER,
    camera TEXT,
    lens TEXT,
    orientation INTEGER,
    latitude REAL,
    longitude REAL,
    rating INTEGER,
    keywords TEXT,
    format TEXT,
    described INTEGER NOT NULL DEFAULT 0 CHECK (described IN (0, 1)),
    -- The one date that the photo is sorted and filtered by, in seconds since 1970 on the camera's
    -- clock, or on this computer's, and `taken_us` its microseconds; it comes from 0 the file, 1
    -- the file's name, 2 the photo.
    dated INTEGER NOT NULL DEFAULT 0,
    taken_us INTEGER NOT NULL DEFAULT 0 CHECK (taken_us BETWEEN 0 AND 999999),
    dated_by INTEGER NOT NULL DEFAULT 0 CHECK (dated_by IN (0, 1, 2)),
    CHECK (failure IS NOT NULL OR (digest IS NOT NULL AND width IS NOT NULL AND height IS NOT NULL))
"""

STATEMENTS = (
    """
CREATE TABLE folders (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    offline_reason TEXT
) STRICT
""",
    """
-- A folder below `folders` that could not be listed at the last scan.
CREATE TABLE unreadable (
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT
""",
    """
-- Where, below a folder, another drive began at the last scan, or began when it was last there.
CREATE TABLE mounts (
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    path BLOB NOT NULL
) STRICT
""",
    """
CREATE TABLE exclusions (id INTEGER PRIMARY KEY, pattern TEXT NOT NULL UNIQUE) STRICT
""",
    # An id is never used twice, and a photo whose bytes change gets a new one: whoever holds an
    # id holds its embedding.
    f"""
CREATE TABLE photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,{_PHOTO_COLUMNS},
    UNIQUE (folder_id, name)
) STRICT
""",
    """
CREATE INDEX photos_by_digest ON photos (digest)
""",
    """
-- `failure` is in it so that the order is read without the table.
CREATE INDEX photos_by_date ON photos (dated, taken_us, id, failure) WHERE failure IS NULL
""",
    """
-- The bundles themselves are in models/ beside the library file. One is `current`: searches use
-- it. A `shipped` one came with Photoseek, and gives way to the next that comes with it.
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    model_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    embedding_dim INTEGER NOT NULL CHECK (embedding_dim BETWEEN 1 AND 65536),
    current INTEGER NOT NULL DEFAULT 0 CHECK (current IN (0, 1)),
    shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped IN (0, 1))
) STRICT
""",
    """
-- `vector` is (dim,) float16. `seq` only grows, so a reader asks for what came after it.
CREATE TABLE embeddings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id),
    vector BLOB NOT NULL,
    UNIQUE (photo_id, model)
) STRICT
""",
    # Photos that a pattern leaves out are here until it is taken back.
    f"""
CREATE TABLE excluded_photos (
    id INTEGER PRIMARY KEY,
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,{_PHOTO_COLUMNS}
) STRICT
""",
    """
CREATE INDEX excluded_photos_by_folder ON excluded_photos (folder_id)
""",
    """
CREATE TABLE excluded_embeddings (
    photo_id INTEGER NOT NULL REFERENCES excluded_photos (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    UNIQUE (photo_id, model)
) STRICT
""",
    """
-- The ids of the photos that went last. A reader that has missed some reads all anew.
CREATE TABLE removals (seq INTEGER PRIMARY KEY AUTOINCREMENT, photo_id INTEGER NOT NULL) STRICT
""",
    f"""
CREATE TRIGGER photo_removed AFTER DELETE ON photos
BEGIN
    INSERT INTO removals (photo_id) VALUES (old.id);
    DELETE FROM removals WHERE seq <= (SELECT max(seq) FROM removals) - {KEPT_REMOVALS};
END
""",  # noqa: S608 -- our own constant
    """
-- How often something that filters ask for has changed of a photo that keeps its id.
CREATE TABLE edits (count INTEGER NOT NULL) STRICT
""",
    """
INSERT INTO edits VALUES (0)
""",
    """
CREATE TRIGGER photo_edited AFTER UPDATE ON photos
WHEN old.folder_id <> new.folder_id OR old.name <> new.name
    OR old.modified_ns <> new.modified_ns OR old.changed_ns <> new.changed_ns
    OR old.beside <> new.beside OR old.described <> new.described OR old.dated <> new.dated
    OR old.taken_us <> new.taken_us
BEGIN UPDATE edits SET count = count + 1; END
""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
"""What makes a library of an empty file, in one transaction.

No version was ever released before this one: nothing is brought up to date.
"""


def has_our_tables(database: sqlite3.Connection) -> bool:
    """Tell whether a file holds the tables, indexes and triggers that Photoseek makes, and no more.

    Our own statements would run a view or a trigger that somebody else has put there.
    """
    return _tables_of(database) == _our_tables()


@functools.cache
def _our_tables() -> frozenset[tuple[object, ...]]:
    with closing(sqlite3.connect(":memory:")) as database:
        for statement in STATEMENTS:
            database.execute(statement)
        return _tables_of(database)


def _tables_of(database: sqlite3.Connection) -> frozenset[tuple[object, ...]]:
    return frozenset(database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))
