"""Compares a query's vector with every embedding and says where the likely matches end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from photoseek.embedding_index import GONE, Snapshot
from photoseek.manifest import LikelyRule
from photoseek.records import Ranking

__all__ = ["combine", "rank", "standardise"]

WITHOUT_WEIGHT = 0.5
"""How far a query moves away from what it should not show, against 1 towards what it should."""

REFERENCE_WEIGHT = 100
"""How many photos of a library weigh as much as the model's own reference statistics."""

MOST_ABOVE = 0.5
"""How far, in reference deviations, a query's usual score may lie above the reference mean."""

SAMPLE = 20_000
"""Scores that the library's statistics are taken from; more would cost time and change nothing."""


def combine(wanted: NDArray[np.float32], unwanted: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return one unit vector `(dim,)` float32: near to the `wanted` rows, away from the others.

    A longer wanted row weighs more.
    """
    vector = _unit(wanted.mean(axis=0))
    if len(unwanted):
        vector = _unit(vector - WITHOUT_WEIGHT * _unit(unwanted.mean(axis=0)))
    return vector


def standardise(scores: NDArray[np.float32], mean: float, std: float) -> tuple[float, float]:
    """Return what is usual for a query: the mean and deviation of scores that do not match.

    The library's own median and median absolute deviation (robust against the few that match)
    are blended with the reference `mean` and `std`, which decide while the library is small. A
    library full of matches would call them usual, so neither may be more than the reference
    allows: `MOST_ABOVE` deviations above its mean, because words that fit many photos a little
    have a higher usual score than others, and still match none.
    """
    if not len(scores):
        return mean, std
    sample = scores[:: -(-len(scores) // SAMPLE)]
    median = float(np.median(sample))
    spread = 1.4826 * float(np.median(np.abs(sample - median)))
    share = len(scores) / (len(scores) + REFERENCE_WEIGHT)
    usual = share * median + (1 - share) * mean
    deviation = share * spread + (1 - share) * std
    return min(usual, mean + MOST_ABOVE * std), min(deviation, std)


def rank(
    snapshot: Snapshot,
    vector: NDArray[np.float32],
    rule: LikelyRule | None,
    top_k: int | None = None,
    keep: NDArray[np.bool_] | None = None,
) -> Ranking:
    """Rank all photos by dot product with `vector` `(dim,)` float32, the best `top_k` of them.

    Exact, not approximate. Without a rule nothing is called likely. Only the rows in `keep` `(n,)`
    are ranked, but what is usual is taken from all: a filter makes no photo a likelier match.
    """
    scores = snapshot.scores(vector)
    ids = snapshot.ids
    if (ids == GONE).any():
        live = ids != GONE
        scores, ids = scores[live], ids[live]
        keep = keep[live] if keep is not None else None
    usual, spread = standardise(scores, rule.mean, rule.std) if rule else (0.0, 0.0)
    rows = None if keep is None else np.flatnonzero(keep)
    if rows is not None:
        scores = scores.take(rows)
    order = _best_first(scores, top_k)
    best = scores[order]
    likely = all_likely = 0
    if rule is not None:
        least = usual + rule.threshold * spread
        likely, all_likely = int((best >= least).sum()), int((scores >= least).sum())
    return Ranking(ids[order if rows is None else rows[order]], best, likely, all_likely=all_likely)


def _best_first(scores: NDArray[np.float32], top_k: int | None) -> NDArray[np.intp]:
    """Return positions by falling score, equal scores in the order they were added."""
    if top_k is None or top_k >= len(scores):
        return _sorted(scores)
    if top_k <= 0:
        return np.empty(0, np.intp)
    # Everything from the k-th score up, so that a tie at the edge is cut by position, not chance.
    candidates = np.flatnonzero(scores >= _edge(scores, top_k))
    return candidates[_sorted(scores[candidates])][:top_k]


def _edge(scores: NDArray[np.float32], top_k: int) -> np.float32:
    """Return the `top_k`-th best score, exactly; a sample tells among which few it lies."""
    step = max(1, len(scores) // SAMPLE)
    sample = scores[::step]
    enough = min(len(sample), 2 * top_k // step + 16)
    few = scores[scores >= np.partition(sample, len(sample) - enough)[len(sample) - enough]]
    if len(few) < top_k:
        few = scores
    edge: np.float32 = np.partition(few, len(few) - top_k)[len(few) - top_k]
    return edge


def _sorted(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return what `np.argsort(-scores, kind="stable")` does, in a fifth of its time.

    The bits of a float, as a whole number, are in the order of floats of its sign. So score and
    position make one number each, and numbers are sorted much faster than positions by number.
    """
    bits = (scores + np.float32(0)).view(np.int32)  # the sum makes the negative zero a positive one
    falling = np.where(bits < 0, bits & 0x7FFFFFFF, ~bits)
    keys = (falling.astype(np.int64) << 32) | np.arange(len(scores))
    keys.sort()
    return (keys & 0xFFFFFFFF).astype(np.intp)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    return (vector / max(length, 1e-12)).astype(np.float32)
