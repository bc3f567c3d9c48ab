"""Averages the weights of several points of a run, which often do better than each of them."""

from collections.abc import Callable, Sequence

import torch

from photoseek_training.checkpoint import BestModel, State


def uniform_soup(
    best: BestModel, others: Sequence[BestModel], score: Callable[[State], float]
) -> BestModel:
    """The mean of the best weights and the others, or the best alone where it does better on dev.

    Weights that one descent went through lie in one basin, nearer to whose middle their mean is
    (Wortsman et al. 2022, "Model soups").
    """
    taken = [best, *(other for other in others if other.epoch != best.epoch)]
    if len(taken) == 1:
        return best
    mean = _mean([model.model for model in taken])
    value = score(mean)
    if value <= best.score:
        return best
    last = max(taken, key=lambda model: model.seconds)
    return BestModel(
        best.settings,
        value,
        "mean of " + ", ".join(model.epoch for model in taken),
        last.seconds,
        last.devices,
        mean,
    )


def _mean(states: Sequence[State]) -> State:
    return {
        name: torch.stack([state[name] for state in states]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in states[0].items()
    }
