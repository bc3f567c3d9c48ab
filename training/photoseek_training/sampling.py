"""Which photos and captions make each batch of an epoch, decided by seed and epoch alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoseek_training.corpus import Corpus
from photoseek_training.errors import DatasetError
from photoseek_training.grouping import group_alike

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """A run of a corpus's photos, and how many of them a batch takes.

    The epoch goes over the captions of the first part once; the others lend to its batches.
    With `alike`, photos whose captions mean alike come in groups of about that many.
    """

    first: int
    count: int
    per_batch: int
    captions_per_photo: int
    alike: int = 0


@dataclass(frozen=True)
class BatchPlan:
    """Numbers of photos (p,) and captions (n,), and each caption's photo as a row of the batch."""

    photos: Numbers
    captions: Numbers
    owner: Numbers


def plan_epoch(
    corpus: Corpus, parts: tuple[Part, ...], random: np.random.Generator
) -> list[BatchPlan]:
    """All batches of one epoch; the same generator state gives the same plan.

    DatasetError where there are too few photos for one batch.
    """
    main, *others = parts
    draws = [_passes(corpus, main, random)]
    lenders = [_endless(corpus, part, random) for part in others if part.count and part.per_batch]
    main_pairs = [pair for one_pass in draws[0] for pair in one_pass]
    _check_enough(len(main_pairs), main.per_batch, main.count)
    plans = []
    for start in range(0, len(main_pairs) - main.per_batch + 1, main.per_batch):
        pairs = main_pairs[start : start + main.per_batch]
        for lender in lenders:
            pairs.extend(next(lender))
        plans.append(_plan(pairs))
    return plans


def plan_photos(count: int, per_batch: int, random: np.random.Generator) -> list[BatchPlan]:
    """All batches of an epoch of `count` photos without captions; those left over are left out.

    DatasetError where there are too few photos for one batch.
    """
    _check_enough(count, per_batch, count)
    order = random.permutation(count)[: count // per_batch * per_batch]
    none = np.zeros(0, np.int64)
    return [BatchPlan(photos, none, none) for photos in order.reshape(-1, per_batch)]


def _check_enough(drawn: int, per_batch: int, photos: int) -> None:
    """Photos may be drawn several times an epoch."""
    if drawn < per_batch:
        raise DatasetError(
            f"the {photos} photos to train on do not fill a batch of {per_batch}: "
            "add photos, or choose another --preset"
        )


_Pair = tuple[int, Numbers]
"""A photo number and the numbers of the captions taken with it."""


def _passes(corpus: Corpus, part: Part, random: np.random.Generator) -> list[list[_Pair]]:
    """The part's photos, shuffled, as often as it takes to use all captions of most."""
    most = int(np.diff(corpus.starts[part.first : part.first + part.count + 1]).max())
    shift = random.integers(most, size=part.count)
    passes = []
    for number in range(-(-most // part.captions_per_photo)):
        order = _order(corpus, part, random)
        offsets = shift[order] + number * part.captions_per_photo
        passes.append(
            [
                _pair(corpus, part, int(photo), int(offset))
                for photo, offset in zip(order, offsets, strict=True)
            ]
        )
    return passes


def _order(corpus: Corpus, part: Part, random: np.random.Generator) -> Numbers:
    if not part.alike:
        return random.permutation(part.count)
    assert corpus.meaning is not None
    starts = corpus.starts[part.first : part.first + part.count + 1]
    captions = corpus.meaning[starts[0] : starts[-1]]
    sums = np.add.reduceat(captions, starts[:-1] - starts[0])
    means = np.divide(sums, np.diff(starts)[:, None], dtype=np.float32)
    return np.concatenate(group_alike(means, part.alike, random))


def _endless(corpus: Corpus, part: Part, random: np.random.Generator) -> Iterator[list[_Pair]]:
    pending: list[_Pair] = []
    while True:
        while len(pending) < part.per_batch:
            pending.extend(pair for one_pass in _passes(corpus, part, random) for pair in one_pass)
        yield pending[: part.per_batch]
        pending = pending[part.per_batch :]


def _pair(corpus: Corpus, part: Part, photo: int, offset: int) -> _Pair:
    start, end = corpus.starts[part.first + photo : part.first + photo + 2]
    taken = min(part.captions_per_photo, int(end - start))
    return part.first + photo, start + (offset + np.arange(taken)) % (end - start)


def _plan(pairs: list[_Pair]) -> BatchPlan:
    owner = np.repeat(np.arange(len(pairs)), [len(captions) for _, captions in pairs])
    return BatchPlan(
        np.array([photo for photo, _ in pairs], np.int64),
        np.concatenate([captions for _, captions in pairs]),
        owner,
    )
