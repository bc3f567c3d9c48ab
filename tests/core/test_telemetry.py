"""What onnxruntime sends home, and writes in the home folder, unless it is told not to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NEWCOMERS = (
    "photoseek.encoder",
    "photoseek.decoding.worker",
    "photoseek.cli",
    "photoseek_desktop.app",
    "photoseek_training.quantization",
)


def python(code: str, home: Path) -> str:
    """Run Python as somebody who has never heard of Photoseek and wants telemetry."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environment = {**kept, "HOME": str(home), "ORT_DISABLE_TELEMETRY": "0"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("module", NEWCOMERS)
def test_whatever_is_imported_first_telemetry_is_off(module: str, tmp_path: Path) -> None:
    code = f"import {module}, onnxruntime, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert python(code, tmp_path) == "1"
    # What it would have sent waits in a database below the home folder, beside a machine id.
    assert list(tmp_path.rglob("*onnxruntime*")) == []


def test_telemetry_that_somebody_else_has_started_is_stopped(tmp_path: Path) -> None:
    code = (
        "import onnxruntime; stopped = [];"
        "onnxruntime.disable_telemetry_events = lambda: stopped.append(True);"
        "import photoseek.encoder; print(stopped)"
    )
    assert python(code, tmp_path) == "[True]"
