"""A CLIP from disk becomes a bundle that core uses unchanged, and computes what it computed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

from drawing import draw_photo
from photoseek import Encoder, Library, ModelBundle
from photoseek_training.cli import main
from training.clips import (
    CONTEXT,
    MEAN,
    SIDE,
    STD,
    OpenClip,
    make_tokenizer,
    save_open_clip,
    save_transformers,
)

TOLERANCE = 1e-4
PHRASES = (
    "a dog",
    "The DOG and the man run   runs\tand run",
    "it's 3 o'clock; cafe\u0301 caf\u00e9 \u4e2d\u6587 \U0001f600",
    "",
    "the dog " * 40,
    "x",
)

Export = Callable[..., Encoder]


@pytest.fixture
def export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Export:
    """Run the command on a folder, and open what it has written."""

    def run(folder: Path, *arguments: str) -> Encoder:
        assert main(["--from-clip", str(folder), "--out", str(tmp_path / "out"), *arguments]) == 0
        return Encoder(ModelBundle.open(tmp_path / "out"), provider="cpu")

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-clip"
    folder.mkdir()
    return folder


def refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["--from-clip", str(folder), "--out", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("train-and-export: ")
    return line


def pixels(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8)


def planes(values: NDArray[np.uint8]) -> torch.Tensor:
    return ((torch.from_numpy(values) / 255 - torch.tensor(MEAN)) / torch.tensor(STD)).permute(
        0, 3, 1, 2
    )


@torch.inference_mode()
def own_phrases(model: CLIPModel, tokenizer: CLIPTokenizer, phrases: Sequence[str]) -> object:
    """Embed as transformers does it from the words on, each phrase padded to the longest."""
    tokens = tokenizer(
        list(phrases), padding=True, truncation=True, max_length=CONTEXT, return_tensors="pt"
    )
    return functional.normalize(model.get_text_features(**tokens).pooler_output).numpy()


@torch.inference_mode()
def own_photos(model: CLIPModel, values: NDArray[np.uint8]) -> object:
    return functional.normalize(model.get_image_features(planes(values)).pooler_output).numpy()


@pytest.mark.parametrize(("act", "old_end"), [("quick_gelu", False), ("gelu", True)])
def test_a_bundle_computes_what_transformers_computes(
    folder: Path, export: Export, act: str, old_end: bool
) -> None:
    model = save_transformers(folder, act=act, old_end=old_end)
    encoder, tokenizer = export(folder), make_tokenizer()
    assert encoder.bundle.manifest.name == "tiny-clip"
    for size in (1, 2, 3, 6):
        for start in range(6):
            phrases = [PHRASES[(start + place) % 6] for place in range(size)]
            expected = own_phrases(model, tokenizer, phrases)
            assert encoder.encode_text(phrases) == pytest.approx(expected, abs=TOLERANCE)
        values = pixels(size)
        expected = own_photos(model, values)
        assert encoder.encode_pixels(values) == pytest.approx(expected, abs=TOLERANCE)
    rows = encoder.encode_text(PHRASES)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    # The proof would say little if all phrases came out alike.
    assert np.abs(rows[0] - rows[1]).max() > 0.05


def test_phrases_become_the_tokens_that_transformers_makes_of_them(
    folder: Path, export: Export
) -> None:
    save_transformers(folder)
    encoder, tokenizer = export(folder), make_tokenizer()
    tokens = encoder.tokenizer.encode(PHRASES)
    own = tokenizer(list(PHRASES), truncation=True, max_length=CONTEXT)["input_ids"]
    assert [row[:n].tolist() for row, n in zip(tokens.ids, tokens.lengths, strict=True)] == own
    assert tokens.ids.shape == (6, CONTEXT)
    assert all(ids[0] == tokenizer.bos_token_id for ids in own)
    assert all(ids[-1] == tokenizer.eos_token_id for ids in own)
    assert encoder.tokenizer.unknown_words("giraffes, qwertz \u4e2d\u6587") == ()
    assert encoder.tokenizer.correct("giraffs").corrections == ()


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (32, 32), (20, 90)])
def test_photos_are_prepared_as_transformers_prepares_them(
    folder: Path, export: Export, size: tuple[int, int]
) -> None:
    model = save_transformers(folder)
    encoder = export(folder)
    assert encoder.bundle.manifest.image.resize_mode == "crop"
    noise = np.random.default_rng(0).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    image = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    prepared = CLIPImageProcessor.from_pretrained(folder)(image, return_tensors="pt")
    with torch.inference_mode():
        own = functional.normalize(model.get_image_features(**prepared).pooler_output).numpy()
    # Pillow rounds to whole values where torchvision, which transformers takes, may not.
    assert float((encoder.encode_images([image]) @ own.T)[0, 0]) > 0.998


def test_a_bundle_computes_what_open_clips_model_computes(folder: Path, export: Export) -> None:
    model: OpenClip = save_open_clip(folder)
    encoder, tokenizer = export(folder), make_tokenizer()
    ids = torch.zeros((len(PHRASES), CONTEXT), dtype=torch.long)
    own = tokenizer(list(PHRASES), truncation=True, max_length=CONTEXT)["input_ids"]
    for row, tokens in zip(ids, own, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    with torch.inference_mode():
        phrases = functional.normalize(model.encode_text(ids)).numpy()
        photos = functional.normalize(model.visual(planes(pixels(5)))).numpy()
    for size in (1, 2, 6):
        assert encoder.encode_text(PHRASES[:size]) == pytest.approx(phrases[:size], abs=TOLERANCE)
    assert encoder.encode_pixels(pixels(5)) == pytest.approx(photos, abs=TOLERANCE)


@pytest.mark.parametrize("layout", ["checkpoint", "distributed", "custom text"])
def test_open_clips_other_ways_to_keep_weights_are_read(
    folder: Path, export: Export, layout: str
) -> None:
    save_open_clip(folder)
    expected = export(folder).encode_text(PHRASES)
    file = folder / "open_clip_pytorch_model.bin"
    weights = torch.load(file, weights_only=True)
    if layout == "checkpoint":
        torch.save({"epoch": 3, "state_dict": weights}, folder / "epoch_3.pt")
    elif layout == "distributed":
        save_file(
            {f"module.{key}": value for key, value in weights.items()}, folder / "w.safetensors"
        )
    else:
        prefixed = {
            key if key.startswith("visual") or key == "logit_scale" else f"text.{key}": value
            for key, value in weights.items()
        }
        torch.save(prefixed, folder / "open_clip_model.bin")
    file.unlink()
    assert export(folder).encode_text(PHRASES) == pytest.approx(expected, abs=TOLERANCE)


def test_weights_that_float16_holds_are_stored_so_and_others_are_not(
    folder: Path, export: Export
) -> None:
    save_transformers(folder)
    whole = export(folder)
    assert whole.bundle.manifest.training["stored"] == "float32"
    weights = load_file(folder / "model.safetensors")
    rounded = {key: value.half().float() for key, value in weights.items()}
    save_file(rounded, folder / "model.safetensors", metadata={"format": "pt"})
    size = whole.bundle.image_encoder.stat().st_size
    half = export(folder)
    assert half.bundle.manifest.training["stored"] == "float16"
    assert half.bundle.image_encoder.stat().st_size < 0.7 * size
    expected = own_phrases(CLIPModel.from_pretrained(folder), make_tokenizer(), PHRASES)
    assert half.encode_text(PHRASES) == pytest.approx(expected, abs=TOLERANCE)


def test_a_library_uses_the_bundle_like_any_other(
    folder: Path, export: Export, tmp_path: Path
) -> None:
    save_transformers(folder)
    bundle = export(folder).bundle
    assert bundle.manifest.likely is None
    for colour in ("red", "green", "blue"):
        draw_photo(tmp_path / "photos" / f"{colour}.jpg", colour)
    with Library.open(tmp_path / "library", bundle=bundle) as library:
        library.add_folder(tmp_path / "photos")
        assert library.update().added == 3
        hits = library.search("the dog runs", top_k=3)
        assert len(hits) == 3
        assert not any(hit.likely for hit in hits)
        ranking = library.rank("giraffs -dog")
        assert (ranking.corrections, ranking.unknown_words) == ((), ())


def test_vocabulary_and_merges_do_in_place_of_a_tokenizer_file(
    folder: Path, export: Export
) -> None:
    save_transformers(folder)
    expected = export(folder).encode_text(PHRASES)
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    assert export(folder).encode_text(PHRASES) == pytest.approx(expected, abs=1e-6)


def test_a_folder_without_a_clip_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "holds no CLIP" in refused(folder, tmp_path, capsys)
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "config.json").write_text('{"model_type": "siglip"}')
    assert "'siglip', not 'clip'" in refused(folder, tmp_path, capsys)
    (folder / "config.json").write_text("{")
    assert "config.json cannot be read" in refused(folder, tmp_path, capsys)
    shutil.rmtree(folder)
    save_transformers(folder)
    (folder / "model.safetensors").write_bytes(b"no weights")
    assert "cannot be read as a CLIP" in refused(folder, tmp_path, capsys)


def test_a_clip_that_lacks_something_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_transformers(folder)
    weights = load_file(folder / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "lacks the weights text_projection" in refused(folder, tmp_path, capsys)
    save_transformers(folder)
    (folder / "tokenizer.json").unlink()
    assert "holds no tokenizer" in refused(folder, tmp_path, capsys)


def test_a_tokenizer_that_is_not_the_models_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_transformers(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["one word more"])
    tokenizer.save(str(folder / "tokenizer.json"))
    assert "does not fit its model" in refused(folder, tmp_path, capsys)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"size": {"shortest_edge": 40}}, "in a way that a bundle does not know"),
        ({"do_center_crop": False, "size": {"height": 32, "width": 40}}, "in a way that"),
        ({"rescale_factor": 1.0}, "does not scale values"),
        ({"resample": 4}, "scales photos by"),
    ],
)
def test_preprocessing_that_a_bundle_cannot_do_is_told(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, object],
    words: str,
) -> None:
    save_transformers(folder)
    file = folder / "preprocessor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
    assert words in refused(folder, tmp_path, capsys)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"init_logit_bias": -10}, "init_logit_bias"),
        (
            {"text_cfg": {"hf_model_name": "roberta-base", "width": 1, "heads": 1, "layers": 1}},
            "hf_",
        ),
        ({"vision_cfg": {"layers": [3, 4, 6, 3], "width": 64, "image_size": 32}}, "ResNet"),
        ({"embed_dim": 25}, "does not hold the weights of its configuration"),
    ],
)
def test_another_architecture_of_open_clips_is_told(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    words: str,
) -> None:
    save_open_clip(folder, changes)
    assert words in refused(folder, tmp_path, capsys)


def test_resuming_an_export_is_wrong_usage(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--from-clip", str(folder), "--out", str(tmp_path / "out"), "--resume"])
