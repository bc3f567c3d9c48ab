"""Recipes by name: which encoders, which data, which stages of training."""

from dataclasses import dataclass, fields, replace
from typing import Any

from photoseek_training.errors import ModelChoiceError
from photoseek_training.sentences import MINILM, SENTENCE_MODELS

RANDOM_WORDS = "random"
WORD_VECTORS = (*SENTENCE_MODELS, RANDOM_WORDS)


@dataclass(frozen=True)
class Stage:
    """One pass of the learning rate up and down.

    With `network_rate` 0 the image network is frozen and its features are computed once;
    otherwise it is trained at that rate, all but the blocks that the recipe fixes, and the
    exponents of its pooling, which are few and start at the plain average, learn `pool_rate` times
    as fast as the rest (0: it stays the plain average).
    Photos whose captions mean alike come into batches in groups of about `photos_alike` (0: as
    chance has it), which makes them harder to tell apart. They are cropped to `least_crop`..1 of
    their sides, resized to `crop_size` (0: to the recipe's `image_size`) and, if `mirrored`, half
    are mirrored; their brightness, contrast and saturation change by up to the share
    `colour_change`, and the share `grid_dropping` of the network's grid is left out of the pooling.
    `averaging` is the decay a step of the moving average of weights, which is what is measured
    and kept; `weight_decay` is AdamW's, which without it is Adam. With `distillation`, that share
    of the targets is what the CLIP view makes of the batch, or where there is none the best model
    before the stage: all members together, so that each learns from their ensemble. `class_view`
    weighs what photos and the names of ImageNet's classes learn from the network's own classifier
    (see `class_view`), where there are both.
    With `captions_per_photo` 0 photos of all data learn alone, to lie where the CLIP view, which a
    stage before has taught, puts the very same pixels; the share `mixing` of them have another
    photo laid over them. What concerns captions, classes and a batch's other photos has no meaning
    then, and nothing is dropped.
    """

    name: str
    epochs: int
    photos_per_batch: int
    captions_per_photo: int
    learning_rate: float
    network_rate: float = 0.0
    pool_rate: float = 10.0
    photos_alike: int = 0
    least_crop: float = 0.7
    crop_size: int = 0
    mirrored: bool = True
    colour_change: float = 0.0
    mixing: float = 0.0
    grid_dropping: float = 0.0
    imagenet_per_batch: int = 0
    web_per_batch: int = 0
    averaging: float = 0.98
    weight_decay: float = 0.01
    distillation: float = 0.0
    class_view: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """All that decides a trained model but the data and the seed.

    `word_vectors` of a pretrained sentence encoder ("minilm" or "mpnet", see `sentences`) fix a
    vector of at most `word_dim` numbers for each of `vocabulary_size` words, to which words that
    occur `min_count` times in the training captions add a learned correction; "random" knows those
    words alone, each by a learned vector. The words that no caption has are the `common_words` most
    used ones, and with `all_nouns` all nouns of WordNet that people use, up to that size (0: all of
    them). `softness` is the share of a target that goes to captions of like meaning; `dropout` is
    that of image features and of each recurrent layer's states. Photos are squares of `image_size`
    (0: the network's own size); one larger than the stages' crops makes up for how crops enlarge
    what is in a photo (Touvron et al. 2019). `members` encoders make up the model, each of whose
    embeddings takes its share of `embedding_dim`; they have the stem and the first `fixed_blocks`
    blocks of the image network in common, which are never trained. With `int8_arithmetic`, filters
    of one pixel are trained as int8, and the bundle computes large layers with int8 where that
    finds about as much (see `quantization`). `sentence_view` weighs what photos and phrases learn
    from the vectors that the pretrained `sentence_encoder` has of the captions, `clip_view` what
    they learn from CLIP's of the photos (see `clip_view`); `any_phrase` is the share of what a
    photo learns that asks for any of its captions instead of each. With `hub_sharpness`, rows are
    corrected for how near they are to everything (see `hubs`). With `class_kinds`, the class view
    names other names of ImageNet's classes and of their kinds too (see `class_kinds`).
    """

    name: str
    description: str
    stages: tuple[Stage, ...]
    image_encoder: str = "efficientnet-lite0"
    image_weights: str = "pretrained"
    image_size: int = 0
    text_encoder: str = "multilayer-bilstm"
    word_vectors: str = RANDOM_WORDS
    sentence_encoder: str = MINILM
    vocabulary_size: int = 0
    common_words: int = 60_000
    all_nouns: bool = False
    min_count: int = 1
    word_dim: int = 256
    hidden: int = 256
    members: int = 1
    fixed_blocks: int = 0
    int8_arithmetic: bool = False
    embedding_dim: int = 512
    context_length: int = 32
    word_dropping: float = 0.0
    dropout: float = 0.0
    softness: float = 0.0
    sentence_view: float = 0.0
    clip_view: float = 0.0
    any_phrase: float = 0.0
    hub_sharpness: float = 0.0
    extra_pairs: bool = False
    hold_out_classes: bool = False
    class_kinds: bool = False
    drawn_photos: int = 0

    def __post_init__(self) -> None:
        """ModelChoiceError where the settings cannot be had together."""
        if self.word_vectors not in WORD_VECTORS:
            raise ModelChoiceError(
                f"no word vectors are called {self.word_vectors!r}: choose one of "
                f"{', '.join(WORD_VECTORS)}"
            )
        if self.sentence_encoder not in SENTENCE_MODELS:
            raise ModelChoiceError(
                f"no sentence encoder is called {self.sentence_encoder!r}: choose one of "
                f"{', '.join(SENTENCE_MODELS)}"
            )
        if self.members < 1 or self.embedding_dim % self.members:
            raise ModelChoiceError(
                f"{self.members} members cannot share an embedding of {self.embedding_dim} "
                "numbers: change members or embedding_dim"
            )
        for stage in self.stages:
            if stage.epochs and not (stage.captions_per_photo or self.clip_view):
                raise ModelChoiceError(
                    f"stage {stage.name} has no captions, so photos have nothing but the CLIP view "
                    f"to learn from: set clip_view above 0, or {stage.name}.epochs to 0"
                )


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

_FINE_TUNING = Stage(
    "fine-tuning",
    epochs=4,
    photos_per_batch=96,
    captions_per_photo=5,
    learning_rate=3e-4,
    network_rate=1.5e-4,
    photos_alike=32,
    least_crop=0.8,
    crop_size=224,
    colour_change=0.3,
    imagenet_per_batch=25,
    web_per_batch=25,
    averaging=0.99,
    distillation=0.5,
    class_view=0.5,
)

PRESETS = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name=SHIPPED,
            description="the bundle in resources/model: pretrained word vectors, then the image "
            "networks fine-tuned, all the while taught by CLIP",
            word_vectors=MINILM,
            word_dim=384,
            vocabulary_size=34_000,
            min_count=2,
            hidden=320,
            image_size=272,
            members=3,
            embedding_dim=576,
            fixed_blocks=5,
            int8_arithmetic=True,
            word_dropping=0.1,
            dropout=0.3,
            softness=0.3,
            sentence_view=0.5,
            clip_view=1.0,
            any_phrase=0.5,
            hub_sharpness=20.0,
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
                    class_view=0.5,
                ),
                Stage(
                    "photos",
                    epochs=42,
                    photos_per_batch=256,
                    captions_per_photo=0,
                    learning_rate=1e-3,
                    network_rate=6e-4,
                    least_crop=0.5,
                    crop_size=224,
                    colour_change=0.3,
                    mixing=0.5,
                    averaging=0.998,
                ),
                _FINE_TUNING,
                replace(
                    _FINE_TUNING,
                    name="full-size",
                    epochs=6,
                    crop_size=0,
                    averaging=0.995,
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
            int8_arithmetic=True,
            word_dim=32,
            hidden=48,
            embedding_dim=64,
            context_length=16,
            hub_sharpness=20.0,
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


def changed(recipe: Recipe, *settings: str) -> Recipe:
    """The recipe with each "NAME=VALUE", and each "STAGE.NAME=VALUE" in the stage of that name.

    They need to make sense together only, in any order. ModelChoiceError lists the names there are,
    or says what kind of value one takes.
    """
    own: dict[str, Any] = {}
    stages = {stage.name: stage for stage in recipe.stages}
    for setting in settings:
        name, _, value = setting.partition("=")
        stage, _, field = name.rpartition(".")
        if not stage:
            own[name] = _parse(recipe, name, value)
        elif stage in stages:
            new: dict[str, Any] = {field: _parse(stages[stage], field, value)}
            stages[stage] = replace(stages[stage], **new)
        else:
            raise ModelChoiceError(
                f"no stage is called {stage!r}: choose one of {', '.join(stages)}"
            )
    return replace(recipe, **own, stages=tuple(stages.values()))


def _parse(settings: Recipe | Stage, name: str, value: str) -> object:
    """The value of a setting, of the kind that it has there."""
    known = {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if field.name not in ("name", "description", "stages")
    }
    if name not in known:
        raise ModelChoiceError(f"no setting is called {name!r}: choose one of {', '.join(known)}")
    kind = type(known[name])
    try:
        parsed: object = {"true": True, "false": False}[value] if kind is bool else kind(value)
    except (KeyError, ValueError):
        wanted = "true or false" if kind is bool else f"a value such as {known[name]}"
        raise ModelChoiceError(f"{name} takes {wanted}, not {value!r}") from None
    return parsed
