"""Opens photos, with what they say of themselves; the room `photo` decodes the pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image, ImageFile, IptcImagePlugin

from photoseek.errors import PhotoError
from photoseek.metadata import Blocks, read_blocks
from photoseek.photo.formats import TIFF_BEGINNINGS
from photoseek.photo.opening import Picture, decoded, decoded_tiff, opened, prepared
from photoseek.photo.pixels import DECODE_SIDE, least_side, make_thumbnail, to_pixels
from photoseek.photo.reasons import photo_error
from photoseek.photo.upright import orientation_of, valid_orientation
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

T = TypeVar("T")

_ORIENTATION_TAG = 0x0112
_DETAILS_TAG = 0x8769
_GPS_TAG = 0x8825
_XMP_TAG = 700
_FORMAT_WORDS = {"heif": "heic", "jpeg2000": "jp2", "mpo": "jpeg", "dib": "bmp"}


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
    source: Path | bytes, *, at_least: int | None = DECODE_SIDE, suffix: str = ""
) -> DecodedPhoto:
    """Decode a photo: upright, its transparency on white, the first frame that shows something.

    The image comes out smaller where that saves work (JPEG is decoded at 1/2, 1/4 or 1/8), but
    neither side falls below `at_least`; `None` keeps the full size where that may be opened.
    `suffix` names the format of bytes that do not tell it themselves (camera RAW). `PhotoError`
    says why a file is no photo.
    """
    path = source if isinstance(source, Path) else None
    content = None if isinstance(source, Path) else source
    try:
        if isinstance(source, Path):
            content, suffix = source.read_bytes(), source.suffix
        assert content is not None
        return _decode(content, at_least, suffix)
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        said = photo_error(error, content)
        raise PhotoError(path, said.reason, said.kind) from error


def read_metadata(content: bytes, suffix: str) -> Metadata:
    """Return what a photo says of itself, without decoding it; `suffix` as in `decode_photo`."""
    try:
        raw = suffix.lower() in RAW_SUFFIXES
        preview = raw_preview(content) if raw else content
        if preview is None:
            return _raw_metadata(content, None)
        with opened(preview) as image:
            return _raw_metadata(content, image) if raw else _metadata(image)
    except Exception:  # noqa: BLE001 -- Pillow's readers raise at will, and the photo is known
        return _unread_metadata(content)


def _decode(content: bytes, at_least: int | None, suffix: str) -> DecodedPhoto:
    if content and suffix.lower() in RAW_SUFFIXES:
        return _decode_raw(content, at_least)
    try:
        with opened(content) as image:
            # The reader of TIFF turns the photo, and forgets how it lay.
            early = _metadata(image) if image.format == "TIFF" else None
            picture = decoded(image, content, at_least)
            return _photo(picture, early or _metadata(image))
    except Exception:
        if not content.startswith(TIFF_BEGINNINGS):
            raise
    return _photo(decoded_tiff(content, at_least), read_metadata(content, suffix))


def _decode_raw(content: bytes, at_least: int | None) -> DecodedPhoto:
    raw = open_raw(content)
    if isinstance(raw.preview, bytes):
        try:
            with opened(raw.preview) as image:
                lies = raw.preview_lies(image.size, orientation_of(image))
                picture = decoded(image, raw.preview, at_least, lies)
                metadata = _raw_metadata(content, image)
                return DecodedPhoto(picture.image, raw.width, raw.height, metadata)
        except Exception:  # noqa: BLE001 -- Pillow's readers raise at will; the pixels may be sound
            raw = open_raw(content, develop=True)
    assert not isinstance(raw.preview, bytes)
    developed = prepared(Image.fromarray(raw.preview), at_least)
    return DecodedPhoto(developed, raw.width, raw.height, read_metadata(content, ".dng"))


def _photo(picture: Picture, metadata: Metadata) -> DecodedPhoto:
    return DecodedPhoto(picture.image, picture.width, picture.height, metadata)


def _unread_metadata(content: bytes) -> Metadata:
    """Read the metadata of a TIFF file of a kind that Pillow lacks; nothing of other files."""
    if not content.startswith(TIFF_BEGINNINGS):
        return Metadata()
    try:
        return dataclasses.replace(_raw_metadata(content, None), format="tiff")
    except Exception:  # noqa: BLE001 -- as above
        return Metadata()


def _metadata(image: ImageFile.ImageFile) -> Metadata:
    """Read an opened photo's metadata, block by block: a damaged one costs only itself."""
    exif = _quietly(image.getexif, Image.Exif())
    # The HEIC reader turns the photo itself and keeps the number it found; see `_decode` for TIFF.
    turned = image.info.get("original_orientation")
    kind = (image.format or "").lower()
    return read_blocks(
        Blocks(
            format=_FORMAT_WORDS.get(kind, kind),
            orientation=valid_orientation(turned) if turned else orientation_of(image),
            exif=_quietly(lambda: dict(exif), {}),
            details=_quietly(lambda: exif.get_ifd(_DETAILS_TAG), {}),
            gps=_quietly(lambda: exif.get_ifd(_GPS_TAG), {}),
            iptc=_quietly(lambda: IptcImagePlugin.getiptcinfo(image) or {}, {}),
            xmp=_xmp(image, exif),
        )
    )


def _raw_metadata(content: bytes, preview: ImageFile.ImageFile | None) -> Metadata:
    """Read the metadata of a RAW file: its own, or else that of the preview in it."""
    metadata = Metadata()
    if content[:4] in TIFF_BEGINNINGS:
        exif = Image.Exif()
        _quietly(lambda: exif.load(b"Exif\0\0" + content), None)
        metadata = read_blocks(
            Blocks(
                format="raw",
                orientation=valid_orientation(_quietly(lambda: exif[_ORIENTATION_TAG], 1)),
                exif=_quietly(lambda: dict(exif), {}),
                details=_quietly(lambda: exif.get_ifd(_DETAILS_TAG), {}),
                gps=_quietly(lambda: exif.get_ifd(_GPS_TAG), {}),
                xmp=_xmp(None, exif),
            )
        )
    if metadata.taken is None and preview is not None:
        metadata = _metadata(preview)
    return dataclasses.replace(metadata, format="raw")


def _xmp(image: Image.Image | None, exif: Image.Exif) -> bytes:
    found = image.info.get("xmp") if image is not None else None
    found = found or _quietly(lambda: exif.get(_XMP_TAG), None)
    if isinstance(found, str):
        found = found.encode("utf-8", "replace")
    return bytes(found) if isinstance(found, bytes | tuple) else b""


def _quietly(read: Callable[[], T], otherwise: T) -> T:
    """Return what was read, or `otherwise`: Pillow's readers raise at will on damaged blocks."""
    try:
        return read()
    except Exception:  # noqa: BLE001
        return otherwise
