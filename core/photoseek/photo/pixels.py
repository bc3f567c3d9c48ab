"""Makes the encoder's pixels and the thumbnail of an upright picture."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from photoseek.manifest import ImageInput

__all__ = ["DECODE_SIDE", "least_side", "make_thumbnail", "to_pixels"]

DECODE_SIDE = 320
"""Least side in pixels of a photo decoded for indexing: the thumbnail's, above most encoders'."""

THUMBNAIL_SIDE = 320
THUMBNAIL_QUALITY = 80

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_WHITE = (255, 255, 255)


def to_pixels(image: Image.Image, spec: ImageInput) -> NDArray[np.uint8]:
    """Return the image encoder's input `(size, size, 3)` uint8 for an upright RGB image."""
    side, resampling = (spec.size, spec.size), _RESAMPLING[spec.interpolation]
    if spec.resize_mode == "squash":
        image = image.resize(side, resampling)
    elif spec.resize_mode == "crop":
        image = image.resize(side, resampling, box=_middle(image.size, spec.size))
    else:
        image = ImageOps.pad(image, side, resampling, color=_WHITE)
    return np.asarray(image, np.uint8)


def least_side(spec: ImageInput) -> int:
    """Return the side in pixels below which a photo for this encoder is not to be scaled."""
    return max(DECODE_SIDE, spec.size)


def _middle(size: tuple[int, int], side: int) -> tuple[float, float, float, float]:
    """Return the part of an image that stays when its short side is scaled to `side` and the long
    one cut to it, in whole pixels of the result, as torchvision and with it CLIP do it.

    Scaled from the part alone: a panorama would become as wide as it is long, to be thrown away.
    """
    box: list[float] = []
    for length in size:
        scaled = side * length // min(size)
        start = round((scaled - side) / 2)
        box += [start * length / scaled, (start + side) * length / scaled]
    return box[0], box[2], box[1], box[3]


def make_thumbnail(image: Image.Image) -> bytes:
    """Return a JPEG of an upright RGB image, its longest side at most 320 pixels."""
    thumbnail = image.copy()
    thumbnail.info.clear()  # a comment would be saved too, and may be too long to be
    # As sharp as the bicubic filter when it makes smaller, in half the time.
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.HAMMING)
    stream = io.BytesIO()
    thumbnail.save(stream, "JPEG", quality=THUMBNAIL_QUALITY)
    return stream.getvalue()
