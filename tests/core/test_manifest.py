"""The manifest and the bundle: exact round trips, and one clear line for each thing wrong."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawing import draw
from photoseek import BundleError, Encoder, ModelBundle
from photoseek.bundle import write_manifest
from photoseek.files import sha256_of
from photoseek.manifest import (
    ImageInput,
    LikelyRule,
    Manifest,
    Recall,
    RecallReport,
    TextInput,
)
from photoseek.tokenizer import TextTokenizer

WHOLE = Manifest(
    model_id="0123456789abcdef",
    name="two \U0001f600 towers",
    embedding_dim=256,
    image=ImageInput(224, "crop", "bicubic", "pixels", "uint8"),
    text=TextInput(40, "ids", "int64", "lengths"),
    files={"image_encoder.onnx": "ab", "text_encoder.onnx": "cd", "tokenizer.json": "ef"},
    likely=LikelyRule(0.1, 0.2, 3.0),
    likely_by_photo=LikelyRule(0.2, 0.1, 2.5),
    recall=RecallReport(
        "Flickr8k test", 1000, 5000, Recall(1.0, 2.0, 3.5, 4.0), Recall(5.0, 6.0, 7.0, 8.0)
    ),
    training={"seed": 7, "versions": {"torch": "2.9"}, "steps": [1, 2.5, None]},
)


@pytest.mark.parametrize(
    "manifest",
    [
        WHOLE,
        dataclasses.replace(WHOLE, likely=None, recall=None, training={}),
        dataclasses.replace(WHOLE, text=TextInput(77, "ids", "int32", None)),
    ],
)
def test_a_manifest_survives_a_round_trip_exactly(manifest: Manifest) -> None:
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert Manifest.from_json(manifest.to_json()).to_json() == manifest.to_json()


def changed(path: str, value: object) -> str:
    values: dict[str, Any] = json.loads(WHOLE.to_json())
    *parents, last = path.split(".")
    place = values
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(values)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("format_version", 2, "format version 2.* reads version 1; update Photoseek"),
        ("format_version", "1", "format version '1'"),
        ("format_version", ..., "format version None"),
        ("embedding_dim", 0, "embedding_dim must be at least 1, not 0"),
        ("embedding_dim", "256", "embedding_dim is '256', which is not int"),
        ("embedding_dim", True, "embedding_dim is True, which is not int"),
        ("embedding_dim", ..., "lacks the field 'embedding_dim'"),
        ("image.size", -5, "image.size must be at least 1, not -5"),
        ("image.size", 22.4, "image.size is 22.4, which is not int"),
        ("image.resize_mode", "stretch", "resize_mode is 'stretch'.* knows squash, crop, pad"),
        ("image.interpolation", "cubic", "interpolation is 'cubic'"),
        ("image.input_dtype", "float16", "input_dtype is 'float16'"),
        ("image.input_name", None, "input_name is None"),
        ("image", [], "image is not an object"),
        ("image.mean", [0.5], "image has the unknown field 'mean'"),
        ("text.context_length", 0, "context_length must be at least 1"),
        ("text.input_dtype", "uint8", "input_dtype is 'uint8'"),
        ("text.lengths_input", 5, "lengths_input is 5"),
        ("text", ..., "lacks the field 'text'"),
        ("files", ["a"], "files is not an object"),
        ("files.tokenizer.json", 1, "."),
        ("likely.std", 0, "likely.std must be above 0"),
        ("likely_by_photo.std", -1, "likely_by_photo.std must be above 0"),
        ("likely.threshold", "3", "threshold is '3', which is not float"),
        ("recall.photos", 1.5, "photos is 1.5, which is not int"),
        ("recall.phrase_to_photo.r1", None, "r1 is None"),
        ("training", "seed 7", "training is not an object"),
        ("colour", "red", "has the unknown field 'colour'"),
    ],
)
def test_each_wrong_value_is_said(path: str, value: object, words: str) -> None:
    if path.startswith("files.t"):
        text = WHOLE.to_json().replace('"ef"', "1")
    else:
        text = changed(path, value)
    with pytest.raises(BundleError, match=words) as caught:
        Manifest.from_json(text)
    assert "\n" not in str(caught.value)


def test_a_file_name_with_a_line_break_is_told_of_in_one_line() -> None:
    with pytest.raises(BundleError, match=r"files\.'\\n' is 1") as caught:
        Manifest.from_json(WHOLE.to_json().replace('"files": {', '"files": {"\\n": 1, '))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"manifest"', "{}", "\ufeff{}"])
def test_what_is_no_manifest_is_said(text: str) -> None:
    with pytest.raises(BundleError):
        Manifest.from_json(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    text = WHOLE.to_json().replace('"threshold": 3.0', f'"threshold": {number}')
    assert number in text
    with pytest.raises(BundleError):
        Manifest.from_json(text)


@pytest.fixture
def copied(colour_bundle: ModelBundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(colour_bundle.path, tmp_path / "bundle"))


def test_a_sound_bundle_opens(copied: Path, colour_bundle: ModelBundle) -> None:
    bundle = ModelBundle.open(str(copied))
    assert bundle.manifest == colour_bundle.manifest
    assert bundle.image_encoder.is_file()
    assert bundle.text_encoder.is_file()
    assert bundle.tokenizer.is_file()


@pytest.mark.parametrize(
    "name", ["image_encoder.onnx", "text_encoder.onnx", "tokenizer.json", "MODEL_CARD.md"]
)
def test_each_file_that_is_damaged_or_missing_is_named(copied: Path, name: str) -> None:
    content = (copied / name).read_bytes()
    (copied / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(BundleError, match="is damaged: its digest"):
        ModelBundle.open(copied)
    (copied / name).unlink()
    with pytest.raises(BundleError, match="cannot be read") as caught:
        ModelBundle.open(copied)
    assert name in str(caught.value)
    assert "reinstall Photoseek" in str(caught.value)


def test_what_is_no_bundle_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(BundleError, match="is not a model bundle"):
            ModelBundle.open(path)
    (tmp_path / "manifest.json").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(BundleError, match="is not a model bundle"):
        ModelBundle.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(BundleError, match="format version None"):
        ModelBundle.open(tmp_path)


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/hostname", "sub/file.txt", "..", ".", "", "a\\..\\b"]
)
def test_a_manifest_cannot_lead_out_of_its_bundle(copied: Path, name: str) -> None:
    (copied.parent / "outside.txt").write_text("secret")
    values = json.loads((copied / "manifest.json").read_text())
    values["files"][name] = "0" * 64
    (copied / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(BundleError):
        ModelBundle.open(copied)


@pytest.mark.parametrize("absolute", [False, True])
def test_a_file_outside_is_refused_even_where_its_digest_is_right(
    copied: Path, absolute: bool
) -> None:
    outside = copied.parent / "outside.txt"
    outside.write_text("secret")
    values = json.loads((copied / "manifest.json").read_text())
    values["files"][str(outside) if absolute else "../outside.txt"] = sha256_of(outside)
    (copied / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(BundleError, match=r"does not list .*outside"):
        ModelBundle.open(copied)


def test_a_manifest_that_does_not_list_a_model_file_is_refused(copied: Path) -> None:
    values = json.loads((copied / "manifest.json").read_text())
    del values["files"]["tokenizer.json"]
    (copied / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(BundleError, match="does not list 'tokenizer"):
        ModelBundle.open(copied)


def test_a_borrowed_model_id_is_refused(copied: Path, other_bundle: ModelBundle) -> None:
    values = json.loads((copied / "manifest.json").read_text())
    values["model_id"] = other_bundle.manifest.model_id
    (copied / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(BundleError, match="model id is not the digest"):
        ModelBundle.open(copied)


def test_the_card_may_be_reworded_without_making_another_model(copied: Path) -> None:
    before = ModelBundle.open(copied).manifest
    (copied / "MODEL_CARD.md").write_text("# Better words\n")
    after = write_manifest(
        copied,
        name=before.name,
        embedding_dim=before.embedding_dim,
        image=before.image,
        text=before.text,
    )
    assert after.model_id == before.model_id
    assert after.files != before.files
    assert not list(copied.glob(".*"))


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("image_encoder.onnx", lambda encoder: encoder.encode_images([draw("red")])),
        ("text_encoder.onnx", lambda encoder: encoder.encode_text(["red"])),
        ("tokenizer.json", lambda encoder: encoder.tokenizer),
    ],
)
def test_a_bundle_made_of_rubbish_is_said_when_it_is_used(
    copied: Path, name: str, use: Callable[[Encoder], object]
) -> None:
    before = ModelBundle.open(copied).manifest
    (copied / name).write_bytes(b"rubbish")
    write_manifest(copied, name="x", embedding_dim=48, image=before.image, text=before.text)
    encoder = Encoder(ModelBundle.open(copied), provider="cpu")
    with pytest.raises(BundleError, match=f"{name} cannot be"):
        use(encoder)


def test_tokens_are_padded_on_the_right_and_cut_to_the_context(colour_bundle: ModelBundle) -> None:
    spec = colour_bundle.manifest.text
    tokenizer = TextTokenizer(colour_bundle.tokenizer, spec)
    tokens = tokenizer.encode(["red", "Red, GREEN blue!", "red " * 100, ""])
    assert tokens.ids.shape == (4, spec.context_length)
    assert tokens.lengths.tolist() == [3, 5, spec.context_length, 2]
    assert tokens.ids[0].tolist() == [2, 4, 3] + [0] * 9
    assert tokens.ids[1, :5].tolist() == [2, 4, 5, 6, 3]
    assert tokens.ids[2, -1] == 3  # the end is kept where words are cut
    assert tokenizer.encode([]).ids.shape[0] == 0
    assert tokenizer.encode(["red", "red blue"]).ids.shape == (2, 4)
    fixed = TextTokenizer(colour_bundle.tokenizer, dataclasses.replace(spec, lengths_input=None))
    assert fixed.encode(["red"]).ids.shape == (1, 12)


def test_unknown_words_are_given_as_typed_each_once(colour_bundle: ModelBundle) -> None:
    tokenizer = TextTokenizer(colour_bundle.tokenizer, colour_bundle.manifest.text)
    assert tokenizer.unknown_words("A red Kraken, a KRAKEN") == ("A", "Kraken", "a", "KRAKEN")
    assert tokenizer.unknown_words("red") == ()
    for phrase, unknown in (
        ("2 red", ("2",)),
        ("red_5195", ("5195",)),
        ("red 🐶 犬", ("🐶", "犬")),
        ("red, (red)! - 'red'", ()),
    ):
        assert set(tokenizer.unknown_words(phrase)) == set(unknown), phrase
    assert tokenizer.knows_any("kraken red")
    assert not tokenizer.knows_any("kraken")
    assert not tokenizer.knows_any("?! 12")
    assert not tokenizer.knows_any("")
    assert tokenizer.knows_any("\ud800 red")


def test_no_file_is_left_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from photoseek.files import write_atomically

    path = tmp_path / "a.txt"
    write_atomically(path, b"old")

    def fail(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]
