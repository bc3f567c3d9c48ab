from __future__ import annotations

import pytest

from photoseek_training.presets import PAPER_TEXT_ENCODERS, find_preset
from photoseek_training.text_encoders import TEXT_ENCODERS


@pytest.mark.parametrize("text_encoder", PAPER_TEXT_ENCODERS)
def test_the_papers_systems_learn_all_words_from_flickr8k_alone_by_adam(text_encoder: str) -> None:
    recipe = find_preset(f"paper-{text_encoder}")
    assert recipe.text_encoder == text_encoder
    assert recipe.text_encoder in TEXT_ENCODERS
    assert (recipe.word_vectors, recipe.min_count, recipe.extra_pairs) == ("random", 1, False)
    for stage in recipe.stages:
        assert (stage.network_rate, stage.weight_decay, stage.averaging) == (0.0, 0.0, 0.0)
