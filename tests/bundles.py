"""Makes a tiny model bundle whose space is colour, so that tests know what must be found.

The image encoder averages a photo over a 4 x 4 grid; the text encoder knows eight colour words
and averages them. "red" is nearest to a red photo by construction, with no trained weight.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from photoseek.bundle import write_manifest
from photoseek.manifest import ImageInput, LikelyRule, TextInput

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 160, 40),
    "blue": (30, 50, 210),
    "yellow": (230, 220, 40),
    "purple": (130, 30, 150),
    "orange": (240, 140, 20),
    "black": (10, 10, 10),
    "white": (245, 245, 245),
}
SPECIAL = ("[PAD]", "[UNK]", "startseq", "endseq")
SIZE = 32
GRID = 4
DIM = GRID * GRID * 3


def make_colour_bundle(directory: Path, *, shift: int = 0, dim: int = DIM) -> Path:
    """Write the bundle; another `shift` or `dim` makes a second model with another space."""
    order = np.roll(np.arange(DIM), shift)[:dim]
    directory.mkdir(parents=True, exist_ok=True)
    onnx.save(_image_graph(order), directory / "image_encoder.onnx")
    onnx.save(_text_graph(order), directory / "text_encoder.onnx")
    _tokenizer().save(str(directory / "tokenizer.json"))
    (directory / "MODEL_CARD.md").write_text("# Colours\n")
    write_manifest(
        directory,
        name=f"colours-{shift}" if dim == DIM else f"colours of {dim}",
        embedding_dim=dim,
        image=ImageInput(SIZE, "squash", "bilinear", "pixels", "uint8"),
        text=TextInput(12, "ids", "int64", "lengths"),
        likely=LikelyRule(mean=0.0, std=0.4, threshold=1.5),
    )
    return directory


def _constant(name: str, value: NDArray[np.generic]) -> onnx.TensorProto:
    return numpy_helper.from_array(value, name)


def _graph(
    name: str,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    constants: list[onnx.TensorProto],
    order: NDArray[np.int64],
) -> onnx.ModelProto:
    constants.append(_constant("order", order))
    nodes.append(helper.make_node("Gather", ["flat", "order"], ["rolled"], axis=1))
    nodes.append(helper.make_node("LpNormalization", ["rolled"], ["embedding"], axis=1, p=2))
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", len(order)])
    graph = helper.make_graph(nodes, name, inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _image_graph(order: NDArray[np.int64]) -> onnx.ModelProto:
    cell = SIZE // GRID
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["floats", "centre"], ["centred"]),
        helper.make_node("Transpose", ["centred"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool", ["planes"], ["grid"], kernel_shape=[cell, cell], strides=[cell, cell]
        ),
        helper.make_node("Transpose", ["grid"], ["cells"], perm=[0, 2, 3, 1]),
        helper.make_node("Flatten", ["cells"], ["flat"]),
    ]
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIZE, SIZE, 3])
    # A hair off the middle, so that a grey photo has a direction too.
    return _graph(
        "image", nodes, [pixels], [_constant("centre", np.array(127.3, np.float32))], order
    )


def _text_graph(order: NDArray[np.int64]) -> onnx.ModelProto:
    table = np.zeros((len(SPECIAL) + len(COLOURS), DIM), np.float32)
    for row, colour in enumerate(COLOURS.values(), start=len(SPECIAL)):
        table[row] = np.tile(np.array(colour, np.float32) - 127.3, GRID * GRID)
    table[1:4] = 0.01
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["sum"], keepdims=0),
        helper.make_node("Cast", ["lengths"], ["count"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["count", "axis"], ["column"]),
        helper.make_node("Div", ["sum", "column"], ["flat"]),
    ]
    inputs = [
        helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", "length"]),
        helper.make_tensor_value_info("lengths", TensorProto.INT64, ["n"]),
    ]
    constants = [_constant("table", table), _constant("axis", np.array([1], np.int64))]
    return _graph("text", nodes, inputs, constants, order)


def _tokenizer() -> Tokenizer:
    words = {word: index for index, word in enumerate((*SPECIAL, *COLOURS))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(Regex("[^a-z]"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="startseq $A endseq",
        special_tokens=[("startseq", words["startseq"]), ("endseq", words["endseq"])],
    )
    return tokenizer
