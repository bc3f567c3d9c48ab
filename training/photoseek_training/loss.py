"""The training loss: each phrase must find its photo in the batch, each photo its phrases."""

import torch
from torch import Tensor
from torch.nn import functional

SOFT_TEMPERATURE = 0.1


def contrastive_loss(
    photos: Tensor,
    phrases: Tensor,
    scale: Tensor,
    owner: Tensor,
    meaning: Tensor | None = None,
    softness: float = 0.0,
) -> Tensor:
    """Symmetric cross-entropy over the batch's dot products.

    `photos` (p, dim) and `phrases` (n, dim) are unit rows, and phrase i belongs to photo
    `owner[i]`; a photo's target is spread evenly over its phrases. With `meaning` (n, m), unit
    sentence vectors, a share `softness` of each target goes where the meaning is alike.
    """
    logits = scale * phrases @ photos.T
    belongs = functional.one_hot(owner, len(photos)).to(logits.dtype)
    to_photo = belongs
    to_phrase = (belongs / belongs.sum(0)).T
    if meaning is not None and softness:
        alike = torch.softmax(meaning @ meaning.T / SOFT_TEMPERATURE, dim=-1)
        to_photo = torch.lerp(to_photo, alike @ belongs, softness)
        to_phrase = torch.lerp(to_phrase, to_phrase @ alike, softness)
    photo_loss = functional.cross_entropy(logits, to_photo)
    phrase_loss = functional.cross_entropy(logits.T, to_phrase)
    return (photo_loss + phrase_loss) / 2
