from __future__ import annotations

import pytest

from photoseek_training.errors import ModelChoiceError
from photoseek_training.presets import PAPER_TEXT_ENCODERS, changed, find_preset
from photoseek_training.text_encoders import TEXT_ENCODERS


@pytest.mark.parametrize("text_encoder", PAPER_TEXT_ENCODERS)
def test_the_papers_systems_learn_all_words_from_flickr8k_alone_by_adam(text_encoder: str) -> None:
    recipe = find_preset(f"paper-{text_encoder}")
    assert recipe.text_encoder == text_encoder
    assert recipe.text_encoder in TEXT_ENCODERS
    assert (recipe.word_vectors, recipe.min_count, recipe.extra_pairs) == ("random", 1, False)
    for stage in recipe.stages:
        assert (stage.network_rate, stage.weight_decay, stage.averaging) == (0.0, 0.0, 0.0)


def test_any_setting_of_a_recipe_or_of_a_stage_can_be_changed() -> None:
    recipe = find_preset("shipped")
    assert changed(recipe, "word_vectors=random").word_vectors == "random"
    assert changed(recipe, "extra_pairs=false").extra_pairs is False
    assert changed(recipe, "softness=0").softness == 0.0
    *first, third, last = changed(recipe, "fine-tuning.epochs=2").stages
    assert [*first, last] == [*recipe.stages[:2], recipe.stages[3]]
    assert third.epochs == 2


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("depth=3", "no setting is called 'depth': choose one of image_encoder"),
        ("stages=3", "no setting is called 'stages'"),
        (
            "warming.epochs=3",
            "no stage is called 'warming': choose one of frozen, photos, fine-tuning",
        ),
        ("frozen.speed=3", "no setting is called 'speed': choose one of epochs"),
        ("hidden=many", "hidden takes a value such as 320, not 'many'"),
        ("extra_pairs=no", "extra_pairs takes true or false, not 'no'"),
        ("word_vectors=glove", "no word vectors are called 'glove': choose one of minilm, mpnet"),
        ("members=7", "7 members cannot share an embedding of 576 numbers"),
    ],
)
def test_a_setting_that_cannot_be_is_told_with_those_that_can(setting: str, said: str) -> None:
    with pytest.raises(ModelChoiceError, match=said):
        changed(find_preset("shipped"), setting)


def test_photos_without_captions_need_the_clip_view_to_learn_from() -> None:
    wanted = "stage photos has no captions.*set clip_view above 0, or photos.epochs to 0"
    with pytest.raises(ModelChoiceError, match=wanted):
        changed(find_preset("shipped"), "photos.epochs=1", "clip_view=0")


@pytest.mark.parametrize("turned", [1, -1])
def test_settings_that_make_sense_together_come_in_any_order(turned: int) -> None:
    settings = ("clip_view=0", "photos.epochs=0", "members=7", "embedding_dim=700")
    recipe = changed(find_preset("shipped"), *settings[::turned])
    assert (recipe.clip_view, recipe.members, recipe.embedding_dim) == (0.0, 7, 700)
    assert [stage.epochs for stage in recipe.stages if stage.name == "photos"] == [0]


def test_of_two_values_of_a_setting_the_last_counts() -> None:
    recipe = changed(find_preset("shipped"), "frozen.epochs=2", "hidden=8", "frozen.epochs=3",
                     "hidden=9")  # fmt: skip
    assert (recipe.stages[0].epochs, recipe.hidden) == (3, 9)
