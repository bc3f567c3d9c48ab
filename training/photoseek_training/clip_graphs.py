"""Writes the two graphs of a CLIP node by node: its transformers for photos and for phrases.

Node by node, because tracing would fix what is free here: a phrase is computed at its own length
and not at the context's 77 tokens, which is most of the time that it takes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from photoseek_training.clip_checkpoint import ClipCheckpoint
from photoseek_training.errors import ExportError
from photoseek_training.graph_writer import GraphWriter

Weights = Mapping[str, NDArray[np.float32]]


def clip_weights(checkpoint: ClipCheckpoint, *, half: bool) -> Weights:
    """The model's weights by name; with `half`, matrices and filters rounded to float16."""
    weights = {key: value.numpy() for key, value in checkpoint.model.state_dict().items()}
    if not half:
        return weights
    return {
        key: value.astype(np.float16).astype(np.float32) if value.ndim >= 2 else value
        for key, value in weights.items()
    }


def write_clip_image_graph(checkpoint: ClipCheckpoint, weights: Weights, path: Path) -> None:
    """Pixels (n, size, size, 3) uint8 to unit rows (n, dim), mean and deviation in the graph."""
    config, spec = checkpoint.vision_config, checkpoint.image
    tower = _Tower(weights, "vision_model", config)
    graph = tower.graph
    # (x / 255 - mean) / std, as one factor and one addend a channel
    mean, std = (np.array(values, np.float32) for values in (checkpoint.mean, checkpoint.std))
    floats = graph.node("Cast", [spec.input_name], "floats", to=TensorProto.FLOAT)
    scaled = graph.node("Mul", [floats, graph.weight("factor", 1 / (255 * std))], "scaled")
    normal = graph.node("Add", [scaled, graph.weight("addend", -mean / std)], "normal")
    planes = graph.node("Transpose", [normal], "planes", perm=[0, 3, 1, 2])
    patch = config.patch_size
    filters = tower.weight("embeddings.patch_embedding.weight")
    grid = graph.node("Conv", [planes, filters], "grid", strides=[patch, patch])
    flat = graph.node("Reshape", [grid, tower.integers("flat.shape", [0, 0, -1])], "flat")
    patches = graph.node("Transpose", [flat], "patches", perm=[0, 2, 1])
    first = graph.weight("class", tower.values("embeddings.class_embedding").reshape(1, 1, -1))
    size = graph.node("Shape", [patches], "patches.shape")
    count = graph.node("Gather", [size, tower.integers("zero", [0])], "count")
    shape = graph.node("Concat", [count, tower.integers("ones", [1, 1])], "class.shape", axis=0)
    classes = graph.node("Expand", [first, shape], "classes")
    tokens = graph.node("Concat", [classes, patches], "tokens", axis=1)
    places = tower.weight("embeddings.position_embedding.weight")
    states = tower.norm("pre_layrnorm", graph.node("Add", [tokens, places], "placed"))
    for layer in range(config.num_hidden_layers):
        states = tower.layer(layer, states)
    pooled = graph.node("Gather", [states, tower.integers("class.place", 0)], "pooled", axis=1)
    rows = tower.project("visual_projection", tower.norm("post_layernorm", pooled))
    graph.unit_rows(rows, "embedding")
    pixels: list[str | int | None] = ["n", spec.size, spec.size, 3]
    graph.save(
        path,
        [helper.make_tensor_value_info(spec.input_name, TensorProto.UINT8, pixels)],
        checkpoint.dim,
    )


def write_clip_text_graph(checkpoint: ClipCheckpoint, weights: Weights, path: Path) -> None:
    """Ids (n, t) int64 and lengths (n,) int64 to unit rows (n, dim), pooled at the last token.

    No token sees a later one, so neither does the last one see the padding.
    """
    config, spec = checkpoint.text_config, checkpoint.text
    assert spec.lengths_input is not None
    tower = _Tower(weights, "text_model", config)
    graph = tower.graph
    table = tower.weight("embeddings.token_embedding.weight")
    words = graph.node("Gather", [table, spec.input_name], "words")
    size = graph.node("Shape", [spec.input_name], "ids.shape")
    count = graph.node("Gather", [size, tower.integers("one", [1])], "count")
    zero = tower.integers("zero", [0])
    all_places = tower.weight("embeddings.position_embedding.weight")
    places = graph.node("Slice", [all_places, zero, count, zero], "places")
    context = config.max_position_embeddings
    later = np.triu(np.full((context, context), -np.inf, np.float32), 1)
    twice = graph.node("Concat", [count, count], "counts", axis=0)
    mask = graph.node(
        "Slice",
        [
            graph.weight("later", later),
            tower.integers("corner", [0, 0]),
            twice,
            tower.integers("both", [0, 1]),
        ],
        "mask",
    )
    states = graph.node("Add", [words, places], "placed")
    for layer in range(config.num_hidden_layers):
        states = tower.layer(layer, states, mask)
    last = graph.node("Sub", [spec.lengths_input, tower.integers("step", [1])], "last")
    place = graph.node("Unsqueeze", [last, tower.integers("column", [1])], "last.column")
    pooled = graph.node("GatherND", [states, place], "pooled", batch_dims=1)
    rows = tower.project("text_projection", tower.norm("final_layer_norm", pooled))
    graph.unit_rows(rows, "embedding")
    graph.save(
        path,
        [
            helper.make_tensor_value_info(spec.input_name, TensorProto.INT64, ["n", "t"]),
            helper.make_tensor_value_info(spec.lengths_input, TensorProto.INT64, ["n"]),
        ],
        checkpoint.dim,
    )


class _Tower:
    """One of the two transformers: its weights by transformers' names, its nodes in a graph."""

    def __init__(self, weights: Weights, prefix: str, config: Any) -> None:
        self.graph = GraphWriter()
        self._weights = weights
        self._prefix = prefix
        self._config = config

    def values(self, name: str) -> NDArray[np.float32]:
        return self._weights[f"{self._prefix}.{name}"]

    def weight(self, name: str) -> str:
        return self.graph.weight(name, self.values(name))

    def integers(self, name: str, values: int | list[int]) -> str:
        return self.graph.weight(name, np.array(values, np.int64))

    def norm(self, name: str, states: str) -> str:
        scale, shift = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        epsilon = self._config.layer_norm_eps
        return self.graph.node("LayerNormalization", [states, scale, shift], name, epsilon=epsilon)

    def project(self, name: str, rows: str) -> str:
        matrix = self.graph.weight(f"{name}.weight", self._weights[f"{name}.weight"].T)
        return self.graph.node("MatMul", [rows, matrix], name)

    def layer(self, number: int, states: str, mask: str | None = None) -> str:
        """(n, t, width) to the same: attention, then two matrices, each beside a way around it."""
        name = f"encoder.layers.{number}"
        attended = self._attend(f"{name}.self_attn", self.norm(f"{name}.layer_norm1", states), mask)
        states = self.graph.node("Add", [states, attended], f"{name}.attended")
        normal = self.norm(f"{name}.layer_norm2", states)
        wide = self._activate(f"{name}.mlp", self._linear([f"{name}.mlp.fc1"], normal))
        narrow = self._linear([f"{name}.mlp.fc2"], wide)
        return self.graph.node("Add", [states, narrow], f"{name}.out")

    def _attend(self, name: str, states: str, mask: str | None) -> str:
        graph, heads = self.graph, self._config.num_attention_heads
        size = self._config.hidden_size // heads
        joined = self._linear([f"{name}.{part}_proj" for part in "qkv"], states)
        shape = self.integers(f"{name}.shape", [0, 0, 3, heads, size])
        parts = graph.node("Reshape", [joined, shape], f"{name}.parts")
        by_head = graph.node("Transpose", [parts], f"{name}.by_head", perm=[2, 0, 3, 1, 4])
        queries, keys, values = (
            graph.node(
                "Gather", [by_head, self.integers(f"{name}.{part}.place", place)], f"{name}.{part}"
            )
            for place, part in enumerate(("queries", "keys", "values"))
        )
        factor = graph.weight(f"{name}.factor", np.array(size**-0.5, np.float32))
        queries = graph.node("Mul", [queries, factor], f"{name}.scaled")
        turned = graph.node("Transpose", [keys], f"{name}.turned", perm=[0, 1, 3, 2])
        scores = graph.node("MatMul", [queries, turned], f"{name}.scores")
        if mask is not None:
            scores = graph.node("Add", [scores, mask], f"{name}.masked")
        shares = graph.node("Softmax", [scores], f"{name}.shares", axis=-1)
        mixed = graph.node("MatMul", [shares, values], f"{name}.mixed")
        tokens = graph.node("Transpose", [mixed], f"{name}.tokens", perm=[0, 2, 1, 3])
        width = self.integers(f"{name}.width", [0, 0, self._config.hidden_size])
        return self._linear(
            [f"{name}.out_proj"], graph.node("Reshape", [tokens, width], f"{name}.heads")
        )

    def _linear(self, names: list[str], states: str) -> str:
        """Multiply by the matrices of these names side by side, and add their biases."""
        matrix = np.concatenate([self.values(f"{name}.weight") for name in names]).T
        bias = np.concatenate([self.values(f"{name}.bias") for name in names])
        name = names[0]
        product = self.graph.node(
            "MatMul", [states, self.graph.weight(f"{name}.weight", matrix)], f"{name}.product"
        )
        return self.graph.node(
            "Add", [product, self.graph.weight(f"{name}.bias", bias)], f"{name}.sum"
        )

    def _activate(self, name: str, states: str) -> str:
        graph, kind = self.graph, self._config.hidden_act

        def number(label: str, value: float) -> str:
            return graph.weight(f"{name}.{label}", np.array(value, np.float32))

        if kind == "quick_gelu":
            steep = graph.node("Mul", [states, number("steepness", 1.702)], f"{name}.steep")
            gate = graph.node("Sigmoid", [steep], f"{name}.gate")
            return graph.node("Mul", [states, gate], f"{name}.gated")
        if kind == "gelu":
            narrow = graph.node("Div", [states, number("root", 2**0.5)], f"{name}.narrow")
            error = graph.node("Erf", [narrow], f"{name}.error")
            gate = graph.node("Add", [error, number("one", 1.0)], f"{name}.gate")
            gated = graph.node("Mul", [states, gate], f"{name}.gated")
            return graph.node("Mul", [gated, number("half", 0.5)], f"{name}.halved")
        raise ExportError(f"the model's activation {kind!r} is neither 'gelu' nor 'quick_gelu'")
