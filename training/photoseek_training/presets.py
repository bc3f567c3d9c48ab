"""Recipes by name: which encoders, which data, which stages of training."""

from dataclasses import dataclass, replace
from typing import Literal

from photoseek_training.errors import ModelChoiceError


@dataclass(frozen=True)
class Stage:
    """One pass of the learning rate up and down.

    With `network_rate` 0 the image network is frozen and its features are computed once;
    otherwise it is trained at that rate, all but its stem and first `frozen_blocks` blocks.
    Photos are cropped to `least_crop`..1 of their sides and, if `mirrored`, half are mirrored.
    `averaging` is the decay a step of the moving average of weights, which is what is measured
    and kept; `weight_decay` is AdamW's, which without it is Adam.
    """

    name: str
    epochs: int
    photos_per_batch: int
    captions_per_photo: int
    learning_rate: float
    network_rate: float = 0.0
    frozen_blocks: int = 0
    least_crop: float = 0.7
    mirrored: bool = True
    imagenet_per_batch: int = 0
    web_per_batch: int = 0
    averaging: float = 0.98
    weight_decay: float = 0.01


@dataclass(frozen=True)
class Recipe:
    """All that decides a trained model but the data and the seed.

    `word_vectors` "minilm" fixes a pretrained vector for each of `vocabulary_size` words, to which
    words that occur `min_count` times in the training captions add a learned correction; "random"
    knows those words alone, each by a learned vector of `word_dim`. `softness` is the share of a
    target that goes to captions of like meaning; `dropout` is that of image features and of each
    recurrent layer's states.
    """

    name: str
    description: str
    stages: tuple[Stage, ...]
    image_encoder: str = "efficientnet-lite0"
    image_weights: str = "pretrained"
    text_encoder: str = "multilayer-bilstm"
    word_vectors: Literal["minilm", "random"] = "random"
    vocabulary_size: int = 0
    min_count: int = 1
    word_dim: int = 256
    hidden: int = 256
    embedding_dim: int = 512
    context_length: int = 32
    word_dropping: float = 0.0
    dropout: float = 0.0
    softness: float = 0.0
    extra_pairs: bool = False
    hold_out_classes: bool = False
    drawn_photos: int = 0


def _paper_recipe(text_encoder: str) -> Recipe:
    """One of the systems that Malik & Bansal (2022) compare, on frozen image features.

    Each photo has its five captions, cleaned to lower-case letters between `startseq` and
    `endseq`; every word of them is learned from nothing. The categories of the cross-entropy are
    the batch's photos (for a caption) and captions (for a photo): the candidates of a retrieval.
    """
    return Recipe(
        name=f"paper-{text_encoder}",
        description=f"Malik & Bansal (2022) with their {text_encoder}; --image-encoder vgg19 "
        "takes their features where its weights can be had",
        text_encoder=text_encoder,
        stages=(
            Stage(
                "frozen",
                epochs=10,
                photos_per_batch=256,
                captions_per_photo=1,
                learning_rate=1e-3,
                mirrored=False,
                averaging=0.0,
                weight_decay=0.0,
            ),
        ),
    )


SHIPPED = "shipped"
SMOKE = "smoke"
PAPER_TEXT_ENCODERS = ("lstm", "bilstm", "multilayer-bilstm")

PRESETS = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name=SHIPPED,
            description="the bundle in resources/model: pretrained word vectors, then the image "
            "network fine-tuned",
            word_vectors="minilm",
            vocabulary_size=34_000,
            min_count=2,
            hidden=320,
            word_dropping=0.1,
            dropout=0.3,
            softness=0.3,
            extra_pairs=True,
            stages=(
                Stage(
                    "frozen",
                    epochs=6,
                    photos_per_batch=256,
                    captions_per_photo=1,
                    learning_rate=1e-3,
                    imagenet_per_batch=48,
                    web_per_batch=48,
                ),
                Stage(
                    "fine-tuning",
                    epochs=8,
                    photos_per_batch=80,
                    captions_per_photo=5,
                    learning_rate=3e-4,
                    network_rate=1e-4,
                    frozen_blocks=5,
                    imagenet_per_batch=8,
                    web_per_batch=8,
                ),
            ),
        ),
        Recipe(
            name="frozen",
            description="Flickr8k alone, frozen image network, learned word vectors: a baseline in "
            "a quarter of an hour",
            stages=(
                Stage(
                    "frozen",
                    epochs=12,
                    photos_per_batch=256,
                    captions_per_photo=1,
                    learning_rate=1e-3,
                ),
            ),
        ),
        *map(_paper_recipe, PAPER_TEXT_ENCODERS),
        Recipe(
            name=SMOKE,
            description="drawn shapes and a tiny network: shows in a minute that all of it works",
            image_encoder="tiny",
            drawn_photos=1200,
            word_dim=32,
            hidden=48,
            embedding_dim=64,
            context_length=16,
            stages=(
                Stage(
                    "shapes",
                    epochs=6,
                    photos_per_batch=50,
                    captions_per_photo=2,
                    learning_rate=5e-3,
                    network_rate=3e-3,
                    least_crop=1.0,
                    mirrored=False,
                ),
            ),
        ),
    )
}


def find_preset(name: str) -> Recipe:
    """The named recipe; ModelChoiceError lists the names there are."""
    if name not in PRESETS:
        raise ModelChoiceError(f"no preset is called {name!r}: choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def with_epochs(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe with this many epochs in its last stage."""
    *before, last = recipe.stages
    return replace(recipe, stages=(*before, replace(last, epochs=epochs)))
