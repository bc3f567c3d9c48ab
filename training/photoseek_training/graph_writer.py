"""Puts an ONNX graph together node by node, and stores its weights in as few bytes as is exact."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from photoseek_training.errors import ExportError

OPSET = 17
_IR_VERSION = 8
_LEAST_STORED_HALF = 256
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

    def unit_rows(self, rows: str) -> str:
        """Divide each row (n, dim) by its length: the graph's output."""
        norm = self.node("ReduceL2", [rows], "norm", axes=[1], keepdims=1)
        least = self.weight("least_norm", np.array([1e-12], np.float32))
        return self.node("Div", [rows, self.node("Max", [norm, least], "safe_norm")], "embedding")

    def save(self, path: Path, inputs: Sequence[onnx.ValueInfoProto], dim: int) -> None:
        """Write the graph whose output "embedding" is (n, dim); ExportError where it is too big."""
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", dim])
        graph = helper.make_graph(self.nodes, path.stem, list(inputs), [output], self.weights)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
        store_half(model)
        if model.ByteSize() > _MOST_BYTES:
            raise ExportError(f"{path.stem} is larger than the 2 GB that one ONNX file holds")
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())


def store_half(model: onnx.ModelProto) -> None:
    """Store as float16 each large weight that loses nothing by it; the graph widens it again.

    onnxruntime does so once, when it loads the graph.
    """
    casts = []
    for weight in list(model.graph.initializer):
        if weight.data_type != onnx.TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(weight)
        half = values.astype(np.float16)
        if values.size < _LEAST_STORED_HALF or not np.array_equal(half.astype(np.float32), values):
            continue
        stored = numpy_helper.from_array(half, f"{weight.name}.half")
        casts.append(
            onnx.helper.make_node("Cast", [stored.name], [weight.name], to=onnx.TensorProto.FLOAT)
        )
        weight.CopyFrom(stored)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
