"""Averages the weights of several points of a run, which often do better than each of them."""

from collections.abc import Callable, Sequence

import torch

from photoseek_training.checkpoint import BestModel, State


def greedy_soup(
    best: BestModel, others: Sequence[BestModel], score: Callable[[State], float]
) -> BestModel:
    """The mean of the best weights and of those others, best first, that better it on dev.

    Weights that one descent went through lie in one basin, nearer to whose middle their mean is
    (Wortsman et al. 2022, "Model soups"). With the weights that the image network came with among
    them, it keeps more of what that knew (Wortsman et al. 2022, "Robust fine-tuning").
    """
    taken, soup = [best], best
    others = [other for other in others if other.epoch != best.epoch]
    for other in sorted(others, key=lambda model: model.score, reverse=True):
        mean = _mean([model.model for model in (*taken, other)])
        value = score(mean)
        if value > soup.score:
            taken.append(other)
            last = max(taken, key=lambda model: model.seconds)
            epochs = "mean of " + ", ".join(model.epoch for model in taken)
            soup = BestModel(best.settings, value, epochs, last.seconds, last.devices, mean)
    return soup


def _mean(states: Sequence[State]) -> State:
    return {
        name: torch.stack([state[name] for state in states]).mean(0)
        if value.is_floating_point()
        else value
        for name, value in states[0].items()
    }
