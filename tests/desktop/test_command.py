"""The `photoseek-desktop` command says what it is, and why no window can be opened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from photoseek_desktop import system_check


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return subprocess.run(
        [sys.executable, "-m", "photoseek_desktop.app", *arguments],
        capture_output=True,
        text=True,
        env=inherited | environment,
        timeout=60,
        check=False,
    )


def test_version_and_help_need_no_screen() -> None:
    assert run("--version").stdout.startswith("photoseek-desktop ")
    assert "FOLDER" in run("--help").stdout


def test_wrong_usage() -> None:
    result = run("--colour")
    assert result.returncode == 2
    assert "--colour" in result.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a screen")
def test_without_a_screen_it_names_the_terminals_commands() -> None:
    result = run()
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "photoseek index FOLDER" in result.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="packages are Linux's")
def test_missing_system_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setattr(system_check, "_loads", lambda library: library != "libxcb-cursor.so.0")
    assert system_check.why_no_window().endswith("sudo apt-get install libxcb-cursor0")
    monkeypatch.setattr(system_check, "_loads", lambda library: True)
    assert system_check.why_no_window() == ""


def test_only_lanes_start_threads() -> None:
    package = Path(system_check.__file__).parent
    starters = [
        path.name
        for path in package.glob("*.py")
        if "Thread(" in path.read_text() or "QThread" in path.read_text()
    ]
    assert starters == ["lanes.py"]
