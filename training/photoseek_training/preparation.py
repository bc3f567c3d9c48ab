"""Brings together what a run trains: the data as tokens and pixels, and the model at its start."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from photoseek.manifest import ImageInput, TextInput
from photoseek_training.class_kinds import NAMES_OF_CLASS, name_kinds, names_of
from photoseek_training.class_view import ClassView
from photoseek_training.clip_view import clip_vectors
from photoseek_training.clip_weights import CLIP_DIM
from photoseek_training.corpus import Corpus, build_corpus
from photoseek_training.dataset import CaptionedPhoto, Dataset
from photoseek_training.errors import DatasetError
from photoseek_training.extra_pairs import ExtraPairs, class_phrases
from photoseek_training.features import network_features
from photoseek_training.image_encoders import build_image_network
from photoseek_training.model import DualEncoder, ImageEncoder, PretrainedView
from photoseek_training.pixels import decode_photos
from photoseek_training.presets import RANDOM_WORDS, Recipe
from photoseek_training.rounding import train_rounded
from photoseek_training.sentences import SENTENCE_MODELS, load_sentence_encoder, word_vectors
from photoseek_training.text_encoders import WordEmbedding, build_text_encoder
from photoseek_training.training_data import TrainingData
from photoseek_training.vocabulary import (
    SPECIAL,
    UNKNOWN_ID,
    Vocabulary,
    build_tokenizer,
    build_vocabulary,
    common_words,
)
from photoseek_training.wordnet import Nouns, read_nouns, used_nouns


@dataclass(frozen=True)
class Prepared:
    """A model to train, what it is trained on, and how its inputs are made."""

    model: DualEncoder
    data: TrainingData
    vocabulary: Vocabulary
    image: ImageInput
    text: TextInput


CPU = torch.device("cpu")


def prepare(
    recipe: Recipe,
    dataset: Dataset,
    extra: ExtraPairs,
    *,
    seed: int,
    work: Path,
    device: torch.device = CPU,
) -> Prepared:
    """Vocabulary from train captions only, the model with `seed`, pixels cached in `work`."""
    train_photos = (*dataset.train, *extra.imagenet, *extra.web)
    captions = [caption for photo in train_photos for caption in photo.captions]
    pretrained = recipe.word_vectors != RANDOM_WORDS
    vocabulary = build_vocabulary(
        captions,
        min_count=recipe.min_count,
        size=recipe.vocabulary_size or None,
        extra_words=_extra_words(recipe) if pretrained else (),
    )
    tokenizer = build_tokenizer(vocabulary, recipe.context_length)
    torch.manual_seed(seed)
    model, classifier = _build_model(recipe, vocabulary, work, device)
    model.to(device)
    image = ImageInput(
        size=model.image.size,
        resize_mode="squash",
        interpolation="bicubic",
        input_name="pixels",
        input_dtype="uint8",
    )
    text = TextInput(recipe.context_length, "ids", "int64", "lengths")
    train_pixels = decode_photos(train_photos, image, work, "train photos")
    seen = clip_vectors(train_pixels, work, device) if recipe.clip_view else None
    classes = None
    if classifier and extra.imagenet and any(stage.class_view for stage in recipe.stages):
        features = network_features(model.image, train_pixels, work, device)
        nouns = read_nouns() if recipe.class_kinds else {}
        classes = _class_view(classifier, features, extra, tokenizer, nouns)
    data = TrainingData(
        train=_train_corpus(recipe, train_photos, tokenizer, work, device),
        train_pixels=train_pixels,
        flickr=len(dataset.train),
        imagenet=len(extra.imagenet),
        web=len(extra.web),
        dev=build_corpus(dataset.dev, tokenizer),
        dev_pixels=decode_photos(dataset.dev, image, work, "dev photos"),
        classes=classes,
        seen=seen,
    )
    return Prepared(model, data, vocabulary, image, text)


def _extra_words(recipe: Recipe) -> tuple[str, ...]:
    """Words that no caption need have, the most common ones first."""
    return (*common_words(recipe.common_words), *(used_nouns() if recipe.all_nouns else ()))


def run_settings(recipe: Recipe, dataset: Dataset, extra: ExtraPairs, seed: int) -> str:
    """A text that is equal for two runs if and only if they train the same model."""
    digest = hashlib.sha256()
    for photo in (*dataset.train, *dataset.dev, *extra.imagenet, *extra.web):
        digest.update(f"{photo.path.name}\t{photo.captions}\n".encode())
    return json.dumps(
        {"recipe": asdict(recipe), "seed": seed, "data": digest.hexdigest()}, sort_keys=True
    )


def _build_model(
    recipe: Recipe, vocabulary: Vocabulary, work: Path, device: torch.device
) -> tuple[DualEncoder, nn.Linear | None]:
    """The model, and the classifier that its image network came with, if any."""
    base, dim = None, recipe.word_dim
    if recipe.word_vectors != RANDOM_WORDS:
        base = _pretrained_words(recipe, vocabulary, work, device)
        dim = base.shape[1]
    embedding = WordEmbedding(len(vocabulary), dim, vocabulary.learned, base, recipe.word_dropping)
    text = build_text_encoder(
        recipe.text_encoder,
        embedding,
        hidden=recipe.hidden,
        dim=recipe.embedding_dim,
        members=recipe.members,
        dropout=recipe.dropout,
    )
    network = build_image_network(
        recipe.image_encoder, recipe.image_weights, recipe.fixed_blocks, recipe.image_size
    )
    image = ImageEncoder(network, recipe.embedding_dim, recipe.members, recipe.dropout)
    if recipe.int8_arithmetic:
        for member in image.members:
            train_rounded(image.early, member.network)
    views = [
        PretrainedView(features, recipe.embedding_dim, recipe.members) if weight else None
        for weight, features in (
            (recipe.sentence_view, SENTENCE_MODELS[recipe.sentence_encoder].dim),
            (recipe.clip_view, CLIP_DIM),
        )
    ]
    return DualEncoder(image, text, *views), network.classifier


@torch.inference_mode()
def _class_view(
    classifier: nn.Linear,
    features: NDArray[np.float32],
    extra: ExtraPairs,
    tokenizer: Tokenizer,
    nouns: Nouns,
) -> ClassView:
    """What the classifier makes of photos' features (n, 2, features), of both sides' mean.

    The names are those of the classes, and what `nouns` call them and their kinds.

    DatasetError where the photos of classes are not of those that it knows.
    """
    if extra.known_classes != classifier.out_features:
        raise DatasetError(
            f"imagenet-sample has photos of {extra.known_classes:,} classes, not of the "
            f"{classifier.out_features:,} that the network's classifier knows: complete it, or set "
            "each stage's class_view to 0"
        )
    logits = classifier(torch.from_numpy(features.mean(axis=1))).numpy()
    logits = logits[:, list(extra.class_numbers)]

    def known(name: str) -> bool:
        return UNKNOWN_ID not in tokenizer.encode(name).ids

    offsets = [photo.path.name[1:9] for photo in extra.imagenet]  # n01440764_tench.jpg
    named = [
        _named(photo.captions[0], *names_of(offset, nouns, known, NAMES_OF_CLASS))
        for photo, offset in zip(extra.imagenet, offsets, strict=True)
    ]
    kinds = name_kinds(offsets, nouns, known)
    named += [_named(*kind.names) for kind in kinds]
    columns = [logits, *(kind.logits(logits)[:, None] for kind in kinds)]
    return ClassView(build_corpus(named, tokenizer), np.concatenate(columns, axis=1))


def _named(*names: str) -> CaptionedPhoto:
    """Names of one thing, as phrases that belong together in a corpus."""
    phrases = (phrase for name in dict.fromkeys(names) for phrase in class_phrases(name))
    return CaptionedPhoto(Path(names[0]), tuple(phrases))


def _train_corpus(
    recipe: Recipe,
    photos: Sequence[CaptionedPhoto],
    tokenizer: Tokenizer,
    work: Path,
    device: torch.device,
) -> Corpus:
    corpus = build_corpus(photos, tokenizer)
    alike = any(stage.photos_alike for stage in recipe.stages)
    if not (recipe.softness or recipe.sentence_view or alike):
        return corpus
    texts = corpus.texts()
    encoder = recipe.sentence_encoder
    meaning = _cached(
        work,
        f"{encoder}-meanings",
        texts,
        lambda: load_sentence_encoder(encoder, device).encode(texts, "captions"),
    )
    return replace(corpus, meaning=meaning)


def _pretrained_words(
    recipe: Recipe, vocabulary: Vocabulary, work: Path, device: torch.device
) -> Tensor:
    words, encoder = vocabulary.words, recipe.word_vectors
    dim = min(recipe.word_dim, SENTENCE_MODELS[encoder].dim)
    return torch.from_numpy(
        _cached(
            work,
            f"{encoder}-words-{dim}",
            words,
            lambda: word_vectors(load_sentence_encoder(encoder, device), words, len(SPECIAL), dim),
        )
    )


def _cached(
    work: Path, what: str, texts: Sequence[str], compute: Callable[[], NDArray[np.float32]]
) -> NDArray[np.float32]:
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    file = work / f"{what}-{digest}.npy"
    if not file.exists():
        partial = file.with_suffix(".part.npy")
        np.save(partial, compute())
        partial.replace(file)
    vectors: NDArray[np.float32] = np.load(file)
    return vectors
