"""Lets the photos nearest to one that is searched by say what they have in common with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoseek.embedding_index import GONE, Snapshot

__all__ = ["expand"]

NEAREST = 6
"""How many photos of the library speak for one: itself, where it is there, and five more."""

POWER = 3
"""How much less a photo says that is less near."""


def expand(snapshot: Snapshot, photo: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the unit mean `(dim,)` of a photo's unit vector and of those nearest to it.

    Average query expansion (Chum et al. 2007), each of the nearest weighted by a power of its score
    (Radenovic et al. 2018). A score counts from the library's mean score up, as in some models'
    spaces all photos are near to one another. What is alike in photos that are near is more often
    what they show; what only one of them has is often chance.
    """
    scores = snapshot.scores(photo)
    live = np.flatnonzero(snapshot.ids != GONE)
    if not len(live):
        return photo
    scores = scores[live]
    nearest = np.argpartition(scores, -min(NEAREST, len(live)))[-NEAREST:]
    usual = scores.mean()
    weights = ((scores[nearest] - usual) / max(1 - usual, 1e-6)).clip(0) ** POWER
    mean = photo + weights @ snapshot.rows(live[nearest])
    unit: NDArray[np.float32] = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit
