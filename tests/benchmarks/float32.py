"""Makes of a bundle one that computes with float32 alone, to hold its speed and size against."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from photoseek import ModelBundle
from photoseek.bundle import IMAGE_ENCODER_FILE, TEXT_ENCODER_FILE, TOKENIZER_FILE, write_manifest

if TYPE_CHECKING:
    import onnx

__all__ = ["float32_bundle"]


def float32_bundle(bundle: ModelBundle, directory: Path) -> ModelBundle:
    """Widen all weights but the words' vectors, of which only a phrase's own are ever widened."""
    import onnx

    directory.mkdir()
    for name in (IMAGE_ENCODER_FILE, TEXT_ENCODER_FILE):
        graph = onnx.load(bundle.path / name)
        _widen_recurrent_layers(graph)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.log_severity_level = 3  # it would name each weight that is used no more
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        options.optimized_model_filepath = str(directory / name)
        onnxruntime.InferenceSession(graph.SerializeToString(), options, ["CPUExecutionProvider"])
        graph = onnx.load(directory / name)
        _clip_instead_of_rounding(graph)
        onnx.save(graph, directory / name)
    shutil.copyfile(bundle.path / TOKENIZER_FILE, directory / TOKENIZER_FILE)
    manifest = bundle.manifest
    write_manifest(
        directory,
        name=f"{manifest.name}, float32",
        embedding_dim=manifest.embedding_dim,
        image=manifest.image,
        text=manifest.text,
    )
    return ModelBundle.open(directory)


def _widen_recurrent_layers(graph: onnx.ModelProto) -> None:
    from onnx import helper, numpy_helper

    weights = _weights(graph)
    for node in graph.graph.node:
        if node.op_type != "DynamicQuantizeLSTM":
            continue
        *inputs, scale, zero, recurrent_scale, recurrent_zero = node.input
        for place, by, from_ in ((1, scale, zero), (2, recurrent_scale, recurrent_zero)):
            steps = weights[inputs[place]].astype(np.float32) - _a_row(weights[from_])
            wide = (steps * _a_row(weights[by])).transpose(0, 2, 1)
            inputs[place] += ".wide"
            graph.graph.initializer.append(
                numpy_helper.from_array(np.ascontiguousarray(wide), inputs[place])
            )
        settings = {value.name: helper.get_attribute_value(value) for value in node.attribute}
        node.CopyFrom(helper.make_node("LSTM", inputs, node.output, node.name, **settings))


def _a_row(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """One number for all, or for each column, of each direction's matrix."""
    return values.astype(np.float32).reshape(len(values), 1, -1)


def _clip_instead_of_rounding(graph: onnx.ModelProto) -> None:
    """Between two layers, a float32 network has at most the clipping that rounding did too."""
    from onnx import helper, numpy_helper

    weights, nodes = _weights(graph), []
    rounded: dict[str, str] = {}
    for node in graph.graph.node:
        if node.op_type == "QuantizeLinear":
            rounded[node.output[0]] = node.input[0]
            scale, zero = (float(weights[name]) for name in node.input[1:])
        elif node.op_type == "DequantizeLinear" and node.input[0] in rounded:
            values, (output,) = rounded[node.input[0]], node.output
            if zero:
                nodes.append(helper.make_node("Identity", [values], [output]))
                continue
            ends = [f"{output}.{end}" for end in ("least", "most")]
            for name, end in zip(ends, (0, 255 * scale), strict=True):
                graph.graph.initializer.append(
                    numpy_helper.from_array(np.array(end, np.float32), name)
                )
            nodes.append(helper.make_node("Clip", [values, *ends], [output]))
        else:
            nodes.append(node)
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)


def _weights(graph: onnx.ModelProto) -> dict[str, np.ndarray[Any, Any]]:
    from onnx import numpy_helper

    return {weight.name: numpy_helper.to_array(weight) for weight in graph.graph.initializer}
