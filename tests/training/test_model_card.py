from __future__ import annotations

from dataclasses import replace

from photoseek.bundle import ModelBundle
from photoseek.manifest import LikelyRule
from photoseek_training.likely import LikelyMeasure
from photoseek_training.model_card import CardFacts, model_card
from photoseek_training.parity import Parity
from photoseek_training.presets import Recipe, find_preset
from training.conftest import SmokeRun


def _card(smoke: SmokeRun, recipe: Recipe) -> str:
    manifest = ModelBundle.open(smoke.out).manifest
    assert manifest.recall is not None
    likely = LikelyMeasure(LikelyRule(0.1, 0.1, 3.0), 0.7, 0.01)
    facts = CardFacts(recipe, "command", 0, ["data"], {"torch": "2"}, 9, "epoch 1", 300.0, 61.2,
                      ("an abacus", "a GPU"), manifest.recall, likely,
                      Parity(1e-7, 1e-7))  # fmt: skip
    return model_card(manifest, facts)


def test_the_card_tells_of_members_where_there_are_several(smoke: SmokeRun) -> None:
    shipped = _without_clip()
    card = _card(smoke, _distilled(shipped, 0.5))
    assert "3 members, trained each for itself on the same batches and then by all of" in card
    assert "Filters of one pixel, matrices and word vectors are stored as int8" in card
    card = _card(smoke, _distilled(replace(shipped, int8_arithmetic=False), 0.0))
    assert "after 61 minutes of training on an abacus, then a GPU." in card
    assert "trained each for itself on the same batches,\n" in card
    assert "Matrices and word vectors are stored as int8" in card
    assert "members" not in _card(smoke, find_preset("paper-lstm"))


def _without_clip() -> Recipe:
    shipped = find_preset("shipped")
    stages = tuple(stage for stage in shipped.stages if stage.captions_per_photo)
    return replace(shipped, clip_view=0.0, stages=stages)


def _distilled(recipe: Recipe, share: float) -> Recipe:
    return replace(recipe, stages=tuple(replace(one, distillation=share) for one in recipe.stages))


def test_the_card_names_what_was_taken_from_others_with_its_licence(smoke: SmokeRun) -> None:
    shipped = _without_clip()
    card = _card(smoke, shipped)
    assert "EfficientNet-Lite's weights (Apache 2.0)" in card
    assert "vectors come from all-MiniLM-L6-v2 (Apache 2.0)" in card
    assert "wordfreq (CC BY-SA 4.0)" in card
    assert "SUBTLEX" in card
    assert "WordNet" not in card
    of_kinds = _card(smoke, replace(shipped, class_kinds=True))
    assert "names of their kinds, come from WordNet 3.0" in of_kinds
    assert "OpenAI's CLIP" not in card
    by_clip = _card(smoke, _distilled(replace(shipped, clip_view=1.0), 0.5))
    assert "the image encoder of OpenAI's CLIP ViT-B/16 (MIT)" in by_clip
    assert "on the same batches and taught by what CLIP sees,\n" in by_clip


def test_the_card_claims_nothing_from_others_that_a_recipe_does_without(smoke: SmokeRun) -> None:
    paper = _card(smoke, replace(find_preset("paper-lstm"), image_encoder="vgg19"))
    assert "torchvision's weights (BSD 3-Clause)" in paper
    assert "MiniLM" not in paper
    assert "wordfreq" not in paper
    random = _card(smoke, replace(find_preset("paper-lstm"), image_weights="random"))
    assert "Taken from others:\n\n- nothing" in random


def test_the_card_tells_of_each_stage_that_was_trained(smoke: SmokeRun) -> None:
    frozen, *_ = find_preset("paper-lstm").stages
    stages = (
        frozen,
        replace(frozen, name="alone", network_rate=2e-3, captions_per_photo=0),
        replace(frozen, name="many", captions_per_photo=5),
        replace(frozen, name="left-out", epochs=0),
    )
    card = _card(smoke, replace(find_preset("paper-lstm"), clip_view=1.0, stages=stages))
    tail = "the rest at 0.001, batches of 256 photos"
    assert (
        f"- frozen: 10 epochs, image network frozen, {tail} with 1 caption each\n"
        f"- alone: 10 epochs, image network trained at 0.002, its head at 0.001, batches of "
        "256 photos alone, each crop from what CLIP sees in it\n"
        f"- many: 10 epochs, image network frozen, {tail} with 5 captions each\n\n"
    ) in card
