"""The training loss: each phrase must find its photo in the batch, each photo its phrases."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

SOFT_TEMPERATURE = 0.1


@dataclass(frozen=True)
class Targets:
    """Which photos a phrase should find, `to_photo` (n, p), and the other way, `to_phrase` (p, n).

    `to_alike` (n, n) are the phrases that mean what a phrase means; all rows add up to one.
    `belongs` (n, p) has a one for each phrase's own photo.
    """

    to_photo: Tensor
    to_phrase: Tensor
    to_alike: Tensor
    belongs: Tensor

    def taught(self, logits: Tensor, share: float) -> "Targets":
        """A share of each target goes where a teacher's `logits` (n, p) put it."""
        return Targets(
            torch.lerp(self.to_photo, torch.softmax(logits, dim=-1), share),
            torch.lerp(self.to_phrase, torch.softmax(logits.T, dim=-1), share),
            self.to_alike,
            self.belongs,
        )


def build_targets(
    owner: Tensor, photos: int, meaning: Tensor | None = None, softness: float = 0.0
) -> Targets:
    """Phrase i belongs to photo `owner[i]`; a photo's target is spread evenly over its phrases.

    With `meaning` (n, m), unit sentence vectors, a share `softness` of each target goes where the
    meaning is alike.
    """
    belongs = functional.one_hot(owner, photos).float()
    to_phrase = (belongs / belongs.sum(0)).T
    itself = torch.eye(len(owner), device=owner.device)
    if meaning is None or not softness:
        return Targets(belongs, to_phrase, itself, belongs)
    alike = _alike(meaning)
    return Targets(
        torch.lerp(belongs, alike @ belongs, softness),
        torch.lerp(to_phrase, to_phrase @ alike, softness),
        torch.lerp(itself, alike, softness),
        belongs,
    )


def alike_targets(vectors: Tensor, softness: float) -> Tensor:
    """For each row of unit `vectors` (n, m) itself, and a share of those like it: (n, n)."""
    return torch.lerp(torch.eye(len(vectors), device=vectors.device), _alike(vectors), softness)


def _alike(vectors: Tensor) -> Tensor:
    return torch.softmax(vectors @ vectors.T / SOFT_TEMPERATURE, dim=-1)


def contrastive_loss(
    photos: Tensor, phrases: Tensor, scale: Tensor, to_photo: Tensor, to_phrase: Tensor
) -> Tensor:
    """Symmetric cross-entropy over the batch's dot products.

    `photos` (p, dim) and `phrases` (n, dim) are unit rows, the targets (n, p) and (p, n).
    """
    photo_loss, phrase_loss = _two_losses(scale * phrases @ photos.T, to_photo, to_phrase)
    return (photo_loss + phrase_loss) / 2


def matching_loss(
    photos: Tensor, phrases: Tensor, scale: Tensor, targets: Targets, any_phrase: float = 0.0
) -> Tensor:
    """The contrastive loss of unit rows `photos` (p, dim) and `phrases` (n, dim).

    Of what a photo must find, the share `any_phrase` is any of its phrases instead of each of them,
    of which some say little of the photo (MIL-NCE, Miech et al. 2020).
    """
    logits = scale * phrases @ photos.T
    photo_loss, phrase_loss = _two_losses(logits, targets.to_photo, targets.to_phrase)
    if any_phrase and len(phrases) > len(photos):  # with one phrase each, any of them is each
        found = (torch.softmax(logits.T, dim=-1) @ targets.belongs).clamp(min=1e-12).log()
        any_loss = -(found * (targets.to_phrase @ targets.belongs)).sum(-1).mean()
        phrase_loss = torch.lerp(phrase_loss, any_loss, any_phrase)
    return (photo_loss + phrase_loss) / 2


def _two_losses(logits: Tensor, to_photo: Tensor, to_phrase: Tensor) -> tuple[Tensor, Tensor]:
    return (
        functional.cross_entropy(logits, to_photo),
        functional.cross_entropy(logits.T, to_phrase),
    )
