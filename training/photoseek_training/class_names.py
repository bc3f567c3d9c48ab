"""Ranks ImageNet's photos by their class names, for bundles that were not shown all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from photoseek.encoder import Encoder
from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.extra_pairs import is_shown
from photoseek_training.measurement import as_searched, embed
from photoseek_training.recall import phrase_ranks


@dataclass(frozen=True)
class ClassRank:
    """The rank of a class's one photo among those of all classes, for the class's name.

    `shown` tells whether the bundle was trained on that photo.
    """

    name: str
    rank: int
    shown: bool


def rank_class_names(
    encoder: Encoder, photos: Sequence[CaptionedPhoto]
) -> tuple[ClassRank, ...] | None:
    """Rank one photo a class, in the order of all classes, whose first caption is the class's name.

    None without photos, and where the bundle's manifest does not say that classes were held out.
    """
    classes = encoder.bundle.manifest.training.get("imagenet_classes")
    if not photos or classes not in ("none", "every second"):
        return None
    names = [CaptionedPhoto(photo.path, photo.captions[:1]) for photo in photos]
    embedded = embed(encoder, as_searched(encoder, names), "class photos")
    ranks = phrase_ranks(embedded.photos, embedded.phrases, embedded.owner)
    return tuple(
        ClassRank(photo.captions[0], int(ranks[n]), classes == "every second" and is_shown(n))
        for n, photo in enumerate(names)
    )
