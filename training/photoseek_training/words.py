"""Measures what a bundle makes of words: other forms, slips, words alone, words no caption had.

Phrases go through core as a search sends them: misspelt words are put right, unless said otherwise.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from photoseek.encoder import Encoder
from photoseek.manifest import Recall, RecallReport
from photoseek_training.class_names import ClassRank, rank_class_names
from photoseek_training.dataset import CaptionedPhoto, Dataset
from photoseek_training.extra_pairs import read_measured_pairs
from photoseek_training.measurement import Embedded, as_searched, embed, measure
from photoseek_training.recall import phrase_to_photo
from photoseek_training.vocabulary import caption_normalizer

Photos = Sequence[CaptionedPhoto]
Vectors = NDArray[np.float32]

SEED = 0
"""Of the slips put into captions."""

SHORTEST_SLIPPED = 4
"""Letters of the words that slips are put into."""

FIRST = 10
"""How many photos of a ranking a person sees at once."""

NUMBERS = (
    *(("dog", "dogs"), ("child", "children"), ("horse", "horses"), ("woman", "women")),
    *(("puppy", "puppies"), ("bicycle", "bicycles"), ("wave", "waves"), ("tree", "trees")),
    *(("leaf", "leaves"), ("bird", "birds"), ("skateboarder", "skateboarders"), ("car", "cars")),
)
SPELLINGS = (
    *(("a grey dog", "a gray dog"), ("a colourful kite", "a colorful kite")),
    *(("a man with a moustache", "a man with a mustache"), ("an aeroplane", "an airplane")),
    *(("a child in pyjamas", "a child in pajamas"), ("a harbour", "a harbor")),
    *(("a theatre", "a theater"), ("a jewellery shop", "a jewelry shop")),
    *(("a ploughed field", "a plowed field"), ("a traveller", "a traveler")),
)
NOUNS = (
    *("dog", "beach", "snow", "bicycle", "guitar", "boat", "waterfall", "wedding", "cat"),
    *("sunset", "birthday cake", "laptop", "kitchen", "logo", "castle", "map"),
    *("giraffe", "tomato", "turtle", "smartphone", "whiteboard", "capybara", "calculator"),
)
"""From everyday ones to some that Flickr8k's training captions hardly have, or not at all."""


@dataclass(frozen=True)
class WordsData:
    """Photos that no bundle was trained on, but for some of ImageNet's; may be empty.

    `captioned` are those of a split of Flickr8k, and `trained` its training captions.
    """

    captioned: Photos
    web: Photos
    imagenet: Photos
    trained: Sequence[str]


@dataclass(frozen=True)
class Coverage:
    """Shares, in percent, of all words in some captions, as often as they occur."""

    known: float
    put_right: float
    unknown: float


@dataclass(frozen=True)
class Slips:
    """Captions find their photos as written, and with one slip in one word of each."""

    as_written: Recall
    as_typed: Recall
    put_right: Recall


@dataclass(frozen=True)
class Noun:
    """A word alone, among photos whose captions may name it.

    `trained` training captions name it, `named` photos do, the first of them at rank `first`, and
    `named_first` of the first ten. Captions leave much unsaid, so all this is the least. A word
    that is not `known` finds nothing.
    """

    word: str
    known: bool
    trained: int
    named: int
    first: int | None
    named_first: int


@dataclass(frozen=True)
class WordsMeasures:
    """All figures of one bundle; None where there is no data for them.

    `numbers` and `spellings` say how many of the first ten photos two ways to say a thing share;
    with an unknown word, none.
    """

    vocabulary: int
    coverage: dict[str, Coverage]
    slips: Slips
    web: RecallReport | None
    numbers: float
    spellings: float
    nouns: tuple[Noun, ...]
    class_names: tuple[ClassRank, ...] | None


def read_words_data(data: Path, dataset: Dataset, captioned: Photos) -> WordsData:
    """Read what lies in `data`, or beside it, next to Flickr8k."""
    pairs = read_measured_pairs(data)
    trained = [caption for photo in dataset.train for caption in photo.captions]
    return WordsData(captioned, pairs.web, pairs.imagenet, trained)


def measure_words(encoder: Encoder, data: WordsData, embedded: Embedded) -> WordsMeasures:
    """Measure all there is data for; `embedded` are the captioned photos with their captions."""
    vectors, web = embedded.photos, None
    coverage = {"Flickr8k": measure_coverage(encoder, data.captioned)}
    if data.web:
        in_web = embed(encoder, as_searched(encoder, data.web), "web photos")
        vectors, web = np.concatenate([vectors, in_web.photos]), measure(in_web, "web captions")
        coverage["web captions"] = measure_coverage(encoder, data.web)
    return WordsMeasures(
        Tokenizer.from_file(str(encoder.bundle.tokenizer)).get_vocab_size(),
        coverage,
        measure_slips(encoder, data.captioned, embedded),
        web,
        measure_agreement(encoder, vectors, NUMBERS),
        measure_agreement(encoder, vectors, SPELLINGS),
        tuple(
            measure_noun(encoder, noun, (*data.captioned, *data.web), vectors, data.trained)
            for noun in NOUNS
        ),
        rank_class_names(encoder, data.imagenet),
    )


def measure_coverage(encoder: Encoder, photos: Photos) -> Coverage:
    """Which words of the photos' captions the tokenizer knows, puts right, or calls unknown."""
    cleaner, tokenizer = caption_normalizer(), encoder.tokenizer
    words = Counter(
        word
        for photo in photos
        for caption in photo.captions
        for word in cleaner.normalize_str(caption).split()
    )
    unknown = Counter({word: n for word, n in words.items() if not tokenizer.knows_any(word)})
    lost = sum(n for word, n in unknown.items() if not tokenizer.correct(word).corrections)
    counts = (words.total() - unknown.total(), unknown.total() - lost, lost)
    return Coverage(*(round(100 * count / words.total(), 2) for count in counts))


def measure_slips(encoder: Encoder, photos: Photos, embedded: Embedded) -> Slips:
    """Rank the photos for their captions, with and without a slip, and with it put right."""
    chance = random.Random(SEED)
    slipped = [with_slip(caption, chance) for photo in photos for caption in photo.captions]

    def find(phrases: Vectors) -> Recall:
        return phrase_to_photo(embedded.photos, phrases, embedded.owner)

    return Slips(
        find(embedded.phrases),
        find(encoder.encode_text(slipped)),
        find(encoder.encode_text([encoder.tokenizer.correct(phrase).phrase for phrase in slipped])),
    )


def with_slip(phrase: str, chance: random.Random) -> str:
    """The phrase with one slip in one of its longer words, after the word's first letter.

    A letter is left out, put in, exchanged, or swapped with the next. The result may be another
    word; a phrase of short words stays as it is.
    """
    words = list(re.finditer(rf"[^\W\d_]{{{SHORTEST_SLIPPED},}}", phrase))
    if not words:
        return phrase
    word = chance.choice(words)
    place = chance.randrange(word.start() + 1, word.end() - 1)
    here, there = phrase[place], phrase[place + 1]
    other = chance.choice([letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter != here])
    slips = (there, other + here + there, other + there, there + here)
    slip = chance.choice([slip for slip in slips if slip != here + there])
    return phrase[:place] + slip + phrase[place + 2 :]


def measure_agreement(encoder: Encoder, photos: Vectors, pairs: Sequence[tuple[str, str]]) -> float:
    """How many of the first ten photos both phrases of a pair find, on average."""
    firsts = [
        [set(_ranked(encoder, photos, phrase)[:FIRST].tolist()) for phrase in pair]
        for pair in pairs
    ]
    return round(float(np.mean([len(one & other) for one, other in firsts])), 2)


def measure_noun(
    encoder: Encoder, word: str, photos: Photos, vectors: Vectors, trained: Sequence[str]
) -> Noun:
    """Search for a word alone; captions name it in either number."""
    name = re.compile(rf"\b{word}(s|es)?\b", re.IGNORECASE)
    named = np.array([any(map(name.search, photo.captions)) for photo in photos])
    found = named[_ranked(encoder, vectors, word)]
    return Noun(
        word,
        len(found) > 0,
        sum(bool(name.search(caption)) for caption in trained),
        int(named.sum()),
        int(found.argmax()) + 1 if found.any() else None,
        int(found[:FIRST].sum()),
    )


def _ranked(encoder: Encoder, photos: Vectors, phrase: str) -> NDArray[np.intp]:
    """All photos' numbers, the best first; none for a phrase with an unknown word."""
    phrase = encoder.tokenizer.correct(phrase).phrase
    if encoder.tokenizer.unknown_words(phrase):
        return np.empty(0, np.intp)
    return np.argsort(-(photos @ encoder.encode_text([phrase])[0]), kind="stable")
