"""The library on disk, `library.db`: all of sqlite3 and all SQL are in this package.

`library_file` is what a library opens: it has `recovery` make or replace the file where it must,
from `backups`, and lets one process write at a time; `presence` knows who has it open. `opening`
says what files SQLite may open, `connection` runs transactions and puts SQLite's errors into words,
`schema` holds the tables. `catalogue` is what the rest of core asks and tells, with
`folder_table`, `model_table` and `exclusion_table` for what concerns those alone; `rows` and
`vectors` make records and arrays of what is in the tables.
"""

from photoseek.database.backups import Backups
from photoseek.database.catalogue import (
    Catalogue,
    Counts,
    EmbeddingChanges,
    KnownFile,
    PhotoFile,
    StoredFailure,
)
from photoseek.database.exclusion_table import ExclusionTable
from photoseek.database.library_file import LibraryFile
from photoseek.database.model_table import LackingPhoto, ModelRow, ModelTable

__all__ = [
    "Backups",
    "Catalogue",
    "Counts",
    "EmbeddingChanges",
    "ExclusionTable",
    "KnownFile",
    "LackingPhoto",
    "LibraryFile",
    "ModelRow",
    "ModelTable",
    "PhotoFile",
    "StoredFailure",
]
