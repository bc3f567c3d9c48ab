"""Grows a library from a thousand photos on, and measures what each photo costs at each size."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.made_library import MadeLibrary
from photoseek import Library, Query

__all__ = ["measure_scaling"]

SIZES = (1_000, 10_000, 100_000, 1_000_000)
FLAT = 1.5
"""How much more a photo may cost in the largest library than in the smallest."""

DISK_LIMIT = 1500


def measure_scaling(made: MadeLibrary, most: int, out: Path | None) -> list[Figure]:
    """Measure storing, opening, rescanning, ranking and disk, a photo, up to `most` photos."""
    costs: dict[int, dict[str, float]] = {}
    for size in [size for size in SIZES if size < most] + [most]:
        costs[size] = _costs(made, size)
    if out is not None and importlib.util.find_spec("matplotlib") is not None:
        _plot(costs, out)
    first, last = costs[min(costs)], costs[most]
    figures = [
        Figure(
            "scaling",
            f"{name}, a photo of {most:,} to one of {min(costs):,}",
            last[name],
            "us",
            first[name],
            last[name] / first[name],
            FLAT,
        )
        for name in first
        if name != "disk"
    ]
    name = f"disk, a photo of {most:,} without its thumbnail"
    return [*figures, Figure("scaling", name, last["disk"], "bytes", limit=DISK_LIMIT)]


def _costs(made: MadeLibrary, size: int) -> dict[str, float]:
    """Return what one photo costs in a library of this size: microseconds, and bytes of disk."""
    added = size - made.count
    storing = made.grow(size) / added
    with Library.open(made.directory, bundle=made.bundle) as library:
        library.update()  # takes in the model
    started = time.perf_counter()
    with Library.open(made.directory, bundle=made.bundle) as library:
        library.rank(Query(photo_ids=(1,)), top_k=1)
        opening = (time.perf_counter() - started) / size
        rescanning = min(_seconds(library.update) for _ in range(2)) / size
        phrase = Query.parse("a dog running on a beach")
        library.rank(phrase, top_k=200)
        searching = min(_seconds(lambda: library.rank(phrase, top_k=200)) for _ in range(5)) / size
    return {
        "storing": storing * 1e6,
        "opening": opening * 1e6,
        "rescanning": rescanning * 1e6,
        "searching": searching * 1e6,
        "disk": made.disk_bytes() / size,
    }


def _plot(costs: dict[int, dict[str, float]], out: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    out.mkdir(parents=True, exist_ok=True)
    figure, axes = pyplot.subplots(figsize=(7, 4.5))
    for name in ("storing", "opening", "rescanning", "searching"):
        axes.loglog(list(costs), [cost[name] for cost in costs.values()], "o-", label=name)
    axes.set_xlabel("photos in the library")
    axes.set_ylabel("microseconds a photo")
    axes.set_title("What a photo costs, by the size of its library")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(out / "cost_per_photo.png", dpi=120)
    pyplot.close(figure)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
