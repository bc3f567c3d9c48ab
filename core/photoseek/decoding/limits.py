"""The limits that a worker process sets itself, as far as its system has them."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import time

__all__ = ["Limits"]

NICENESS = 5
"""Indexing steps back when the person does something else."""


LEFT_BEHIND = 64 << 20
"""Bytes of address space that a worker may be larger by after some photos than at its start."""


class Limits:
    """Made once the worker has loaded what it needs: a photo's memory is counted from there."""

    def __init__(self, *, background: bool) -> None:
        self._own_memory = _address_space()
        if sys.platform != "win32":
            import resource

            # No core file of somebody's photo is left behind.
            _lower(resource.RLIMIT_CORE, 0)
            if background:
                with contextlib.suppress(OSError):
                    os.nice(NICENESS)

    def begin_photo(self, memory: int, seconds: float) -> None:
        """Give the next photo so many bytes, and so many seconds of a processor."""
        if sys.platform == "win32":
            return  # the parent has put this process into a job with limits
        import resource

        if sys.platform == "linux":  # macOS has the name, and refuses every value
            # What earlier photos have left behind is not this one's, within bounds.
            own = min(_address_space(), self._own_memory + LEFT_BEHIND)
            _lower(resource.RLIMIT_AS, own + memory)
        _lower(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds))


def _lower(which: int, limit: int) -> None:
    """Set a soft limit, within the hard one that the person or a container may have set."""
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(which)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(which, (most, hard))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", "rb") as numbers:  # noqa: PTH123 -- one line of one pseudo file
            return int(numbers.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 256 << 20
