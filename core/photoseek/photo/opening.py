"""Opens the bytes of a photo and decodes the picture in it, upright and in sRGB."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pillow_heif
from PIL import Image, ImageFile, Jpeg2KImagePlugin, TiffImagePlugin

from photoseek.colours import to_srgb
from photoseek.errors import PhotoError
from photoseek.photo.formats import FORMATS
from photoseek.photo.hdr import CodePoints, shown_in_srgb
from photoseek.photo.jpeg2000 import halvings
from photoseek.photo.png import code_points, without_bombs
from photoseek.photo.reasons import CUT_SHORT, too_large
from photoseek.photo.reduction import flat_and_small
from photoseek.photo.tiff import photo_page, read_tiff
from photoseek.photo.upright import orientation_of, turned_upright

__all__ = ["MOST_PIXELS", "Picture", "decoded", "decoded_tiff", "opened", "prepared"]

MOST_PIXELS = 512_000_000
"""A photo that claims more pixels than any camera makes is a decompression bomb."""

_MOST_FRAMES = 64
"""Frames of an animation that are looked at for one that shows something."""

_JPEG_END, _JPEG_SCAN = b"\xff\xd9", b"\xff\xda"
_JPEG2000_END = b"\xff\xd9"
"""The marker that ends a code stream; the standard keeps it out of the data before."""

_JPEG = ("JPEG", "MPO")
_JPEG_SCALES = (2, 4, 8)
_MOST_PIXELS_A_BYTE = 512
"""A JPEG of one colour has fewer; what claims more is not there, or keeps its reader busy."""

_PROGRESSIVE_BYTES = 6
"""What libjpeg keeps for each pixel of three colours that are not subsampled."""

_MOST_PASSED = 10_000_000_000
"""Pixels of all scans of a progressive JPEG together: fifty times over one of 200 megapixels."""

_UNKNOWN_GREY = range(126, 131)
"""What libjpeg puts where nothing came."""


@dataclass(frozen=True)
class Picture:
    """An upright sRGB image, perhaps scaled down, and the photo's own upright size in pixels."""

    image: Image.Image
    width: int
    height: int


@contextmanager
def opened(content: bytes) -> Iterator[ImageFile.ImageFile]:
    """Open a file's bytes without decoding them; whatever Pillow's readers raise goes through."""
    _set_up_pillow()
    with Image.open(io.BytesIO(without_bombs(content)), formats=FORMATS) as image:
        yield image


def decoded(
    image: ImageFile.ImageFile,
    content: bytes,
    at_least: int | None,
    orientation: int | None = None,
) -> Picture:
    """Decode an opened photo, no larger than is needed; `orientation` overrules the file's own.

    A JPEG that lacks its end is shown as far as it goes, where that is most of it.
    """
    pixels = image.width * image.height
    try:
        return _decoded(image, content, at_least, orientation)
    except OSError:
        if image.format not in _JPEG:
            raise
        if image.info.get("progressive"):  # libjpeg keeps all of it, and has one error for all
            bytearray(pixels * _PROGRESSIVE_BYTES)  # raises MemoryError
        if content.endswith(_JPEG_END):
            raise
    ended = content + _JPEG_END
    with opened(ended) as whole:
        return _decoded(whole, ended, at_least, orientation, may_lack=True)


def decoded_tiff(content: bytes, at_least: int | None) -> Picture:
    """Decode a TIFF file of a kind that Pillow lacks."""
    image = read_tiff(content, MOST_PIXELS)
    return _picture(image, image.size, at_least, orientation_of(image), None)


def prepared(
    image: Image.Image,
    at_least: int | None,
    orientation: int = 1,
    meant: CodePoints | None = None,
) -> Image.Image:
    """Return a loaded image flat, small, in sRGB and upright; `meant` tells of HDR colours."""
    profile = image.info.get("icc_profile")
    image = flat_and_small(image, at_least)
    if meant is not None and (meant.bright or profile is None):
        image = shown_in_srgb(image.convert("RGB"), meant)
    else:
        image = to_srgb(image, profile)
    return turned_upright(image, orientation)


@functools.cache
def _set_up_pillow() -> None:
    pillow_heif.register_heif_opener()
    # Pillow's own limit refuses the 200-megapixel photos that phones take; ours is checked below.
    Image.MAX_IMAGE_PIXELS = None


def _decoded(
    image: ImageFile.ImageFile,
    content: bytes,
    at_least: int | None,
    orientation: int | None,
    *,
    may_lack: bool = False,
) -> Picture:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        photo_page(image)
    size = image.size
    scaled = _draft(image, content, at_least)
    if image.format == "JPEG2000" and _JPEG2000_END not in content:
        raise PhotoError(None, CUT_SHORT, "cut_short")  # its reader would show black there
    if image.format in _JPEG:
        image.decodermaxblock = len(content)  # fed in pieces, libjpeg would often start again
    image.load()
    if isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile):
        image.reduce = 0  # as long as it is a number, it hides the method of all images
    if may_lack and _mostly_lacks(image):
        raise PhotoError(None, CUT_SHORT, "cut_short")
    if not scaled:
        size = image.size  # a damaged HEIC file announces another size than it has
    _go_to_what_shows(image)
    lies = orientation if orientation is not None else orientation_of(image)
    return _picture(image, size, at_least, lies, _meant(image, content))


def _picture(
    image: Image.Image,
    size: tuple[int, int],
    at_least: int | None,
    orientation: int,
    meant: CodePoints | None,
) -> Picture:
    upright = prepared(image, at_least, orientation, meant)
    return Picture(upright, *_upright_size(size, orientation))


def _upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return (size[1], size[0]) if orientation >= 5 else size  # these four turn it on its side


def _draft(image: ImageFile.ImageFile, content: bytes, at_least: int | None) -> bool:
    """Let the reader decode a smaller picture where one is enough; tell whether it will.

    `PhotoError` where the picture is larger than may be opened. A JPEG is scaled to what may be:
    its reader never holds the whole, unless it is progressive.
    """
    pixels, sides = image.width * image.height, list(image.size)
    if at_least is not None:
        sides = [at_least, at_least]
    if image.format in _JPEG:
        _check_jpeg(image, content)
    if pixels > MOST_PIXELS:
        plain = image.format in _JPEG and not image.info.get("progressive")
        scale = next((s for s in _JPEG_SCALES if pixels <= MOST_PIXELS * s * s), None)
        if not plain or scale is None:
            raise too_large(*image.size, MOST_PIXELS)
        sides = [min(side, length // scale) for side, length in zip(sides, image.size, strict=True)]
    if isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile) and at_least is not None:
        image.reduce = min(halvings(content), max(1, min(image.size) // at_least).bit_length() - 1)
        return True
    if tuple(sides) == image.size:
        return False
    return image.draft("RGB", (sides[0], sides[1])) is not None


def _check_jpeg(image: ImageFile.ImageFile, content: bytes) -> None:
    """Raise `PhotoError` for a JPEG that would keep its reader busy with what is not there."""
    pixels = image.width * image.height
    if pixels > len(content) * _MOST_PIXELS_A_BYTE:
        raise PhotoError(None, CUT_SHORT, "cut_short")
    if image.info.get("progressive") and content.count(_JPEG_SCAN) * pixels > _MOST_PASSED:
        raise PhotoError(None, "it takes more passes than Photoseek decodes", "too_large")


def _mostly_lacks(image: Image.Image) -> bool:
    """Tell whether the lower half of a JPEG that was cut is nothing but the grey for the rest."""
    extrema = image.crop((0, image.height // 2, *image.size)).getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low in _UNKNOWN_GREY and high in _UNKNOWN_GREY for low, high in bands)


def _go_to_what_shows(image: ImageFile.ImageFile) -> None:
    """Go to the first frame that is not wholly transparent; stay where there is none."""
    if not _is_clear(image):
        return
    if image.format in ("BMP", "DIB"):  # many programs leave the fourth byte of each pixel zero
        image.putalpha(255)
        return
    with suppress(EOFError):
        for frame in range(1, min(getattr(image, "n_frames", 1), _MOST_FRAMES)):
            image.seek(frame)
            image.load()
            if not _is_clear(image):
                return
    if getattr(image, "n_frames", 1) > 1:
        image.seek(0)
        image.load()


def _is_clear(image: Image.Image) -> bool:
    """Tell whether an image is wholly transparent."""
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return image.getchannel(image.getbands()[-1]).getextrema() == (0, 0)
    through = image.info.get("transparency")
    if image.mode in ("P", "L", "1") and isinstance(through, int | bytes):
        clear = (
            {through} if isinstance(through, int) else {i for i, a in enumerate(through) if not a}
        )
        return all(value in clear for value, count in enumerate(image.histogram()) if count)
    if image.mode == "RGB" and isinstance(through, tuple):
        return image.getextrema() == tuple((value, value) for value in through)
    return False


def _meant(image: ImageFile.ImageFile, content: bytes) -> CodePoints | None:
    """Return how a photo's values are meant where it says so by numbers, not by a profile."""
    if image.format == "PNG":
        return code_points(content)
    named = image.info.get("nclx_profile")
    if image.format == "AVIF":  # Pillow's reader passes over it, and libheif reads all headers
        with suppress(Exception):
            named = pillow_heif.open_heif(content).info.get("nclx_profile")
    if not isinstance(named, dict):
        return None
    return CodePoints(named["color_primaries"], named["transfer_characteristics"])
