from __future__ import annotations

import numpy as np
import pytest
import torch

from photoseek_training.augmentation import augment, mix, vary_colours


def photos(count: int = 6) -> torch.Tensor:
    random = np.random.default_rng(0)
    return torch.from_numpy(random.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8))


def test_colours_that_do_not_change_leave_the_photo() -> None:
    whole = vary_colours(photos(), np.random.default_rng(1), 0.0)
    assert torch.allclose(whole, photos().float(), atol=1e-3)


def test_each_photo_changes_in_its_own_way_and_stays_a_photo() -> None:
    same = photos(1).expand(6, -1, -1, -1)
    varied = vary_colours(same, np.random.default_rng(1), 0.4)
    assert varied.min() >= 0
    assert varied.max() <= 255
    means = varied.mean((1, 2, 3)).tolist()
    assert len(set(means)) == len(means)


def test_grey_photos_stay_grey_and_get_no_brighter_than_was_asked_for() -> None:
    grey = torch.full((50, 4, 4, 3), 100, dtype=torch.uint8)
    varied = vary_colours(grey, np.random.default_rng(1), 0.3)
    assert torch.allclose(varied, varied[..., :1].expand_as(varied), atol=1e-3)
    assert varied.min() == pytest.approx(70, abs=5)
    assert varied.max() == pytest.approx(130, abs=5)


def test_a_whole_crop_is_the_photo_or_its_mirror_image() -> None:
    pixels = photos().numpy()
    both = augment(pixels, np.random.default_rng(2), least_side=1.0, mirroring=True).numpy()
    mirrored = [
        bool((photo == source[:, ::-1]).all()) for photo, source in zip(both, pixels, strict=True)
    ]
    plain = [bool((photo == source).all()) for photo, source in zip(both, pixels, strict=True)]
    assert all(a != b for a, b in zip(mirrored, plain, strict=True))
    assert any(mirrored)
    assert any(plain)


def test_crops_come_in_the_size_asked_for_and_stay_in_the_photo() -> None:
    ramp = np.linspace(0, 255, 20, dtype=np.uint8)
    pixels = np.broadcast_to(ramp[:, None, None], (5, 20, 20, 3))
    crops = augment(
        pixels, np.random.default_rng(3), least_side=0.5, mirroring=True, size=12
    ).numpy()
    assert crops.shape == (5, 12, 12, 3)
    rows = crops[:, :, 0, 0].astype(int)
    assert (np.diff(rows, axis=1) > 0).all()
    assert ((rows[:, -1] - rows[:, 0]) >= 0.4 * 255).all()
    assert len(np.unique(rows[:, 0])) > 1


def test_a_whole_photo_is_only_resized() -> None:
    pixels = np.full((2, 8, 8, 3), 70, np.uint8)
    pixels[1] = 200
    whole = augment(pixels, np.random.default_rng(4), least_side=1.0, mirroring=True, size=5)
    assert whole.shape == (2, 5, 5, 3)
    assert (whole[0] == 70).all()
    assert (whole[1] == 200).all()


def test_mixed_photos_have_another_one_laid_over_them_by_up_to_a_half() -> None:
    count = 40
    # Each photo lights a column of its own, which tells what is in a mixture.
    own = torch.eye(count)[:, None, :, None].expand(-1, count, -1, 3) * 200
    mixed = mix(own, np.random.default_rng(5), 0.5)[:, 0, :, 0] / 200
    assert torch.allclose(mixed.sum(-1), torch.ones(count), atol=1e-5)
    assert (mixed > 1e-3).sum(-1).max() == 2
    kept = mixed.diagonal()
    assert (kept >= 0.5).all()
    changed = int((kept < 0.999).sum())
    assert count // 4 < changed < count * 3 // 4
    assert len(set(kept.tolist())) >= changed


def test_without_a_share_no_photo_is_mixed() -> None:
    assert torch.equal(mix(photos(), np.random.default_rng(5), 0.0), photos().float())
