from __future__ import annotations

import numpy as np
import pytest
import torch

from photoseek_training.optimization import rate_factor, set_rate


def test_the_learning_rate_warms_up_and_falls_to_nothing() -> None:
    rates = np.array([rate_factor(step, 100) for step in range(100)])
    assert rates.argmax() == 15
    assert rates.max() == pytest.approx(1)
    assert rates[-1] < 0.001


def test_each_group_of_weights_has_its_share_of_its_own_peak() -> None:
    groups = [{"params": [torch.zeros(1)], "peak": peak} for peak in (0.1, 0.4)]
    optimizer = torch.optim.AdamW(groups)
    set_rate(optimizer, 57, 100)
    low, high = (group["lr"] for group in optimizer.param_groups)
    assert low == pytest.approx(0.1 * rate_factor(57, 100))
    assert high == pytest.approx(4 * low)
