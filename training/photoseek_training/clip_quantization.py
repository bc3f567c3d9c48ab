"""Lets onnxruntime compute the graph of a CLIP's image encoder with int8 instead of float32.

Transformers have numbers that are far larger than others, in a few channels and at a few places of
a photo, and a scale that has room for them leaves the others few steps. So what the norms give is
made alike in all channels first, which the matrices after them make up for (SmoothQuant, Xiao et
al. 2023), and the inputs of the last matrix of each layer have a scale for each place.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from photoseek_training.clip_graphs import Weights
from photoseek_training.graph_writer import GraphWriter
from photoseek_training.quantization import folded, quantize_products, store_file_small

NORMS = {
    "layer_norm1": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "layer_norm2": ("mlp.fc1",),
}
"""Each norm of a layer, and the matrices that take what it gives."""

_BY_PLACE = ".mlp.fc2.product"
_FLOAT = ("scores", "mixed", "visual_projection")
_MIDDLE, _MOST = 128, 127
_LEAST = 1e-5

Peaks = Mapping[str, NDArray[np.float32]]
"""By a norm's full name, the largest number that it gives in each channel."""


@torch.inference_mode()
def channel_peaks(model: nn.Module, pixels: Tensor) -> Peaks:
    """What the norms of a CLIP's image encoder give at most for normalised `pixels`."""
    peaks: dict[str, NDArray[np.float32]] = {}

    def watch(name: str) -> None:
        def note(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            peaks[name] = output.abs().amax((0, 1)).numpy()

        hooks.append(model.get_submodule(name).register_forward_hook(note))

    hooks: list[torch.utils.hooks.RemovableHandle] = []
    for name, _ in model.named_modules():
        if name.rpartition(".")[2] in NORMS:
            watch(name)
    model(pixels)
    for hook in hooks:
        hook.remove()
    return peaks


def smoothed(weights: Weights, peaks: Peaks) -> Weights:
    """Weights that compute the same, where norms give numbers more alike in all channels.

    Half of what a channel is larger by goes over to the matrices after the norm.
    """
    changed = {name: value.copy() for name, value in weights.items()}
    for norm, peak in peaks.items():
        layer, _, kind = norm.rpartition(".")
        matrices = [f"{layer}.{matrix}.weight" for matrix in NORMS[kind]]
        largest = np.max([np.abs(weights[name]).max(axis=0) for name in matrices], axis=0)
        factor = np.sqrt(np.maximum(peak, _LEAST) / np.maximum(largest, _LEAST))
        factor /= np.exp(np.log(factor).mean())
        for name in (f"{norm}.weight", f"{norm}.bias"):
            changed[name] /= factor
        for name in matrices:
            changed[name] *= factor
    return changed


def quantize_clip_image_graph(path: Path) -> None:
    """Compute all matrices of the layers with int8; attention and projection stay float32."""
    with folded(path) as source:
        products = [node.name for node in onnx.load(source).graph.node if node.op_type == "MatMul"]
        left = [name for name in products if name.endswith((_BY_PLACE, *_FLOAT))]
        quantize_products(source, path, left)
    model = onnx.load(path)
    _quantize_by_place(model.graph)
    path.write_bytes(model.SerializeToString())
    store_file_small(path)


def _quantize_by_place(graph: onnx.GraphProto) -> None:
    """Compute the last product of each layer with int8, in a scale for each row of inputs."""
    weights = {weight.name: weight for weight in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    shared = GraphWriter()
    shared.weight("by_place.part", np.array(1 / _MOST, np.float32))
    shared.weight("by_place.least", np.array(1e-6, np.float32))
    shared.weight("by_place.middle", np.array(_MIDDLE, np.float32))
    shared.weight("by_place.zero", np.array(_MIDDLE, np.uint8))
    for node in graph.node:
        if not node.name.endswith(_BY_PLACE):
            nodes.append(node)
            continue
        inputs, matrix = node.input
        writer, name = GraphWriter(), node.output[0]
        values = numpy_helper.to_array(weights[matrix])
        scale = np.maximum(np.abs(values).max(axis=0), _LEAST) / _MOST
        steps = writer.weight(f"{name}.int8", np.round(values / scale).astype(np.int8))
        columns = writer.weight(f"{name}.columns", scale.astype(np.float32))
        size = writer.node("Abs", [inputs], f"{name}.size")
        peak = writer.node("ReduceMax", [size], f"{name}.peak", axes=[-1], keepdims=1)
        safe = writer.node("Max", [peak, "by_place.least"], f"{name}.safe_peak")
        rows = writer.node("Mul", [safe, "by_place.part"], f"{name}.rows")
        exact = writer.node("Div", [inputs, rows], f"{name}.exact")
        above = writer.node("Add", [exact, "by_place.middle"], f"{name}.above")
        whole = writer.node("Round", [above], f"{name}.whole")
        small = writer.node("Cast", [whole], f"{name}.uint8", to=TensorProto.UINT8)
        added = writer.node("MatMulInteger", [small, steps, "by_place.zero"], f"{name}.added")
        wide = writer.node("Cast", [added], f"{name}.wide", to=TensorProto.FLOAT)
        scaled = writer.node("Mul", [wide, rows], f"{name}.scaled")
        writer.node("Mul", [scaled, columns], name)
        nodes += writer.nodes
        graph.initializer.remove(weights.pop(matrix))
        graph.initializer.extend(writer.weights)
    graph.initializer.extend(shared.weights)
    del graph.node[:]
    graph.node.extend(nodes)
