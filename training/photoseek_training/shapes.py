"""Draws a small captioned dataset of shapes, so that all of training runs without any download."""

import itertools
import random
from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 32
COLOURS = ("red", "green", "blue", "yellow", "white", "purple")
SHAPES = ("circle", "square", "triangle", "bar", "ring")
PLACES = {
    "top left": (0.3, 0.3),
    "top right": (0.7, 0.3),
    "bottom left": (0.3, 0.7),
    "bottom right": (0.7, 0.7),
}
SIZES = {"small": 0.15, "large": 0.28}
PHRASES = (
    "a {size} {colour} {shape} in the {place}",
    "the {colour} {shape} is {size} and {place}",
    "{size} {shape} , {colour} , at the {place} of the picture",
)


def draw_shapes(folder: Path, photos: int, seed: int) -> Path:
    """Write `photos` drawings in the layout of shared Flickr8k data; returns the folder.

    An eighth each is dev and test. A folder that is whole already is left as it is.
    """
    if (folder / "test.txt").exists():
        return folder
    (folder / "images").mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    kinds = list(itertools.product(SIZES, COLOURS, SHAPES, PLACES))
    chance.shuffle(kinds)
    names, lines = [], ["image,caption"]
    for number, kind in zip(range(photos), itertools.cycle(kinds), strict=False):
        size, colour, shape, place = kind
        name = f"{number:05}.png"
        _draw(size, colour, shape, place, chance).save(folder / "images" / name)
        names.append(name)
        lines += [
            f"{name}," + phrase.format(size=size, colour=colour, shape=shape, place=place)
            for phrase in chance.sample(PHRASES, 2)
        ]
    (folder / "captions.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    eighth = photos // 8
    for split, chosen in (
        ("train", names[2 * eighth :]),
        ("dev", names[:eighth]),
        ("test", names[eighth : 2 * eighth]),
    ):
        (folder / f"{split}.txt").write_text("\n".join(chosen) + "\n", encoding="utf-8")
    return folder


def _draw(size: str, colour: str, shape: str, place: str, chance: random.Random) -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), (chance.randrange(60),) * 3)
    x, y = (SIDE * (part + chance.uniform(-0.04, 0.04)) for part in PLACES[place])
    r = SIDE * SIZES[size] * chance.uniform(0.9, 1.1)
    draw = ImageDraw.Draw(image)
    if shape == "circle":
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    elif shape == "square":
        draw.rectangle((x - r, y - r, x + r, y + r), fill=colour)
    elif shape == "triangle":
        draw.polygon(((x, y - r), (x - r, y + r), (x + r, y + r)), fill=colour)
    elif shape == "bar":
        draw.rectangle((x - r, y - r / 3, x + r, y + r / 3), fill=colour)
    else:
        draw.ellipse((x - r, y - r, x + r, y + r), outline=colour, width=2)
    return image
