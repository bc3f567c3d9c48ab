"""Writes the text encoder's ONNX graph, node by node.

The lengths are an input and reach every LSTM node as its `sequence_lens`; without them a batch of
ragged phrases comes out wrong, which no exporter of packed sequences gets right. A bag of words
needs them to leave out what is past a phrase's length.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import nn

from photoseek.manifest import TextInput
from photoseek_training.graph_writer import GraphWriter
from photoseek_training.hubs import (
    EXTRA_DIMS,
    MOST_CORRECTION,
    PHOTO_PLACE,
    PHRASE_PLACE,
    CorrectedText,
    Nearness,
)
from photoseek_training.rounding import QuantizedRows, quantize_rows
from photoseek_training.text_encoders import RecurrentMember, TextEncoder
from photoseek_training.vocabulary import PADDING_ID, SPECIAL


def write_text_graph(encoder: TextEncoder | CorrectedText, spec: TextInput, path: Path) -> None:
    """Ids (n, t) int64 and lengths (n,) int64 to unit rows (n, dim).

    The word vectors are stored as int8 with a scale a row; they must be exactly representable so
    (see `rounding`), or the proof of the export will fail.
    """
    assert spec.lengths_input is not None
    to_photos: Nearness | None = None
    if isinstance(encoder, CorrectedText):
        to_photos = encoder.to_photos
        encoder = encoder.encoder
    graph = GraphWriter()
    table = quantize_rows(_values(encoder.embedding.table()))
    recurrent = [member for member in encoder.members if isinstance(member, RecurrentMember)]
    if recurrent:
        phrases = _read_in_order(graph, table, recurrent, spec.input_name, spec.lengths_input)
    else:
        bag = _read_as_bag(graph, table, spec.input_name, spec.lengths_input)
        phrases = [bag] * len(encoder.members)
    rows = []
    for number, member in enumerate(encoder.members):
        name = f"member{number}"
        head = [
            graph.weight(f"{name}.head.{kind}", _values(member.get_parameter(f"head.{kind}")))
            for kind in ("weight", "bias")
        ]
        projected = graph.node("Gemm", [phrases[number], *head], f"{name}.projected", transB=1)
        rows.append(graph.unit_rows(projected, f"{name}.rows"))
    joined = graph.node("Concat", rows, "side_by_side", axis=1)
    length = graph.weight("length", np.array(math.sqrt(len(rows)), np.float32))
    dim = encoder.dim
    if to_photos is None:
        graph.node("Div", [joined, length], "embedding")
    else:
        _correct(graph, graph.node("Div", [joined, length], "rows"), to_photos)
        dim += EXTRA_DIMS
    graph.save(
        path,
        [
            helper.make_tensor_value_info(spec.input_name, TensorProto.INT64, ["n", "t"]),
            helper.make_tensor_value_info(spec.lengths_input, TensorProto.INT64, ["n"]),
        ],
        dim,
    )


def _correct(graph: GraphWriter, rows: str, to_photos: Nearness) -> None:
    """What `hubs.CorrectedText` does to the rows of its encoder."""

    def number(name: str, value: float) -> str:
        return graph.weight(name, np.array(value, np.float32))

    bank = [
        graph.weight(f"bank.{name}", _values(getattr(to_photos, name)))
        for name in ("rows", "log_weight")
    ]
    dots = graph.node(
        "Gemm", [rows, *bank], "bank.dots", alpha=float(to_photos.sharpness), transB=1
    )
    mean = graph.node("ReduceLogSumExp", [dots], "bank.mean", axes=[1], keepdims=1)
    share = number("bank.share", to_photos.share / to_photos.sharpness)
    near = graph.node("Mul", [mean, share], "bank.near")
    usual = number("bank.usual", float(to_photos.usual))
    nearer = graph.node("Sub", [near, usual], "bank.nearer")
    own = graph.node("Div", [nearer, number("phrase_place", PHRASE_PLACE)], "correction")
    square = graph.node("Mul", [own, own], "correction_squared")
    most = number("most_squared", (MOST_CORRECTION / PHRASE_PLACE) ** 2)
    left = graph.node("Sub", [most, square], "rest_squared")
    rest = graph.node("Sqrt", [graph.node("Max", [left, number("none", 0)], "some_rest")], "rest")
    zero = graph.node("Sub", [own, own], "zero_each")
    place = graph.node("Add", [zero, number("photo_place", PHOTO_PLACE)], "place")
    row = graph.node("Concat", [rows, own, place, rest], "corrected", axis=1)
    graph.unit_rows(row, "embedding")


def _read_in_order(
    graph: GraphWriter,
    table: QuantizedRows,
    members: Sequence[RecurrentMember],
    ids: str,
    lengths: str,
) -> list[str]:
    """For each member, the maximum over time of its last layer's states (n, ways * hidden)."""
    ids_over_time = graph.node("Transpose", [ids], "ids_over_time", perm=[1, 0])
    words = _word_vectors(graph, table, ids_over_time)
    lengths = graph.node("Cast", [lengths], "lengths_int32", to=TensorProto.INT32)
    within = _within_length(graph, ids_over_time, lengths)
    lowest = graph.weight("lowest", np.array([-np.inf], np.float32))
    peaks = []
    for number, member in enumerate(members):
        states = words
        for layer, onward in enumerate(member.forward_layers):
            ways = [onward, *member.backward_layers[layer : layer + 1]]
            name = f"member{number}.lstm{layer}"
            states = _recurrent_layer(graph, name, ways, states, lengths)
        padded = graph.node("Where", [within, states, lowest], f"member{number}.masked")
        peaks.append(
            graph.node("ReduceMax", [padded], f"member{number}.peaks", axes=[0], keepdims=0)
        )
    return peaks


def _read_as_bag(graph: GraphWriter, table: QuantizedRows, ids: str, lengths: str) -> str:
    """The sum (n, word dim) of the vectors of the words that occur, each counted once."""

    def integers(name: str, values: int | list[int]) -> str:
        return graph.weight(name, np.array(values, np.int64))

    words = table.values.copy()
    words[: len(SPECIAL)] = 0
    shape = graph.node("Shape", [ids], "shape")
    start, step = integers("start", 0), integers("step", 1)
    steps = graph.node(
        "Range", [start, graph.node("Gather", [shape, step], "step_count"), step], "steps"
    )
    ends = graph.node("Unsqueeze", [lengths, integers("columns_axis", [1])], "length_column")
    within = graph.node("Less", [steps, ends], "within")
    read = graph.node("Where", [within, ids, integers("padding", PADDING_ID)], "ids_within")
    count = graph.node("Gather", [shape, integers("phrases_place", [0])], "phrase_count")
    size = graph.node("Concat", [count, integers("words", [len(words)])], "size", axis=0)
    empty = graph.node("ConstantOfShape", [size], "no_words")
    once = graph.weight("once", np.array(1, np.float32))
    occurs = graph.node("Expand", [once, shape], "occurs")
    columns = graph.node("ScatterElements", [empty, read, occurs], "word_columns", axis=1)
    wide = graph.node(
        "Cast", [graph.weight("words.int8", words)], "words_float", to=TensorProto.FLOAT
    )
    vectors = graph.node("Mul", [wide, graph.weight("words.scale", table.scale)], "word_vectors")
    return graph.node("MatMul", [columns, vectors], "bag")


def _word_vectors(graph: GraphWriter, table: QuantizedRows, ids: str) -> str:
    steps = graph.node("Gather", [graph.weight("words.int8", table.values), ids], "word_steps")
    scale = graph.node("Gather", [graph.weight("words.scale", table.scale), ids], "word_scale")
    wide = graph.node("Cast", [steps], "word_steps_float", to=TensorProto.FLOAT)
    return graph.node("Mul", [wide, scale], "word_vectors")


def _recurrent_layer(
    graph: GraphWriter, name: str, ways: Sequence[nn.Module], states: str, lengths: str
) -> str:
    """(t, n, inputs) to (t, n, ways * hidden); all values past a phrase's length are zero."""
    parts = [_lstm_weights(way) for way in ways]
    inputs, recurrent, bias = (np.stack(values) for values in zip(*parts, strict=True))
    hidden = recurrent.shape[-1]
    output = graph.node(
        "LSTM",
        [
            states,
            graph.weight(f"{name}.inputs", inputs),
            graph.weight(f"{name}.recurrent", recurrent),
            graph.weight(f"{name}.bias", bias),
            lengths,
        ],
        name,
        hidden_size=hidden,
        direction="bidirectional" if len(ways) == 2 else "forward",
    )
    phrases_first = graph.node("Transpose", [output], f"{name}.turned", perm=[0, 2, 1, 3])
    shape = graph.weight(f"{name}.shape", np.array([0, 0, len(ways) * hidden], np.int64))
    return graph.node("Reshape", [phrases_first, shape], f"{name}.joined")


def _within_length(graph: GraphWriter, ids: str, lengths: str) -> str:
    """Whether each step (t, n, 1) is one of its phrase's words."""
    shape = graph.node("Shape", [ids], "steps_and_phrases")
    zero, one = (
        graph.weight(name, np.array(value, np.int64)) for name, value in (("zero", 0), ("one", 1))
    )
    count = graph.node("Gather", [shape, zero], "step_count")
    steps = graph.node("Range", [zero, count, one], "steps")
    small = graph.node("Cast", [steps], "steps_int32", to=TensorProto.INT32)
    column = graph.node(
        "Unsqueeze", [small, graph.weight("last", np.array([1, 2], np.int64))], "step_column"
    )
    row = graph.node(
        "Unsqueeze", [lengths, graph.weight("both", np.array([0, 2], np.int64))], "length_row"
    )
    return graph.node("Less", [column, row], "within")


def _lstm_weights(layer: nn.Module) -> tuple[NDArray[np.float32], ...]:
    """PyTorch's gates are in the order input, forget, cell, output; ONNX has i, o, f, c."""
    assert isinstance(layer, nn.LSTM)
    weights = (
        _values(layer.get_parameter(name))
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    )
    inputs, recurrent, input_bias, recurrent_bias = (
        np.concatenate([gates[0], gates[3], gates[1], gates[2]])
        for gates in (np.split(value, 4) for value in weights)
    )
    return inputs, recurrent, np.concatenate([input_bias, recurrent_bias])


def _values(parameter: torch.Tensor) -> NDArray[np.float32]:
    values: NDArray[np.float32] = parameter.detach().cpu().numpy().astype(np.float32)
    return values
