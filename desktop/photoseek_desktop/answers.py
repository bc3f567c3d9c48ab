"""Asks the library what a request asks for; any thread but the GUI's."""

from __future__ import annotations

import numpy as np

from photoseek import Library, LibraryInfo, NamesTaken, QueryError
from photoseek_desktop.search_request import Results, SearchRequest

__all__ = ["answer", "counted_answer"]

MOST_COUNTS = 3
"""Tries to count and to search without photos being added in between."""

_NOTHING = np.empty(0, np.int64)


def counted_answer(library: Library, request: SearchRequest) -> tuple[Results, LibraryInfo]:
    """Search and count the same photos, though others are read meanwhile."""
    info = library.info(sizes=False)
    for _ in range(MOST_COUNTS):
        results, before, info = answer(library, request), info, library.info(sizes=False)
        if (before.photos, before.searchable) == (info.photos, info.searchable):
            break
    return results, info


def answer(library: Library, request: SearchRequest) -> Results:
    """Search, or browse when nothing is asked for."""
    if not request:
        return Results(request, library.browse())
    query = request.to_query()
    try:
        ranking = library.rank(query)
    except QueryError:
        tokenizer = library.encoder.tokenizer
        unknown = tuple(word for text in query.phrases for word in tokenizer.unknown_words(text))
        if not unknown:
            raise
        return Results(request, _NOTHING, unknown_words=unknown, all_unknown=True, is_compared=True)
    tells_likely = ranking.is_compared and library.bundle.manifest.likely is not None
    named = any(isinstance(item, NamesTaken) for item in ranking.understood)
    return Results(
        request,
        ranking.ids,
        ranking.likely,
        tells_likely,
        unknown_words=ranking.unknown_words,
        corrections=ranking.corrections,
        understood=ranking.understood,
        is_compared=ranking.is_compared,
        is_filtered=named or bool(query.filter),
    )
