"""A photo to search by, with those of the library that are most like it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from photoseek.embedding_index import GONE, Snapshot
from photoseek.expansion import NEAREST, expand

DIM = 64


def near(centre: NDArray[np.float32], count: int, seed: int, noise: float) -> NDArray[np.float32]:
    """Unit rows `(count, dim)` around `centre`, each with its own noise."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, DIM)).astype(np.float32)
    rows *= noise / math.sqrt(DIM)
    rows += centre
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def library(*parts: NDArray[np.float32]) -> Snapshot:
    matrix = np.concatenate(parts)
    return Snapshot(np.arange(1, len(matrix) + 1), (matrix[:7], matrix[7:]))


@pytest.fixture
def scene() -> NDArray[np.float32]:
    (only,) = near(np.zeros(DIM, np.float32), 1, 0, 1.0)
    row: NDArray[np.float32] = only
    return row


@pytest.fixture
def others() -> NDArray[np.float32]:
    return near(np.zeros(DIM, np.float32), 200, 1, 1.0)


def test_photos_of_the_same_scene_come_before_others_that_resemble_the_one_by_chance(
    scene: NDArray[np.float32], others: NDArray[np.float32]
) -> None:
    same = near(scene, 20, 2, 1.6)
    photo, snapshot = same[0], library(same, others)

    def of_the_scene(vector: NDArray[np.float32]) -> int:
        return int((np.argsort(-snapshot.scores(vector))[:20] < 20).sum())

    assert of_the_scene(photo) < 20
    assert of_the_scene(expand(snapshot, photo)) > of_the_scene(photo)


def test_a_copy_of_the_photo_stays_the_nearest(
    scene: NDArray[np.float32], others: NDArray[np.float32]
) -> None:
    same = near(scene, 20, 3, 1.0)
    snapshot = library(same, others)
    for place, photo in enumerate(same):
        assert snapshot.scores(expand(snapshot, photo)).argmax() == place


def test_a_burst_of_shots_does_not_outvote_the_one_that_is_searched_by(
    scene: NDArray[np.float32], others: NDArray[np.float32]
) -> None:
    for seed in range(20):
        photo = near(scene, 1, seed, 0.5)
        burst = near(scene, 5, seed + 100, 0.1)
        snapshot = library(photo, burst, others)
        assert snapshot.scores(expand(snapshot, photo[0])).argmax() == 0


def test_photos_that_are_gone_say_nothing(
    scene: NDArray[np.float32], others: NDArray[np.float32]
) -> None:
    same = near(scene, 8, 4, 1.0)
    whole = library(same, others)
    ids = whole.ids.copy()
    ids[:8] = GONE
    expanded = expand(Snapshot(ids, whole.blocks), same[0])
    np.testing.assert_allclose(expanded, expand(library(others), same[0]), atol=1e-6)


def test_nearness_that_all_photos_share_says_nothing(
    scene: NDArray[np.float32], others: NDArray[np.float32]
) -> None:
    """In some models' spaces all photos are near to one another."""
    common = np.zeros(DIM, np.float32)
    common[0] = 3
    crowded = near(common, 200, 5, 0.5)
    photo = near(common, 1, 6, 0.5)[0]
    assert (crowded @ photo).min() > 0.9
    assert expand(library(crowded), photo) @ photo > 0.998


@pytest.mark.parametrize("count", [0, 1, NEAREST - 1, NEAREST, NEAREST + 1])
def test_any_library_gives_a_unit_vector(
    count: int, scene: NDArray[np.float32], others: NDArray[np.float32]
) -> None:
    expanded = expand(library(others[:count]), scene)
    assert expanded.dtype == np.float32
    assert np.linalg.norm(expanded) == pytest.approx(1, abs=1e-5)


def test_alone_in_its_library_a_photo_is_itself(scene: NDArray[np.float32]) -> None:
    for snapshot in (library(scene[None]), Snapshot(np.empty(0, np.int64), ())):
        np.testing.assert_allclose(expand(snapshot, scene), scene, atol=1e-6)
