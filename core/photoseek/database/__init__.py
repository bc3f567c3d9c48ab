"""The library on disk, `library.db`: all of sqlite3 and all SQL are in this package.

`connection` opens and checks the file, runs transactions and puts SQLite's errors into words;
`schema` holds the tables; `catalogue` is what the rest of core asks and tells.
"""

from photoseek.database.catalogue import (
    Catalogue,
    Counts,
    EmbeddingChanges,
    KnownFile,
    PhotoFile,
)

__all__ = ["Catalogue", "Counts", "EmbeddingChanges", "KnownFile", "PhotoFile"]
