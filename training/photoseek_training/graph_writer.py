"""Puts an ONNX graph together node by node, and stores its weights in as few bytes as is exact."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from photoseek_training.errors import ExportError
from photoseek_training.rounding import MOST, MOST_OF_FILTERS, QuantizedRows, quantize_rows

OPSET = 17
_IR_VERSION = 8
_LEAST_STORED_SMALL = 256
_MOST_BYTES = 2**31 - 1
"""What one protobuf file can hold."""


class GraphWriter:
    """Nodes and weights in the making; a value is known by its name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a constant, and return its name."""
        self.weights.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """Add an operation, and return the name of its output."""
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **settings))
        return output

    def unit_rows(self, rows: str, output: str) -> str:
        """Divide each row (n, dim) by its length."""
        norm = self.node("ReduceL2", [rows], f"{output}.norm", axes=[1], keepdims=1)
        least = self.weight(f"{output}.least_norm", np.array([1e-12], np.float32))
        safe = self.node("Max", [norm, least], f"{output}.safe_norm")
        return self.node("Div", [rows, safe], output)

    def save(self, path: Path, inputs: Sequence[onnx.ValueInfoProto], dim: int) -> None:
        """Write the graph whose output "embedding" is (n, dim); ExportError where it is too big."""
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", dim])
        graph = helper.make_graph(self.nodes, path.stem, list(inputs), [output], self.weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
        store_small(model)
        if model.ByteSize() > _MOST_BYTES:
            raise ExportError(f"{path.stem} is larger than the 2 GB that one ONNX file holds")
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())


def store_small(model: onnx.ModelProto) -> None:
    """Store as int8 rows or columns, or as float16, each large weight that loses nothing by it.

    The graph widens it again: onnxruntime does so once, when it loads the graph.
    """
    nodes = []
    for weight in list(model.graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < _LEAST_STORED_SMALL:
            continue
        if not np.isfinite(values).all():
            continue
        half, steps = values.astype(np.float16), _as_steps(values)
        name, wide = weight.name, f"{weight.name}.wide"
        if steps is not None:
            small: NDArray[np.generic] = steps.values
            scale = numpy_helper.from_array(steps.scale, f"{name}.scale")
            model.graph.initializer.append(scale)
            nodes.append(helper.make_node("Mul", [wide, scale.name], [name]))
        elif np.array_equal(half.astype(np.float32), values):
            small, wide = half, name
        else:
            continue
        stored = numpy_helper.from_array(small, f"{name}.{small.dtype}")
        nodes.append(helper.make_node("Cast", [stored.name], [wide], to=TensorProto.FLOAT))
        weight.CopyFrom(stored)
    # From the last to the first, as a node must come after those whose outputs it takes.
    for node in nodes:
        model.graph.node.insert(0, node)


def _as_steps(values: NDArray[np.float32]) -> QuantizedRows | None:
    """Rows, or columns, that are exactly these values; None where there are none."""
    for most in (MOST, MOST_OF_FILTERS):
        rows = quantize_rows(values, most)
        if np.array_equal(rows.widen(), values):
            return rows
    if values.ndim == 2:
        rows = quantize_rows(np.ascontiguousarray(values.T))
        if np.array_equal(rows.widen(), values.T):
            return QuantizedRows(
                np.ascontiguousarray(rows.values.T), np.ascontiguousarray(rows.scale.T)
            )
    return None
