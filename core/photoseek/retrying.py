"""Decides which files that could not be read are tried again, and when."""

from __future__ import annotations

import functools
from importlib.metadata import PackageNotFoundError, version

from photoseek.database import KnownFile, StoredFailure
from photoseek.decoding.outcomes import FailureKind, Undecodable

__all__ = ["RetryRule", "reader"]

_EACH_UPDATE: frozenset[FailureKind] = frozenset(["unreadable", "not_downloaded", "stopped"])
"""What a try finds out at once."""

_WITH_PAUSES: frozenset[FailureKind] = frozenset(["timeout", "killed", "memory"])
"""What may have been the computer's fault: it was busy, asleep, or short of memory."""

FIRST_PAUSE = 3600
"""Seconds until a file that took too long is tried again; each further pause is four times that."""

LONGEST_PAUSE = 30 * 24 * 3600

_READERS = ("photoseek", "pillow", "pillow-heif", "rawpy")


@functools.cache
def reader() -> str:
    """Return the versions of what reads photos: with others, a file may be read after all."""
    return " ".join(f"{name} {_version(name)}" for name in _READERS)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


class RetryRule:
    """What one update tries again; `everything` is what the person asks for.

    `now` is in seconds since 1970.
    """

    def __init__(self, now: int, *, everything: bool = False) -> None:
        self._now = now
        self._everything = everything
        self._reader = reader()

    def is_due(self, known: KnownFile) -> bool:
        """Tell whether to open an unchanged file again that could not be read."""
        return (
            self._everything
            or known.failure_kind in _EACH_UPDATE
            or known.reader != self._reader
            or (known.failure_kind in _WITH_PAUSES and not self.waits(known))
        )

    def waits(self, known: KnownFile) -> bool:
        """Tell whether a file that could not be read has to wait for its next try."""
        return known.try_after > self._now and not self._everything

    def tries(self, known: KnownFile | None, outcome: Undecodable) -> tuple[int, int]:
        """Return how often the file has been tried by now, and when it may be tried next."""
        if outcome.kind not in _WITH_PAUSES:
            return 0, 0
        tries = 1 + (known.tries if known is not None else 0)
        # No one tries as often as makes this number too large to count with.
        pause = min(FIRST_PAUSE * 4 ** min(tries - 1, 10), LONGEST_PAUSE)
        return tries, self._now + pause

    def stored(self, known: KnownFile | None, outcome: Undecodable) -> StoredFailure:
        """Return what to remember of a file that could not be read."""
        tries, after = self.tries(known, outcome)
        readers = None if outcome.kind in _EACH_UPDATE else self._reader
        return StoredFailure(outcome.reason, outcome.kind, tries, after, readers)
