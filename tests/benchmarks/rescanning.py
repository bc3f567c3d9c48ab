"""Rescans a library in which nothing has changed, against a bare walk over its files."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.figures import Figure, in_turns, ratio_of
from benchmarks.made_library import MadeLibrary
from photoseek import Library

__all__ = ["measure_rescanning"]

LIMIT = 3.0


def measure_rescanning(made: MadeLibrary, times: int = 5) -> list[Figure]:
    """Compare `Library.update` with `os.scandir` and a stat of each file."""
    with Library.open(made.directory, bundle=made.bundle) as library:

        def rescan() -> None:
            report = library.update()
            assert report.unchanged == report.found == made.count

        whole, bare = in_turns(rescan, lambda: bare_walk(made.photos), times=times)
    name = f"an unchanged rescan of {made.count:,} files"
    return [Figure("rescanning", name, min(whole), "s", min(bare), ratio_of(whole, bare), LIMIT)]


def bare_walk(folder: Path) -> int:
    """Look at every file below a folder as plainly as Python can; return their size."""
    size, waiting = 0, [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append(entry.path)
                else:
                    size += entry.stat().st_size
    return size
