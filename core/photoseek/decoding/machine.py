"""How much of the machine the worker processes may take: processors and memory."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "RESIDENT",
    "MemoryShares",
    "Room",
    "cores",
    "memory_bytes",
    "plan_room",
    "shared_memory",
]

MIB = 1 << 20

MEMORY_SHARE = 4
"""All workers of one Photoseek together take at most this part of the memory: a quarter."""

MOST_OF_ONE = 512 * MIB
"""What one worker usually gets, on a machine that has enough: room for 50 megapixels."""

LEAST_OF_ONE = 384 * MIB
"""With less for each, fewer workers are better."""

LEAST_IN_ALL = 448 * MIB
"""On the smallest machines a quarter would open no photo."""

RESIDENT = 96 * MIB
"""What a worker takes beside a photo: Python, numpy, Pillow, and what earlier photos have left."""

UNKNOWN_MEMORY = 4096 * MIB
"""Taken for the memory of a machine that does not say."""

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Room:
    """`workers` for indexing beside one for whoever waits, and bytes for a photo in each.

    `share` is what a photo may take while others are opened, `whole` what one may take alone.
    """

    workers: int
    share: int
    whole: int


def plan_room(processors: int, memory: int) -> Room:
    """Divide the machine up: a quarter of the memory, at most 512 MiB a worker."""
    total = min(memory // MEMORY_SHARE, MOST_OF_ONE * (processors + 1))
    total = max(total, LEAST_IN_ALL)
    workers = max(1, min(processors, total // LEAST_OF_ONE - 1))
    resident = RESIDENT * (workers + 1)
    return Room(workers, total // (workers + 1) - RESIDENT, total - resident)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Return the memory that this process may use: the machine's, or its container's."""
    return min([_physical_memory(), *_cgroup_limits()])


def _physical_memory() -> int:
    if sys.platform == "win32":
        return _windows_memory()
    with contextlib.suppress(ValueError, OSError):
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if pages > 0:
            return pages
    return UNKNOWN_MEMORY


def _windows_memory() -> int:
    """Ask Windows' `GlobalMemoryStatusEx`, whose second number is the physical memory."""
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("physical", ctypes.c_uint64),
            ("others", ctypes.c_uint64 * 6),
        ]

    status = Status(length=ctypes.sizeof(Status))
    kernel: object = ctypes.windll.kernel32  # type: ignore[attr-defined]
    if kernel.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined]
        return int(status.physical)
    return UNKNOWN_MEMORY


def _cgroup_limits() -> list[int]:
    """Return the limits of the container that this process runs in, those above it included."""
    places = [_CGROUPS / "memory.max", _CGROUPS / "memory" / "memory.limit_in_bytes"]
    with contextlib.suppress(OSError, ValueError):
        for line in _OWN_CGROUP.read_text().splitlines():
            _, kinds, name = line.split(":", 2)
            own = _CGROUPS / name.lstrip("/")
            if not kinds:
                places += [place / "memory.max" for place in (own, *own.parents)]
            elif "memory" in kinds.split(","):
                own = _CGROUPS / "memory" / name.lstrip("/")
                places += [place / "memory.limit_in_bytes" for place in (own, *own.parents)]
    limits = []
    for place in dict.fromkeys(places):
        with contextlib.suppress(OSError, ValueError):  # "max" is no number, and no limit
            limits.append(int(place.read_text()))
    return [limit for limit in limits if limit > 0]


class MemoryShares:
    """Hands out shares of the workers' memory: one to a photo, or all to one that needs them.

    Who waits for all goes before those who come later; nobody may ask while holding some.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self._all = self._free = room.workers + 1
        self._waiting_for_all = 0
        self._changed = threading.Condition()

    @contextmanager
    def one(self, given_up: Callable[[], bool]) -> Iterator[int]:
        """Hold what one photo usually gets; yield the bytes, or 0 when `given_up` came first."""
        with self._hold(1, given_up) as held:
            yield self.room.share if held else 0

    @contextmanager
    def whole(self, given_up: Callable[[], bool]) -> Iterator[int]:
        """Hold everything, when nobody holds any; yield the bytes as `one` does."""
        with self._hold(self._all, given_up) as held:
            yield self.room.whole if held else 0

    @contextmanager
    def _hold(self, count: int, given_up: Callable[[], bool]) -> Iterator[bool]:
        held = self._take(count, given_up)
        try:
            yield held
        finally:
            if held:
                with self._changed:
                    self._free += count
                    self._changed.notify_all()

    def _take(self, count: int, given_up: Callable[[], bool]) -> bool:
        wants_all = count == self._all
        with self._changed:
            self._waiting_for_all += wants_all
            try:
                while self._free < count or (self._waiting_for_all and not wants_all):
                    if given_up():
                        return False
                    self._changed.wait(0.1)
                self._free -= count
                return True
            finally:
                self._waiting_for_all -= wants_all
                self._changed.notify_all()


@functools.cache
def shared_memory() -> MemoryShares:
    """Return the one purse of this process: its pools and openers share the machine's memory."""
    return MemoryShares(plan_room(cores(), memory_bytes()))
