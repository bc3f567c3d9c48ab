"""Photoseek's window: add folders, type a phrase or drop a photo, look at what is found.

`app` reads the command line; the `desk` keeps a `session` on one library, which wires everything
once, and replaces it by one on another. The `main_window` holds the search bar, the grid and the
viewer; widgets only show things and say by signal what the person did.

The person's question is a `SearchRequest`: phrase and photos from the `search_bar`, and a filter
from the `filter_panel`, which `filter_chips` show. The `librarian` answers it on the search lane
with `Results`: photo ids, best first, and how many are likely. The `photo_model` holds these ids
and fetches `Photo` rows a page at a time as they come into view; the `thumbnail_cache` does the
same with pictures. The `indexer` keeps the library up to date on a lane of its own, when the
`folder_watch` tells it what has changed. The `photo_loader` decodes whole photos for the viewer and
their neighbours.

Only `lanes` starts threads. Work runs there as plain functions and its result comes back by
signal to the GUI thread, where nothing reads a file or the database.
"""

from __future__ import annotations

__all__: list[str] = []
