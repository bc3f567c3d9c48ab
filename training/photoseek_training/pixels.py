"""Decoded photos kept on disk, so that each is opened once however many epochs there are."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from photoseek.errors import PhotoError
from photoseek.images import open_photo, to_pixels
from photoseek.manifest import ImageInput
from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.errors import DatasetError

Pixels = NDArray[np.uint8]


def decode_photos(
    photos: Sequence[CaptionedPhoto], spec: ImageInput, cache: Path, what: str
) -> Pixels:
    """Pixels (n, size, size, 3) of the photos, opened as core opens them, mapped from `cache`.

    The file's name tells which photos, by all their bytes, and which preparation it holds.
    """
    digest = hashlib.sha256(repr(spec).encode())
    for photo in photos:
        digest.update(hashlib.sha256(photo.path.read_bytes()).digest())
    file = cache / f"pixels-{digest.hexdigest()[:16]}.npy"
    if not file.exists():
        _decode_into(file, photos, spec, what)
    mapped: Pixels = np.load(file, mmap_mode="r")
    return mapped


def pixels_digest(pixels: Pixels) -> "hashlib._Hash":
    """A digest to go on with, for the name of a file of what is made of the pixels."""
    source = getattr(pixels, "filename", None)  # a mapped file, whose name tells what it holds
    return hashlib.sha256(Path(source).name.encode() if source else pixels.tobytes())


def _decode_into(file: Path, photos: Sequence[CaptionedPhoto], spec: ImageInput, what: str) -> None:
    partial = file.with_suffix(".part")
    pixels = np.lib.format.open_memmap(
        partial, "w+", np.uint8, (len(photos), spec.size, spec.size, 3)
    )
    for row, photo in enumerate(tqdm(photos, f"decoding {what}", unit="photo", disable=None)):
        try:
            pixels[row] = to_pixels(open_photo(photo.path), spec)
        except PhotoError as error:
            raise DatasetError(str(error)) from error
    pixels.flush()
    del pixels
    partial.replace(file)
