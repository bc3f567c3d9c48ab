from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from photoseek.bundle import ModelBundle
from photoseek.encoder import Encoder
from photoseek_training.class_names import rank_class_names
from photoseek_training.dataset import CaptionedPhoto, read_dataset
from photoseek_training.evaluate import main as evaluate
from photoseek_training.extra_pairs import read_extra_pairs, read_measured_pairs
from photoseek_training.figures import Figures
from photoseek_training.measurement import Embedded, embed
from photoseek_training.words import (
    Coverage,
    Noun,
    measure_agreement,
    measure_coverage,
    measure_noun,
    measure_slips,
    with_slip,
)
from training.conftest import SmokeRun


@pytest.fixture(scope="module")
def encoder(smoke: SmokeRun) -> Encoder:
    return Encoder(ModelBundle.open(smoke.out))


@pytest.fixture(scope="module")
def photos(smoke: SmokeRun) -> tuple[CaptionedPhoto, ...]:
    return read_dataset(smoke.work / "shapes").test


@pytest.fixture(scope="module")
def embedded(encoder: Encoder, photos: tuple[CaptionedPhoto, ...]) -> Embedded:
    return embed(encoder, photos, "test")


@pytest.fixture
def data(photos: tuple[CaptionedPhoto, ...], tmp_path: Path) -> Path:
    """Five classes and twenty web photos, all of them drawn shapes."""
    classes, web = tmp_path / "imagenet-sample" / "images", tmp_path / "web-captions"
    classes.mkdir(parents=True)
    (web / "images").mkdir(parents=True)
    lines = ["image\tcaption"]
    for number, photo in enumerate(photos[:20]):
        shutil.copy(photo.path, web / "images" / f"{number}.jpg")
        lines.append(f"{number}.jpg\tThe image shows {photo.captions[0]}. There is nothing else.")
    for number, photo in enumerate(photos[:5]):
        name = photo.captions[0].replace(" ", "_")
        shutil.copy(photo.path, classes / f"n0000000{number}_{name}.jpg")
    (web / "captions.tsv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


@pytest.fixture
def shown(smoke: SmokeRun, tmp_path: Path) -> Callable[[str], Encoder]:
    """The bundle as if it had been trained on these classes."""

    def make(classes: str) -> Encoder:
        folder = tmp_path / classes
        shutil.copytree(smoke.out, folder)
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        manifest["training"]["imagenet_classes"] = classes
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return Encoder(ModelBundle.open(folder))

    return make


def test_what_is_measured_was_not_trained_on(data: Path) -> None:
    trained, measured = read_extra_pairs(data, hold_out_classes=True), read_measured_pairs(data)
    assert trained.classes == "every second"
    assert (len(trained.imagenet), len(measured.imagenet)) == (3, 5)
    assert (len(trained.web), len(measured.web)) == (18, 2)
    assert not {photo.path for photo in trained.web} & {photo.path for photo in measured.web}
    assert read_extra_pairs(data).imagenet == measured.imagenet
    assert read_extra_pairs(data / "web-captions" / "images").classes == "none"


def test_a_bundle_says_which_classes_it_was_trained_on(encoder: Encoder) -> None:
    assert encoder.bundle.manifest.training["imagenet_classes"] == "none"


def test_held_out_classes_are_told_from_those_shown(
    shown: Callable[[str], Encoder], data: Path
) -> None:
    classes = read_measured_pairs(data).imagenet
    trained = {photo.path for photo in read_extra_pairs(data, hold_out_classes=True).imagenet}
    ranked = rank_class_names(shown("every second"), classes)
    assert ranked is not None
    assert [each.shown for each in ranked] == [photo.path in trained for photo in classes]
    assert [each.name for each in ranked] == [photo.captions[0] for photo in classes]
    zero_shot = rank_class_names(shown("none"), classes)
    assert zero_shot is not None
    assert [each.rank for each in zero_shot] == [each.rank for each in ranked]
    assert not any(each.shown for each in zero_shot)
    assert rank_class_names(shown("all"), classes) is None


def test_slips_cost_recall_and_putting_them_right_gives_it_back(
    encoder: Encoder, photos: tuple[CaptionedPhoto, ...], embedded: Embedded
) -> None:
    slips = measure_slips(encoder, photos, embedded)
    assert slips.as_typed.r1 < slips.put_right.r1 <= slips.as_written.r1


def test_a_slip_changes_one_longer_word_after_its_first_letter() -> None:
    chance = random.Random(1)
    for _ in range(200):
        slipped = with_slip("a big green circle", chance).split(" ")
        assert slipped[:2] == ["a", "big"]
        changed = [pair for pair in zip(slipped[2:], ("green", "circle"), strict=True)
                   if pair[0] != pair[1]]  # fmt: skip
        assert len(changed) == 1
        assert changed[0][0][0] == changed[0][1][0]
        assert abs(len(changed[0][0]) - len(changed[0][1])) <= 1
    assert with_slip("on 12 red", chance) == "on 12 red"


def test_words_are_known_put_right_or_unknown(encoder: Encoder) -> None:
    photo = CaptionedPhoto(Path("a.jpg"), ("red circle", "a cirkle of xylophones, red"))
    coverage = measure_coverage(encoder, [photo])
    assert coverage == Coverage(round(500 / 7, 2), round(100 / 7, 2), round(100 / 7, 2))


def test_two_phrases_share_all_photos_or_none(encoder: Encoder, embedded: Embedded) -> None:
    same, unlike = ("red circle", "red circles"), ("red circle", "red xylophone")
    assert measure_agreement(encoder, embedded.photos, [same]) == 10
    assert measure_agreement(encoder, embedded.photos, [same, unlike]) == 5


def test_a_noun_is_counted_by_what_captions_name(
    encoder: Encoder, photos: tuple[CaptionedPhoto, ...], embedded: Embedded
) -> None:
    trained = ["a circle", "two Circles", "a semicircle"]
    noun = measure_noun(encoder, "circle", photos, embedded.photos, trained)
    scores = embedded.photos @ encoder.encode_text(["circle"])[0]
    first = [photos[place] for place in np.argsort(-scores)[:10]]
    named = ["circle" in photo.captions[0] for photo in first]
    assert noun == Noun(
        "circle",
        known=True,
        trained=2,
        named=sum("circle" in photo.captions[0] for photo in photos),
        first=named.index(True) + 1,
        named_first=sum(named),
    )
    unknown = measure_noun(encoder, "xylophone", photos, embedded.photos, trained)
    assert unknown == Noun("xylophone", known=False, trained=0, named=0, first=None, named_first=0)


def test_the_report_has_words_and_a_page_of_class_names(
    smoke: SmokeRun, data: Path, tmp_path: Path
) -> None:
    shutil.copytree(smoke.work / "shapes", data / "flickr8k")
    out = tmp_path / "report"
    assert evaluate([str(smoke.out), "--data", str(data), "--out", str(out)]) == 0
    page = (out / "REPORT.md").read_text(encoding="utf-8")
    assert "150 of Flickr8k, and 2\nof the web" in page
    assert "| giraffe | 0 | 0 | unknown |" in page
    assert "| bundle | held out | 5 |" in page
    assert "](report/class_names.md)" in page
    names = (out / "report" / "class_names.md").read_text(encoding="utf-8").splitlines()
    assert len([line for line in names if line.startswith("| ")]) == 2 + 5
    (bundle,) = Figures.read(out / "report" / "report.json").bundles
    assert bundle.words is not None
    assert bundle.words.web is not None
    assert bundle.words.class_names is not None
    assert len(bundle.words.class_names) == 5
    assert bundle.words.web.photos == 2
