"""An unknown word is taken for a known one only where it is plain what was meant."""

from __future__ import annotations

import random
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from photoseek.manifest import TextInput
from photoseek.records import Correction
from photoseek.spelling import Spelling, _sound, _within
from photoseek.tokenizer import TextTokenizer

WORDS = (
    *("a", "the", "dog", "running", "runner", "beach", "zebra", "geese", "wolf", "boxes", "city"),
    *("color", "theatre", "catalog", "organise", "gray", "airplane", "giraffe", "accordion"),
)
RARE = ("trumpet", "trumpeter", "crumpet", "marmalade")


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    filler = [f"x{number}" for number in range(20_000)]
    return Spelling([*WORDS, *filler, *RARE])


@pytest.fixture
def tokenizer(tmp_path: Path) -> TextTokenizer:
    ids = {word: number for number, word in enumerate(("[UNK]", *WORDS))}
    made = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    made.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.NFD(), normalizers.StripAccents()]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Punctuation(), pre_tokenizers.Digits(), pre_tokenizers.WhitespaceSplit()]
    )
    made.save(str(tmp_path / "tokenizer.json"))
    return TextTokenizer(tmp_path / "tokenizer.json", TextInput(16, "ids", "int64", "lengths"))


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("zebras", "zebra"),
        ("wolves", "wolf"),
        ("cities", "city"),
        ("box", None),
        ("colour", "color"),
        ("colours", "color"),
        ("theater", "theatre"),
        ("catalogues", "catalog"),
        ("organize", "organise"),
        ("grey", "gray"),
        ("aeroplanes", "airplane"),
        ("trumpets", "trumpet"),
        ("dogma", None),
        ("glass", None),
        ("as", None),
        ("", None),
    ],
)
def test_another_number_or_spelling_of_a_known_word(
    spelling: Spelling, word: str, known: str | None
) -> None:
    assert spelling.form(word) == known


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("girafe", "giraffe"),
        ("giraffee", "giraffe"),
        ("beahc", "beach"),
        ("baech", "beach"),
        ("acordian", "accordion"),
        ("runnin", "running"),
        ("runnind", "running"),
        ("runneg", "runner"),
        ("each", None),  # the first letter is taken to be right
        ("dgo", None),  # too short
        ("dgoo", None),
        ("girfe", None),  # two slips in a short word
        ("trumpt", None),  # a rare word, and nothing typical of typing
        ("trummpet", "trumpet"),
        ("turmpet", "trumpet"),
        ("marmalde", "marmalade"),  # long enough to leave no doubt
        ("marmalda", None),  # two slips, and rare
        ("ωμέγα", None),
        ("", None),
    ],
)
def test_a_mistyped_word(spelling: Spelling, word: str, known: str | None) -> None:
    assert spelling.slip(word) == known


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("elefant", "elephant"),  # although "elegant" is nearer, letter by letter
        ("foto", "photo"),
        ("nife", "knife"),
        ("kamel", "camel"),
        ("fotograph", "photograph"),
        ("dolfin", "dolphin"),
        ("trofy", "trophy"),
        ("skool", "school"),
    ],
)
def test_what_sounds_the_same_comes_first(word: str, known: str) -> None:
    words = ("elegant", "foot", "knife", "camel", "photo", "photograph", "elephant", "dolphin")
    assert Spelling([*words, "trophy", "school", "stool"]).slip(word) == known


def test_a_slip_of_the_fingers_comes_before_other_slips() -> None:
    assert Spelling(["bolts", "boots"]).slip("boits") == "boots"
    assert Spelling(["bolts", "bouts"]).slip("boyts") == "bouts"


def test_the_most_used_of_equally_near_words_is_taken() -> None:
    assert Spelling(["boats", "goats", "bolts"]).slip("botts") == "boats"
    assert Spelling(["bolts", "boats"]).slip("botts") == "bolts"


@cache
def _distance(one: str, other: str) -> int:
    """The definition of optimal string alignment, without a table."""
    if not one or not other:
        return len(one) + len(other)
    least = min(
        _distance(one[1:], other) + 1,
        _distance(one, other[1:]) + 1,
        _distance(one[1:], other[1:]) + (one[0] != other[0]),
    )
    if len(one) > 1 and len(other) > 1 and one[:2] == other[1::-1]:
        least = min(least, _distance(one[2:], other[2:]) + 1)
    return least


def test_slips_are_counted_as_defined() -> None:
    chance = random.Random(0)
    words = ["".join(chance.choices("abc", k=chance.randint(0, 5))) for _ in range(200)]
    for one, other in pairwise(words):
        for most in (0, 1, 2):
            assert _within(most, one, other) == (_distance(one, other) <= most)


def test_no_near_word_is_missed_by_looking_only_at_letters() -> None:
    chance = random.Random(1)
    words = sorted(
        {"a" + "".join(chance.choices("abcdЖ", k=chance.randint(3, 6))) for _ in range(300)}
    )
    spelling = Spelling(words)
    for _ in range(200):
        word = "a" + "".join(chance.choices("abcdЖ", k=chance.randint(3, 5)))
        costs = [(spelling._cost(word, _sound(word), other), other) for other in words]
        plausible = [(cost, other) for cost, other in costs if cost is not None]
        assert spelling.slip(word) == (min(plausible)[1] if plausible else None)
        near = any(_distance(word, other) <= 1 for other in words)
        assert bool(plausible) >= near


@pytest.mark.parametrize(
    ("phrase", "corrected"),
    [
        ("a dog runing on the beech", "a dog running on the beach"),
        ("The Girafe", "The Girafe"),  # a name, perhaps
        ("Girafe, runing", "giraffe, running"),
        ("GIRAFE", "GIRAFE"),
        ("The Zebras", "The zebra"),
        ("girafe2 4girafe", "girafe2 4girafe"),
        ("gïrafe (colour)", "giraffe (color)"),
        ("the dog", "the dog"),
        ("???", "???"),
        ("", ""),
        ("\ud800 girafe", "? giraffe"),
    ],
)
def test_a_phrase_keeps_all_but_what_is_put_right(
    tokenizer: TextTokenizer, phrase: str, corrected: str
) -> None:
    assert tokenizer.correct(phrase).phrase == corrected


def test_each_correction_is_told_once(tokenizer: TextTokenizer) -> None:
    corrections = tokenizer.correct("beahc beahc xyz girafe").corrections
    assert corrections == (Correction("beahc", "beach"), Correction("girafe", "giraffe"))


def test_a_model_that_reads_words_in_pieces_has_nothing_to_correct(tmp_path: Path) -> None:
    letters = {letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz?")}
    made = Tokenizer(models.BPE(letters, [], unk_token="?"))
    made.save(str(tmp_path / "tokenizer.json"))
    spec = TextInput(16, "ids", "int64", "lengths")
    tokenizer = TextTokenizer(tmp_path / "tokenizer.json", spec)
    assert tokenizer.correct("girafe, 犬").phrase == "girafe, 犬"
