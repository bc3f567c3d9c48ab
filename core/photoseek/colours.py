"""Brings an opened photo's colours to 8-bit sRGB: depth, transparency and colour profile."""

from __future__ import annotations

import functools
import io

import numpy as np
from PIL import Image, ImageCms

__all__ = ["flatten", "lightest", "to_srgb"]

_WHITE = (255, 255, 255)
_PROFILED = {"RGB": "RGB", "CMYK": "CMYK", "L": "GRAY"}
"""Modes that a colour profile may describe, by the profile's own word for them."""


def flatten(image: Image.Image, most: float | None = None) -> Image.Image:
    """Return the image in 8 bits a channel, on white where it is transparent.

    Its mode is then RGB, CMYK, LAB or L, with the colours still those of its profile. `most` is
    `lightest` of the whole image where this one is a part of it.
    """
    if _is_deep(image):
        return _from_deep(image, most if most is not None else lightest(image))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layered = image.convert("RGBA")
        rgb = Image.new("RGB", layered.size, _WHITE)
        rgb.paste(layered, mask=layered.getchannel("A"))
        return rgb
    return image if image.mode in (*_PROFILED, "LAB") else image.convert("RGB")


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Return a flattened image in sRGB; `profile` are the bytes of its ICC profile, or None.

    A profile that is damaged, or made for other kinds of pixels, counts as none.
    """
    if image.mode == "LAB":
        transform: ImageCms.ImageCmsTransform | None = _from_lab()
    else:
        transform = _from_profile(profile, image.mode) if isinstance(profile, bytes) else None
    if transform is None:
        return image.convert("RGB")
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None  # it is only where the image is changed in place
    return converted


def lightest(image: Image.Image) -> float:
    """Return the value that counts as white in an image of deep integers or floats."""
    if not _is_deep(image):
        return 255.0
    if image.mode.startswith("I;16"):
        return 65535.0
    values = np.asarray(image)
    if image.mode == "F":
        return float(np.max(values, where=np.isfinite(values), initial=1.0))
    # Many programs keep 16 bits in 32; what is beyond a signed number is kept as below zero.
    return 65535.0 if values.min() >= 0 and values.max() <= 65535 else 4294967295.0


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I") or image.mode == "F"


def _from_deep(image: Image.Image, most: float) -> Image.Image:
    """Scale deep integers or floats to 8 bits, where Pillow would clip them at 255."""
    values = np.asarray(image)
    if image.mode == "I" and most > 65535:
        values = values.view(np.uint32)
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    scaled = (values / np.float32(most)).clip(0, 1) * 255
    return Image.fromarray(scaled.astype(np.uint8))


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@functools.cache
def _from_lab() -> ImageCms.ImageCmsTransform:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.buildTransform(lab, _srgb(), "LAB", "RGB")


# A folder's photos come from few cameras; a press profile takes half a megabyte.
@functools.lru_cache(maxsize=8)
def _from_profile(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what turns pixels of a mode into sRGB; None where nothing is to be done."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        fits = source.profile.xcolor_space.strip() == _PROFILED[mode]
        # Most photos name sRGB itself, and need no work.
        if not fits or "sRGB" in (source.profile.profile_description or ""):
            return None
        return ImageCms.buildTransform(source, _srgb(), mode, "RGB")
    except Exception:  # noqa: BLE001 -- a profile may hold anything, and none may stop a photo
        return None
