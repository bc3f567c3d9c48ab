"""Reads the kinds of TIFF that Pillow lacks: floats, deep colours, alpha beside inks.

`tifffile` knows them all, where they are stored plainly, with Deflate or with PackBits; other
compressions would need `imagecodecs`, which is a hundred times its size.
"""

from __future__ import annotations

import io
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from photoseek.errors import PhotoError
from photoseek.photo.reasons import CUT_SHORT, DAMAGED_OR_CUT, NO_MEMORY, too_large, unread

if TYPE_CHECKING:
    import tifffile

__all__ = ["photo_page", "read_tiff"]

_MOST_PAGES = 32
"""Pages looked at for the one that holds the photo."""

_KIND_TAG, _OLD_KIND_TAG = 254, 255
_REDUCED, _OLD_REDUCED = 1, 2

_MODES = {"MINISWHITE": "L", "MINISBLACK": "L", "RGB": "RGB", "SEPARATED": "CMYK"}
_MODES |= {"CIELAB": "LAB", "ICCLAB": "LAB"}
_BLANK = {"L": (255,), "RGB": (255,) * 3, "CMYK": (0,) * 4, "LAB": (255, 128, 128)}
"""Paper in the 8-bit values of each mode: what shows through where a photo is transparent."""


def photo_page(image: TiffImagePlugin.TiffImageFile) -> None:
    """Go to the first page that is not a reduced copy of another; stay where all are."""
    with suppress(Exception):  # there are no more pages, or none that Pillow knows
        for page in range(_MOST_PAGES):
            image.seek(page)
            kind, old = image.tag_v2.get(_KIND_TAG, 0), image.tag_v2.get(_OLD_KIND_TAG, 0)
            if not (isinstance(kind, int) and kind & _REDUCED) and old != _OLD_REDUCED:
                return
    image.seek(0)


def read_tiff(content: bytes, most_pixels: int) -> Image.Image:
    """Return the photo of a TIFF file as an 8-bit image, with its profile, not yet upright.

    `PhotoError` says that it is of a kind that nobody here reads, too large, or damaged.
    """
    import tifffile

    logging.getLogger("tifffile").disabled = True  # it logs each oddity that it reads all the same
    try:
        with tifffile.TiffFile(io.BytesIO(content)) as file:
            return _read(_photo_page(file), most_pixels)
    except PhotoError:
        raise
    except MemoryError as error:
        raise PhotoError(None, NO_MEMORY, "memory") from error
    except Exception as error:
        if "imagecodecs" in str(error):  # it says so of what it would need help with
            raise unread("TIFF") from error
        raise PhotoError(None, DAMAGED_OR_CUT, "damaged") from error


def _photo_page(file: tifffile.TiffFile) -> tifffile.TiffPage:
    first = file.pages.first
    page = first
    for number in range(1, _MOST_PAGES):
        if not page.is_reduced:
            return page
        try:
            page = file.pages[number].aspage()
        except IndexError:
            break
    return first


def _read(page: tifffile.TiffPage, most_pixels: int) -> Image.Image:
    width, height = page.imagewidth, page.imagelength
    mode = _MODES.get(_photometric(page))
    if page.imagedepth != 1 or mode is None or page.dtype is None:
        raise unread("TIFF")
    if width * height > most_pixels:
        raise too_large(width, height, most_pixels)
    ends = (sum(part) for part in zip(page.dataoffsets, page.databytecounts, strict=False))
    if max(ends, default=0) > page.parent.filehandle.size:
        raise PhotoError(None, CUT_SHORT, "cut_short")
    values = page.asarray()
    if page.planarconfig == 2:
        values = np.moveaxis(values, 0, -1)
    values = values.reshape(height, width, -1)
    image = _image(values, mode, page)
    profile, orientation = page.tags.valueof(34675), page.tags.valueof(274)
    if isinstance(profile, bytes):
        image.info["icc_profile"] = profile
    if orientation is not None:
        image.getexif()[274] = orientation
    return image


def _photometric(page: tifffile.TiffPage) -> str:
    return getattr(page.photometric, "name", "")  # a number where it has no name


def _image(values: NDArray[Any], mode: str, page: tifffile.TiffPage) -> Image.Image:
    inks = len(_BLANK[mode])
    if values.shape[2] < inks:
        raise unread("TIFF")
    colours = _lab(values[..., :inks], page) if mode == "LAB" else _eight_bits(values[..., :inks])
    if _photometric(page) == "MINISWHITE":
        colours = 255 - colours
    kinds = tuple(int(kind) for kind in page.extrasamples)
    if kinds and kinds[0] in (1, 2) and values.shape[2] > inks:
        alpha = _eight_bits(values[..., inks : inks + 1])
        colours = _on_paper(colours, alpha, np.array(_BLANK[mode]), multiplied=kinds[0] == 1)
    if mode == "LAB":
        colours[..., 1:] ^= 128  # Pillow takes them signed from bytes
    flat = colours[..., 0] if inks == 1 else colours
    return Image.frombytes(mode, (flat.shape[1], flat.shape[0]), flat.tobytes())


def _eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale integers by their type's range, and floats by the brightest or else by 1."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind in "ui":
        most = float(np.iinfo(values.dtype).max)
    elif values.dtype.kind == "f":
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        most = max(1.0, float(values.max(initial=1.0)))
    else:
        raise unread("TIFF")
    scaled = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), 256):  # floats of the whole photo would take its memory again
        part = values[row : row + 256].astype(np.float32) * np.float32(255.0 / most)
        scaled[row : row + 256] = (part + 0.5).clip(0, 255)
    return scaled


def _lab(values: NDArray[Any], page: tifffile.TiffPage) -> NDArray[np.uint8]:
    """Return L*, a* and b* as Pillow keeps them: the last two lie round 128."""
    if values.dtype.itemsize > 2 or values.dtype.kind not in "ui":
        raise unread("TIFF")
    shift = 8 * (values.dtype.itemsize - 1)
    lab = (values.astype(np.int32) >> shift).astype(np.uint8)
    if _photometric(page) == "CIELAB":  # signed there
        lab[..., 1:] ^= 128
    return lab


def _on_paper(
    colours: NDArray[np.uint8], alpha: NDArray[np.uint8], paper: NDArray[Any], *, multiplied: bool
) -> NDArray[np.uint8]:
    """Lay colours on paper; `multiplied` where they hold their share of alpha already."""
    laid = np.empty_like(colours)
    for row in range(0, len(colours), 256):
        rows = slice(row, row + 256)
        share = alpha[rows].astype(np.float32) / 255
        own = colours[rows] if multiplied else colours[rows] * share
        laid[rows] = (own + paper * (1 - share) + 0.5).clip(0, 255)
    return laid
