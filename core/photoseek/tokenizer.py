"""Turns phrases into token ids with the tokenizer that the model bundle carries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from photoseek.errors import BundleError
from photoseek.files import read_whole
from photoseek.manifest import TextInput
from photoseek.records import Correction
from photoseek.spelling import Spelling

__all__ = ["Corrected", "TextTokenizer", "Tokens"]

MOST_TOKENIZER_BYTES = 256 << 20


@dataclass(frozen=True)
class Tokens:
    """Token ids `(n, length)` int64, padded on the right, and lengths `(n,)` int64."""

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]


@dataclass(frozen=True)
class Corrected:
    """A phrase with known words in place of some unknown ones, each of which is told once."""

    phrase: str
    corrections: tuple[Correction, ...]


class TextTokenizer:
    """A `tokenizer.json`: cleaning, splitting, special tokens and truncation are its own.

    A word-level vocabulary and a byte-pair one are the same code here; only the first has
    unknown words.
    """

    def __init__(self, path: Path, spec: TextInput) -> None:
        try:
            # By its bytes: the library takes no path that is not UTF-8.
            self._tokenizer = Tokenizer.from_buffer(read_whole(path, MOST_TOKENIZER_BYTES))
        except Exception as error:  # the library raises nothing narrower
            raise BundleError(f"the model bundle's {path} cannot be read ({error})") from error
        self._tokenizer.enable_truncation(spec.context_length)
        padding = self._tokenizer.padding or {}
        # A graph that is not told the lengths was exported for its full context.
        self._tokenizer.enable_padding(
            pad_id=padding.get("pad_id", 0),
            pad_token=padding.get("pad_token", "[PAD]"),
            length=spec.context_length if spec.lengths_input is None else None,
        )
        unknown = getattr(self._tokenizer.model, "unk_token", None)
        self._unknown_id = None if unknown is None else self._tokenizer.token_to_id(unknown)

    def encode(self, phrases: Sequence[str]) -> Tokens:
        """Tokenize, padded to the longest phrase (or to the context, where a graph fixes it)."""
        if not phrases:
            return Tokens(np.zeros((0, 1), np.int64), np.zeros(0, np.int64))
        encodings = self._tokenizer.encode_batch([_sound(phrase) for phrase in phrases])
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        return Tokens(ids, mask.sum(axis=1))

    def unknown_words(self, phrase: str) -> tuple[str, ...]:
        """Return the words that the vocabulary lacks, as typed, each once."""
        return self._split(phrase)[1]

    def knows_any(self, phrase: str) -> bool:
        """Tell whether at least one word of the phrase is in the vocabulary."""
        return self._split(phrase)[0]

    def correct(self, phrase: str) -> Corrected:
        """Put known words in place of unknown ones where it is plain what was meant.

        Known words stay as they are. So do parts of something with a digit in it, and what looks
        like a name may be in another number or spelling, but is never taken for mistyped.
        """
        phrase = _sound(phrase)
        done, parts, corrections = 0, list[str](), dict[Correction, None]()
        for start, end, known in self._words(phrase):
            meant = None if known else self._meant(phrase, start, end)
            if meant is not None:
                parts += [phrase[done:start], meant]
                done = end
                corrections[Correction(phrase[start:end], meant)] = None
        return Corrected("".join([*parts, phrase[done:]]), tuple(corrections))

    @cached_property
    def _spelling(self) -> Spelling | None:
        """None for a model that reads words in pieces and so has no unknown ones."""
        if not isinstance(self._tokenizer.model, WordLevel):
            return None
        ids = self._tokenizer.get_vocab(with_added_tokens=False)
        framing = set(self._tokenizer.encode("").ids)
        # Word-level vocabularies are made by counting: the most used words have the lowest ids.
        words = sorted(ids, key=ids.__getitem__)
        return Spelling([word for word in words if word.isalpha() and ids[word] not in framing])

    def _meant(self, phrase: str, start: int, end: int) -> str | None:
        typed = phrase[start:end]
        beside = phrase[:start][-1:] + phrase[end : end + 1]
        if self._spelling is None or re.search(r"\w", beside):
            return None
        normalizer = self._tokenizer.normalizer
        word = typed if normalizer is None else normalizer.normalize_str(typed)
        begins = typed.istitle() and not phrase[:start].strip()
        is_name = not (typed.islower() or begins)
        return self._spelling.form(word) or (None if is_name else self._spelling.slip(word))

    def words_before_cut(self, phrase: str) -> int:
        """Return how many words of a phrase are read if it is too long for the model, else 0."""
        phrase = _sound(phrase)
        encoding = self._tokenizer.encode(phrase)
        if not encoding.overflowing:
            return 0
        return len(phrase[: max(end for _, end in encoding.offsets)].split())

    def _split(self, phrase: str) -> tuple[bool, tuple[str, ...]]:
        phrase = _sound(phrase)
        words = list(self._words(phrase))
        unknown = {start: phrase[start:end] for start, end, known in words if not known}
        spans = [(start, end) for start, end, _ in words]
        # Numbers and signs that the tokenizer passes over are no less unknown than words.
        read = max((end for _, end in spans), default=0) if self._is_cut(phrase) else len(phrase)
        for found in _PASSED_OVER.finditer(phrase, 0, read):
            if not any(start < found.end() and found.start() < end for start, end in spans):
                unknown[found.start()] = found[0]
        told = dict.fromkeys(unknown[start] for start in sorted(unknown))
        return any(known for *_, known in words), tuple(told)

    def _is_cut(self, phrase: str) -> bool:
        return bool(self._tokenizer.encode(phrase, add_special_tokens=False).overflowing)

    def _words(self, phrase: str) -> Iterator[tuple[int, int, bool]]:
        """Give where each word starts and ends, and whether it is known."""
        encoding = self._tokenizer.encode(phrase, add_special_tokens=False)
        for token, (start, end), real in zip(
            encoding.ids, encoding.offsets, encoding.attention_mask, strict=True
        ):
            if real:
                yield start, end, token != self._unknown_id


_PASSED_OVER = re.compile(
    r"(?<!['’])(?<![^\W\d_])[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[\u2190-\u2bff\U0001f000-\U0001faff]+"
)
"""Words, numbers and pictures such as emoji; the 's of a word is not said to be unknown."""


def _sound(phrase: str) -> str:
    """Replace lone surrogates (a file name typed as a phrase), which UTF-8 cannot hold."""
    return phrase.encode("utf-8", "replace").decode()
