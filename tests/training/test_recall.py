from __future__ import annotations

import numpy as np

from photoseek_training.recall import photo_to_phrase, phrase_to_photo, recall_sum, summarise


def _slow_ranks(queries: np.ndarray, items: np.ndarray, right: list[set[int]]) -> list[int]:
    ranks = []
    for query, own in zip(queries, right, strict=True):
        order = sorted(range(len(items)), key=lambda item: -float(query @ items[item]))
        ranks.append(1 + min(order.index(item) for item in own))
    return ranks


def test_recall_equals_sorting_and_looking() -> None:
    random = np.random.default_rng(0)
    photos = random.normal(size=(30, 8)).astype(np.float32)
    owner = np.sort(random.integers(30, size=110))
    owner[:30] = np.arange(30)
    phrases = (photos[owner] + 2 * random.normal(size=(110, 8))).astype(np.float32)
    ranks = _slow_ranks(phrases, photos, [{int(photo)} for photo in owner])
    assert phrase_to_photo(photos, phrases, owner) == summarise(np.array(ranks))
    own = [set(np.flatnonzero(owner == photo).tolist()) for photo in range(30)]
    ranks = _slow_ranks(photos, phrases, own)
    assert photo_to_phrase(photos, phrases, owner) == summarise(np.array(ranks))


def test_a_model_that_gives_all_photos_the_same_score_gets_no_credit() -> None:
    same = np.ones((20, 4), np.float32)
    recall = phrase_to_photo(same, same, np.arange(20))
    assert (recall.r10, recall.median_rank) == (0, 20)


def test_recall_sum_adds_all_recalls() -> None:
    perfect = summarise(np.ones(5, int))
    assert recall_sum(perfect, perfect) == 600
