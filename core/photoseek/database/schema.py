"""The tables of a library file, and the version that says which of them it has."""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "SCHEMA_VERSION", "upgrade_script"]

APPLICATION_ID = 0x50484F54
"""Marks a SQLite file as a Photoseek library ("PHOT")."""

_TABLES = """
CREATE TABLE folders (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    offline_reason TEXT
);
-- A folder below `folders` that could not be listed at the last scan.
CREATE TABLE unreadable (
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    reason TEXT NOT NULL
);
-- An id is never used twice, and a photo whose bytes change gets a new one: whoever holds an id
-- holds its embedding. `name` is the path below the folder in the bytes of the file system.
CREATE TABLE photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    name BLOB NOT NULL,
    file_size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    digest BLOB,
    width INTEGER,
    height INTEGER,
    failure TEXT,
    retry INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0,
    UNIQUE (folder_id, name)
);
CREATE INDEX photos_by_digest ON photos (digest);
CREATE TABLE models (id INTEGER PRIMARY KEY, model_id TEXT NOT NULL UNIQUE);
-- `vector` is (dim,) float16. `seq` only grows, so a reader asks for what came after it.
CREATE TABLE embeddings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id INTEGER NOT NULL REFERENCES photos (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id),
    vector BLOB NOT NULL,
    UNIQUE (photo_id, model)
);
CREATE TABLE removals (seq INTEGER PRIMARY KEY AUTOINCREMENT, photo_id INTEGER NOT NULL);
CREATE TRIGGER photo_removed AFTER DELETE ON photos
BEGIN INSERT INTO removals (photo_id) VALUES (old.id); END;
"""

_METADATA = """
-- What the photo says of itself. `taken` is seconds since 1970 on the camera's clock, `zone` its
-- minutes east of Greenwich; `keywords` are lines. `described` is 0 until the file was asked.
ALTER TABLE photos ADD COLUMN taken INTEGER;
ALTER TABLE photos ADD COLUMN zone INTEGER;
ALTER TABLE photos ADD COLUMN camera TEXT;
ALTER TABLE photos ADD COLUMN lens TEXT;
ALTER TABLE photos ADD COLUMN orientation INTEGER;
ALTER TABLE photos ADD COLUMN latitude REAL;
ALTER TABLE photos ADD COLUMN longitude REAL;
ALTER TABLE photos ADD COLUMN rating INTEGER;
ALTER TABLE photos ADD COLUMN keywords TEXT;
ALTER TABLE photos ADD COLUMN format TEXT;
ALTER TABLE photos ADD COLUMN described INTEGER NOT NULL DEFAULT 0;
-- How often something that filters ask for has changed of a photo that keeps its id.
CREATE TABLE edits (count INTEGER NOT NULL);
INSERT INTO edits VALUES (0);
CREATE TRIGGER photo_edited AFTER UPDATE ON photos
WHEN old.folder_id <> new.folder_id OR old.name <> new.name
    OR old.modified_ns <> new.modified_ns OR old.described <> new.described
BEGIN UPDATE edits SET count = count + 1; END;
-- Photos of a folder whose files are in the cloud only, at the last scan.
ALTER TABLE folders ADD COLUMN online_only INTEGER NOT NULL DEFAULT 0;
CREATE TABLE exclusions (pattern TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
"""

_MODELS = """
-- The bundles themselves lie in models/ beside the library file. One is `current`: searches use
-- it. `shipped` ones came with Photoseek, and give way to the next that comes with it.
ALTER TABLE models ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE models ADD COLUMN embedding_dim INTEGER NOT NULL DEFAULT 0;
ALTER TABLE models ADD COLUMN current INTEGER NOT NULL DEFAULT 0;
ALTER TABLE models ADD COLUMN shipped INTEGER NOT NULL DEFAULT 0;
"""

_EXCLUSIONS = """
DROP TABLE exclusions;
CREATE TABLE exclusions (id INTEGER PRIMARY KEY, pattern TEXT NOT NULL UNIQUE);
-- Photos that a pattern leaves out lie here until it is taken back. The columns are those of
-- `photos`, in their order: what adds one there adds it here.
CREATE TABLE excluded_photos AS SELECT * FROM photos WHERE 0;
CREATE TABLE excluded_embeddings AS SELECT photo_id, model, vector FROM embeddings WHERE 0;
CREATE UNIQUE INDEX excluded_photos_by_id ON excluded_photos (id);
CREATE INDEX excluded_embeddings_by_photo ON excluded_embeddings (photo_id);
CREATE TRIGGER folder_removed AFTER DELETE ON folders
BEGIN DELETE FROM excluded_photos WHERE folder_id = old.id; END;
CREATE TRIGGER excluded_photo_removed AFTER DELETE ON excluded_photos
BEGIN DELETE FROM excluded_embeddings WHERE photo_id = old.id; END;
CREATE TRIGGER model_removed AFTER DELETE ON models
BEGIN DELETE FROM excluded_embeddings WHERE model = old.id; END;
"""

_MOUNTS = """
-- Where, below a folder, another drive began at the last scan, or began when it was last there.
CREATE TABLE mounts (
    folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    path BLOB NOT NULL
);
"""

_STEPS = (_TABLES, _METADATA, _MODELS, _EXCLUSIONS, _MOUNTS)
"""What makes version 1 of nothing, version 2 of version 1, and so on; never changed, only added."""

SCHEMA_VERSION = len(_STEPS)


def upgrade_script(version: int) -> str:
    """Return SQL that brings a file of this version, 0 for an empty one, up to ours at once."""
    return (
        f"BEGIN IMMEDIATE; {''.join(_STEPS[version:])} PRAGMA application_id = {APPLICATION_ID}; "
        f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    )
