"""Opens photos, with what they say of themselves; the room `photo` decodes the pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageFile

from photoseek.errors import PhotoError
from photoseek.metadata import photo_metadata, raw_metadata
from photoseek.photo.formats import TIFF_BEGINNINGS
from photoseek.photo.opening import Picture, decoded, decoded_tiff, opened, prepared
from photoseek.photo.pixels import DECODE_SIDE, least_side, make_thumbnail, to_pixels
from photoseek.photo.reasons import photo_error
from photoseek.photo.upright import orientation_of
from photoseek.raw import RAW_SUFFIXES, open_raw, raw_preview
from photoseek.records import Metadata

__all__ = [
    "DECODE_SIDE",
    "DecodedPhoto",
    "decode_photo",
    "least_side",
    "make_thumbnail",
    "open_photo",
    "read_metadata",
    "to_pixels",
]


@dataclass(frozen=True)
class DecodedPhoto:
    """An upright sRGB image, perhaps scaled down, and the photo's own upright size in pixels."""

    image: Image.Image
    width: int
    height: int
    metadata: Metadata


def open_photo(
    source: Path | bytes | Image.Image, *, at_least: int | None = DECODE_SIDE
) -> Image.Image:
    """Open a photo upright in sRGB, or make an opened one so; see `decode_photo`."""
    if isinstance(source, Image.Image):
        return prepared(source, at_least, orientation_of(source))
    return decode_photo(source, at_least=at_least).image


def decode_photo(
    source: Path | bytes,
    *,
    at_least: int | None = DECODE_SIDE,
    suffix: str = "",
    describe: Callable[[], bool] = lambda: True,
) -> DecodedPhoto:
    """Decode a photo: upright, its transparency on white, the first frame that shows something.

    The image comes out smaller where that saves work (JPEG is decoded at 1/2, 1/4 or 1/8), but
    neither side falls below `at_least`; `None` keeps the full size where that may be opened.
    `suffix` names the format of bytes that do not tell it themselves (camera RAW). `describe` is
    asked, once the pixels are there, whether the metadata is wanted too. `PhotoError` says why a
    file is no photo.
    """
    path = source if isinstance(source, Path) else None
    content = None if isinstance(source, Path) else source
    try:
        if isinstance(source, Path):
            content, suffix = source.read_bytes(), source.suffix
        assert content is not None
        return _decode(content, at_least, suffix, describe)
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        said = photo_error(error, content)
        raise PhotoError(path, said.reason, said.kind) from error


def read_metadata(content: bytes, suffix: str) -> Metadata:
    """Return a photo's metadata, without decoding it; `suffix` as in `decode_photo`."""
    if suffix.lower() in RAW_SUFFIXES:
        return _raw_metadata(content)
    try:
        with opened(content) as image:
            return _metadata(content, image)
    except Exception:  # noqa: BLE001 -- Pillow's readers raise at will, and the photo is known
        tiff = content.startswith(TIFF_BEGINNINGS)  # of a kind that Pillow lacks
        return photo_metadata(content, "TIFF", {}) if tiff else Metadata()


def _decode(
    content: bytes, at_least: int | None, suffix: str, describe: Callable[[], bool]
) -> DecodedPhoto:
    if content and suffix.lower() in RAW_SUFFIXES:
        return _decode_raw(content, at_least, describe)
    try:
        with opened(content) as image:
            # As it is now: decoding changes it, and the metadata waits until the pixels are there.
            kind, info = image.format or "", dict(image.info)
            picture = decoded(image, content, at_least)
    except Exception:
        if not content.startswith(TIFF_BEGINNINGS):
            raise
    else:
        return _photo(picture, describe, lambda: photo_metadata(content, kind, info))
    picture = decoded_tiff(content, at_least)
    return _photo(picture, describe, lambda: read_metadata(content, suffix))


def _decode_raw(content: bytes, at_least: int | None, describe: Callable[[], bool]) -> DecodedPhoto:
    raw = open_raw(content)
    if isinstance(raw.preview, bytes):
        try:
            with opened(raw.preview) as image:
                lies = raw.preview_lies(image.size, orientation_of(image))
                preview, info = raw.preview, image.info
                picture = decoded(image, preview, at_least, lies)
        except Exception:  # noqa: BLE001 -- Pillow's readers raise at will; the pixels may be sound
            raw = open_raw(content, develop=True)
        else:
            own = Picture(picture.image, raw.width, raw.height)
            return _photo(own, describe, lambda: raw_metadata(content, preview, info))
    assert not isinstance(raw.preview, bytes)
    developed = prepared(Image.fromarray(raw.preview), at_least)
    own = Picture(developed, raw.width, raw.height)
    return _photo(own, describe, lambda: read_metadata(content, ".dng"))


def _photo(
    picture: Picture, describe: Callable[[], bool], read: Callable[[], Metadata]
) -> DecodedPhoto:
    """Add the metadata, if it is wanted; whatever is wrong with it costs only itself."""
    metadata = Metadata()
    if describe():
        with contextlib.suppress(Exception):
            metadata = read()
    return DecodedPhoto(picture.image, picture.width, picture.height, metadata)


def _metadata(content: bytes, image: ImageFile.ImageFile) -> Metadata:
    return photo_metadata(content, image.format or "", image.info)


def _raw_metadata(content: bytes) -> Metadata:
    try:
        preview = raw_preview(content) or b""
        with opened(preview) as image:
            return raw_metadata(content, preview, image.info)
    except Exception:  # noqa: BLE001 -- as above; the file has metadata of its own
        return raw_metadata(content)
