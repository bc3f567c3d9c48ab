from __future__ import annotations

import numpy as np

from photoseek_training.wang import CLASSES, measure_classes


def test_class_figures_equal_those_counted_one_by_one() -> None:
    random = np.random.default_rng(0)
    queries, found = np.repeat(np.arange(10), 3), np.repeat(np.arange(10), 4)
    scores = random.normal(size=(30, 40)).astype(np.float32)
    measured = measure_classes(scores, queries, found)
    for number, name in enumerate(CLASSES):
        hits = [
            sum(found[place] == number for place in np.argsort(-row)[:10])
            for row in scores[queries == number]
        ]
        assert measured.precision[name] == round(100 * float(np.mean(hits)) / 10, 2)
        assert measured.recall[name] == round(100 * float(np.mean(hits)) / 4, 2)
    assert measured.ranks[-1] == 40
    assert measured.recall_curve[-1] == 100
    assert measured.precision_curve[-1] == 10


def test_a_photo_does_not_find_itself() -> None:
    classes = np.repeat(np.arange(10), 2)
    scores = (classes[:, None] == classes).astype(np.float32)
    np.fill_diagonal(scores, -np.inf)
    measured = measure_classes(scores, classes, classes)
    assert measured.ranks[-1] == 19
    assert measured.recall["bus"] == 100
    assert measured.precision["bus"] == 10
