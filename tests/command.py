"""Starts the `photoseek` command as a process of its own, on another bundle than the shipped."""

from __future__ import annotations

import subprocess
import sys

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


def start(bundle: ModelBundle, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(bundle.path), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
