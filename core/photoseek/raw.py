"""Reads the preview that a camera stores in its RAW file; needs the `raw` extra (rawpy)."""

from __future__ import annotations

import functools
import importlib.util
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from photoseek.errors import PhotoError

__all__ = ["NEEDS_EXTRA", "RAW_SUFFIXES", "RawPhoto", "can_read_raw", "open_raw", "raw_preview"]

NEEDS_EXTRA = "camera RAW files need the extra: pip install 'photoseek[raw]'"

RAW_SUFFIXES = frozenset(
    {".3fr", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dcs", ".dng", ".drf"}
    | {".erf", ".fff", ".gpr", ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef"}
    | {".nrw", ".orf", ".pef", ".ptx", ".pxn", ".raf", ".rw2", ".rwl", ".rwz", ".sr2", ".srf"}
    | {".srw", ".x3f"}
)
"""Endings, in lower case, of the makers' RAW files that LibRaw reads."""

_BEGINNINGS = (b"II", b"MM", b"FUJIFILM", b"\0MRM", b"FOVb")
"""How most makers' files begin: one that LibRaw does not know may be sound all the same."""

_ORIENTATIONS = {3: 3, 5: 8, 6: 6}
"""EXIF's orientation for LibRaw's number; all others are upright."""


@dataclass(frozen=True)
class RawPhoto:
    """What a RAW file shows: the camera's own JPEG, or pixels, developed and upright.

    `width` and `height` are the upright photo's. `orientation` is EXIF's, and how the sensor's
    picture lies; a preview lies so too, unless it says or shows otherwise: see `preview_lies`.
    """

    preview: bytes | NDArray[np.uint8]
    width: int
    height: int
    orientation: int

    def preview_lies(self, size: tuple[int, int], orientation: int) -> int:
        """Return how a preview of this size lies whose own EXIF names this orientation.

        LibRaw makes up EXIF for a preview without, so its word counts only where the shape agrees.
        """
        own = [orientation] if orientation != 1 else []
        for lies in (*own, self.orientation):
            width, height = size if lies < 5 else (size[1], size[0])
            if width == height or (width < height) == (self.width < self.height):
                return lies
        return 1


@functools.cache
def can_read_raw() -> bool:
    """Tell whether the `raw` extra is installed."""
    return importlib.util.find_spec("rawpy") is not None


def raw_preview(content: bytes) -> bytes | None:
    """Return a RAW file's embedded JPEG; None where it has none. `PhotoError`: it is no RAW."""
    rawpy = _rawpy()
    try:
        with rawpy.imread(io.BytesIO(content)) as raw:
            return _preview(rawpy, raw)
    except rawpy.LibRawError as error:
        raise _raw_error(rawpy, error, content) from error


def open_raw(content: bytes, *, develop: bool = False) -> RawPhoto:
    """Return a RAW file's embedded JPEG, or where it has none, pixels developed at half size.

    `develop` passes over the JPEG. `PhotoError` where neither can be had.
    """
    rawpy = _rawpy()
    try:
        with rawpy.imread(io.BytesIO(content)) as raw:
            sizes = raw.sizes
            width, height = sizes.iwidth, sizes.iheight
            if sizes.crop_width and sizes.crop_height:  # what the maker's own pictures show
                width, height = sizes.crop_width, sizes.crop_height
            if sizes.flip in (5, 6):
                width, height = height, width
            shown = None if develop else _preview(rawpy, raw)
            if shown is None:
                shown = raw.postprocess(half_size=True, use_camera_wb=True)
            return RawPhoto(shown, width, height, _ORIENTATIONS.get(sizes.flip, 1))
    except rawpy.LibRawError as error:
        raise _raw_error(rawpy, error, content) from error


def _rawpy() -> Any:
    if not can_read_raw():
        raise PhotoError(None, NEEDS_EXTRA, "unsupported")
    import rawpy

    return rawpy


def _preview(rawpy: Any, raw: Any) -> bytes | None:
    try:
        preview = raw.extract_thumb()
    except rawpy.LibRawError:  # there is none, or none that can be had: the pixels may be sound
        return None
    return bytes(preview.data) if preview.format == rawpy.ThumbFormat.JPEG else None


def _raw_error(rawpy: Any, error: Exception, content: bytes) -> PhotoError:
    """Return LibRaw's error in words that a person understands."""
    if isinstance(error, rawpy.LibRawUnsufficientMemoryError):
        reason = "it needs more memory than Photoseek gives one photo"
        return PhotoError(None, reason, "memory")
    if isinstance(error, rawpy.LibRawTooBigError | rawpy.LibRawMemPoolOverflowError):
        return PhotoError(None, "the RAW file is larger than Photoseek opens", "too_large")
    unsupported = rawpy.LibRawFileUnsupportedError | rawpy.LibRawNotImplementedError
    if isinstance(error, unsupported) and content.startswith(_BEGINNINGS):
        return PhotoError(None, "a kind of RAW that Photoseek does not read", "unsupported")
    return PhotoError(None, "the RAW file is damaged or cut short", "damaged")
