"""What a step of training makes smaller."""

from dataclasses import dataclass

import torch
from torch import Tensor

from photoseek_training.ensemble import members_apart
from photoseek_training.loss import (
    alike_targets,
    build_targets,
    contrastive_loss,
    matching_loss,
)
from photoseek_training.model import CaptionBatch, DualEncoder, PretrainedView


@dataclass(frozen=True)
class Objective:
    """How a recipe weighs the parts of the loss (see `Recipe`)."""

    softness: float = 0.0
    sentence_view: float = 0.0
    clip_view: float = 0.0
    any_phrase: float = 0.0

    def losses(
        self,
        model: DualEncoder,
        captions: CaptionBatch,
        photos: Tensor,
        phrases: Tensor,
        seen: Tensor | None = None,
        taught: Tensor | None = None,
        distillation: float = 0.0,
    ) -> list[Tensor]:
        """Each member's loss on a batch's unit rows `photos` (p, dim) and `phrases` (n, dim).

        `seen` (p, m) are CLIP's unit vectors of the photos, where the model has a view of them.
        The share `distillation` is learned from a teacher (Hinton et al. 2015), whose logits are
        `taught` (n, p), or else from what the CLIP view, all members together, makes of the batch.
        """
        members = len(model.image.members)
        targets = build_targets(captions.owner, len(photos), captions.meaning, self.softness)
        softer = targets
        if distillation:
            if taught is None:
                taught = _clip_logits(model, seen, phrases)
            softer = targets.taught(taught, distillation)
        own = list(
            zip(members_apart(photos, members), members_apart(phrases, members), strict=True)
        )
        losses = [
            matching_loss(*pair, scale, softer, self.any_phrase)
            for pair, scale in zip(own, model.logit_scale(), strict=True)
        ]
        if model.sentence is not None:
            assert captions.meaning is not None
            for number, (view, scale) in enumerate(_by_member(model.sentence, captions.meaning)):
                own_photos, own_phrases = own[number]
                losses[number] = losses[number] + self.sentence_view * (
                    matching_loss(own_photos, view, scale, softer, self.any_phrase)
                    + contrastive_loss(view, own_phrases, scale, targets.to_alike, targets.to_alike)
                )
        if model.clip is not None:
            assert seen is not None
            alike = alike_targets(seen, self.softness)
            for number, (view, scale) in enumerate(_by_member(model.clip, seen)):
                own_photos, own_phrases = own[number]
                losses[number] = losses[number] + self.clip_view * (
                    matching_loss(view, own_phrases, scale, targets, self.any_phrase)
                    + contrastive_loss(own_photos, view, scale, alike, alike)
                )
        return losses


def photo_losses(model: DualEncoder, photos: Tensor, seen: Tensor) -> list[Tensor]:
    """Each member's loss on unit rows `photos` (p, dim) that should lie where the CLIP view does.

    `seen` (p, m) are CLIP's unit vectors of the same pixels. The view, which phrases have learned
    to meet, stays as it is; a photo should also be as near to other photos' views as its own view.
    """
    assert model.clip is not None
    with torch.no_grad():
        views = _by_member(model.clip, seen)
    losses = []
    for own, (view, scale) in zip(members_apart(photos, len(views)), views, strict=True):
        alike = torch.softmax(scale * view @ view.T, dim=-1)
        distance = 1 - (own * view).sum(-1).mean()
        losses.append(contrastive_loss(own, view, scale, alike, alike) + distance)
    return losses


@torch.no_grad()
def _clip_logits(model: DualEncoder, seen: Tensor | None, phrases: Tensor) -> Tensor:
    """Scaled dot products (n, p) of the batch's phrases and the CLIP view of its photos."""
    assert model.clip is not None
    assert seen is not None
    logits: Tensor = model.clip.logit_scale().mean() * phrases @ model.clip(seen).T
    return logits


def _by_member(view: PretrainedView, vectors: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Each member's unit rows of the view, and the scale of its dot products with them."""
    rows = members_apart(view(vectors), len(view.maps))
    return list(zip(rows, view.logit_scale(), strict=True))


def class_losses(model: DualEncoder, photos: Tensor, names: Tensor, shares: Tensor) -> list[Tensor]:
    """Each member's loss on unit rows `photos` (p, dim) and `names` (k, dim) of classes.

    A photo should find the names in these `shares` (p, k), and a name photos in proportion.
    """
    members = len(model.image.members)
    to_photo = (shares / shares.sum(0).clamp(min=1e-12)).T
    return [
        contrastive_loss(*pair, scale, to_photo, shares)
        for pair, scale in zip(
            zip(members_apart(photos, members), members_apart(names, members), strict=True),
            model.logit_scale(),
            strict=True,
        )
    ]
