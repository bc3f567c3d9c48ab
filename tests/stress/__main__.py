"""`python -m stress [ROUNDS] [PROCESSES]`: processes share one library, and none may break it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bundles import make_colour_bundle
from photoseek import ModelBundle
from stress.sharing import share_library

if __name__ == "__main__":
    rounds, processes = (int(text) for text in [*sys.argv[1:], "100", "2"][:2])
    if len(sys.argv) > 2:
        processes = int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        bundle = ModelBundle.open(make_colour_bundle(Path(folder) / "model"))
        faults = share_library(Path(folder), bundle, rounds=rounds, processes=processes)
    print("\n".join(faults) or f"{rounds} rounds of {processes} processes without a fault")
    sys.exit(bool(faults))
