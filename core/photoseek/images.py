"""Opens photos, and makes the encoder's pixels and thumbnails of them."""

from __future__ import annotations

import dataclasses
import functools
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, IptcImagePlugin, UnidentifiedImageError

from photoseek.colours import flatten, to_srgb
from photoseek.errors import PhotoError, PhotoErrorKind
from photoseek.manifest import ImageInput
from photoseek.metadata import Blocks, read_blocks
from photoseek.raw import RAW_SUFFIXES, raw_preview
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

DECODE_SIDE = 320
"""Least side in pixels of a photo decoded for indexing: the thumbnail's, above most encoders'."""

MOST_PIXELS = 512_000_000
"""A photo that claims more pixels than any camera makes is a decompression bomb."""

THUMBNAIL_SIDE = 320
THUMBNAIL_QUALITY = 80

_FORMATS = ("JPEG", "PNG", "HEIF", "WEBP", "AVIF", "GIF", "TIFF", "BMP", "JPEG2000")
"""No other reader of Pillow's sees a file: that of EPS, for one, would start Ghostscript."""

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_NO_PHOTO = "not a photo in a format that Photoseek reads"
_CUT_SHORT = "the file is cut short"
_DAMAGED = "the file is damaged or cut short"
_WHITE = (255, 255, 255)
_ORIENTATION_TAG = 0x0112
_DETAILS_TAG = 0x8769
_GPS_TAG = 0x8825
_XMP_TAG = 700
_FORMAT_WORDS = {"heif": "heic", "jpeg2000": "jp2", "mpo": "jpeg"}
_TIFF_MAGICS = (b"II*\0", b"MM\0*")
"""How most makers' RAW files begin: their EXIF is that of a TIFF file."""
_BEGINNINGS = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|\0\0\0\x0cjP  |"
    rb"....ftyp(heic|heix|hevc|heim|heis|mif1|msf1|avif|avis)",
    re.DOTALL,
)
"""How files of photos begin: one that no reader recognises all the same is damaged."""

_JPEG2000_END = b"\xff\xd9"
"""The marker that ends a code stream; the standard keeps it out of the data before."""

_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


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
        return _prepare(source, at_least)
    return decode_photo(source, at_least=at_least).image


def decode_photo(
    source: Path | bytes, *, at_least: int | None = DECODE_SIDE, suffix: str = ""
) -> DecodedPhoto:
    """Decode the first frame of a photo: EXIF orientation applied, transparency on white.

    The image comes out smaller where that saves work (JPEG is decoded at 1/2, 1/4 or 1/8), but
    neither side falls below `at_least`; `None` keeps the full size. `suffix` names the format of
    bytes that do not tell it themselves (camera RAW). `PhotoError` says why a file is no photo.
    """
    path = source if isinstance(source, Path) else None
    try:
        content = source if isinstance(source, bytes) else source.read_bytes()
        return _decode(content, at_least, path.suffix if path else suffix)
    except PhotoError as error:
        raise PhotoError(path, error.reason, error.kind) from error
    except UnidentifiedImageError as error:
        if _BEGINNINGS.match(content):
            raise PhotoError(path, _DAMAGED, "damaged") from error
        raise PhotoError(path, _NO_PHOTO, "not_a_photo") from error
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise PhotoError(path, *_reason(error)) from error


def read_metadata(content: bytes, suffix: str) -> Metadata:
    """Return what a photo says of itself, without decoding it; `suffix` as in `decode_photo`."""
    _set_up_pillow()
    try:
        raw = suffix.lower() in RAW_SUFFIXES
        preview = raw_preview(content) if raw else content
        if not isinstance(preview, bytes):
            return _raw_metadata(content, None)
        with Image.open(io.BytesIO(preview), formats=_FORMATS) as image:
            return _raw_metadata(content, image) if raw else _metadata(image)
    except Exception:  # noqa: BLE001 -- Pillow's readers raise at will, and the photo is known
        return Metadata()


def _prepare(image: Image.Image, at_least: int | None) -> Image.Image:
    turn, profile = _TURN.get(_orientation(image)), image.info.get("icc_profile")
    image = flatten(image)
    if at_least is not None:
        factor = min(image.size) // at_least
        image = image.reduce(factor) if factor > 1 else image
    image = to_srgb(image, profile)
    if turn is not None:
        image = image.transpose(turn)
        image.info.clear()  # it still told how the photo lay
    return image


def to_pixels(image: Image.Image, spec: ImageInput) -> NDArray[np.uint8]:
    """Return the image encoder's input `(size, size, 3)` uint8 for an upright RGB image."""
    side, resampling = (spec.size, spec.size), _RESAMPLING[spec.interpolation]
    if spec.resize_mode == "squash":
        image = image.resize(side, resampling)
    elif spec.resize_mode == "crop":
        image = image.resize(side, resampling, box=_middle(image.size, spec.size))
    else:
        image = ImageOps.pad(image, side, resampling, color=_WHITE)
    return np.asarray(image, np.uint8)


def least_side(spec: ImageInput) -> int:
    """Return the side in pixels below which a photo for this encoder is not to be scaled."""
    return max(DECODE_SIDE, spec.size)


def _middle(size: tuple[int, int], side: int) -> tuple[float, float, float, float]:
    """Return the part of an image that stays when its short side is scaled to `side` and the long
    one cut to it, in whole pixels of the result, as torchvision and with it CLIP do it.

    Scaled from the part alone: a panorama would become as wide as it is long, to be thrown away.
    """
    box: list[float] = []
    for length in size:
        scaled = side * length // min(size)
        start = round((scaled - side) / 2)
        box += [start * length / scaled, (start + side) * length / scaled]
    return box[0], box[2], box[1], box[3]


def make_thumbnail(image: Image.Image) -> bytes:
    """Return a JPEG of an upright RGB image, its longest side at most 320 pixels."""
    thumbnail = image.copy()
    thumbnail.info.clear()  # a comment would be saved too, and may be too long to be
    # As sharp as the bicubic filter when it makes smaller, in half the time.
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.HAMMING)
    stream = io.BytesIO()
    thumbnail.save(stream, "JPEG", quality=THUMBNAIL_QUALITY)
    return stream.getvalue()


@functools.cache
def _set_up_pillow() -> None:
    pillow_heif.register_heif_opener()
    # Pillow's own limit refuses the 200-megapixel photos that phones take; ours is checked below.
    Image.MAX_IMAGE_PIXELS = None


def _decode(content: bytes, at_least: int | None, suffix: str) -> DecodedPhoto:
    _set_up_pillow()
    if not content:
        raise PhotoError(None, "the file is empty", "empty")
    if suffix.lower() in RAW_SUFFIXES:
        preview = raw_preview(content)
        if not isinstance(preview, bytes):
            height, width = preview.shape[:2]
            developed = _prepare(Image.fromarray(preview), at_least)
            return DecodedPhoto(developed, width, height, _raw_metadata(content, None))
        photo = _decode(preview, at_least, "")
        with Image.open(io.BytesIO(preview), formats=_FORMATS) as image:
            return dataclasses.replace(photo, metadata=_raw_metadata(content, image))
    with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise PhotoError(
                None,
                f"{width} x {height} pixels is more than Photoseek opens "
                f"({MOST_PIXELS // 1_000_000} megapixels)",
                "too_large",
            )
        if image.format == "JPEG2000" and _JPEG2000_END not in content:
            raise PhotoError(
                None, _CUT_SHORT, "cut_short"
            )  # its reader would show black where nothing came
        scaled = image.draft("RGB", (at_least, at_least)) if at_least is not None else None
        if image.format == "TIFF":  # its reader turns the photo and forgets how it lay
            image.info["original_orientation"] = _orientation(image)
        image.decodermaxblock = len(content)  # fed in pieces, libjpeg would often start again
        image.load()
        if scaled is None:
            width, height = image.size  # a damaged HEIC file announces another size than it has
        if _orientation(image) >= 5:  # these four turn the photo on its side
            width, height = height, width
        return DecodedPhoto(_prepare(image, at_least), width, height, _metadata(image))


def _metadata(image: ImageFile.ImageFile) -> Metadata:
    """Read an opened photo's metadata, block by block: a damaged one costs only itself."""
    exif = _quietly(image.getexif, Image.Exif())
    # The HEIC reader turns the photo itself and keeps the number it found; see `_decode` for TIFF.
    turned = image.info.get("original_orientation")
    kind = (image.format or "").lower()
    return read_blocks(
        Blocks(
            format=_FORMAT_WORDS.get(kind, kind),
            orientation=turned if turned in _TURN else _orientation(image),
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
    if content[:4] in _TIFF_MAGICS:
        exif = Image.Exif()
        _quietly(lambda: exif.load(b"Exif\0\0" + content), None)
        metadata = read_blocks(
            Blocks(
                format="raw",
                orientation=_valid_orientation(_quietly(lambda: exif[_ORIENTATION_TAG], 1)),
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


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; damaged EXIF counts as upright."""
    return _valid_orientation(_quietly(lambda: image.getexif().get(_ORIENTATION_TAG, 1), 1))


def _valid_orientation(value: object) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _reason(error: Exception) -> tuple[str, PhotoErrorKind]:
    """Say in words a person understands why a file could not be read as a photo."""
    if isinstance(error, FileNotFoundError):
        return "the file does not exist", "unreadable"
    if isinstance(error, IsADirectoryError):
        return "this is a folder, not a photo", "not_a_photo"
    if isinstance(error, PermissionError):
        return "no permission to read the file", "unreadable"
    if isinstance(error, MemoryError):
        return "it needs more memory than Photoseek gives one photo", "memory"
    text = str(error).strip()
    if "truncated" in text.lower() or isinstance(error, EOFError):
        return _CUT_SHORT, "cut_short"
    if isinstance(error, OSError) and error.strerror:
        return f"the file cannot be read ({error.strerror})", "unreadable"
    return f"the file is damaged ({text or type(error).__name__})", "damaged"
