"""Reads the preview that a camera stores in its RAW file; needs the `raw` extra (rawpy)."""

from __future__ import annotations

import functools
import importlib.util
import io

import numpy as np
from numpy.typing import NDArray

from photoseek.errors import PhotoError

__all__ = ["RAW_SUFFIXES", "can_read_raw", "raw_preview"]

RAW_SUFFIXES = frozenset(
    [
        ".3fr",
        ".arw",
        ".cr2",
        ".cr3",
        ".dng",
        ".erf",
        ".kdc",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
        ".raf",
        ".rw2",
        ".sr2",
        ".srw",
        ".x3f",
    ]
)


@functools.cache
def can_read_raw() -> bool:
    """Tell whether the `raw` extra is installed."""
    return importlib.util.find_spec("rawpy") is not None


def raw_preview(content: bytes) -> bytes | NDArray[np.uint8]:
    """Return a RAW file's embedded JPEG, or where it has none, pixels developed at half size.

    Pixels are upright `(height, width, 3)` RGB. `PhotoError` where neither can be had.
    """
    if not can_read_raw():
        reason = "camera RAW files need the extra: pip install 'photoseek[raw]'"
        raise PhotoError(None, reason, "unsupported")
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(content)) as raw:
            try:
                preview = raw.extract_thumb()
                if preview.format == rawpy.ThumbFormat.JPEG:
                    return bytes(preview.data)
            except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
                pass
            developed: NDArray[np.uint8] = raw.postprocess(half_size=True, use_camera_wb=True)
            return developed
    except rawpy.LibRawError as error:
        raise PhotoError(None, f"the RAW file cannot be read ({error})", "damaged") from error
