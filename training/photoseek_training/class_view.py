"""What the image network's own classifier sees in the train photos, for names to learn.

The network came with a classifier that over a million photos of ImageNet's classes had taught. What
it makes of any photo, the less likely classes too, tells the names of those classes what they look
like (Hinton et al. 2015), and keeps in the network what captions never ask for (Li & Hoiem 2016).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photoseek_training.corpus import Corpus
from photoseek_training.sampling import Numbers

NAMES_PER_BATCH = 256
"""Enough to tell a photo's classes from others, for a quarter of the time that all would take."""

CHANCE = 0.02
"""How likely a class comes into a batch that shows nothing of it, against one photo that shows it
for certain."""


@dataclass(frozen=True)
class NamesBatch:
    """Token ids (k, t), lengths (k,), and of each photo the shares (p, k) that the names have."""

    ids: Tensor
    lengths: Tensor
    shares: Tensor


@dataclass(frozen=True)
class ClassView:
    """Phrases that name classes, one "photo" of `names` a class, and `logits` (photos, classes)."""

    names: Corpus
    logits: NDArray[np.float32]

    def draw(self, photos: Numbers, random: np.random.Generator) -> NamesBatch:
        """Names for a batch of train photos: of the classes that it shows first of all."""
        logits = torch.from_numpy(self.logits[photos])
        wanted = torch.softmax(logits, dim=-1).sum(dim=0).double().numpy() + CHANCE
        count = min(NAMES_PER_BATCH, len(wanted))
        chosen = random.choice(len(wanted), count, replace=False, p=wanted / wanted.sum())
        starts, ends = self.names.starts[chosen], self.names.starts[chosen + 1]
        captions = self.names.batch(random.integers(starts, ends), np.arange(count))
        shares = torch.softmax(logits[:, torch.from_numpy(chosen)], dim=-1)
        return NamesBatch(captions.ids, captions.lengths, shares)
