from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from photoseek.bundle import ModelBundle
from photoseek_training.cli import main


def _arguments(folder: Path) -> list[str]:
    options = ["--preset", "smoke", "--epochs", "2", "--threads", "1"]
    return [*options, "--out", str(folder / "bundle"), "--work", str(folder / "work")]


def test_a_killed_run_goes_on_to_the_very_same_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "photoseek_training.cli", *_arguments(tmp_path / "killed")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as killed:
        assert killed.stderr is not None
        for line in killed.stderr:
            if line.startswith("shapes epoch 1"):
                break
        checkpoint = tmp_path / "killed" / "work" / "checkpoint.pt"
        while not checkpoint.exists() and killed.poll() is None:
            os.sched_yield()
        killed.send_signal(signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "bundle").exists()

    assert main([*_arguments(tmp_path / "killed"), "--resume"]) == 0
    said = capsys.readouterr().err
    assert "going on from stage shapes, epoch 2, step 1" in said
    assert "shapes epoch 1" not in said
    assert main(_arguments(tmp_path / "whole")) == 0
    first, second = (ModelBundle.open(tmp_path / name / "bundle") for name in ("whole", "killed"))
    assert first.manifest.model_id == second.manifest.model_id
    assert first.manifest.recall == second.manifest.recall
