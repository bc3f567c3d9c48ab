"""What turns gradients into steps: AdamW, its learning rates, and how large gradients may be."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from photoseek_training.model import DualEncoder
from photoseek_training.presets import Stage

WARM_UP = 0.15
MOST_GRADIENT = 2.0


def build_optimizer(model: DualEncoder, stage: Stage) -> torch.optim.AdamW:
    """An optimizer of all that a stage trains, in groups whose rates peak where it says."""
    network = _trained(member.network for member in model.image.members)
    pool = _trained(member.pool for member in model.image.members)
    special = {id(value) for value in (*network, *pool)}
    others = [value for value in _trained([model]) if id(value) not in special]
    rates = (
        (network, stage.network_rate),
        (pool, stage.learning_rate * stage.pool_rate),
        (others, stage.learning_rate),
    )
    groups = [{"params": values, "peak": rate} for values, rate in rates if values]
    return torch.optim.AdamW(groups, lr=stage.learning_rate, weight_decay=stage.weight_decay)


def set_rate(optimizer: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Set each group's learning rate for a step of a stage."""
    factor = rate_factor(step, steps)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor


def clip_gradients(model: DualEncoder, members: int) -> None:
    """Scale all gradients down where they are too large together.

    Those of members that have little in common add up like the sides of a square.
    """
    nn.utils.clip_grad_norm_(model.parameters(), MOST_GRADIENT * math.sqrt(members))


def rate_factor(step: int, steps: int) -> float:
    """The learning rate's factor: a straight warm-up, then half a cosine down to nothing."""
    warm = WARM_UP * steps
    if step < warm:
        return (step + 1) / (warm + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1.0, steps - warm)))


def _trained(modules: Iterable[nn.Module]) -> list[nn.Parameter]:
    return [value for module in modules for value in module.parameters() if value.requires_grad]
