"""Lets the photos nearest to one that is searched by say what they have in common with it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoseek.embedding_index import GONE, Snapshot

__all__ = ["expand"]

NEAREST = 6
"""How many photos of the library speak for one: itself, where it is there, and five more."""

POWER = 2
"""How much less a photo says that is less near."""


def expand(snapshot: Snapshot, photo: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a unit vector `(dim,)` between a photo's unit vector and those nearest to it.

    Average query expansion (Chum et al. 2007), each of the nearest weighted by a power of its score
    (Radenovic et al. 2018). What is alike in photos that are near is more often what they show;
    what only one of them has is often chance. A score counts from the library's mean score up, as
    in some models' spaces all photos are near to one another. Together the nearest weigh no more
    than the photo: a burst of shots would outvote it, and come before it.
    """
    live = np.flatnonzero(snapshot.ids != GONE)
    if not len(live):
        return photo
    scores = snapshot.scores(photo)[live]
    nearest = np.argpartition(scores, -min(NEAREST, len(live)))[-NEAREST:]
    usual = scores.mean()
    weights = ((scores[nearest] - usual) / max(1 - usual, 1e-6)).clip(0) ** POWER
    weights /= max(weights.sum(), 1)
    mean = photo + weights @ snapshot.rows(live[nearest])
    unit: NDArray[np.float32] = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit
