"""What a benchmark says: figures held against limits, and how their times are taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Figure", "in_turns", "ratio_of"]


@dataclass(frozen=True)
class Figure:
    """One figure; the limit is for the `ratio` to the `bare` part where there is one.

    `floor` turns the limit round: the figure is to be at least that. Without a limit it is there
    to compare with.
    """

    section: str
    name: str
    value: float
    unit: str
    bare: float | None = None
    ratio: float | None = None
    limit: float | None = None
    floor: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None without one."""
        if self.limit is None:
            return None
        held = self.value if self.ratio is None else self.ratio
        return held >= self.limit if self.floor else held <= self.limit


def in_turns(*works: Callable[[], object], times: int) -> list[list[float]]:
    """Return the seconds `[work][turn]` of works that take turns, each called once before.

    A busy machine then slows all of them alike, and their ratios stay what they are.
    """
    for work in works:
        work()
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, taken in zip(works, seconds, strict=True):
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return seconds


def ratio_of(whole: list[float], bare: list[float]) -> float:
    """Return how much longer the whole takes than the bare part: the median over the turns."""
    return statistics.median(first / second for first, second in zip(whole, bare, strict=True))
