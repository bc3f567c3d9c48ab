"""Where a run stands, on disk, so that a killed run goes on exactly where it was."""

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from photoseek.files import write_atomically
from photoseek_training.errors import CheckpointError

State = dict[str, Tensor]


@dataclass(frozen=True)
class Position:
    """The next step to take: stage, epoch in the stage, step in the epoch, all from 0."""

    stage: int = 0
    epoch: int = 0
    step: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps, after `seconds` of training on `devices`, the last one now.

    `settings` is a text that decides its result.
    """

    settings: str
    position: Position
    model: State
    average: State
    optimizer: dict[str, Any]
    best_score: float
    seconds: float
    devices: tuple[str, ...]


@dataclass(frozen=True)
class BestModel:
    """The weights with the highest dev score so far: after which epoch, how long, on what."""

    settings: str
    score: float
    epoch: str
    seconds: float
    devices: tuple[str, ...]
    model: State


def save_checkpoint(checkpoint: Checkpoint | BestModel, file: Path) -> None:
    """Write it beside `file` and then rename: a kill leaves the old one or the new one."""
    content = dict(checkpoint.__dict__)
    if isinstance(checkpoint, Checkpoint):
        content["position"] = asdict(checkpoint.position)
    stream = io.BytesIO()
    torch.save(content, stream)
    write_atomically(file, stream.getvalue(), durable=False)


def load_checkpoint(file: Path, settings: str) -> Checkpoint:
    """Read a run's checkpoint; CheckpointError where its settings are not `settings`."""
    content = _load(file, settings)
    content["position"] = Position(**content["position"])
    return Checkpoint(**content)


def load_best(file: Path, settings: str) -> BestModel:
    """Read the best weights of a run; CheckpointError where its settings are not `settings`."""
    return BestModel(**_load(file, settings))


def _load(file: Path, settings: str) -> dict[str, Any]:
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{file} does not exist: no epoch has ended yet") from None
    except Exception as error:  # torch.load raises what its unpickler meets
        raise CheckpointError(
            f"{file} cannot be read ({error}); delete it and train again"
        ) from error
    if content["settings"] != settings:
        raise CheckpointError(
            f"{file} is of a run with other settings; give the same options and "
            "data as then, another --out, or delete it"
        )
    return dict(content)
