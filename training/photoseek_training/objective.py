"""What a step of training makes smaller."""

from dataclasses import dataclass

from torch import Tensor

from photoseek_training.ensemble import members_apart
from photoseek_training.loss import build_targets, contrastive_loss, matching_loss
from photoseek_training.model import CaptionBatch, DualEncoder


@dataclass(frozen=True)
class Objective:
    """How a recipe weighs the parts of the loss (see `Recipe`)."""

    softness: float = 0.0
    sentence_view: float = 0.0
    any_phrase: float = 0.0

    def losses(
        self,
        model: DualEncoder,
        captions: CaptionBatch,
        photos: Tensor,
        phrases: Tensor,
        taught: Tensor | None = None,
        distillation: float = 0.0,
    ) -> list[Tensor]:
        """Each member's loss on a batch's unit rows `photos` (p, dim) and `phrases` (n, dim).

        `taught` (n, p) are the logits of a teacher that the share `distillation` is learned from.
        """
        targets = build_targets(captions.owner, len(photos), captions.meaning, self.softness)
        if taught is not None:
            targets = targets.taught(taught, distillation)
        members = len(model.image.members)
        rows = list(
            zip(members_apart(photos, members), members_apart(phrases, members), strict=True)
        )
        losses = [
            matching_loss(*pair, scale, targets, self.any_phrase)
            for pair, scale in zip(rows, model.logit_scale(), strict=True)
        ]
        if model.sentence is None:
            return losses
        assert captions.meaning is not None
        views = members_apart(model.sentence(captions.meaning), members)
        for number, (view, scale) in enumerate(zip(views, model.sentence_scale(), strict=True)):
            own_photos, own_phrases = rows[number]
            losses[number] = losses[number] + self.sentence_view * (
                matching_loss(own_photos, view, scale, targets, self.any_phrase)
                + contrastive_loss(view, own_phrases, scale, targets.to_alike, targets.to_alike)
            )
        return losses


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
