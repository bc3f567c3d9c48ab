"""Captions as token ids beside the photos they belong to: what batches are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.model import CaptionBatch


@dataclass(frozen=True)
class Corpus:
    """Photos, and all their captions in the order of the photos.

    `ids` (n, t) and `lengths` (n,) int64; `owner` (n,) is each caption's photo; photo p has the
    captions `starts[p]` to `starts[p + 1]`; `meaning` (n, m) are unit sentence vectors.
    """

    photos: tuple[CaptionedPhoto, ...]
    ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    owner: NDArray[np.int64]
    starts: NDArray[np.int64]
    meaning: NDArray[np.float32] | None = None

    def batch(self, captions: NDArray[np.int64], owner: NDArray[np.int64]) -> CaptionBatch:
        """The captions of these numbers; `owner` are the rows of their photos in the batch."""
        longest = int(self.lengths[captions].max())
        meaning = None if self.meaning is None else torch.from_numpy(self.meaning[captions])
        return CaptionBatch(
            torch.from_numpy(self.ids[captions, :longest]),
            torch.from_numpy(self.lengths[captions]),
            torch.from_numpy(owner),
            meaning,
        )

    def texts(self) -> list[str]:
        """All captions as written."""
        return [caption for photo in self.photos for caption in photo.captions]


def build_corpus(photos: Sequence[CaptionedPhoto], tokenizer: Tokenizer) -> Corpus:
    """Tokenize the captions of the photos."""
    counts = np.array([len(photo.captions) for photo in photos], np.int64)
    encodings = tokenizer.encode_batch([text for photo in photos for text in photo.captions])
    ids = np.array([encoding.ids for encoding in encodings], np.int64)
    masks = np.array([encoding.attention_mask for encoding in encodings], np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    owner = np.repeat(np.arange(len(photos), dtype=np.int64), counts)
    return Corpus(tuple(photos), ids, masks.sum(axis=1), owner, starts)
