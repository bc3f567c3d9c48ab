"""Opens a large library in a process of its own, as far as the first search: time and memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from benchmarks.figures import Figure
from benchmarks.made_library import MadeLibrary

__all__ = ["measure_opening"]

TIMES = 3
MATRIX_SHARE = 1.3
BESIDE_MB = 300

_SCRIPT = """
import json, sys, time
from pathlib import Path
import numpy as np
from photoseek import Library, ModelBundle, Query
from photoseek.database import Catalogue, PhotoFile
from photoseek.records import Metadata

def megabytes(name):
    # Not by getrusage: a child begins with the peak of its parent there.
    (line,) = (line for line in open("/proc/self/status") if line.startswith(name))
    return int(line.split()[1]) * 1.024e-3

directory, bundle = Path(sys.argv[1]), ModelBundle.open(sys.argv[2])
started = time.perf_counter()
with Library.open(directory, bundle=bundle) as library:
    any_photo = Query(photo_ids=(1,))
    found = library.rank(any_photo, top_k=1)
    opened = time.perf_counter() - started
    peak, before = megabytes("VmHWM"), megabytes("VmRSS")
    catalogue = Catalogue(directory / "library.db")
    (folder,) = catalogue.folders.all()
    with catalogue.transaction():
        file = PhotoFile(folder.id, b"one-more.jpg", 0, 0)
        photo = catalogue.put_photo(file, b"one more photo's", 4, 3, Metadata())
        vector = np.eye(1, bundle.manifest.embedding_dim, dtype=np.float32)[0]
        catalogue.put_embedding(photo, bundle.manifest.model_id, vector)
    library.rank(any_photo, top_k=1)
    grown = megabytes("VmRSS") - before
    catalogue.remove_photos([photo])
    catalogue.close()
print(json.dumps({"opened": opened, "peak": peak, "grown": grown}))
"""


def measure_opening(made: MadeLibrary, limit: float) -> list[Figure]:
    """Measure until every embedding is in memory and a first search is answered."""
    runs = [_open(made) for _ in range(TIMES)]
    matrix = made.count * made.bundle.manifest.embedding_dim * 4 / 1e6
    opened = statistics.median(run["opened"] for run in runs)
    peak = max(run["peak"] for run in runs)
    return [
        Figure("opening", f"a library of {made.count:,}", opened, "s", limit=limit),
        Figure(
            "opening",
            f"most memory, the matrix taking {matrix:,.0f} MB",
            peak,
            "MB",
            limit=MATRIX_SHARE * matrix + BESIDE_MB,
        ),
        Figure("opening", "memory for one photo more", max(run["grown"] for run in runs), "MB"),
    ]


def _open(made: MadeLibrary) -> dict[str, float]:
    command = [sys.executable, "-c", _SCRIPT, str(made.directory), str(made.bundle.path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    values: dict[str, float] = json.loads(done.stdout)
    return values
