"""Indexing, searching and the window work where every socket is forbidden."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RUNNER = HERE.parent / "no_sockets.py"

INTRUDERS = {
    "python": "import socket; socket.socket(socket.AF_UNIX)",
    "a child": "import subprocess as s, sys; "
    "s.run([sys.executable, '-c', 'import socket; socket.socket()'], check=True)",
    "a library": "import ctypes; assert ctypes.CDLL(None).socket(1, 1, 0) == -1",
}


def run_without_sockets(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    # pytest's own place for files would ask the system for the user's name through a socket.
    options = ["-q", "-p", "no:cacheprovider", "--basetemp", tmp_path / "inner"]
    return subprocess.run(
        [sys.executable, RUNNER, *map(str, options), *map(str, arguments)],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.parametrize(
    "test",
    [
        "test_terminal.py::test_a_phrase_finds_its_photo_first[a cat-IMG_0001]",
        "test_window.py::test_typing_shows_the_right_photo_first",
    ],
)
def test_indexing_and_searching_open_no_socket(test: str, tmp_path: Path) -> None:
    done = run_without_sockets(tmp_path, HERE / test)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("kind", INTRUDERS)
def test_a_socket_would_have_been_noticed(kind: str, tmp_path: Path) -> None:
    if kind == "a library" and sys.platform != "linux":
        pytest.skip("only Linux's kernel is asked to look")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    intruder = tmp_path / "test_intruder.py"
    intruder.write_text(f"def test_it():\n    {INTRUDERS[kind]}\n")
    done = run_without_sockets(tmp_path, intruder, "-c", tmp_path / "pytest.ini")
    assert done.returncode != 0
    assert "1 passed" not in done.stdout
