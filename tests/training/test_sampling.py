from __future__ import annotations

import numpy as np
import pytest

from photoseek_training.corpus import Corpus
from photoseek_training.errors import DatasetError
from photoseek_training.sampling import Part, plan_epoch, plan_photos

COUNTS = np.array([3, 3, 3, 2, 1, 1, 2])
STARTS = np.concatenate([[0], COUNTS.cumsum()])
OWNER = np.repeat(np.arange(len(COUNTS)), COUNTS)
CORPUS = Corpus((), np.zeros((15, 1), np.int64), np.ones(15, np.int64), OWNER, STARTS)


def test_an_epoch_uses_each_caption_of_the_first_part_once() -> None:
    plans = plan_epoch(CORPUS, (Part(0, 3, 1, 1), Part(3, 4, 2, 1)), np.random.default_rng(0))
    first = np.concatenate([plan.captions[plan.captions < 9] for plan in plans])
    assert sorted(first.tolist()) == list(range(9))
    assert all(len(plan.photos) == 3 for plan in plans)


def test_captions_stay_with_their_photos() -> None:
    parts = (Part(0, 3, 2, 5), Part(3, 2, 1, 1), Part(5, 2, 1, 2))
    for plan in plan_epoch(CORPUS, parts, np.random.default_rng(1)):
        assert (plan.photos[plan.owner] == OWNER[plan.captions]).all()
        assert len(set(plan.captions.tolist())) == len(plan.captions)


def test_absent_parts_are_left_out() -> None:
    plans = plan_epoch(CORPUS, (Part(0, 3, 3, 3), Part(3, 0, 4, 1)), np.random.default_rng(2))
    assert [sorted(plan.photos.tolist()) for plan in plans] == [[0, 1, 2]]


def test_too_few_photos_for_one_batch_are_an_error() -> None:
    with pytest.raises(DatasetError, match="3 photos to train on do not fill a batch of 4"):
        plan_epoch(CORPUS, (Part(0, 3, 4, 5),), np.random.default_rng(0))
    with pytest.raises(DatasetError, match="3 photos to train on do not fill a batch of 10"):
        plan_epoch(CORPUS, (Part(0, 3, 10, 1),), np.random.default_rng(0))


def test_the_same_generator_plans_the_same_epoch() -> None:
    one, other = (plan_epoch(CORPUS, (Part(0, 7, 2, 1),), np.random.default_rng(3)) for _ in "ab")
    for plan, twin in zip(one, other, strict=True):
        assert plan.captions.tolist() == twin.captions.tolist()


def test_photos_of_like_captions_come_into_a_batch_together() -> None:
    counts = np.array([1, *[2] * 40])  # the first photo is of another part
    kinds = np.repeat(np.arange(41) % 2, counts)
    meaning = np.eye(2, dtype=np.float32)[kinds]
    starts = np.concatenate([[0], counts.cumsum()])
    ids, ones = np.zeros((len(kinds), 1), np.int64), np.ones(len(kinds), np.int64)
    corpus = Corpus((), ids, ones, np.repeat(np.arange(41), counts), starts, meaning)
    mixed = []
    for alike in (0, 10):
        plans = plan_epoch(corpus, (Part(1, 40, 10, 2, alike),), np.random.default_rng(4))
        photos = np.concatenate([plan.photos for plan in plans])
        assert sorted(photos.tolist()) == list(range(1, 41))
        mixed.append(sum(len(set(kinds[plan.captions])) > 1 for plan in plans))
    assert mixed == [4, 0]


def test_photos_alone_come_once_an_epoch_in_full_batches() -> None:
    plans = plan_photos(11, 3, np.random.default_rng(5))
    photos = np.concatenate([plan.photos for plan in plans])
    assert [len(plan.photos) for plan in plans] == [3, 3, 3]
    assert len(set(photos.tolist())) == 9
    assert set(photos.tolist()) < set(range(11))
    assert not any(len(plan.captions) for plan in plans)
    others = np.concatenate([plan.photos for plan in plan_photos(11, 3, np.random.default_rng(6))])
    assert photos.tolist() != others.tolist()
    with pytest.raises(DatasetError, match="2 photos to train on do not fill a batch of 3"):
        plan_photos(2, 3, np.random.default_rng(5))
