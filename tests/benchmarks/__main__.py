"""Runs the benchmarks: `make bench`, or `python -m benchmarks --help` with tests/ on the path."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.cold_start import measure_cold_start
from benchmarks.encoding import measure_encoding
from benchmarks.figures import Figure
from benchmarks.indexing import measure_indexing
from benchmarks.made_library import MadeLibrary, narrow_bundle
from benchmarks.opening import measure_opening
from benchmarks.rescanning import measure_rescanning
from benchmarks.scaling import measure_scaling
from benchmarks.searching import measure_searching
from photoseek import ModelBundle

SECTIONS = ("encoding", "indexing", "cold", "library", "scaling")
DIM = 256
"""Numbers in an embedding of the million."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--photos", type=int, default=512, help="12-megapixel photos to index")
    parser.add_argument("--most", type=int, default=1_000_000, help="photos of the largest library")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="leave the others out")
    parser.add_argument("--out", type=Path, help="folder for bench.json and cost_per_photo.png")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print(f"{'':66} {'figure':>10} {'':8} {'bare':>9} {'ratio':>6}  {'limit':>7}")
    figures = []
    with tempfile.TemporaryDirectory(prefix="photoseek-bench-") as folder:
        for figure in measure(options, Path(folder)):
            print(line(figure), flush=True)
            figures.append(figure)
    missed = sum(figure.met is False for figure in figures)
    limits = sum(figure.met is not None for figure in figures)
    print(f"\n{limits - missed} of {limits} limits are kept")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        rows = [{**asdict(figure), "met": figure.met} for figure in figures]
        (options.out / "bench.json").write_text(json.dumps(rows, indent=2) + "\n")


def measure(options: argparse.Namespace, folder: Path) -> Iterator[Figure]:
    wanted = options.only or SECTIONS
    bundle = ModelBundle.shipped()
    if "encoding" in wanted:
        yield from measure_encoding(bundle, folder)
    if "indexing" in wanted:
        yield from measure_indexing(bundle, folder, options.photos)
    if "cold" in wanted:
        made = MadeLibrary(folder / "cold", folder / "cold-photos", bundle)
        made.grow(10_000)
        yield from measure_cold_start(made)
    if "library" in wanted:
        made = MadeLibrary(folder / "library", folder / "library-photos", bundle)
        made.grow(100_000)
        yield from measure_rescanning(made)
        yield from measure_searching(made)
        yield from measure_opening(made, limit=0.5)
    if "scaling" in wanted:
        narrow = narrow_bundle(bundle, DIM, folder / "narrow")
        made = MadeLibrary(folder / "scaling", folder / "scaling-photos", narrow)
        yield from measure_scaling(made, options.most, options.out)
        yield from measure_searching(made, most_ms=100)
        yield from measure_opening(made, limit=4.0)


def line(figure: Figure) -> str:
    """Return a figure as one line of the table."""
    against = ""
    if figure.bare is not None and figure.ratio is not None:
        against = f"{figure.bare:9.2f} {figure.ratio:6.2f}"
    limit = ""
    if figure.limit is not None:
        sign = ">=" if figure.floor else "<="
        limit = f"{sign} {figure.limit:<7g} {'met' if figure.met else 'NOT MET'}"
    name = f"{figure.section}: {figure.name}"
    return f"{name:66} {figure.value:10.2f} {figure.unit:8} {against:16}  {limit}".rstrip()


if __name__ == "__main__":
    main()
