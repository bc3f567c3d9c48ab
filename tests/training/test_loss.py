from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from photoseek_training.loss import (
    SOFT_TEMPERATURE,
    build_targets,
    contrastive_loss,
    matching_loss,
)


def _unit(rows: int, seed: int) -> Tensor:
    values = torch.randn(rows, 5, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(values, dim=-1)


PHOTOS, PHRASES, MEANING = _unit(3, 0), _unit(6, 1), _unit(6, 2)
OWNER = torch.tensor([0, 0, 1, 1, 1, 2])
SCALE = torch.tensor(4.0)


def _slow_loss(softness: float) -> float:
    scores = [[float(SCALE * (phrase @ photo)) for photo in PHOTOS] for phrase in PHRASES]
    alike = [[math.exp(float(a @ b) / SOFT_TEMPERATURE) for b in MEANING] for a in MEANING]
    alike = [[value / sum(row) for value in row] for row in alike]
    owner = OWNER.tolist()
    to_photo = to_phrase = 0.0
    for i, row in enumerate(scores):
        log_sum = math.log(sum(math.exp(score) for score in row))
        for p in range(3):
            soft = sum(alike[i][j] for j in range(6) if owner[j] == p)
            target = (1 - softness) * (owner[i] == p) + softness * soft
            to_photo -= target * (row[p] - log_sum) / 6
    for p in range(3):
        column = [row[p] for row in scores]
        log_sum = math.log(sum(math.exp(score) for score in column))
        own = [i for i in range(6) if owner[i] == p]
        for j in range(6):
            soft = sum(alike[i][j] for i in own) / len(own)
            target = (1 - softness) * (j in own) / len(own) + softness * soft
            to_phrase -= target * (column[j] - log_sum) / 3
    return (to_photo + to_phrase) / 2


def _loss(photos: Tensor, phrases: Tensor, softness: float = 0.0) -> Tensor:
    targets = build_targets(OWNER, len(photos), MEANING, softness)
    return contrastive_loss(photos, phrases, SCALE, targets.to_photo, targets.to_phrase)


@pytest.mark.parametrize("softness", [0.0, 0.3])
def test_loss_equals_its_slow_twin(softness: float) -> None:
    assert math.isclose(float(_loss(PHOTOS, PHRASES, softness)), _slow_loss(softness), rel_tol=1e-5)


def test_right_pairs_cost_less_than_wrong_ones() -> None:
    photos = torch.eye(3)
    assert _loss(photos, photos[OWNER]) < _loss(photos, photos[(OWNER + 1) % 3])


@pytest.mark.parametrize("softness", [0.0, 0.3])
def test_a_photo_may_find_any_of_its_phrases(softness: float) -> None:
    targets = build_targets(OWNER, len(PHOTOS), MEANING, softness)
    each, half, any_one = (
        float(matching_loss(PHOTOS, PHRASES, SCALE, targets, share)) for share in (0.0, 0.5, 1.0)
    )
    assert math.isclose(each, _slow_loss(softness), rel_tol=1e-5)
    assert math.isclose(half, (each + any_one) / 2, rel_tol=1e-5)
    slow = 0.0
    for p in range(3):
        powers = [math.exp(float(SCALE * (phrase @ PHOTOS[p]))) for phrase in PHRASES]
        for q in range(3):
            own = [i for i in range(6) if OWNER[i] == q]
            target = sum(float(targets.to_phrase[p, i]) for i in own)
            slow -= target * math.log(sum(powers[i] for i in own) / sum(powers)) / 3
    logits = SCALE * PHRASES @ PHOTOS.T
    to_photo = float(torch.nn.functional.cross_entropy(logits, targets.to_photo))
    assert math.isclose(any_one, (to_photo + slow) / 2, rel_tol=1e-5)


def test_a_phrase_that_says_little_costs_less_where_any_may_be_found() -> None:
    photos = torch.eye(3)
    phrases = photos[OWNER].clone()
    phrases[0] = torch.tensor([0.1, 0.7, 0.7])  # but the other phrase of this photo fits
    targets = build_targets(OWNER, 3)
    losses = [matching_loss(photos, phrases, SCALE, targets, share) for share in (0.0, 1.0)]
    assert losses[1] < losses[0]


def test_a_share_of_the_targets_goes_where_the_teacher_puts_it() -> None:
    targets = build_targets(OWNER, len(PHOTOS), MEANING, 0.3)
    logits = SCALE * PHRASES @ PHOTOS.T
    taught = targets.taught(logits, 0.25)
    for found, own, teacher in (
        (taught.to_photo, targets.to_photo, logits.softmax(1)),
        (taught.to_phrase, targets.to_phrase, logits.T.softmax(1)),
    ):
        torch.testing.assert_close(found, 0.75 * own + 0.25 * teacher)
        torch.testing.assert_close(found.sum(1), torch.ones(len(found)))


def test_a_phrase_is_alike_to_itself_and_to_what_means_the_same() -> None:
    torch.testing.assert_close(build_targets(OWNER, 3).to_alike, torch.eye(6))
    meaning = MEANING.clone()
    meaning[5] = meaning[0]
    alike = build_targets(OWNER, 3, meaning, 0.4).to_alike
    torch.testing.assert_close(alike.sum(1), torch.ones(6))
    assert alike[0].argsort(descending=True)[:2].tolist() == [0, 5]
