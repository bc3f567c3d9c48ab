"""Recall at k and median rank of a retrieval, both ways."""

import numpy as np
from numpy.typing import NDArray

from photoseek.manifest import Recall

Vectors = NDArray[np.float32]
Owner = NDArray[np.int64]


def phrase_to_photo(photos: Vectors, phrases: Vectors, owner: Owner) -> Recall:
    """How high each phrase ranks its photo: `owner[i]` is the photo of phrase i."""
    return summarise(phrase_ranks(photos, phrases, owner))


def phrase_ranks(photos: Vectors, phrases: Vectors, owner: Owner) -> NDArray[np.integer]:
    """The rank (n,) of each phrase's photo."""
    scores = phrases @ photos.T
    own = scores[np.arange(len(phrases)), owner]
    # A photo that only ties with the right one counts as before it.
    ranks: NDArray[np.integer] = (scores >= own[:, None]).sum(axis=1)
    return ranks


def photo_to_phrase(photos: Vectors, phrases: Vectors, owner: Owner) -> Recall:
    """How high each photo ranks the best of its phrases; each photo needs at least one."""
    scores = photos @ phrases.T
    belongs = owner[None, :] == np.arange(len(photos))[:, None]
    best = np.where(belongs, scores, -np.inf).max(axis=1)
    return summarise(1 + ((scores >= best[:, None]) & ~belongs).sum(axis=1))


def summarise(ranks: NDArray[np.integer]) -> Recall:
    """Percent of ranks at most 1, 5 and 10, and their median; rank 1 is the best."""
    r1, r5, r10 = (round(float((ranks <= k).mean() * 100), 2) for k in (1, 5, 10))
    return Recall(r1, r5, r10, float(np.median(ranks)))


def recall_sum(*recalls: Recall) -> float:
    """The sum of all recalls: the one figure by which a checkpoint is chosen on dev."""
    return round(sum(recall.r1 + recall.r5 + recall.r10 for recall in recalls), 2)
