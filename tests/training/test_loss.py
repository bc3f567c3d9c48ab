from __future__ import annotations

import math

import torch
from torch import Tensor

from photoseek_training.loss import SOFT_TEMPERATURE, contrastive_loss


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


def test_loss_equals_its_slow_twin() -> None:
    hard = contrastive_loss(PHOTOS, PHRASES, SCALE, OWNER)
    assert math.isclose(float(hard), _slow_loss(0.0), rel_tol=1e-5)
    soft = contrastive_loss(PHOTOS, PHRASES, SCALE, OWNER, MEANING, 0.3)
    assert math.isclose(float(soft), _slow_loss(0.3), rel_tol=1e-5)


def test_right_pairs_cost_less_than_wrong_ones() -> None:
    photos = torch.eye(3)
    right = contrastive_loss(photos, photos[OWNER], SCALE, OWNER)
    assert right < contrastive_loss(photos, photos[(OWNER + 1) % 3], SCALE, OWNER)
