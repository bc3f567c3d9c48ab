from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from photoseek.bundle import ModelBundle
from photoseek_training.processes import Processes

ONE_STEP = """
import sys

import torch

from photoseek_training.loss import build_targets, contrastive_loss
from photoseek_training.processes import join_processes

with join_processes(torch.device("cpu")) as processes:
    torch.manual_seed(0)
    owner = torch.tensor([0, 0, 1, 2, 2, 2, 3, 4, 4, 5, 6])
    photos, phrases = torch.randn(7, 5).double(), torch.randn(len(owner), 5).double()
    network = torch.nn.Linear(5, 3).double()
    scale = torch.nn.Parameter(torch.tensor(4.0).double())
    rows = []
    for items in (photos, phrases):
        own = processes.share(len(items))
        embedded = torch.nn.functional.normalize(network(items[own]), dim=-1)
        rows.append(processes.gather(embedded, own, len(items)))
        assert torch.equal(processes.gather(items[own], own, len(items)), items)
    targets = build_targets(owner, len(photos))
    loss = contrastive_loss(*rows, scale, targets.to_photo.double(), targets.to_phrase.double())
    loss.backward()
    learned = [*network.parameters(), scale]
    processes.average_gradients(learned)
    gradients = [value.grad for value in learned]
    torch.save([loss.detach(), *gradients], f"{sys.argv[1]}-{processes.count}-{processes.rank}.pt")
"""


def _run_two(folder: Path, *command: str) -> str:
    # With --standalone the processes meet on this machine alone.
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    # torchrun leaves a folder of its own behind.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder)}
    done = subprocess.run(
        [*torchrun, *command], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_two_processes_have_the_loss_and_the_gradients_of_one(tmp_path: Path) -> None:
    script = tmp_path / "step.py"
    script.write_text(ONE_STEP, encoding="utf-8")
    subprocess.run([sys.executable, script, tmp_path / "step"], check=True)
    _run_two(tmp_path, str(script), str(tmp_path / "step"))
    alone, first, second = (torch.load(tmp_path / f"step-{n}.pt") for n in ("1-0", "2-0", "2-1"))
    for one, of_first, of_second in zip(alone, first, second, strict=True):
        torch.testing.assert_close(of_first, one)
        assert torch.equal(of_first, of_second)


def test_torchrun_trains_one_bundle_that_finds_shapes(tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    options = ["--preset", "smoke", "--seed", "3", "--threads", "1", "--epochs", "2"]
    said = _run_two(
        tmp_path,
        *("-m", "photoseek_training.cli", *options),
        *("--out", str(out), "--work", str(tmp_path / "work")),
    )
    assert re.findall(r"epoch \d of 2", said) == ["epoch 1 of 2", "epoch 2 of 2", "epoch 2 of 2"]
    recall = ModelBundle.open(out).manifest.recall
    assert recall is not None
    assert recall.phrase_to_photo.r10 > 50


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shares_are_of_like_size_and_leave_nothing_out(count: int) -> None:
    items = list(range(20))
    shares = [items[Processes(rank, count).share(20)] for rank in range(count)]
    assert [item for share in shares for item in share] == items
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
