"""The library on disk, `library.db`: all of sqlite3 and all SQL are in this package.

`recovery` looks at the file before it is opened, and replaces one that is damaged from `backups`;
`connection` runs transactions, copies the file and puts SQLite's errors into words; `schema` holds
the tables; `catalogue` is what the rest of core asks and tells, with `folder_table`,
`model_table` and `exclusion_table` for what concerns those alone; `rows` makes records of rows.
"""

from photoseek.database.catalogue import (
    Catalogue,
    Counts,
    EmbeddingChanges,
    KnownFile,
    PhotoFile,
    StoredFailure,
)
from photoseek.database.exclusion_table import ExclusionTable
from photoseek.database.model_table import LackingPhoto, ModelRow, ModelTable
from photoseek.database.recovery import LOCK_NAME, recover

__all__ = [
    "LOCK_NAME",
    "Catalogue",
    "Counts",
    "EmbeddingChanges",
    "ExclusionTable",
    "KnownFile",
    "LackingPhoto",
    "ModelRow",
    "ModelTable",
    "PhotoFile",
    "StoredFailure",
    "recover",
]
