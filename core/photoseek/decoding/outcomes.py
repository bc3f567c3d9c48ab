"""What comes of one file: a photo, one that is known already, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from photoseek.records import Metadata

__all__ = ["DecodeJob", "Decoded", "FailureKind", "Known", "Outcome", "Undecodable"]

FailureKind = Literal[
    "damaged",
    "unsupported",  # whole, but of a kind that Photoseek does not read, or no photo at all
    "too_large",
    "timeout",
    "killed",  # the process that opened it was ended, by the file or by somebody else
    "memory",
    "unreadable",  # the drive does not give the file's bytes
    "stopped",  # nobody waits for it any more
    "not_downloaded",  # it is on a cloud drive alone
    "no_reader",  # an optional part of Photoseek reads it
]
"""Why a file gave no photo."""

_MAY_PASS: frozenset[FailureKind] = frozenset(
    ["timeout", "killed", "memory", "unreadable", "stopped", "not_downloaded"]
)
"""What may be otherwise at another time although the file stays the same."""


@dataclass(frozen=True)
class DecodeJob:
    """A file to open, with the `sidecars` that describe it.

    `known` are digests of photos that need no decoding again.
    """

    path: Path
    known: frozenset[bytes] = frozenset()
    sidecars: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Decoded:
    """A photo: digest of its bytes, upright size, encoder pixels `(size, size, 3)`, the rest."""

    digest: bytes
    width: int
    height: int
    pixels: NDArray[np.uint8]
    thumbnail: bytes
    metadata: Metadata


@dataclass(frozen=True)
class Known:
    """The file's bytes are those of a photo that was embedded before."""

    digest: bytes
    metadata: Metadata


@dataclass(frozen=True)
class Undecodable:
    """Why a file gave no photo: in words, and as a kind that code can decide by."""

    reason: str
    kind: FailureKind

    @property
    def retry(self) -> bool:
        """Whether another try may succeed while the file stays the same."""
        return self.kind in _MAY_PASS


Outcome = Decoded | Known | Undecodable
