"""Draws small photos of known colours, the ones that the colour model of `bundles` knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from bundles import COLOURS

__all__ = ["draw", "draw_photo"]


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
