"""Makes a loaded picture flat and small, a strip at a time: a copy of the whole would not fit."""

from __future__ import annotations

from PIL import Image

from photoseek.colours import flatten, lightest

__all__ = ["flat_and_small"]

_STRIP_PIXELS = 1 << 20
_WHOLE_PIXELS = 1 << 23
"""A picture up to this size is flattened whole, which is faster."""


def flat_and_small(image: Image.Image, at_least: int | None) -> Image.Image:
    """Return a picture in 8 bits without transparency, each side at least `at_least` pixels.

    It is scaled down by a whole number where that leaves enough; `None` keeps the full size.
    """
    factor = min(image.size) // at_least if at_least is not None else 1
    if factor <= 1 or image.width * image.height <= _WHOLE_PIXELS:
        flat = flatten(image)
        return flat.reduce(factor) if factor > 1 else flat
    most = lightest(image)
    rows = factor * max(1, _STRIP_PIXELS // (image.width * factor))
    small: Image.Image | None = None
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        strip = flatten(image.crop((0, top, image.width, bottom)), most).reduce(factor)
        if small is None:
            small = Image.new(strip.mode, (strip.width, -(-image.height // factor)))
        small.paste(strip, (0, top // factor))
    assert small is not None  # a picture has rows
    return small
