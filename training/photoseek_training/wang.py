"""Measures a bundle on the Wang set (Corel-1K): what comes first should be of the query's class.

Evaluation only: nothing is ever trained, tuned or chosen on these photos and captions.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoseek.encoder import Encoder
from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.errors import DatasetError
from photoseek_training.measurement import embed, expand_all

CLASSES = (
    "africa",
    "beach",
    "building",
    "bus",
    "dinosaur",
    "elephant",
    "flower",
    "horse",
    "mountain",
    "food",
)
PHOTOS_PER_CLASS = 100
TOP = 10
CURVE_POINTS = 50

Labels = NDArray[np.int64]
Scores = NDArray[np.float32]


@dataclass(frozen=True)
class WangSet:
    """Photos and captions, each with the number of its class in `CLASSES`."""

    photos: tuple[Path, ...]
    captions: tuple[str, ...]
    photo_classes: Labels
    caption_classes: Labels


@dataclass(frozen=True)
class ClassRetrieval:
    """One way of searching: figures in percent, each the mean over its queries.

    `precision` and `recall` are at 10, by class; the curves go through `ranks`, from 1 to the last.
    """

    precision: dict[str, float]
    recall: dict[str, float]
    ranks: list[int]
    precision_curve: list[float]
    recall_curve: list[float]

    @property
    def mean_precision(self) -> float:
        """Precision at 10 over all classes, which have equally many queries."""
        return float(np.mean(list(self.precision.values())))

    @property
    def mean_recall(self) -> float:
        """Recall at 10 over all classes."""
        return float(np.mean(list(self.recall.values())))


@dataclass(frozen=True)
class WangMeasures:
    """All ways of searching the Wang set; the last one is how a library searches by a photo.

    Reports made before libraries searched so do not have it.
    """

    phrase_to_photo: ClassRetrieval
    photo_to_text: ClassRetrieval
    photo_to_photo: ClassRetrieval
    expanded_photo_to_photo: ClassRetrieval | None = None


def read_wang(data: Path) -> WangSet | None:
    """The set in `data/wang`, or None where there is none."""
    root = data / "wang"
    if not root.is_dir():
        return None
    photos = tuple(root / "images" / f"{n}.jpg" for n in range(len(CLASSES) * PHOTOS_PER_CLASS))
    try:
        with (root / "captions.tsv").open(encoding="utf-8", newline="") as file:
            rows = [(row["class"], row["caption"]) for row in csv.DictReader(file, delimiter="\t")]
        classes = np.array([CLASSES.index(name) for name, _ in rows])
    except (OSError, KeyError, ValueError) as error:
        raise DatasetError(f"{root / 'captions.tsv'} cannot be read: {error}") from error
    photo_classes = np.arange(len(photos)) // PHOTOS_PER_CLASS
    return WangSet(photos, tuple(caption for _, caption in rows), photo_classes, classes)


def measure_wang(encoder: Encoder, wang: WangSet) -> WangMeasures:
    """Embed the set through core and search it phrase by photo, photo by text, photo by photo."""
    embedded = embed(encoder, [CaptionedPhoto(path, ()) for path in wang.photos], "Wang")
    photos, phrases = embedded.photos, encoder.encode_text(wang.captions)

    def among_themselves(queries: NDArray[np.float32]) -> ClassRetrieval:
        scores = queries @ photos.T
        np.fill_diagonal(scores, -np.inf)
        return measure_classes(scores, wang.photo_classes, wang.photo_classes)

    return WangMeasures(
        measure_classes(phrases @ photos.T, wang.caption_classes, wang.photo_classes),
        measure_classes(photos @ phrases.T, wang.photo_classes, wang.caption_classes),
        among_themselves(photos),
        among_themselves(expand_all(photos)),
    )


def measure_classes(scores: Scores, queries: Labels, found: Labels) -> ClassRetrieval:
    """Precision and recall of `scores` (queries, found), given both sides' classes.

    A score of minus infinity is the query itself, which is not there to be found.
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    there = np.isfinite(scores)
    order = order[:, : int(there.sum(axis=1).min())]
    right = found[order] == queries[:, None]
    hits = right.cumsum(axis=1)
    precision = 100 * hits / np.arange(1, order.shape[1] + 1)
    all_right = ((found == queries[:, None]) & there).sum(axis=1, keepdims=True)
    recall = 100 * hits / all_right
    ranks = np.unique(np.geomspace(1, order.shape[1], CURVE_POINTS).round().astype(int))
    return ClassRetrieval(
        _by_class(precision[:, TOP - 1], queries),
        _by_class(recall[:, TOP - 1], queries),
        ranks.tolist(),
        precision.mean(axis=0)[ranks - 1].round(2).tolist(),
        recall.mean(axis=0)[ranks - 1].round(2).tolist(),
    )


def _by_class(values: NDArray[np.float64], queries: Labels) -> dict[str, float]:
    return {
        name: round(float(values[queries == number].mean()), 2)
        for number, name in enumerate(CLASSES)
    }
