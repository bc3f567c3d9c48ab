"""Lets onnxruntime compute an exported graph's large layers with int8 instead of float32.

On a CPU with instructions for neural networks (VNNI) that takes half the time or less. What it
loses is measured by `export`, which ships the graphs as they were where it is too much.
"""

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)

from photoseek_training.graph_writer import store_small
from photoseek_training.pixels import Pixels
from photoseek_training.rounding import FLOAT_CONVOLUTIONS

CALIBRATION_PHOTOS = 128
"""How many photos tell what range each layer's outputs have."""


def quantize_image_graph(path: Path, input_name: str, pixels: Pixels) -> None:
    """Compute the convolutions with int8, in scales that some of the pixels (n, ...) tell.

    Those nearest to the pixels stay as they are: they have few channels, of very different ranges,
    and take little time. Only depthwise filters have all 8 bits: processors without instructions
    for neural networks (VNNI) add up the other's products two by two in 16 bits, and there 7 bits
    are the most that never overflow.
    """
    with folded(path) as source:
        graph = onnx.load(source).graph
        convolutions = [node for node in graph.node if node.op_type == "Conv"]
        distance = _distances(graph)
        filters = {weight.name for weight in graph.initializer if _several_channels(weight.dims)}
        seven_bits = [
            {"quant_type": QuantType.QInt8, "symmetric": True, "reduce_range": True, "axis": 0}
        ]
        quantize_static(
            source,
            path,
            _Photos(input_name, pixels),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Clip", "Relu", "Add"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[
                node.name for node in convolutions if distance[node.output[0]] <= FLOAT_CONVOLUTIONS
            ],
            extra_options={"TensorQuantOverrides": dict.fromkeys(filters, seven_bits)},
        )
    store_file_small(path)


def quantize_text_graph(path: Path) -> None:
    """Compute the recurrent layers with int8, each input in a scale that its largest number tells.

    Their matrices have 7 bits, for the reason that filters do.
    """
    with folded(path) as source:
        quantize_dynamic(
            source,
            path,
            op_types_to_quantize=["LSTM"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
    store_file_small(path)


def quantize_products(source: Path, path: Path, left: Sequence[str]) -> None:
    """Write a folded graph whose matrix products, but for those `left`, are computed with int8.

    Each has its inputs in a scale that the largest of a batch tells.
    """
    quantize_dynamic(
        source,
        path,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=list(left),
    )


class _Photos(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Photos one by one, from all over the pixels."""

    def __init__(self, input_name: str, pixels: Pixels) -> None:
        places = np.linspace(0, len(pixels) - 1, min(len(pixels), CALIBRATION_PHOTOS)).astype(int)
        self._feeds = ({input_name: np.array(pixels[[place]])} for place in places)

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


@contextmanager
def folded(path: Path) -> Iterator[Path]:
    """A copy of the graph in which all that does not depend on its inputs is computed already."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = f"{folder}/folded.onnx"
        onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        # The tools would advise, on the root logger, to fold it.
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield Path(options.optimized_model_filepath)
        finally:
            logging.disable(before)


def store_file_small(path: Path) -> None:
    """Store the graph's large weights in as few bytes as is exact, and check that it is one."""
    model = onnx.load(path)
    store_small(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _distances(graph: onnx.GraphProto) -> dict[str, int]:
    """For each value, how many convolutions the pixels go through until they become it."""
    distances: dict[str, int] = {}
    for node in graph.node:
        before = max((distances.get(name, 0) for name in node.input), default=0)
        for name in node.output:
            distances[name] = before + (node.op_type == "Conv")
    return distances


def _several_channels(shape: Sequence[int]) -> bool:
    """Whether weights are filters (outputs, inputs, h, w) that see more than one channel each."""
    return len(shape) == 4 and shape[1] > 1
