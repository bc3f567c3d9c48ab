"""Real photos for the end-to-end tests: those that scikit-image and scikit-learn carry."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
import skimage
import sklearn
from PIL import Image, ImageFilter

SKIMAGE = Path(skimage.__file__).parent / "data"
SKLEARN = Path(sklearn.__file__).parent / "datasets" / "images"


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's folder: subfolders, several formats, a sideways photo, and three bad files."""
    folder = tmp_path_factory.mktemp("Pictures")
    (folder / "trips" / "Ünïcode & 100% [done]").mkdir(parents=True)
    pillow_heif.register_heif_opener()

    Image.open(SKIMAGE / "chelsea.png").save(folder / "IMG_0001.jpg", quality=90)
    Image.open(SKIMAGE / "coffee.png").save(folder / "IMG_0002.png")
    Image.open(SKIMAGE / "rocket.jpg").save(folder / "IMG_0003.webp", quality=90)
    Image.open(SKIMAGE / "astronaut.png").save(folder / "IMG_0004.heic", quality=90)
    Image.open(SKLEARN / "china.jpg").save(folder / "trips" / "IMG_0005.avif", quality=90)
    sideways = Image.open(SKLEARN / "flower.jpg").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(
        folder / "trips" / "Ünïcode & 100% [done]" / "IMG_0006.jpg", quality=90, exif=exif
    )
    Image.open(SKIMAGE / "hubble_deep_field.jpg").save(folder / "IMG_0007.tiff")
    Image.open(SKIMAGE / "coins.png").convert("RGB").save(folder / "IMG_0008.gif")

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
def photoseek(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the installed `photoseek` command on a library of its own."""
    program = Path(sys.executable).with_name("photoseek")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *map(str, arguments)],
            env={**os.environ, "PHOTOSEEK_LIBRARY": str(tmp_path / "library")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
