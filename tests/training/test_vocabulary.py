from __future__ import annotations

from pathlib import Path

from photoseek.manifest import TextInput
from photoseek.tokenizer import TextTokenizer
from photoseek_training.dataset import read_dataset
from photoseek_training.extra_pairs import ExtraPairs
from photoseek_training.preparation import prepare
from photoseek_training.presets import find_preset
from photoseek_training.shapes import draw_shapes
from photoseek_training.vocabulary import SPECIAL, build_vocabulary, write_tokenizer


def _tokenizer(folder: Path, captions: list[str], context_length: int = 8) -> TextTokenizer:
    file = folder / "tokenizer.json"
    write_tokenizer(build_vocabulary(captions), context_length, file)
    return TextTokenizer(file, TextInput(context_length, "ids", "int64", "lengths"))


def test_phrases_are_cleaned_framed_padded_and_truncated(tmp_path: Path) -> None:
    tokenizer = _tokenizer(tmp_path, ["a dog s cafe ball"])
    tokens = tokenizer.encode(["A DOG's 2 balls!", "café", "a " * 20])
    assert tokens.lengths.tolist() == [5, 3, 8]
    rows = tokens.ids.tolist()
    words = ["<pad>", "<unk>", "startseq", "endseq", "a", "ball", "cafe", "dog"]
    assert rows[0][:5] == [words.index(w) for w in ("startseq", "a", "dog", "<unk>", "endseq")]
    assert rows[1][:4] == [words.index(w) for w in ("startseq", "cafe", "endseq", "<pad>")]
    assert rows[2][0] == 2
    assert rows[2][-1] == 3


def test_unknown_words_come_back_as_typed_in_any_alphabet(tmp_path: Path) -> None:
    tokenizer = _tokenizer(tmp_path, ["a dog"])
    assert tokenizer.unknown_words("a Giraffe, dog's собака") == ("Giraffe", "собака")


def test_accents_joined_letters_and_full_width_ones_are_plain_letters(tmp_path: Path) -> None:
    tokenizer = _tokenizer(tmp_path, ["fish dog istanbul cafe"])
    for phrase in ("\ufb01sh", "ｄｏｇ", "İstanbul", "CAFÉ", "cafe\u0301"):
        assert tokenizer.unknown_words(phrase) == ()
    assert tokenizer.unknown_words("\ufb01shy dog") == ("\ufb01shy",)


def test_rare_words_are_not_learned_and_extra_words_follow() -> None:
    captions = ["red red blue", "red blue green"]
    few = build_vocabulary(captions, min_count=2)
    assert few.words == (*SPECIAL, "red", "blue")
    more = build_vocabulary(captions, min_count=2, extra_words=["blue", "teal", "pink"], size=8)
    assert more.words == (*SPECIAL, "red", "blue", "green", "teal")
    assert more.learned == few.learned == 6


def test_vocabulary_comes_from_train_captions_only(tmp_path: Path) -> None:
    shapes = draw_shapes(tmp_path / "shapes", 40, seed=1)
    captions = (shapes / "captions.txt").read_text(encoding="utf-8")
    dataset = read_dataset(shapes)
    for photo, word in (
        (dataset.dev[0], "devword"),
        (dataset.test[0], "testword"),
        (dataset.train[0], "trainword"),
    ):
        captions += f"{photo.path.name},{word}\n"
    (shapes / "captions.txt").write_text(captions, encoding="utf-8")
    prepared = prepare(
        find_preset("smoke"), read_dataset(shapes), ExtraPairs(), seed=0, work=tmp_path
    )
    assert "trainword" in prepared.vocabulary.words
    assert not {"devword", "testword"} & set(prepared.vocabulary.words)
