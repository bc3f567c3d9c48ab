"""Real photos for the end-to-end tests: those that scikit-image and scikit-learn carry."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageFilter
from skimage import data
from sklearn.datasets import load_sample_image

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's folder: subfolders, several formats, a sideways photo, and three bad files."""
    folder = tmp_path_factory.mktemp("Pictures")
    (folder / "trips" / "Ünïcode & 100% [done]").mkdir(parents=True)
    pillow_heif.register_heif_opener()

    _photo(data.chelsea()).save(folder / "IMG_0001.jpg", quality=90)
    _photo(data.coffee()).save(folder / "IMG_0002.png")
    _photo(data.rocket()).save(folder / "IMG_0003.webp", quality=90)
    _photo(data.astronaut()).save(folder / "IMG_0004.heic", quality=90)
    _photo(load_sample_image("china.jpg")).save(folder / "trips" / "IMG_0005.avif", quality=90)
    sideways = _photo(load_sample_image("flower.jpg")).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(
        folder / "trips" / "Ünïcode & 100% [done]" / "IMG_0006.jpg", quality=90, exif=exif
    )
    _photo(data.hubble_deep_field()).save(folder / "IMG_0007.tiff")
    _photo(data.coins()).convert("RGB").save(folder / "IMG_0008.gif")

    (folder / "empty.jpg").touch()
    (folder / "cut short.jpg").write_bytes((folder / "IMG_0001.jpg").read_bytes()[:9000])
    (folder / "letter.png").write_text("This is no photo.")
    (folder / "notes.txt").write_text("not looked at")
    return folder


@pytest.fixture(scope="session")
def cat_from_outside(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cat once more as somebody else sent it: cropped, smaller, softer, another format."""
    cat = Image.open(photos / "IMG_0001.jpg").crop((40, 20, 420, 290)).resize((240, 170))
    path = tmp_path_factory.mktemp("Downloads") / "from a friend.png"
    cat.filter(ImageFilter.GaussianBlur(0.7)).save(path)
    return path


@pytest.fixture
def photoseek(tmp_path: Path) -> Command:
    """Run the installed `photoseek` command on a library of its own."""
    program = Path(sys.executable).with_name("photoseek")

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *map(str, arguments)],
            env={**os.environ, "PHOTOSEEK_LIBRARY": str(tmp_path / "library")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,  # type: ignore[call-overload]
        )

    return run


def _photo(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.asarray(pixels))
