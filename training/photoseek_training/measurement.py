"""Measures a bundle through core, as people will use it: files in, ranks out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from photoseek.embedding_index import Snapshot
from photoseek.encoder import Encoder
from photoseek.expansion import expand
from photoseek.manifest import RecallReport
from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.recall import photo_to_phrase, phrase_to_photo

_BATCH = 32


@dataclass(frozen=True)
class Embedded:
    """Unit rows of photos (p, dim) and of their captions (n, dim); `owner` (n,) as in a Corpus."""

    photos: NDArray[np.float32]
    phrases: NDArray[np.float32]
    owner: NDArray[np.int64]


def embed(encoder: Encoder, photos: Sequence[CaptionedPhoto], what: str) -> Embedded:
    """Open, prepare and encode all photos and captions through core."""
    batches = range(0, len(photos), _BATCH)
    rows = [
        encoder.encode_images([photo.path for photo in photos[start : start + _BATCH]])
        for start in tqdm(batches, f"measuring {what}", unit="batch", disable=None)
    ]
    phrases = [caption for photo in photos for caption in photo.captions]
    owner = np.repeat(np.arange(len(photos)), [len(photo.captions) for photo in photos])
    return Embedded(np.concatenate(rows), encoder.encode_text(phrases), owner)


def expand_all(photos: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a search by each of the photos (n, dim) asks for in a library of all of them."""
    library = Snapshot(np.arange(1, len(photos) + 1), (photos,))
    return np.stack([expand(library, photo) for photo in photos])


def as_searched(encoder: Encoder, photos: Sequence[CaptionedPhoto]) -> list[CaptionedPhoto]:
    """The photos with their captions as a search would read them: misspelt words put right."""
    correct = encoder.tokenizer.correct
    return [
        CaptionedPhoto(photo.path, tuple(correct(caption).phrase for caption in photo.captions))
        for photo in photos
    ]


def measure(embedded: Embedded, name: str) -> RecallReport:
    """Recall at 1, 5, 10 and median rank, both ways."""
    photos, phrases, owner = embedded.photos, embedded.phrases, embedded.owner
    return RecallReport(
        name,
        len(photos),
        len(phrases),
        phrase_to_photo(photos, phrases, owner),
        photo_to_phrase(photos, phrases, owner),
    )


def lost_at_10(before: RecallReport, after: RecallReport) -> float:
    """By how many points recall@10 fell, the way that it fell more; less than 0 where both rose."""
    return max(
        before.phrase_to_photo.r10 - after.phrase_to_photo.r10,
        before.photo_to_caption.r10 - after.photo_to_caption.r10,
    )


def describe(report: RecallReport) -> str:
    """The report in three lines."""
    lines = [f"{report.dataset}: {report.photos} photos, {report.captions} captions"]
    for way, recall in (
        ("phrase to photo ", report.phrase_to_photo),
        ("photo to caption", report.photo_to_caption),
    ):
        lines.append(
            f"  {way}  R@1 {recall.r1:5.1f}  R@5 {recall.r5:5.1f}  R@10 {recall.r10:5.1f}"
            f"  median rank {recall.median_rank:g}"
        )
    return "\n".join(lines)
