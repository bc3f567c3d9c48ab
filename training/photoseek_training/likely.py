"""Measures on dev where likely matches end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoseek.manifest import LikelyRule
from photoseek.ranking import standardise
from photoseek_training.measurement import Embedded, expand_all

LET_THROUGH = 0.01
"""The share of photos that do not belong to a phrase and may yet be called likely.

Of 10,000 photos of anything, a phrase for which there is no match then shows at most some 100
above the line, and one with many matches shows those and few others. Most "mismatched" pairs
that pass are other photos of the same kind of scene, so what a person sees is better than the
figure. A rule that kept 80 % of the true pairs would call hundreds likely where nothing matches.
"""


@dataclass(frozen=True)
class LikelyMeasure:
    """The rule, and the shares of true and of mismatched dev pairs that it calls likely."""

    rule: LikelyRule
    kept: float
    let_through: float


def measure_likely(dev: Embedded) -> LikelyMeasure:
    """Choose the threshold that lets through 1 % of mismatched pairs, each query for itself."""
    scores = dev.phrases @ dev.photos.T
    belongs = np.zeros(scores.shape, bool)
    belongs[np.arange(len(scores)), dev.owner] = True
    rule, standard = _let_through_few(scores, belongs)
    return LikelyMeasure(
        rule,
        float((standard[belongs] >= rule.threshold).mean()),
        float((standard[~belongs] >= rule.threshold).mean()),
    )


def likely_by_photo(dev: Embedded) -> LikelyRule:
    """The rule for photos as queries: it lets through 1 % of pairs of different photos."""
    scores = expand_all(dev.photos) @ dev.photos.T
    return _let_through_few(scores, np.eye(len(scores), dtype=bool))[0]


def _let_through_few(
    scores: NDArray[np.float32], belongs: NDArray[np.bool_]
) -> tuple[LikelyRule, NDArray[np.float32]]:
    """A rule for scores (queries, photos), and the scores as it standardises them."""
    mismatched = np.where(belongs, np.nan, scores)
    mean = float(np.nanmean(mismatched))
    std = float(np.nanmean(np.nanstd(mismatched, axis=1)))
    usual = np.array([standardise(row, mean, std) for row in scores])
    standard = (scores - usual[:, :1]) / usual[:, 1:]
    threshold = float(np.quantile(standard[~belongs], 1 - LET_THROUGH))
    return LikelyRule(round(mean, 5), round(std, 5), round(threshold, 4)), standard
