"""Writes a bundle's MODEL_CARD.md: where the model comes from, what it can do, what it cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from photoseek.manifest import Manifest, RecallReport
from photoseek_training.image_encoders import PRETRAINED
from photoseek_training.likely import LikelyMeasure
from photoseek_training.lite import LITE_SCALES
from photoseek_training.parity import Parity
from photoseek_training.presets import RANDOM_WORDS, Recipe, Stage
from photoseek_training.rounding import FLOAT_CONVOLUTIONS
from photoseek_training.sentences import SENTENCE_MODELS
from photoseek_training.text_encoders import BAG_OF_WORDS


@dataclass(frozen=True)
class CardFacts:
    """Everything a card tells that is not in the manifest.

    `by_float32_and_int8` is what was measured on dev where the bundle computes with int8.
    """

    recipe: Recipe
    command: str
    seed: int
    data: Sequence[str]
    versions: Mapping[str, str]
    words: int
    chosen: str
    dev_score: float
    minutes: float
    devices: Sequence[str]
    recall: RecallReport
    likely: LikelyMeasure
    parity: Parity
    by_float32_and_int8: tuple[RecallReport, RecallReport] | None = None


def model_card(manifest: Manifest, facts: CardFacts) -> str:
    """The card as Markdown."""
    recipe, recall, side = facts.recipe, facts.recall, manifest.image.size
    stages = "\n".join(_stage(stage) for stage in recipe.stages if stage.epochs)
    rows = "\n".join(
        f"| {way} | {figures.r1:.1f} | {figures.r5:.1f} | {figures.r10:.1f} | "
        f"{figures.median_rank:g} |"
        for way, figures in (
            ("phrase finds photo", recall.phrase_to_photo),
            ("photo finds caption", recall.photo_to_caption),
        )
    )
    data = "\n".join(f"- {line}" for line in facts.data)
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    return f"""# {manifest.name}

A dual encoder for Photoseek: photos and English phrases become unit vectors of
{manifest.embedding_dim} numbers, and their dot product says how well they match.

## Measured

On {recall.dataset}, {recall.photos} photos and {recall.captions} captions, with the files of this
bundle run by Photoseek itself (recall in percent; the best median rank is 1):

| | R@1 | R@5 | R@10 | median rank |
|---|---|---|---|---|
{rows}

Measure again, without training: `photoseek-evaluate BUNDLE_DIR --data DATA_DIR`.

The exported graphs{
        "" if facts.by_float32_and_int8 is None else ", computed with float32,"
    } differ from the trained model by at most
{facts.parity.photos:.1e} a component on photos and {facts.parity.captions:.1e} on captions.

Likely matches: a photo is called likely for a phrase from {facts.likely.rule.threshold:.2f}
deviations above the library's usual score. On dev that holds for {facts.likely.kept:.0%} of the
photos that a phrase was written about, and for {facts.likely.let_through:.1%} of the others.

## Made by

```
{facts.command}
```

Seed {facts.seed}; preset `{recipe.name}`: {recipe.description}. Weights chosen on dev
({facts.chosen}), where this bundle's sum of the six recalls is {facts.dev_score:.1f},
after {facts.minutes:.0f} minutes of training on {", then ".join(facts.devices)}.

{stages}

{_members(recipe)}{_hubs(recipe)}Image encoder {recipe.image_encoder}, input {side} x {side} pixels.
Text encoder {recipe.text_encoder}{
        "" if recipe.text_encoder == BAG_OF_WORDS else f" with {recipe.hidden} units a direction"
    }, {facts.words} words,
{
        "learned vectors"
        if recipe.word_vectors == RANDOM_WORDS
        else f"vectors from {_title(recipe.word_vectors)} plus a learned correction"
    }.
{_arithmetic(facts)}

Data:

{data}

{_origins(recipe)}

Versions: {versions}.

## Intended use

Ranking a person's own photos by a short English description, or by another photo, on their own
machine. The words are those of everyday scenes: people, dogs, sports, streets, water, landscapes.

## Limits

- English only. A word outside the vocabulary is ignored; Photoseek says which.
- Trained on some thousand photos of people and animals: it is weak on text in photos, counting,
  left and right, names of persons and places, and fine kinds of things.
- Captions were written by people about strangers and carry their guesses, about gender and age
  among them. Do not use it to judge, identify or sort people.
- A score is comparable within one query only; there is always a best photo, so a first place does
  not prove a match.
- Photos are squashed to a square before encoding; very long panoramas lose detail.
"""


def _arithmetic(facts: CardFacts) -> str:
    if facts.by_float32_and_int8 is None:
        rows = "Filters of one pixel, matrices" if facts.recipe.int8_arithmetic else "Matrices"
        return (
            f"{rows} and word vectors are stored as int8, other filters as\nfloat16; all "
            "arithmetic is float32."
        )
    phrases, photos = (
        [f"{getattr(recall, way).r10:.1f}" for recall in facts.by_float32_and_int8]
        for way in ("phrase_to_photo", "photo_to_caption")
    )
    recurrent = "" if facts.recipe.text_encoder == BAG_OF_WORDS else " and the recurrent layers"
    return (
        f"Convolutions after the first {FLOAT_CONVOLUTIONS}{recurrent} are computed with int8, the "
        "rest with float32.\n"
        f"Recall@10 on dev is {phrases[1]} and {photos[1]} so; with float32 alone it is "
        f"{phrases[0]} and {photos[0]}."
    )


def _stage(stage: Stage) -> str:
    network = f"trained at {stage.network_rate:g}" if stage.network_rate else "frozen"
    if stage.captions_per_photo:
        rest, plural = "the rest", "s" if stage.captions_per_photo > 1 else ""
        learned = f"with {stage.captions_per_photo} caption{plural} each"
    else:
        rest, learned = "its head", "alone, each crop from what CLIP sees in it"
    return (
        f"- {stage.name}: {stage.epochs} epochs, image network {network}, {rest} at "
        f"{stage.learning_rate:g}, batches of {stage.photos_per_batch} photos {learned}"
    )


def _members(recipe: Recipe) -> str:
    if recipe.members == 1:
        return ""
    taught = ""
    if any(stage.distillation and stage.epochs for stage in recipe.stages):
        taught = " and taught by what CLIP sees" if recipe.clip_view else " and then by all of them"
    return (
        f"{recipe.members} members, trained each for itself on the same batches{taught},\n"
        "make up an embedding side by side. They have the stem and the first "
        f"{recipe.fixed_blocks} blocks of the\nimage network in common, as they came, and the word "
        "vectors.\n\n"
    )


def _hubs(recipe: Recipe) -> str:
    if not recipe.hub_sharpness:
        return ""
    return (
        "The train photos' mean is taken from each photo's row. Each row carries how much nearer\n"
        "than others it is to the train photos or captions in general, which a dot product takes\n"
        "off (querybank normalisation).\n\n"
    )


def _origins(recipe: Recipe) -> str:
    """What was made by others and is in the weights or the words, with its licence."""
    origins = []
    if recipe.image_weights == PRETRAINED and recipe.image_encoder in LITE_SCALES:
        origins.append("the image encoder starts from EfficientNet-Lite's weights (Apache 2.0)")
    elif recipe.image_weights == PRETRAINED and recipe.image_encoder != "tiny":
        origins.append("the image encoder starts from torchvision's weights (BSD 3-Clause)")
    if recipe.word_vectors != RANDOM_WORDS:
        origins += [
            f"the words' vectors come from {_title(recipe.word_vectors)} (Apache 2.0)",
            (
                "the words beyond its captions come from Robyn Speer's wordfreq (CC BY-SA 4.0),\n"
                "  which draws on the freely available SUBTLEX lists of Brysbaert et al. and others"
            ),
        ]
    if recipe.softness or recipe.sentence_view:
        origins.append(
            f"captions of like meaning were told by {_title(recipe.sentence_encoder)} (Apache 2.0)"
        )
    if recipe.clip_view:
        origins.append(
            "what photos show was told by the image encoder of OpenAI's CLIP ViT-B/16 (MIT). It\n"
            "  learned from 400 million captioned photos of the web; nobody can tell whether any\n"
            "  that this model is tested on are among them"
        )
    if any(stage.class_view for stage in recipe.stages):
        origins.append(
            "what the names of ImageNet's classes look like was told by the image network's own\n"
            "  classifier, of the same weights"
        )
        if recipe.class_kinds:
            origins.append(
                "other names of those classes, and names of their kinds, come from WordNet 3.0\n"
                "  (Princeton University, under its own free licence)"
            )
    lines = "\n".join(f"- {origin}" for origin in origins) or "- nothing"
    return f"Taken from others:\n\n{lines}"


def _title(sentence_encoder: str) -> str:
    return SENTENCE_MODELS[sentence_encoder].title
