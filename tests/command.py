"""Starts the `photoseek` command as a process of its own, on another bundle than the shipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from photoseek.bundle import ModelBundle

COMMAND = """
import signal
import sys
from photoseek import ModelBundle
from photoseek.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
bundle = ModelBundle.open(sys.argv[1])
ModelBundle.shipped = classmethod(lambda cls: bundle)
sys.exit(main(sys.argv[2:]))
"""

HELD_UPDATE = """
import sys
from photoseek import Library, ModelBundle

def hold(progress):
    if progress.done:
        print("holding", flush=True)
        sys.stdin.readline()

with Library.open(sys.argv[2], bundle=ModelBundle.open(sys.argv[1])) as library:
    library.add_folder(sys.argv[3])
    library.update(on_progress=hold)
"""


def start(bundle: ModelBundle, *arguments: object) -> subprocess.Popen[str]:
    """Run `photoseek ARGUMENTS` with this model."""
    return _start(COMMAND, bundle, *arguments)


def start_held_update(bundle: ModelBundle, directory: Path, folder: Path) -> subprocess.Popen[str]:
    """Begin an update that stops amid its photos, and return when it has; a line lets it go on."""
    process = _start(HELD_UPDATE, bundle, directory, folder)
    assert process.stdout is not None
    assert process.stdout.readline() == "holding\n", process.communicate()
    return process


def _start(script: str, bundle: ModelBundle, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(bundle.path), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
