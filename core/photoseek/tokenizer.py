"""Turns phrases into token ids with the tokenizer that the model bundle carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from photoseek.errors import BundleError
from photoseek.manifest import TextInput

__all__ = ["TextTokenizer", "Tokens"]


@dataclass(frozen=True)
class Tokens:
    """Token ids `(n, length)` int64, padded on the right, and lengths `(n,)` int64."""

    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]


class TextTokenizer:
    """A `tokenizer.json`: cleaning, splitting, special tokens and truncation are its own.

    A word-level vocabulary and a byte-pair one are the same code here; only the first has
    unknown words.
    """

    def __init__(self, path: Path, spec: TextInput) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
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

    def _split(self, phrase: str) -> tuple[bool, tuple[str, ...]]:
        phrase = _sound(phrase)
        encoding = self._tokenizer.encode(phrase, add_special_tokens=False)
        knows, unknown = False, dict[str, None]()
        for token, (start, end), real in zip(
            encoding.ids, encoding.offsets, encoding.attention_mask, strict=True
        ):
            if real and token == self._unknown_id:
                unknown[phrase[start:end]] = None
            elif real:
                knows = True
        return knows, tuple(unknown)


def _sound(phrase: str) -> str:
    """Replace lone surrogates (a file name typed as a phrase), which UTF-8 cannot hold."""
    return phrase.encode("utf-8", "replace").decode()
