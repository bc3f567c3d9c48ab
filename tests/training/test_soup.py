from __future__ import annotations

import torch

from photoseek_training.checkpoint import BestModel, State
from photoseek_training.soup import greedy_soup


def _model(value: float, score: float, epoch: str) -> BestModel:
    state = {"weight": torch.tensor([value], dtype=torch.float32), "steps": torch.tensor(7)}
    return BestModel("settings", score, epoch, 10 * value, ("CPU",), state)


def _score(state: State) -> float:
    return 100 - abs(float(state["weight"]) - 2)


def test_the_mean_is_taken_where_it_does_better() -> None:
    best, other = _model(1, 99, "first"), _model(4, 98, "second")
    soup = greedy_soup(best, [other], _score)
    assert soup.model["weight"].tolist() == [2.5]
    assert soup.model["steps"].item() == 7
    assert (soup.score, soup.epoch, soup.seconds) == (99.5, "mean of first, second", 40)


def test_what_makes_the_mean_worse_stays_out_and_the_better_comes_first() -> None:
    best, good, bad = _model(1, 99, "first"), _model(3, 98, "second"), _model(9, 93, "third")
    soup = greedy_soup(best, [bad, good], _score)
    assert soup.model["weight"].tolist() == [2]
    assert soup.epoch == "mean of first, second"


def test_the_best_stays_alone_where_it_does_better() -> None:
    best = _model(2, 100, "first")
    assert greedy_soup(best, [_model(4, 98, "second")], _score) is best


def test_the_best_epoch_counts_once_though_it_ends_a_stage() -> None:
    best = _model(2, 100, "first")

    def never(state: State) -> float:
        raise AssertionError(state)

    assert greedy_soup(best, [], never) is best
    assert greedy_soup(best, [_model(2, 100, "first")], never) is best
