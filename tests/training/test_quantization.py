"""Graphs that compute with int8: what they find, and which numbers they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from photoseek.bundle import TEXT_ENCODER_FILE, ModelBundle
from photoseek.encoder import Encoder
from photoseek.manifest import ImageInput, TextInput
from photoseek_training import export
from photoseek_training.cli import main
from photoseek_training.image_encoders import build_image_network
from photoseek_training.image_graph import write_image_graph
from photoseek_training.model import ImageEncoder
from photoseek_training.quantization import quantize_image_graph, quantize_text_graph
from photoseek_training.rounding import FLOAT_CONVOLUTIONS, MOST_OF_FILTERS
from photoseek_training.text_encoders import WordEmbedding, build_text_encoder
from photoseek_training.text_graph import write_text_graph
from training.conftest import SmokeRun

SIDE = 64


def _weights(file: Path) -> dict[str, NDArray[np.generic]]:
    return {
        weight.name: numpy_helper.to_array(weight) for weight in onnx.load(file).graph.initializer
    }


def _run(file: Path, **feeds: NDArray[np.generic]) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = onnxruntime.InferenceSession(file).run(None, feeds)[0]
    return rows


@pytest.fixture(scope="module")
def image_graphs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An image encoder's graph, and the same quantized."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("graphs")
    network = build_image_network("efficientnet-lite0", "random", fixed_blocks=2, size=SIDE)
    encoder = ImageEncoder(network, 16).eval()
    write_image_graph(
        encoder, ImageInput(SIDE, "squash", "bicubic", "pixels", "uint8"), folder / "float32.onnx"
    )
    (folder / "int8.onnx").write_bytes((folder / "float32.onnx").read_bytes())
    quantize_image_graph(folder / "int8.onnx", "pixels", _photos(300))
    return folder / "float32.onnx", folder / "int8.onnx"


def _photos(count: int) -> NDArray[np.uint8]:
    """Blots of some colours."""
    coarse = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3), np.uint8)
    return coarse.repeat(SIDE // 4, axis=1).repeat(SIDE // 4, axis=2)


def test_photos_stay_where_they_were(image_graphs: tuple[Path, Path]) -> None:
    exact, quantized = (_run(graph, pixels=_photos(20)) for graph in image_graphs)
    np.testing.assert_allclose(np.linalg.norm(quantized, axis=1), 1, rtol=1e-5)
    apart = exact - exact.mean(axis=0)
    noise = quantized - exact
    assert (noise**2).sum() < 0.02 * (apart**2).sum()


def test_all_convolutions_but_the_first_compute_with_int8(
    image_graphs: tuple[Path, Path], tmp_path: Path
) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "as_run.onnx")
    options.log_severity_level = 3  # it warns that such a file is for this machine only
    onnxruntime.InferenceSession(image_graphs[1], options)
    kinds = [node.op_type for node in onnx.load(tmp_path / "as_run.onnx").graph.node]
    assert kinds.count("Conv") == FLOAT_CONVOLUTIONS
    whole = onnx.load(image_graphs[0]).graph
    assert kinds.count("QLinearConv") == sum(
        node.op_type == "Conv" for node in whole.node
    ) - FLOAT_CONVOLUTIONS  # fmt: skip


def test_sums_of_two_products_fit_into_16_bits(image_graphs: tuple[Path, Path]) -> None:
    """As processors without instructions for neural networks add them up."""
    filters = [
        values
        for values in _weights(image_graphs[1]).values()
        if values.dtype == np.int8 and values.ndim == 4
    ]
    most = {
        depthwise: max(int(np.abs(each.astype(int)).max()) for each in filters
                       if (each.shape[1] == 1) == depthwise)
        for depthwise in (False, True)
    }  # fmt: skip
    assert most == {False: MOST_OF_FILTERS, True: 127}
    assert 2 * 255 * MOST_OF_FILTERS < 2**15


@pytest.mark.parametrize("name", ["lstm", "multilayer-bilstm", "bag-of-words"])
def test_phrases_stay_where_they_were(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    embedding = WordEmbedding(50, 32, 50, None, 0.0)
    encoder = build_text_encoder(name, embedding, hidden=64, dim=32, members=2).eval()
    graph = tmp_path / "text.onnx"
    write_text_graph(encoder, TextInput(12, "ids", "int64", "lengths"), graph)
    ids = np.random.default_rng(0).integers(2, 50, (20, 12))
    exact = [_run(graph, ids=row[None], lengths=np.array([12])) for row in ids]
    quantize_text_graph(graph)
    quantized = [_run(graph, ids=row[None], lengths=np.array([12])) for row in ids]
    apart = np.array(exact) - np.mean(exact, axis=0)
    noise = np.array(quantized) - np.array(exact)
    assert (noise**2).sum() < 0.001 * (apart**2).sum()
    kinds = {node.op_type for node in onnx.load(graph).graph.node}
    assert "LSTM" not in kinds
    assert ("DynamicQuantizeLSTM" in kinds) == (name != "bag-of-words")
    matrices = [values for key, values in _weights(graph).items() if key.endswith("_quantized")]
    assert all(np.abs(each.astype(int)).max() <= MOST_OF_FILTERS for each in matrices)
    assert bool(matrices) == (name != "bag-of-words")


def test_a_phrase_does_not_depend_on_what_it_is_asked_with(smoke: SmokeRun) -> None:
    encoder = Encoder(ModelBundle.open(smoke.out))
    phrases = ["a large red circle in the top left", "blue", "a small green square"]
    alone = [encoder.encode_text([phrase])[0] for phrase in phrases]
    np.testing.assert_array_equal(encoder.encode_text(phrases), alone)


def test_a_bundle_computes_with_float32_where_int8_finds_too_little(
    smoke: SmokeRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def kinds(bundle: Path) -> set[str]:
        return {node.op_type for node in onnx.load(bundle / TEXT_ENCODER_FILE).graph.node}

    assert "DynamicQuantizeLSTM" in kinds(smoke.out)
    assert "are computed with int8, the rest" in (smoke.out / "MODEL_CARD.md").read_text("utf-8")
    monkeypatch.setattr(export, "MOST_LOST", -100.0)
    assert main([*smoke.arguments, "--export-only", "--out", str(tmp_path / "bundle")]) == 0
    assert "that is more than -100.0: the bundle computes with float32" in capsys.readouterr().err
    assert "DynamicQuantizeLSTM" not in kinds(tmp_path / "bundle")
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text("utf-8")
    assert "all arithmetic is float32" in card.replace("\n", " ")
    ModelBundle.open(tmp_path / "bundle")
    assert not list(tmp_path.glob(".*"))
