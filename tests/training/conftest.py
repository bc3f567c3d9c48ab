"""A bundle trained on drawn shapes, and drawn datasets in the layouts that Flickr8k comes in."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HAS_TORCH = importlib.util.find_spec("torch") is not None
# The app and its tests are set up without torch; `pip install -e '.[train]'` adds these tests.
collect_ignore_glob = [] if HAS_TORCH else ["test_*.py"]


@dataclass(frozen=True)
class SmokeRun:
    """A finished `train-and-export --preset smoke`."""

    out: Path
    work: Path
    arguments: list[str]


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmokeRun]:
    """Run the command once for all tests."""
    import torch

    from photoseek_training.cli import main

    threads = torch.get_num_threads()
    folder = tmp_path_factory.mktemp("smoke")
    arguments = ["--preset", "smoke", "--threads", "1", "--seed", "3"]
    arguments += ["--out", str(folder / "bundle"), "--work", str(folder / "work")]
    assert main(arguments) == 0
    yield SmokeRun(folder / "bundle", folder / "work", arguments)
    torch.set_num_threads(threads)
