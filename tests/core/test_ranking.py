"""Ranking against brute force in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from photoseek.embedding_index import GONE, Snapshot
from photoseek.manifest import LikelyRule
from photoseek.ranking import MOST_ABOVE, combine, rank, standardise


def unit_rows(random: np.random.Generator, count: int, dim: int = 8) -> NDArray[np.float32]:
    rows = random.standard_normal((count, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def by_hand(snapshot: Snapshot, scores: NDArray[np.float32], top_k: int | None) -> list[int]:
    rows = [
        (-float(score), place, int(id_))
        for place, (id_, score) in enumerate(zip(snapshot.ids, scores, strict=True))
        if id_ != GONE
    ]
    return [id_ for _, _, id_ in sorted(rows)][:top_k]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("top_k", [None, 1, 2, 10, 199, 200, 201, 10_000])
def test_best_rows_are_those_of_a_plain_sort(seed: int, top_k: int | None) -> None:
    random = np.random.default_rng(seed)
    ids = np.arange(1, 201)
    ids[random.integers(0, 200, 30)] = GONE
    matrix = unit_rows(random, 200)
    snapshot = Snapshot(ids, (matrix[:70], matrix[70:]))
    vector = unit_rows(random, 1)[0]
    ranking = rank(snapshot, vector, None, top_k)
    assert ranking.ids.tolist() == by_hand(snapshot, snapshot.scores(vector), top_k)
    assert ranking.scores.dtype == np.float32
    assert (np.diff(ranking.scores) <= 0).all()


@pytest.mark.parametrize("top_k", [None, 1, 3, 5, 8, 12])
def test_equal_scores_keep_the_order_they_were_added_in(top_k: int | None) -> None:
    matrix = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    snapshot = Snapshot(np.arange(1, 13), (matrix,))
    ranking = rank(snapshot, np.array([0.1, 0.9, 0.1], np.float32), None, top_k)
    assert ranking.ids.tolist() == [5, 6, 7, 8, 1, 2, 3, 4, 9, 10, 11, 12][:top_k]


@pytest.mark.parametrize("seed", range(5))
def test_all_scores_are_sorted_as_a_stable_sort_would(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(-3, 4, 500).astype(np.float32) / np.float32(7)
    scores[random.integers(0, 500, 50)] = -0.0
    scores[random.integers(0, 500, 5)] = np.float32(1e-42)  # smaller than normal numbers are
    ranking = rank(Snapshot(np.arange(500), (scores[:, None],)), np.ones(1, np.float32), None)
    assert ranking.ids.tolist() == np.argsort(-scores, kind="stable").tolist()


@pytest.mark.parametrize("top_k", [1, 30, 1000, 90_000])
@pytest.mark.parametrize("shape", ["spread", "rising", "falling", "equal", "few best hidden"])
def test_the_best_of_many_are_those_of_a_stable_sort(top_k: int, shape: str) -> None:
    scores = np.random.default_rng(0).standard_normal(100_003).astype(np.float32)
    if shape == "rising":
        scores.sort()
    elif shape == "falling":
        scores = -np.sort(scores)
    elif shape == "equal":
        scores[:] = 0.5
    elif shape == "few best hidden":  # all but them, and so the whole sample, are alike
        scores[:] = 0
        scores[[7, 99_998]] = 1
    ranking = rank(
        Snapshot(np.arange(100_003), (scores[:, None],)), np.ones(1, np.float32), None, top_k
    )
    assert ranking.ids.tolist() == np.argsort(-scores, kind="stable")[:top_k].tolist()


def test_no_row_is_asked_for_and_none_comes() -> None:
    snapshot = Snapshot(np.arange(1, 4), (np.eye(3, dtype=np.float32),))
    assert len(rank(snapshot, np.ones(3, np.float32), None, 0).ids) == 0


def test_empty_library_ranks_nothing() -> None:
    snapshot = Snapshot(np.empty(0, np.int64), ())
    for top_k in (None, 5):
        ranking = rank(snapshot, np.ones(3, np.float32), LikelyRule(0, 1, 1), top_k)
        assert (len(ranking.ids), ranking.likely) == (0, 0)


def test_removed_rows_never_come_up_even_as_the_best() -> None:
    snapshot = Snapshot(np.array([GONE, 2, GONE]), (np.eye(3, dtype=np.float32),))
    ranking = rank(snapshot, np.array([1, 0.5, 0.9], np.float32), None, 2)
    assert ranking.ids.tolist() == [2]


def test_likely_ends_where_the_rule_says_and_not_where_top_k_does() -> None:
    random = np.random.default_rng(0)
    matrix = unit_rows(random, 5000, 64)
    vector = matrix[7]
    matrix[100:105] = vector
    snapshot, rule = Snapshot(np.arange(1, 5001), (matrix,)), LikelyRule(0.0, 0.125, 6.0)
    assert rank(snapshot, vector, rule).likely == 6
    assert rank(snapshot, vector, rule, 100).likely == 6
    assert rank(snapshot, vector, rule, 4).likely == 4
    assert rank(snapshot, vector, None).likely == 0


def test_usual_scores_move_from_the_models_to_the_librarys() -> None:
    random = np.random.default_rng(1)
    many = random.normal(-0.1, 0.05, 50_000).astype(np.float32)
    assert standardise(many[:0], 0.1, 0.2) == (0.1, 0.2)
    few_mean, few_std = standardise(many[:1], 0.1, 0.2)
    assert few_mean == pytest.approx(0.1, abs=0.01)
    assert few_std == pytest.approx(0.2, abs=0.01)
    mean, std = standardise(many, 0.1, 0.2)
    assert mean == pytest.approx(-0.1, abs=0.005)
    assert std == pytest.approx(0.05, abs=0.005)


def test_a_library_full_of_matches_does_not_call_them_usual() -> None:
    random = np.random.default_rng(1)
    matches = random.normal(0.8, 0.4, 50_000).astype(np.float32)
    usual, spread = standardise(matches, 0.1, 0.2)
    assert usual == pytest.approx(0.1 + MOST_ABOVE * 0.2)
    assert spread == 0.2
    assert usual < float(np.median(matches))


def test_a_few_matches_do_not_move_what_is_usual() -> None:
    random = np.random.default_rng(2)
    scores = random.normal(0, 0.1, 10_000).astype(np.float32)
    with_matches = scores.copy()
    with_matches[:100] = 0.95
    plain, moved = standardise(scores, 0, 0.1), standardise(with_matches, 0, 0.1)
    assert moved == pytest.approx(plain, abs=0.005)


def test_wanted_vectors_count_alike_and_unwanted_ones_push_away() -> None:
    right, up = np.eye(2, dtype=np.float32)
    none = np.zeros((0, 2), np.float32)
    np.testing.assert_allclose(combine(np.stack([right, up]), none), [math.sqrt(0.5)] * 2, 1e-6)
    away = combine(right[None], up[None])
    assert away @ right > 0.8
    assert away @ up < -0.4
    assert np.linalg.norm(away) == pytest.approx(1, abs=1e-6)


def test_a_query_that_cancels_itself_out_gives_numbers_all_the_same() -> None:
    right = np.array([[1, 0]], np.float32)
    vector = combine(np.concatenate([right, -right]), right)
    assert np.isfinite(vector).all()
    assert vector.dtype == np.float32
