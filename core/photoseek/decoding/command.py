"""The one place that knows how a worker process is started, also by an app without `python`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["WORKER_FLAG", "serve_if_asked", "worker_command"]

WORKER_FLAG = "--photoseek-decoder"
"""The first argument, told to nobody, that makes a frozen app a worker instead of a window."""


def worker_command() -> list[str]:
    """Return the command that starts a worker; the worker's own arguments follow it.

    A frozen app has no `python` to run a module with: its executable would open a second window.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_FLAG]
    return [sys.executable, "-m", "photoseek.decoding.worker"]


def serve_if_asked(arguments: Sequence[str] | None) -> bool:
    """Be a worker if this process was started as one; every entry point asks this first."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] != [WORKER_FLAG]:
        return False
    from photoseek.decoding.worker import main

    main(given[1:])
    return True
