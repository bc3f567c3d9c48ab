"""Searches a large library, against one matrix-vector product and one text encoding."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure, in_turns
from benchmarks.made_library import MadeLibrary
from photoseek import Library, Query
from photoseek.filters import Filter

__all__ = ["measure_searching"]

PHRASE = "a dog running on a beach"
TOP_K = 200
TIMES = 41
LIMIT = 1.5
FILTER_LIMIT = 1.2


def measure_searching(made: MadeLibrary, most_ms: float | None = None) -> list[Figure]:
    """Compare `Library.rank` with its bare parts, with a filter, and with exact libraries.

    Of so short works the fastest turns are compared: the others were interrupted.
    """
    with Library.open(made.directory, bundle=made.bundle) as library:
        encoder = library.encoder
        matrix = _matrix(library, made)
        wanted = Filter(after=datetime(2000, 1, 2), before=datetime(2018, 1, 1), folder=made.photos)
        plain, filtered = Query.parse(PHRASE), Query.parse(PHRASE, filter=wanted)

        def bare() -> None:
            _ = matrix @ encoder.encode_text([PHRASE])[0]

        whole, sifted, listed, least = in_turns(
            lambda: library.rank(plain, top_k=TOP_K),
            lambda: library.rank(filtered, top_k=TOP_K),
            lambda: library.search(plain, top_k=TOP_K),
            bare,
            times=TIMES,
        )
        vector = encoder.encode_text([PHRASE])[0]
        others = _exact_libraries(matrix, vector)
        ranked, *theirs = in_turns(lambda: matrix @ vector, *others.values(), times=TIMES)
    size = f"{made.count:,} x {matrix.shape[1]}"
    ms = min(whole) * 1000
    figures = [
        Figure(
            "searching",
            f"a phrase over {size}, top {TOP_K}",
            ms,
            "ms",
            min(least) * 1000,
            min(whole) / min(least),
            LIMIT,
        ),
        Figure(
            "searching",
            "the same, filtered by dates and folder",
            min(sifted) * 1000,
            "ms",
            ms,
            min(sifted) / min(whole),
            FILTER_LIMIT,
        ),
        Figure("searching", f"the same, with {TOP_K} photo records", min(listed) * 1000, "ms"),
        Figure("searching", "numpy's product alone", min(ranked) * 1000, "ms"),
    ]
    if most_ms is not None:
        figures.insert(1, Figure("searching", f"a phrase over {size}", ms, "ms", limit=most_ms))
    for name, seconds in zip(others, theirs, strict=True):
        figures.append(
            Figure("searching", f"{name}, exact, top {TOP_K}", min(seconds) * 1000, "ms")
        )
    return figures


def _matrix(library: Library, made: MadeLibrary) -> NDArray[np.float32]:
    """Return all vectors as one matrix, once the library has read them."""
    library.search(PHRASE, top_k=1)
    blocks = library._model.snapshot().blocks
    matrix = np.concatenate(blocks)
    assert len(matrix) == made.count
    return matrix


def _exact_libraries(
    matrix: NDArray[np.float32], vector: NDArray[np.float32]
) -> dict[str, Callable[[], Any]]:
    """Return the same search by the `bench` extra's libraries, those that are installed."""
    works: dict[str, Callable[[], Any]] = {}
    if importlib.util.find_spec("faiss") is not None:
        import faiss

        index = faiss.IndexFlatIP(matrix.shape[1])
        index.add(matrix)
        works["faiss"] = lambda: index.search(vector[None], TOP_K)
    if importlib.util.find_spec("usearch") is not None:
        from usearch.compiled import MetricKind
        from usearch.index import search

        works["usearch"] = lambda: search(matrix, vector, TOP_K, MetricKind.IP, exact=True)
    return works
