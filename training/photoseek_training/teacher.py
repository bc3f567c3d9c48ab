"""What an ensemble makes of the train photos and captions, for its members to learn from."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photoseek_training.corpus import Corpus
from photoseek_training.embedding import embed_corpus, mixed_precision
from photoseek_training.model import DualEncoder
from photoseek_training.pixels import Pixels
from photoseek_training.sampling import BatchPlan


@dataclass(frozen=True)
class Teacher:
    """Unit rows of all photos (p, dim) and captions (n, dim), and the scale of their products.

    An ensemble ranks better than each of its members, who learn from its view of all pairs of a
    batch what the captions alone do not tell (Hinton et al. 2015).
    """

    photos: NDArray[np.float32]
    captions: NDArray[np.float32]
    scale: float

    def logits(self, plan: BatchPlan) -> Tensor:
        """Scaled dot products (n, p) of the batch's captions and photos."""
        captions, photos = self.captions[plan.captions], self.photos[plan.photos]
        return torch.from_numpy(self.scale * captions @ photos.T)


def teach(model: DualEncoder, corpus: Corpus, pixels: Pixels, device: torch.device) -> Teacher:
    """A teacher of the model as it is now."""
    with mixed_precision(device):
        photos, captions = embed_corpus(model, corpus, pixels, None, device)
    return Teacher(photos, captions, model.logit_scale().mean().item())
