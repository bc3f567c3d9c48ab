"""A CLIP's image encoder that computes with int8 sees what it saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from photoseek_training.clip_checkpoint import ClipCheckpoint, read_clip
from photoseek_training.clip_graphs import Weights, clip_weights, write_clip_image_graph
from photoseek_training.clip_quantization import (
    channel_peaks,
    quantize_clip_image_graph,
    smoothed,
)
from training.clips import SIDE, save_transformers

FC2 = "vision_model.encoder.layers.0.mlp.fc2.weight"
FC1 = "vision_model.encoder.layers.0.mlp.fc1"
NORM = "vision_model.encoder.layers.0.layer_norm2"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClipCheckpoint:
    folder = tmp_path_factory.mktemp("clip")
    save_transformers(folder)
    return read_clip(folder)


@pytest.fixture(scope="module")
def photos() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), np.uint8)


def _rows(
    clip: ClipCheckpoint, weights: Weights, photos: NDArray[np.uint8], path: Path, *, int8: bool
) -> NDArray[np.float32]:
    write_clip_image_graph(clip, weights, path)
    if int8:
        quantize_clip_image_graph(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: photos})[0]
    return rows


def test_int8_turns_rows_little_and_takes_every_matrix_of_the_layers(
    clip: ClipCheckpoint, photos: NDArray[np.uint8], tmp_path: Path
) -> None:
    weights, file = clip_weights(clip, half=False), tmp_path / "image.onnx"
    plain = _rows(clip, weights, photos, tmp_path / "float.onnx", int8=False)
    rows = _rows(clip, weights, photos, file, int8=True)
    assert (plain * rows).sum(axis=1).min() > 0.999
    kinds = [node.op_type for node in onnx.load(file).graph.node]
    # Four a layer, but that the queries', keys' and values' are one; and attention's two.
    assert kinds.count("MatMulInteger") == 2 * 4
    assert kinds.count("MatMul") == 2 * 2 + 1
    assert len(rows) == 6
    alone = onnxruntime.InferenceSession(file).run(None, {"pixels": photos[:1]})[0]
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-5)


def test_smoothed_weights_compute_the_same_from_numbers_more_alike(
    clip: ClipCheckpoint, photos: NDArray[np.uint8], tmp_path: Path
) -> None:
    weights = dict(clip_weights(clip, half=False))
    loud = np.ones(48, np.float32)
    loud[5] = 50
    weights[f"{NORM}.weight"] = weights[f"{NORM}.weight"] * loud
    weights[f"{NORM}.bias"] = weights[f"{NORM}.bias"] * loud
    weights[f"{FC1}.weight"] = weights[f"{FC1}.weight"] / loud
    model = clip.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    pixels = torch.randn(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    peaks = channel_peaks(model.get_submodule("vision_model"), pixels)
    peaks = {f"vision_model.{name}": peak for name, peak in peaks.items()}
    model.load_state_dict(before)
    assert len(peaks) == 2 * 2
    even = smoothed(weights, peaks)
    plain = _rows(clip, weights, photos, tmp_path / "float.onnx", int8=False)
    np.testing.assert_allclose(
        _rows(clip, even, photos, tmp_path / "even.onnx", int8=False), plain, atol=1e-5
    )
    ratio = np.abs(even[f"{NORM}.weight"] / weights[f"{NORM}.weight"])
    assert ratio[5] < np.median(ratio) / 5
    rough, fine = (
        (plain * _rows(clip, each, photos, tmp_path / "int8.onnx", int8=True)).sum(axis=1).min()
        for each in (weights, even)
    )
    assert fine > rough


def test_a_place_with_far_larger_numbers_leaves_the_others_their_steps(
    clip: ClipCheckpoint, photos: NDArray[np.uint8], tmp_path: Path
) -> None:
    weights = dict(clip_weights(clip, half=False))
    place = weights["vision_model.embeddings.position_embedding.weight"].copy()
    place[3] *= 60
    weights["vision_model.embeddings.position_embedding.weight"] = place
    plain = _rows(clip, weights, photos, tmp_path / "float.onnx", int8=False)
    rows = _rows(clip, weights, photos, tmp_path / "int8.onnx", int8=True)
    assert (plain * rows).sum(axis=1).min() > 0.998
