from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photoseek.manifest import ImageInput
from photoseek_training import pixels
from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.pixels import decode_photos

SPEC = ImageInput(8, "squash", "bicubic", "pixels", "uint8")


def _photo(path: Path, shade: int) -> CaptionedPhoto:
    Image.new("RGB", (16, 12), (shade, shade, shade)).save(path)
    return CaptionedPhoto(path, ("a caption",))


def test_photos_are_decoded_again_where_their_bytes_change_and_only_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [_photo(tmp_path / f"{shade}.png", shade) for shade in (10, 200)]
    first = decode_photos(photos, SPEC, tmp_path, "photos")
    assert first[:, 0, 0, 0].tolist() == [10, 200]
    _photo(photos[1].path, 90)
    assert decode_photos(photos, SPEC, tmp_path, "photos")[:, 0, 0, 0].tolist() == [10, 90]

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(pixels, "_decode_into", never)
    os.utime(photos[0].path, (0, 0))
    moved = tmp_path / "elsewhere.png"
    photos[1].path.rename(moved)
    photos[1] = CaptionedPhoto(moved, photos[1].captions)
    assert np.all(decode_photos(photos, SPEC, tmp_path, "photos")[1] == 90)
