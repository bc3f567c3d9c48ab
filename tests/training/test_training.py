from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from photoseek_training import training
from photoseek_training.checkpoint import BestModel, Checkpoint, save_checkpoint
from photoseek_training.class_view import ClassView
from photoseek_training.dataset import read_dataset
from photoseek_training.extra_pairs import ExtraPairs
from photoseek_training.model import PretrainedView
from photoseek_training.objective import Objective
from photoseek_training.preparation import prepare
from photoseek_training.presets import Stage, find_preset
from photoseek_training.shapes import draw_shapes
from photoseek_training.training import Run, train
from photoseek_training.training_data import TrainingData

STAGES = (
    Stage("frozen", epochs=1, photos_per_batch=10, captions_per_photo=1, learning_rate=1e-3),
    Stage(
        "fine-tuning", epochs=2, photos_per_batch=10, captions_per_photo=2, learning_rate=1e-3,
        network_rate=1e-3,
    ),
    Stage(
        "distillation", epochs=2, photos_per_batch=10, captions_per_photo=2, learning_rate=1e-3,
        network_rate=1e-3, distillation=0.5, class_view=0.5,
    ),
)  # fmt: skip
PHOTOS_ALONE = Stage(
    "photos", epochs=1, photos_per_batch=10, captions_per_photo=0, learning_rate=1e-3,
    network_rate=1e-3, mixing=0.5,
)  # fmt: skip
SEEN = 6


class _KilledError(Exception):
    pass


def _train(
    folder: Path,
    shapes: Path,
    *,
    stages: tuple[Stage, ...] = STAGES,
    resume: bool = False,
    classes: bool = True,
    clip: bool = False,
) -> tuple[BestModel, list[str]]:
    said: list[str] = []
    recipe = replace(find_preset("smoke"), dropout=0.2, word_dropping=0.1, members=2)
    folder.mkdir(exist_ok=True)
    prepared = prepare(recipe, read_dataset(shapes), ExtraPairs(), seed=0, work=folder)
    data = prepared.data
    if classes:
        data = _with_classes(data)
    if clip:
        prepared.model.clip = PretrainedView(SEEN, recipe.embedding_dim, recipe.members)
        data = _seen_by_clip(data)
    run = Run(folder, "settings", 0, Objective(clip_view=0.5), torch.device("cpu"), said.append)
    return train(prepared.model, data, stages, run, resume=resume), said


class _ColourEncoder:
    """Sees the mean colours of a photo's corner and of all of it; keeps what it was shown."""

    shown: ClassVar[list[torch.Tensor]] = []

    def __init__(self, *_: object) -> None:
        self.shown.clear()

    def vectors(self, pixels: torch.Tensor) -> torch.Tensor:
        self.shown.append(pixels)
        means = [part.float().mean((1, 2)) for part in (pixels, pixels[:, :9, :9])]
        return torch.nn.functional.normalize(torch.cat(means, dim=-1), dim=-1)


@pytest.fixture(autouse=True)
def _no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "ClipEncoder", _ColourEncoder)


def _with_classes(data: TrainingData) -> TrainingData:
    """As if each dev photo's captions named a class."""
    shape = len(data.train_pixels), len(data.dev.photos)
    logits = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return replace(data, classes=ClassView(data.dev, logits))


def _seen_by_clip(data: TrainingData) -> TrainingData:
    seen = np.random.default_rng(0).normal(size=(len(data.train_pixels), SEEN)).astype(np.float32)
    return replace(data, seen=seen / np.linalg.norm(seen, axis=1, keepdims=True))


@pytest.mark.parametrize("clip", [False, True])
def test_a_run_killed_within_an_epoch_of_any_stage_ends_as_if_it_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: bool
) -> None:
    shapes = draw_shapes(tmp_path / "shapes", 80, seed=2)
    stages = (STAGES[0], PHOTOS_ALONE, *STAGES[1:]) if clip else STAGES
    whole, _ = _train(tmp_path / "whole", shapes, stages=stages, clip=clip)
    # A checkpoint after every step, and a kill after some of them.
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    saved = 0

    def save_and_die(checkpoint: Checkpoint | BestModel, file: Path) -> None:
        nonlocal saved
        save_checkpoint(checkpoint, file)
        saved += 1
        if saved % 7 == 0:
            raise _KilledError

    monkeypatch.setattr(training, "save_checkpoint", save_and_die)
    kills = 0
    monkeypatch.setattr(training, "device_name", lambda _: f"device {kills}")
    while True:
        try:
            resumed, _ = _train(tmp_path / "killed", shapes, stages=stages, resume=True, clip=clip)
            break
        except _KilledError:
            kills += 1
    assert kills >= 2
    assert resumed.score == whole.score
    assert resumed.epoch == whole.epoch
    assert len(whole.devices) == 1 < len(resumed.devices)
    assert resumed.devices == tuple(f"device {n}" for n in range(len(resumed.devices)))
    for name, value in whole.model.items():
        assert torch.equal(value, resumed.model[name]), name


def test_names_of_classes_change_what_is_learned_only_where_a_stage_weighs_them(
    tmp_path: Path,
) -> None:
    shapes = draw_shapes(tmp_path / "shapes", 80, seed=2)
    (_, seen), (_, unseen) = (
        _train(tmp_path / str(classes), shapes, classes=classes) for classes in (True, False)
    )
    before, after = slice(0, 3), slice(3, 5)
    assert seen[before] == unseen[before]
    assert all(one != other for one, other in zip(seen[after], unseen[after], strict=True))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_the_clip_view_teaches_in_every_stage(tmp_path: Path, stage: Stage) -> None:
    shapes = draw_shapes(tmp_path / "shapes", 80, seed=2)
    stages = (replace(stage, distillation=0.0),)  # the ensemble would need a stage before
    (_, seen), (_, unseen) = (
        _train(tmp_path / str(clip), shapes, stages=stages, clip=clip) for clip in (True, False)
    )
    assert all(one != other for one, other in zip(seen, unseen, strict=True))


def test_a_stage_without_captions_teaches_photos_alone(tmp_path: Path) -> None:
    shapes = draw_shapes(tmp_path / "shapes", 80, seed=2)
    recipe = find_preset("smoke")
    prepared = prepare(recipe, read_dataset(shapes), ExtraPairs(), seed=0, work=tmp_path)
    prepared.model.clip = PretrainedView(SEEN, recipe.embedding_dim, recipe.members)
    before = {name: value.clone() for name, value in prepared.model.state_dict().items()}
    embedded: list[torch.Tensor] = []

    def keep(image: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        assert not image.training
        embedded.append(inputs[0])

    prepared.model.image.register_forward_pre_hook(keep)
    run = Run(tmp_path, "settings", 0, Objective(), torch.device("cpu"), lambda _: None)
    after = train(prepared.model, prepared.data, (PHOTOS_ALONE,), run, resume=False).model
    stored = torch.from_numpy(np.array(prepared.data.train_pixels)).float()
    assert len(_ColourEncoder.shown) == len(stored) // PHOTOS_ALONE.photos_per_batch
    for shown, pixels in zip(_ColourEncoder.shown, embedded, strict=False):  # then come dev's
        assert torch.equal(shown, pixels)
        assert not any((stored == photo).all((1, 2, 3)).any() for photo in shown)
    for name, value in before.items():
        trained = name.startswith("image.members.0.") and "pool" not in name
        assert torch.equal(value, after[name]) != trained, name


def test_a_frozen_network_keeps_its_weights_and_a_tuned_one_does_not(tmp_path: Path) -> None:
    shapes = draw_shapes(tmp_path / "shapes", 80, seed=2)
    prepared = prepare(find_preset("smoke"), read_dataset(shapes), ExtraPairs(), seed=0,
                       work=tmp_path)  # fmt: skip
    key = "image.members.0.network.layers.0.weight"
    before = prepared.model.state_dict()[key].clone()
    run = Run(tmp_path, "settings", 0, Objective(), torch.device("cpu"), lambda _: None)
    frozen = train(prepared.model, prepared.data, STAGES[:1], run, resume=False)
    assert torch.equal(frozen.model[key], before)
    train(prepared.model, prepared.data, STAGES[:2], run, resume=False)
    assert not torch.equal(prepared.model.state_dict()[key], before)


def test_crops_are_resized_for_training_and_whole_photos_are_measured(tmp_path: Path) -> None:
    shapes = draw_shapes(tmp_path / "shapes", 40, seed=2)
    recipe = replace(
        find_preset("smoke"),
        image_encoder="efficientnet-lite0",
        image_weights="random",
        image_size=64,
    )
    prepared = prepare(recipe, read_dataset(shapes), ExtraPairs(), seed=0, work=tmp_path)
    assert prepared.image.size == 64
    sides = {True: set[int](), False: set[int]()}

    def see(_: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        sides[prepared.model.training].add(inputs[0].shape[-1])

    prepared.model.image.early.register_forward_pre_hook(see)
    stage = replace(STAGES[1], epochs=1, crop_size=48)
    run = Run(tmp_path, "settings", 0, Objective(), torch.device("cpu"), lambda _: None)
    train(prepared.model, prepared.data, (stage,), run, resume=False)
    assert sides == {True: {48}, False: {64}}
