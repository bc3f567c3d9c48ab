"""The whole command on drawn shapes: what it writes, and that it says only what is measured."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from photoseek.bundle import ModelBundle
from photoseek.embedding_index import Snapshot
from photoseek.encoder import Encoder
from photoseek.expansion import expand
from photoseek.ranking import standardise
from photoseek_training.cli import main
from photoseek_training.dataset import read_dataset
from photoseek_training.evaluate import main as evaluate
from training.conftest import SmokeRun


def test_smoke_bundle_beats_chance_by_far(smoke: SmokeRun) -> None:
    recall = ModelBundle.open(smoke.out).manifest.recall
    assert recall is not None
    assert (recall.photos, recall.captions) == (150, 300)
    # Chance finds a photo among the first ten of 150 in 7 of 100 tries.
    assert recall.phrase_to_photo.r10 > 70
    assert recall.photo_to_caption.r10 > 70


def test_a_phrase_finds_its_shape_first(smoke: SmokeRun) -> None:
    encoder = Encoder(ModelBundle.open(smoke.out))
    test = read_dataset(smoke.work / "shapes").test
    photos = encoder.encode_images([photo.path for photo in test])
    scores = photos @ encoder.encode_text(["a large red circle in the top left"])[0]
    best = test[int(np.argmax(scores))].captions[0]
    assert "red" in best
    assert "top left" in best


def test_evaluating_the_bundle_again_gives_its_own_figures(
    smoke: SmokeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = ModelBundle.open(smoke.out).manifest
    assert manifest.recall is not None
    assert evaluate([str(smoke.out), "--data", str(smoke.work / "shapes"), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["phrase_to_photo"] == dataclasses.asdict(manifest.recall.phrase_to_photo)
    assert again["photo_to_caption"] == dataclasses.asdict(manifest.recall.photo_to_caption)


def test_card_and_manifest_tell_command_seed_data_versions_and_recall(smoke: SmokeRun) -> None:
    manifest = ModelBundle.open(smoke.out).manifest
    card = (smoke.out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert manifest.recall is not None
    assert f"| {manifest.recall.phrase_to_photo.r1:.1f} |" in card
    assert "train-and-export --preset smoke" in card
    assert "900 photos with 1,800 captions" in card
    assert manifest.training["seed"] == 3
    assert "torch" in str(manifest.training["versions"])
    assert "Limits" in card


def test_likely_rule_is_measured(smoke: SmokeRun) -> None:
    likely = ModelBundle.open(smoke.out).manifest.likely
    assert likely is not None
    assert likely.std > 0
    assert likely.threshold > 0


def test_one_in_a_hundred_pairs_of_photos_is_likely(smoke: SmokeRun) -> None:
    bundle = ModelBundle.open(smoke.out)
    rule = bundle.manifest.likely_by_photo
    assert rule is not None
    dev = read_dataset(smoke.work / "shapes").dev
    photos = Encoder(bundle).encode_images([photo.path for photo in dev])
    library = Snapshot(np.arange(1, len(photos) + 1), (photos,))
    scores = np.stack([library.scores(expand(library, photo)) for photo in photos])
    others = ~np.eye(len(photos), dtype=bool)
    assert rule.mean == pytest.approx(float(scores[others].mean()), abs=1e-4)
    likely = 0
    for row, other in zip(scores, others, strict=True):
        usual, spread = standardise(row, rule.mean, rule.std)
        likely += int((row[other] >= usual + rule.threshold * spread).sum())
    assert likely / others.sum() == pytest.approx(0.01, abs=0.002)


def test_exporting_again_makes_the_same_model(
    smoke: SmokeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ModelBundle.open(smoke.out).manifest
    assert main([*smoke.arguments, "--export-only"]) == 0
    assert ModelBundle.open(smoke.out).manifest == before
    assert "the exported graphs equal the model" in capsys.readouterr().err


def test_a_bag_of_words_becomes_a_bundle_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--preset", "smoke", "--text-encoder", "bag-of-words", "--epochs", "1"]
    arguments += ["--out", str(tmp_path / "bundle"), "--work", str(tmp_path / "work")]
    assert main([*arguments, "--threads", "1"]) == 0
    assert "the exported graphs equal the model" in capsys.readouterr().err
    assert "units a direction" not in (tmp_path / "bundle" / "MODEL_CARD.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--preset", "nonsense"], "no preset is called 'nonsense': choose one of shipped"),
        (["--preset", "smoke", "--image-encoder", "nonsense"], "choose one of efficientnet-lite0"),
        (["--preset", "smoke", "--text-encoder", "nonsense"], "choose one of lstm"),
        (["--preset", "frozen"], "--data is missing"),
        (["--preset", "frozen", "--data", "/nowhere"], "/nowhere is not a folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str],
    said: str,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path_factory.mktemp("refused")
    assert main([*arguments, "--out", str(folder / "b"), "--work", str(folder / "w")]) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("train-and-export: ")
    assert said in last
    assert not (folder / "b").exists()


def test_resuming_with_other_settings_is_refused(
    smoke: SmokeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*smoke.arguments, "--resume", "--epochs", "9"]) == 1
    assert "is of a run with other settings" in capsys.readouterr().err


def test_usage_errors_exit_with_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--preset", "smoke"])
    assert caught.value.code == 2
