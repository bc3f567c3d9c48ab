"""The training loop: stages, epochs and steps, checkpoints between them, the best one kept."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from photoseek.files import write_atomically
from photoseek_training.augmentation import augment, mix, vary_colours
from photoseek_training.checkpoint import (
    BestModel,
    Checkpoint,
    Position,
    State,
    load_best,
    load_checkpoint,
    save_checkpoint,
)
from photoseek_training.class_view import ClassView
from photoseek_training.clip_view import ClipEncoder
from photoseek_training.embedding import embed_corpus, mixed_precision
from photoseek_training.features import network_features
from photoseek_training.model import DualEncoder
from photoseek_training.objective import Objective, class_losses, photo_losses
from photoseek_training.optimization import build_optimizer, clip_gradients, set_rate
from photoseek_training.presets import Stage
from photoseek_training.processes import Processes
from photoseek_training.recall import photo_to_phrase, phrase_to_photo, recall_sum
from photoseek_training.sampling import BatchPlan, Part, plan_epoch, plan_photos
from photoseek_training.soup import greedy_soup
from photoseek_training.teacher import Teacher, teach
from photoseek_training.training_data import TrainingData

_CHECKPOINT, _BEST, _TEACHER = "checkpoint.pt", "best.pt", "teacher.pt"
_END = "end-of-stage-{}.pt"
SECONDS_BETWEEN_CHECKPOINTS = 60.0


@dataclass(frozen=True)
class Run:
    """One training run: its folder, and the text of settings that decides its result.

    Of several `processes`, which are given the same run, the first reports and writes files.
    """

    work: Path
    settings: str
    seed: int
    objective: Objective
    device: torch.device
    report: Callable[[str], None]
    processes: Processes = field(default_factory=Processes)


def train(
    model: DualEncoder, data: TrainingData, stages: tuple[Stage, ...], run: Run, *, resume: bool
) -> BestModel:
    """Train through all stages; returns what did best on dev, as `result` has it.

    With `resume`, a checkpoint in the run's folder is gone on from; all randomness derives from
    seed and position, so the result is that of a run that was never killed.
    """
    started = None
    if resume and (run.work / _CHECKPOINT).exists():
        started = load_checkpoint(run.work / _CHECKPOINT, run.settings)
        run.report(f"going on from {_place(stages, started.position)}")
    first = started.position.stage if started else 0
    best_score = started.best_score if started else -math.inf
    begun = time.monotonic() - (started.seconds if started else 0.0)
    devices = _and(started.devices if started else (), device_name(run.device))
    for number in range(first, len(stages)):
        if started is None and number > 0:
            model.load_state_dict(_read_best(run).model)
        teacher = None
        if stages[number].epochs and stages[number].distillation and model.clip is None:
            teacher = _teacher(model, data, run, at_start=started is None)
        loop = _StageLoop(
            model, data, stages[number], number, run, teacher, best_score, begun, devices
        )
        if started is not None:
            loop.restore(started)
        loop.run_epochs(started.position if started else Position(number))
        best_score, started = loop.best_score, None
    return result(model, data, stages, run)


def result(
    model: DualEncoder, data: TrainingData, stages: tuple[Stage, ...], run: Run
) -> BestModel:
    """The weights that have done best on dev so far, or where it does better a mean of them.

    It is with the ends of stages. CheckpointError where no epoch has ended.
    """
    ended = [
        load_best(file, run.settings)
        for number in range(len(stages))
        if (file := run.work / _END.format(number)).exists()
    ]
    return greedy_soup(
        _read_best(run), ended, lambda state: _dev_score(model, state, data, None, run.device)
    )


def forget(work: Path) -> None:
    """Delete what runs have left in the folder, but for caches."""
    names = (_CHECKPOINT, _BEST, _TEACHER, *(file.name for file in work.glob(_END.format("*"))))
    for name in names:
        (work / name).unlink(missing_ok=True)


def _read_best(run: Run) -> BestModel:
    return load_best(run.work / _BEST, run.settings)


def _dev_score(
    model: DualEncoder,
    state: State,
    data: TrainingData,
    features: NDArray[np.float32] | None,
    device: torch.device,
) -> float:
    """The sum of dev recalls of the model with other weights, which it holds meanwhile."""
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    photos, phrases = embed_corpus(model, data.dev, data.dev_pixels, features, device)
    model.load_state_dict(kept)
    owner = data.dev.owner
    return recall_sum(
        phrase_to_photo(photos, phrases, owner), photo_to_phrase(photos, phrases, owner)
    )


def _teacher(model: DualEncoder, data: TrainingData, run: Run, *, at_start: bool) -> Teacher:
    """The best model before a stage, which is kept for a run that goes on within the stage."""
    if at_start:
        with run.processes.first_alone():
            if run.processes.is_first:
                write_atomically(
                    run.work / _TEACHER, (run.work / _BEST).read_bytes(), durable=False
                )
    model.load_state_dict(load_best(run.work / _TEACHER, run.settings).model)
    return teach(model, data.train, data.train_pixels, run.device)


class _StageLoop:
    """One stage: its optimizer, its moving average of weights, its data."""

    def __init__(
        self,
        model: DualEncoder,
        data: TrainingData,
        stage: Stage,
        number: int,
        run: Run,
        teacher: Teacher | None,
        best_score: float,
        begun: float,
        devices: tuple[str, ...],
    ) -> None:
        self.model, self.data, self.stage, self.number, self.run = model, data, stage, number, run
        self.teacher, self.best_score = teacher, best_score
        self.begun, self.devices = begun, devices
        self.frozen = stage.network_rate == 0
        model.image.tune(not self.frozen, stage.grid_dropping)
        self.optimizer = build_optimizer(model, stage)
        self.average: State = {
            name: value.detach().clone() for name, value in model.state_dict().items()
        }
        self.parts = (
            Part(
                0, data.flickr, stage.photos_per_batch, stage.captions_per_photo, stage.photos_alike
            ),
            Part(data.flickr, data.imagenet, stage.imagenet_per_batch, 1),
            Part(data.flickr + data.imagenet, data.web, stage.web_per_batch, 1),
        )
        self.train_features = self.dev_features = np.zeros((0, 2, 0), np.float32)
        self.clip = None
        if stage.epochs and not stage.captions_per_photo:
            self.clip = ClipEncoder(data.train_pixels, run.work, run.device)
        if self.frozen:
            with run.processes.first_alone():
                self.train_features, self.dev_features = (
                    network_features(model.image, pixels, run.work, run.device)
                    for pixels in (data.train_pixels, data.dev_pixels)
                )

    def restore(self, checkpoint: Checkpoint) -> None:
        self.model.load_state_dict(checkpoint.model)
        self.average = {
            name: value.to(self.run.device) for name, value in checkpoint.average.items()
        }
        self.optimizer.load_state_dict(checkpoint.optimizer)

    def run_epochs(self, position: Position) -> None:
        for epoch in range(position.epoch, self.stage.epochs):
            plans = self._plans(self._generator(epoch))
            loss = self._run_steps(plans, epoch, position.step if epoch == position.epoch else 0)
            self._end_epoch(epoch, loss)

    def _plans(self, random: np.random.Generator) -> list[BatchPlan]:
        if self.clip is not None:
            return plan_photos(len(self.data.train_pixels), self.stage.photos_per_batch, random)
        return plan_epoch(self.data.train, self.parts, random)

    def _run_steps(self, plans: list[BatchPlan], epoch: int, first: int) -> float:
        # A photo alone has one right place, which dropout would only blur.
        self.model.train(self.clip is None)
        losses, saved = [], time.monotonic()
        title = f"{self.stage.name} {epoch + 1}/{self.stage.epochs}"
        quiet = None if self.run.processes.is_first else True
        with tqdm(total=len(plans), initial=first, desc=title, unit="batch", disable=quiet) as bar:
            for step in range(first, len(plans)):
                losses.append(self._step(plans[step], epoch, step, len(plans)))
                bar.update()
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
                if time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS:
                    self._save(Position(self.number, epoch, step + 1))
                    saved = time.monotonic()
        return float(np.mean(losses)) if losses else math.nan

    def _step(self, plan: BatchPlan, epoch: int, step: int, steps: int) -> float:
        random = self._generator(epoch, step)
        torch.manual_seed(int(random.integers(2**62)))
        total = steps * self.stage.epochs
        set_rate(self.optimizer, epoch * steps + step, total)
        if self.clip is not None:
            losses = self._photo_losses(self.clip, plan, random)
        else:
            losses = self._losses(plan, random, epoch, step)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(losses)
        self.run.processes.average_gradients(self.model.parameters())
        clip_gradients(self.model, len(losses))
        self.optimizer.step()
        self._update_average(epoch * steps + step)
        return float(np.mean([loss.item() for loss in losses]))

    def _losses(
        self, plan: BatchPlan, random: np.random.Generator, epoch: int, step: int
    ) -> list[Tensor]:
        device, processes = self.run.device, self.run.processes
        captions = self.data.train.batch(plan.captions, plan.owner).to(device)
        own_photos, own_captions = (
            processes.share(len(numbers)) for numbers in (plan.photos, plan.captions)
        )
        with mixed_precision(device):
            photos = self._photos(plan.photos[own_photos], random)
            ids, lengths = captions.ids[own_captions], captions.lengths[own_captions]
            phrases = self.model.text(ids, lengths)
        photos = processes.gather(photos, own_photos, len(plan.photos))
        seen = self.data.seen
        losses = self.run.objective.losses(
            self.model,
            captions,
            photos,
            processes.gather(phrases, own_captions, len(plan.captions)),
            None if seen is None else torch.from_numpy(seen[plan.photos]).to(device),
            None if self.teacher is None else self.teacher.logits(plan).to(device),
            self.stage.distillation,
        )
        if self.stage.class_view and self.data.classes:
            of_classes = self._class_losses(self.data.classes, photos, plan, epoch, step)
            losses = [
                loss + self.stage.class_view * extra
                for loss, extra in zip(losses, of_classes, strict=True)
            ]
        return losses

    def _photo_losses(
        self, clip: ClipEncoder, plan: BatchPlan, random: np.random.Generator
    ) -> list[Tensor]:
        count = len(plan.photos)
        own = self.run.processes.share(count)
        pixels = mix(self._pixels(plan.photos[own], random), random, self.stage.mixing)
        with mixed_precision(self.run.device):
            photos = self.model.image(pixels)
        photos, seen = (
            self.run.processes.gather(rows, own, count) for rows in (photos, clip.vectors(pixels))
        )
        return photo_losses(self.model, photos, seen)

    def _photos(self, photos: NDArray[np.int64], random: np.random.Generator) -> Tensor:
        device = self.run.device
        if self.frozen:
            side = random.integers(2 if self.stage.mirrored else 1, size=len(photos))
            features = torch.from_numpy(self.train_features[photos, side])
            return self.model.image.project(features.to(device))
        embedded: Tensor = self.model.image(self._pixels(photos, random))
        return embedded

    def _pixels(self, photos: NDArray[np.int64], random: np.random.Generator) -> Tensor:
        pixels = augment(
            self.data.train_pixels[photos],
            random,
            least_side=self.stage.least_crop,
            mirroring=self.stage.mirrored,
            size=self.stage.crop_size or None,
            device=self.run.device,
        )
        if self.stage.colour_change:
            pixels = vary_colours(pixels, random, self.stage.colour_change)
        return pixels

    def _class_losses(
        self, classes: ClassView, photos: Tensor, plan: BatchPlan, epoch: int, step: int
    ) -> list[Tensor]:
        device, processes = self.run.device, self.run.processes
        # All processes draw the same names.
        names = classes.draw(plan.photos, self._generator(epoch, step, processes.count))
        own = processes.share(len(names.ids))
        with mixed_precision(device):
            rows = self.model.text(names.ids[own].to(device), names.lengths[own].to(device))
        rows = processes.gather(rows, own, len(names.ids))
        return class_losses(self.model, photos, rows, names.shares.to(device))

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        # Early on the average would be of the start, so the decay grows to its full value.
        decay = min(self.stage.averaging, (1 + step) / (10 + step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)

    def _end_epoch(self, epoch: int, loss: float) -> None:
        features = self.dev_features if self.frozen else None
        score = _dev_score(self.model, self.average, self.data, features, self.run.device)
        place = f"{self.stage.name} epoch {epoch + 1} of {self.stage.epochs}"
        state = BestModel(
            self.run.settings, score, place, self._seconds(), self.devices, self.average
        )
        best = score > self.best_score
        if best:
            self.best_score = score
            self._write(state, _BEST)
        if epoch + 1 == self.stage.epochs:
            self._write(state, _END.format(self.number))
        self.run.report(
            f"{place}: loss {loss:.3f}, dev recall sum {score:.1f}"
            f"{' (best so far)' if best else ''}"
        )
        self._save(Position(self.number, epoch + 1))
        self.run.processes.wait()

    def _save(self, position: Position) -> None:
        self._write(
            Checkpoint(
                self.run.settings,
                position,
                self.model.state_dict(),
                self.average,
                self.optimizer.state_dict(),
                self.best_score,
                self._seconds(),
                self.devices,
            ),
            _CHECKPOINT,
        )

    def _seconds(self) -> float:
        return time.monotonic() - self.begun

    def _write(self, checkpoint: Checkpoint | BestModel, name: str) -> None:
        if self.run.processes.is_first:
            save_checkpoint(checkpoint, self.run.work / name)

    def _generator(
        self, epoch: int, step: int | None = None, stream: int | None = None
    ) -> np.random.Generator:
        """For the plan of an epoch, or for a step: its `stream`, or this process's own."""
        if step is None:
            return np.random.default_rng((self.run.seed, self.number, epoch))
        bits = np.random.PCG64((self.run.seed, self.number, epoch, step + 1))
        return np.random.Generator(
            bits.jumped(self.run.processes.rank if stream is None else stream)
        )


def _and(devices: tuple[str, ...], device: str) -> tuple[str, ...]:
    return devices if devices[-1:] == (device,) else (*devices, device)


def device_name(device: torch.device) -> str:
    """What a run's minutes are minutes of: the GPU's name, or the number of a CPU's threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{torch.get_num_threads()} CPU threads"


def _place(stages: tuple[Stage, ...], position: Position) -> str:
    if position.stage >= len(stages):
        return "the end"
    stage = stages[position.stage]
    return f"stage {stage.name}, epoch {position.epoch + 1}, step {position.step + 1}"
