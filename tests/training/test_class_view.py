from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from photoseek_training import class_kinds
from photoseek_training.class_view import NAMES_PER_BATCH, ClassView
from photoseek_training.corpus import Corpus
from photoseek_training.dataset import read_dataset
from photoseek_training.errors import DatasetError
from photoseek_training.extra_pairs import ExtraPairs, class_phrases, read_extra_pairs
from photoseek_training.lite import LITE_FEATURES, LITE_SCALES, EfficientNetLite
from photoseek_training.preparation import Prepared, prepare
from photoseek_training.presets import find_preset
from photoseek_training.shapes import draw_shapes

CLASSES, PHRASES = 1000, 3


def _names() -> Corpus:
    """Each class has phrases whose ids are its number."""
    owner = np.repeat(np.arange(CLASSES), PHRASES)
    starts = np.arange(CLASSES + 1) * PHRASES
    return Corpus((), owner[:, None], np.ones(len(owner), np.int64), owner, starts)


def _logits(photos: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(size=(photos, CLASSES)).astype(np.float32)


def test_the_names_of_what_a_batch_shows_are_in_it_with_their_shares() -> None:
    logits = _logits(8)
    logits[np.arange(8), np.arange(8) * 100] = 50.0  # photo p is of class 100 p
    batch = ClassView(_names(), logits).draw(np.array([7, 2]), np.random.default_rng(1))
    names = batch.ids[:, 0].tolist()
    assert len(set(names)) == len(names) == NAMES_PER_BATCH
    torch.testing.assert_close(batch.shares.sum(dim=1), torch.ones(2))
    for row, name in enumerate((700, 200)):
        assert batch.shares[row, names.index(name)] > 0.99


def test_shares_keep_what_the_classifier_makes_of_the_names_drawn() -> None:
    logits = _logits(3)
    batch = ClassView(_names(), logits).draw(np.array([1]), np.random.default_rng(2))
    of_all = np.exp(logits[1]) / np.exp(logits[1]).sum()
    drawn = of_all[batch.ids[:, 0].numpy()]
    np.testing.assert_allclose(batch.shares[0].numpy(), drawn / drawn.sum(), rtol=1e-4)


def test_all_names_come_where_there_are_few() -> None:
    few = ClassView(_names(), _logits(4)[:, :5])
    batch = few.draw(np.array([0, 3]), np.random.default_rng(3))
    assert sorted(batch.ids[:, 0].tolist()) == list(range(5))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Drawn shapes, photos of four classes, and weights of a network that tells those apart."""
    draw_shapes(tmp_path, 40, seed=2)
    classes = tmp_path / "imagenet-sample" / "images"
    classes.mkdir(parents=True)
    for number, name in enumerate(("tench", "cock", "kite", "goose")):
        Image.new("RGB", (32, 32), (60 * number,) * 3).save(classes / f"n{number:08}_{name}.jpg")
    torch.manual_seed(0)
    weights = EfficientNetLite(LITE_SCALES["efficientnet-lite0"]).state_dict()
    weights["_fc.weight"], weights["_fc.bias"] = torch.randn(4, LITE_FEATURES), torch.randn(4)
    torch.save(weights, tmp_path / "weights.pth")
    return tmp_path


def _prepare(data: Path, extra: ExtraPairs, *, kinds: bool = False) -> Prepared:
    smoke = find_preset("smoke")
    recipe = replace(
        smoke,
        image_encoder="efficientnet-lite0",
        image_weights=str(data / "weights.pth"),
        image_size=32,
        class_kinds=kinds,
        stages=(replace(smoke.stages[0], class_view=0.5),),
    )
    return prepare(recipe, read_dataset(data), extra, seed=0, work=data)


def test_train_photos_get_the_classes_that_the_networks_own_classifier_sees(data: Path) -> None:
    prepared = _prepare(data, read_extra_pairs(data))
    classes, weights = prepared.data.classes, torch.load(data / "weights.pth")
    assert classes is not None
    assert [photo.captions[0] for photo in classes.names.photos] == [
        "tench",
        "cock",
        "kite",
        "goose",
    ]
    pixels = torch.from_numpy(np.array(prepared.data.train_pixels))
    with torch.inference_mode():
        encoder = prepared.model.image.eval()
        features = (encoder.features(pixels) + encoder.features(pixels.flip(2))) / 2
        wanted = features @ weights["_fc.weight"].T + weights["_fc.bias"]
    np.testing.assert_allclose(classes.logits, wanted.numpy(), rtol=1e-3, atol=1e-3)
    held_out = _prepare(data, read_extra_pairs(data, hold_out_classes=True)).data.classes
    assert held_out is not None
    assert [photo.captions[0] for photo in held_out.names.photos] == ["tench", "kite"]
    shapes = prepared.data.flickr
    np.testing.assert_allclose(held_out.logits[:shapes], classes.logits[:shapes, ::2], rtol=1e-5)


def test_kinds_are_named_beside_their_classes_and_seen_as_likely_as_those_together(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "data.noun").write_text(
        "00000000 05 n 01 tench 0 001 @ 00000007 n 0000 | a fish\n"
        "00000001 05 n 02 rooster 0 cock 0 001 @ 00000008 n 0000 | a bird\n"
        "00000003 05 n 02 goose 0 zyxgoose 0 001 @ 00000008 n 0000 | a bird\n"
        "00000007 05 n 02 zyxwv 0 red_circle 0 000 | words that the captions lack, and have\n"
        "00000008 05 n 01 Blue 0 000 | half of all classes\n"
    )
    monkeypatch.setenv("WNSEARCHDIR", str(data))
    monkeypatch.setattr(class_kinds, "MOST_CLASSES", 0.5)
    prepared = _prepare(data, read_extra_pairs(data), kinds=True)
    classes, names = prepared.data.classes, class_phrases
    assert classes is not None
    assert [photo.captions for photo in classes.names.photos] == [
        *(names(name) for name in ("tench", "cock", "kite", "goose", "red circle", "blue")),
    ]
    plain = _prepare(data, read_extra_pairs(data)).data.classes
    assert plain is not None
    np.testing.assert_array_equal(classes.logits[:, :4], plain.logits)
    np.testing.assert_allclose(classes.logits[:, 4], plain.logits[:, 0], rtol=1e-6)
    birds = np.exp(plain.logits[:, 1]) + np.exp(plain.logits[:, 3])
    np.testing.assert_allclose(np.exp(classes.logits[:, 5]), birds, rtol=1e-4)
    monkeypatch.setattr(class_kinds, "MOST_CLASSES", 0.25)
    smaller = _prepare(data, read_extra_pairs(data), kinds=True).data.classes
    assert smaller is not None
    assert [photo.captions[0] for photo in smaller.names.photos[4:]] == ["red circle"]


def test_without_photos_of_classes_there_is_no_view_of_them(data: Path) -> None:
    assert _prepare(data, ExtraPairs()).data.classes is None


def test_photos_of_other_classes_than_the_classifiers_are_an_error(data: Path) -> None:
    next((data / "imagenet-sample" / "images").iterdir()).unlink()
    with pytest.raises(DatasetError, match="photos of 3 classes, not of the 4 that"):
        _prepare(data, read_extra_pairs(data))
