from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from photoseek_training.hubs import (
    EXTRA_DIMS,
    CorrectedImage,
    CorrectedText,
    Nearness,
    build_nearness,
)
from photoseek_training.model import ImageEncoder
from photoseek_training.rounding import round_rows

DIM = 12


def _unit(rows: int, seed: int) -> Tensor:
    values = torch.randn(rows, DIM, generator=torch.Generator().manual_seed(seed))
    return nn.functional.normalize(values, dim=-1)


class _Given(nn.Module):
    """Stands for an encoder: its rows are what it is given."""

    def forward(self, rows: Tensor, _: Tensor | None = None) -> Tensor:
        return rows


def _corrected(
    photos: Tensor, phrases: Tensor, to_phrases: Nearness, to_photos: Nearness
) -> tuple[Tensor, Tensor]:
    given, none = _Given(), torch.zeros(DIM)
    image, text = CorrectedImage(given, none, to_phrases), CorrectedText(given, to_photos)  # type: ignore[arg-type]
    return image(photos), text(phrases, torch.zeros(0))


def test_nearness_is_the_mean_that_the_nearest_weigh_most_in() -> None:
    bank, usual, rows = _unit(30, 0), _unit(20, 1), _unit(4, 2)
    nearness = build_nearness(bank.numpy(), usual.numpy(), 15.0, 0.75, prototypes=30)
    stored = round_rows(bank)

    def slow(row: Tensor) -> float:
        mean = np.mean([np.exp(15 * float(row @ other)) for other in stored])
        return 0.75 * float(np.log(mean)) / 15

    level = np.mean([slow(row) for row in usual])
    for row, found in zip(rows, nearness(rows), strict=True):
        assert float(found) == pytest.approx(slow(row) - level, abs=1e-5)
    assert float(nearness(usual).mean()) == pytest.approx(0, abs=1e-6)


def test_few_prototypes_stand_for_a_bank() -> None:
    noise = torch.randn(480, DIM, generator=torch.Generator().manual_seed(12))
    bank = _unit(8, 3).repeat_interleave(60, 0) + 0.05 * noise
    bank = nn.functional.normalize(bank, dim=-1)
    whole = build_nearness(bank.numpy(), _unit(20, 4).numpy(), 10.0, 0.75, prototypes=480)
    few = build_nearness(bank.numpy(), _unit(20, 4).numpy(), 10.0, 0.75, prototypes=40)
    assert len(few.rows) == 40
    rows = _unit(50, 5)
    both = torch.cat([whole(rows), few(rows)], 1).T
    assert torch.corrcoef(both)[0, 1] > 0.97


def test_dot_products_of_corrected_rows_lack_what_is_near_to_everything() -> None:
    photos, phrases = _unit(10, 6), _unit(10, 7)
    banks = [_unit(40, seed).numpy() for seed in (8, 9)]
    to_phrases = build_nearness(banks[0], photos.numpy(), 5.0, 0.75, prototypes=40)
    to_photos = build_nearness(banks[1], phrases.numpy(), 5.0, 0.75, prototypes=40)
    found = _corrected(photos, phrases, to_phrases, to_photos)
    for rows in found:
        assert rows.shape == (10, DIM + EXTRA_DIMS)
        torch.testing.assert_close(rows.norm(dim=-1), torch.ones(10))
    wanted = photos @ phrases.T - to_phrases(photos) - to_photos(phrases).T
    scores = found[0] @ found[1].T
    # A photo's own correction is a small part of its row, so rows are scaled almost alike.
    ratio = scores / wanted
    usual = ratio.median()
    torch.testing.assert_close(scores, wanted * usual, rtol=0, atol=0.01)


def test_a_photo_near_to_every_phrase_no_longer_comes_first_for_all() -> None:
    random = torch.Generator().manual_seed(10)
    common = nn.functional.normalize(torch.ones(DIM), dim=-1)
    own = _unit(60, 11)
    phrases = nn.functional.normalize(own + 1.2 * common, dim=-1)
    photos = nn.functional.normalize(own + 0.15 * torch.randn(60, DIM, generator=random), dim=-1)
    photos[0] = common
    to_phrases = build_nearness(phrases.numpy(), photos.numpy(), 10.0, 0.75, prototypes=60)
    to_photos = build_nearness(photos.numpy(), phrases.numpy(), 10.0, 0.75, prototypes=60)
    rows = _corrected(photos, phrases, to_phrases, to_photos)

    def found(scores: Tensor) -> int:
        return int((scores.argmax(0)[1:] == torch.arange(1, 60)).sum())

    assert (photos @ phrases.T).argmax(0).eq(0).sum() > 30
    assert found(rows[0] @ rows[1].T) > found(photos @ phrases.T) + 30


def test_photos_are_compared_from_their_middle_on() -> None:
    photos, common = _unit(30, 13), _unit(1, 14)
    shifted = nn.functional.normalize(photos + 3 * common, dim=-1)
    to_phrases = build_nearness(_unit(40, 15).numpy(), photos.numpy(), 5.0, 0.25, prototypes=40)
    given: ImageEncoder = _Given()  # type: ignore[assignment]

    def distances(rows: Tensor, middle: Tensor) -> Tensor:
        corrected: Tensor = CorrectedImage(given, middle, to_phrases)(rows)
        return torch.pdist(corrected)

    wanted = distances(photos, photos.mean(0))
    apart = torch.stack([wanted, distances(shifted, torch.zeros(DIM))]).corrcoef()[0, 1]
    from_middle = torch.stack([wanted, distances(shifted, shifted.mean(0))]).corrcoef()[0, 1]
    assert from_middle > 0.9 > apart
