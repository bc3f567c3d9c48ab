"""Draws small photos of known colours, the ones that the colour model of `bundles` knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bundles import COLOURS

__all__ = ["difference", "draw", "draw_photo", "picture"]


def draw(*colours: str, size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Return an RGB image of upright stripes, one for each colour word, left to right."""
    image = Image.new("RGB", size)
    width = size[0] // len(colours)
    for place, colour in enumerate(colours):
        image.paste(COLOURS[colour], (place * width, 0, size[0], size[1]))
    return image


def draw_photo(path: Path, *colours: str, size: tuple[int, int] = (96, 64), **save: Any) -> Path:
    """Save a striped photo in the format that the path's ending names, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in (".jpg", ".jpeg"):
        save = {"quality": 95, **save}
    draw(*colours, size=size).save(path, **save)
    return path


def picture(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Return an image that differs from all of its turned and mirrored selves."""
    image = draw("white", size=size)
    image.paste(COLOURS["red"], (0, 0, size[0] // 2, size[1] // 2))
    image.paste(COLOURS["blue"], (size[0] // 2, size[1] // 2, size[0], size[1]))
    image.paste(COLOURS["black"], (size[0] // 2, 0, size[0], size[1] // 4))
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two images, 0 to 255, after making them alike in size."""
    small = [
        np.asarray(image.convert("RGB").resize((24, 24)), np.float32) for image in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean())
