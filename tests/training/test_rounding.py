from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from photoseek_training.graph_writer import GraphWriter
from photoseek_training.rounding import quantize_rows


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


@pytest.mark.parametrize(
    ("weights", "stored", "bytes_each"),
    [
        (quantize_rows(_matrix()).widen(), TensorProto.INT8, 1),
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
