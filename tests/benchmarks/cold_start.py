"""Times `photoseek search` from nothing to its answer, and says where that time goes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.figures import Figure, in_turns
from benchmarks.made_library import MadeLibrary

__all__ = ["measure_cold_start"]

TIMES = 7
PHRASE = "a dog running on a beach"

_STAGES = """
import json, sys, time
marks = [("", time.perf_counter())]
def mark(name):
    marks.append((name, time.perf_counter()))
import numpy
mark("import numpy")
import onnxruntime, tokenizers
mark("import onnxruntime and tokenizers")
from photoseek.cli import main
from photoseek.library import Library
mark("import photoseek")
library = Library.open(sys.argv[1])
mark("open the library, verify the model")
library.encoder.tokenizer
mark("load the vocabulary")
library.encoder.encode_text(["a dog"])
mark("load the text encoder")
library._model.snapshot()
mark("read the embeddings")
library.search(sys.argv[2])
mark("search")
library.close()
print(json.dumps({name: end - start for (_, start), (name, end) in zip(marks, marks[1:])}))
"""


def measure_cold_start(made: MadeLibrary) -> list[Figure]:
    """Measure the command in a library of the shipped model, then its stages in one process."""
    environment = {**os.environ, "PHOTOSEEK_LIBRARY": str(made.directory)}
    command = [str(Path(sys.executable).with_name("photoseek")), "search", PHRASE]

    def run(arguments: list[str]) -> str:
        return subprocess.run(
            arguments, env=environment, check=True, capture_output=True, text=True
        ).stdout

    empty = [sys.executable, "-c", "pass"]
    whole, python = in_turns(lambda: run(command), lambda: run(empty), times=TIMES)
    staged = [sys.executable, "-c", _STAGES, str(made.directory), PHRASE]
    runs: list[dict[str, float]] = [json.loads(run(staged)) for _ in range(TIMES)]
    stages = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return [
        Figure(
            "cold start",
            f"photoseek search over {made.count:,} photos",
            statistics.median(whole) * 1000,
            "ms",
        ),
        Figure("cold start", "of it: start Python", statistics.median(python) * 1000, "ms"),
        *(Figure("cold start", f"of it: {name}", s * 1000, "ms") for name, s in stages.items()),
    ]
