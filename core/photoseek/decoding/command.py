"""The one place that knows how a worker process is started, also by an app without `python`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["TRIAL_FLAG", "WORKER_FLAG", "serve_if_asked", "trial_command", "worker_command"]

WORKER_FLAG = "--photoseek-decoder"
"""The first argument, told to nobody, that makes a frozen app a worker instead of a window."""

TRIAL_FLAG = "--photoseek-model-trial"
"""The same for the process that tries a model."""


def worker_command() -> list[str]:
    """Return the command that starts a worker; the worker's own arguments follow it.

    A frozen app has no `python` to run a module with: its executable would open a second window.
    """
    return _command(WORKER_FLAG, "photoseek.decoding.worker")


def trial_command() -> list[str]:
    """Return the command that starts a trial of a model; the trial's own arguments follow it."""
    return _command(TRIAL_FLAG, "photoseek.model_trial_worker")


def serve_if_asked(arguments: Sequence[str] | None) -> bool:
    """Be a worker if this process was started as one; every entry point asks this first."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [WORKER_FLAG]:
        from photoseek.decoding.worker import main
    elif given[:1] == [TRIAL_FLAG]:
        from photoseek.model_trial_worker import main
    else:
        return False
    main(given[1:])
    return True


def _command(flag: str, module: str) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, flag]
    return [sys.executable, "-m", module]
