from __future__ import annotations

import numpy as np
import pytest

from photoseek_training.grouping import group_alike


def _two_kinds(each: int) -> np.ndarray:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((2 * each, 20)).astype(np.float32) * 0.1
    vectors[each:, 0] += 5
    return vectors


@pytest.mark.parametrize(("rows", "size"), [(1, 4), (7, 4), (50, 4), (301, 16), (64, 64)])
def test_each_row_is_in_one_group_of_about_the_size(rows: int, size: int) -> None:
    vectors = np.random.default_rng(1).standard_normal((rows, 5)).astype(np.float32)
    groups = group_alike(vectors, size, np.random.default_rng(2))
    assert sorted(np.concatenate(groups).tolist()) == list(range(rows))
    if rows > size:
        assert all(size / 2 <= len(group) <= 1.5 * size for group in groups)
    else:
        assert len(groups) == 1


def test_like_rows_come_together() -> None:
    groups = group_alike(_two_kinds(80), 8, np.random.default_rng(3))
    shares = [np.mean(group < 80) for group in groups]
    pure = sum(share in (0.0, 1.0) for share in shares)
    assert pure >= 0.8 * len(groups)


def test_groups_are_others_each_time_and_the_same_for_the_same_generator() -> None:
    vectors = _two_kinds(40)
    once, again, other = (
        [group.tolist() for group in group_alike(vectors, 8, np.random.default_rng(seed))]
        for seed in (4, 4, 5)
    )
    assert once == again
    assert {frozenset(group) for group in once} != {frozenset(group) for group in other}
