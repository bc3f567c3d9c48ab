from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from photoseek_training.graph_writer import GraphWriter
from photoseek_training.rounding import (
    MOST_OF_FILTERS,
    quantize_rows,
    round_weights,
    train_rounded,
)


def _matrix() -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32)


def test_rows_lose_half_a_step_at_most_and_round_to_themselves() -> None:
    rows = quantize_rows(_matrix())
    assert (np.abs(rows.widen() - _matrix()) <= rows.scale * 0.5001).all()
    again = quantize_rows(rows.widen())
    assert np.array_equal(again.values, rows.values)
    assert np.array_equal(again.scale, rows.scale)


def test_a_row_of_zeros_stays_one() -> None:
    assert not quantize_rows(np.zeros((3, 5), np.float32)).widen().any()


def test_a_row_of_a_filter_is_all_of_it() -> None:
    filters = _matrix().reshape(40, 16, 1, 1)
    rows = quantize_rows(filters)
    assert rows.scale.shape == (40, 1, 1, 1)
    np.testing.assert_array_equal(rows.values.reshape(40, 16), quantize_rows(_matrix()).values)


def test_filters_trained_rounded_are_stored_as_they_were_computed_with() -> None:
    torch.manual_seed(0)
    first = [nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)]
    wide, pointwise = nn.Conv2d(8, 8, 3, bias=False), nn.Conv2d(8, 16, 1, bias=False)
    network = nn.Sequential(*first, wide, pointwise)
    train_rounded(network[:2], network[2:])
    train_rounded(network[:2], network[2:])  # as where another member shares the first layers
    assert [is_parametrized(layer) for layer in network] == [False] * 4 + [True]
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    photos = torch.randn(2, 3, 9, 9)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = network(photos).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    # The gradient reached the weights that are rounded.
    assert losses[-1] < 0.9 * losses[0]
    last = pointwise.weight.detach().clone()
    round_weights(network)
    assert torch.equal(pointwise.weight, last)
    assert "4.weight" in network.state_dict()
    rows = quantize_rows(values := pointwise.weight.detach().numpy(), MOST_OF_FILTERS)
    np.testing.assert_array_equal(rows.widen(), values)
    assert np.abs(rows.values).max() == MOST_OF_FILTERS
    assert torch.equal(wide.weight, wide.weight.half().float())


@pytest.mark.parametrize(
    ("weights", "stored", "bytes_each"),
    [
        (quantize_rows(_matrix()).widen(), TensorProto.INT8, 1),
        (quantize_rows(_matrix(), MOST_OF_FILTERS).widen(), TensorProto.INT8, 1),
        (quantize_rows(_matrix().reshape(16, 40)).widen().T, TensorProto.INT8, 1),
        (_matrix().astype(np.float16).astype(np.float32), TensorProto.FLOAT16, 2),
        (_matrix(), TensorProto.FLOAT, 4),
    ],
)
def test_weights_are_stored_as_small_as_loses_nothing(
    tmp_path: Path, weights: NDArray[np.float32], stored: int, bytes_each: int
) -> None:
    graph = GraphWriter()
    graph.node("MatMul", ["x", graph.weight("weights", weights)], "embedding")
    rows = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 40])
    graph.save(tmp_path / "graph.onnx", [rows], 16)
    largest = max(
        onnx.load(tmp_path / "graph.onnx").graph.initializer, key=lambda w: len(w.raw_data)
    )
    assert (largest.data_type, len(largest.raw_data)) == (stored, bytes_each * weights.size)
    session = onnxruntime.InferenceSession(str(tmp_path / "graph.onnx"))
    found = session.run(None, {"x": np.eye(40, dtype=np.float32)})[0]
    np.testing.assert_array_equal(found, weights)
