"""The encoder: unit rows whatever the batch, and where it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from drawing import draw, draw_photo
from photoseek import BundleError, Encoder, ModelBundle, PhotoError


@pytest.fixture
def encoder(colour_bundle: ModelBundle) -> Encoder:
    return Encoder(colour_bundle, provider="cpu", threads=1)


def test_each_row_is_the_same_alone_and_in_any_batch(encoder: Encoder) -> None:
    phrases = ["red", "red blue green", "a red thing", "yellow " * 30, "black white"] * 20
    rows = encoder.encode_text(phrases)
    assert rows.shape == (100, 48)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for place in (0, 1, 3, 31, 32, 33, 99):
        np.testing.assert_allclose(rows[place], encoder.encode_text([phrases[place]])[0], atol=1e-6)


def test_photos_may_be_paths_names_or_opened_images(encoder: Encoder, tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "a.png", "red", "blue")
    rows = encoder.encode_images([path, str(path), draw("red", "blue")] * 20)
    assert rows.shape == (60, 48)
    np.testing.assert_allclose(rows, np.repeat(rows[:1], 60, axis=0), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_phrase_is_nearest_to_its_photo(encoder: Encoder) -> None:
    colours = ["red", "green", "blue", "white"]
    scores = encoder.encode_text(colours) @ encoder.encode_images([draw(c) for c in colours]).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_nothing_in_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.encode_text([]).shape == (0, 48)
    assert encoder.encode_images([]).shape == (0, 48)


def test_a_photo_that_cannot_be_opened_is_named(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(PhotoError) as caught:
        encoder.encode_images([draw("red"), tmp_path / "none.jpg"])
    assert caught.value.path == tmp_path / "none.jpg"


def test_the_cpu_is_named_where_nothing_else_is_offered(
    colour_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    encoder = Encoder(colour_bundle)
    encoder.encode_text(["red"])
    assert (encoder.provider, encoder.fallback) == ("CPU", None)
    with pytest.raises(BundleError, match="CUDA was asked for"):
        Encoder(colour_bundle, provider="cuda")


def test_cuda_that_is_offered_and_does_not_start_is_told(
    colour_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    offered = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    session = onnxruntime.InferenceSession
    settings = []

    def without_cuda(*arguments: Any, **options: Any) -> Any:
        settings.append((options["providers"][0], _without_int8(options["sess_options"])))
        if "CUDAExecutionProvider" in options["providers"]:
            if options.get("enable_fallback", 1):
                print("EP Error")
            else:
                raise RuntimeError("CUDA driver version is insufficient")
        return session(*arguments, **(options | {"providers": ["CPUExecutionProvider"]}))

    monkeypatch.setattr(onnxruntime, "InferenceSession", without_cuda)
    encoder = Encoder(colour_bundle)
    assert encoder.provider == "CPU"
    assert encoder.fallback is not None
    assert "CUDA, but it did not start" in encoder.fallback
    assert encoder.encode_images([draw("red")]).shape == (1, 48)
    assert capfd.readouterr().out == ""
    assert set(settings) == {("CUDAExecutionProvider", True), ("CPUExecutionProvider", False)}
    assert Encoder(colour_bundle, provider="cpu").fallback is None


def _without_int8(options: Any) -> bool:
    try:
        return bool(options.get_session_config_entry("session.disable_quant_qdq") == "1")
    except RuntimeError:  # it was not set
        return False


def test_cuda_that_is_left_out_quietly_is_told_too(
    colour_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    offered = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: offered)
    session = onnxruntime.InferenceSession

    def quietly(*arguments: Any, **options: Any) -> Any:
        return session(*arguments, **(options | {"providers": ["CPUExecutionProvider"]}))

    monkeypatch.setattr(onnxruntime, "InferenceSession", quietly)
    encoder = Encoder(colour_bundle)
    assert (encoder.provider, encoder.fallback is None) == ("CPU", False)


def test_a_graph_that_does_not_fit_its_manifest_is_said(encoder: Encoder) -> None:
    with pytest.raises(BundleError, match="the model cannot be run"):
        encoder.encode_pixels(np.zeros((1, 16, 16, 3), np.uint8))
