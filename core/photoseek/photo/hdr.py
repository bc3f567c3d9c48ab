"""Shows on an ordinary screen what was made for a brighter or a more colourful one.

Such files name their colours by the numbers of ITU-T H.273 (CICP) instead of an ICC profile. One
table of 65 x 65 x 65 colours, which Pillow interpolates in C, does the work for each combination.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

__all__ = ["CodePoints", "shown_in_srgb"]

Values = NDArray[np.float64]


@dataclass(frozen=True)
class CodePoints:
    """How a file's RGB values are meant: H.273's numbers of primaries and transfer function."""

    primaries: int
    transfer: int

    @property
    def bright(self) -> bool:
        """Tell whether the values are made for a bright screen (PQ or HLG)."""
        return self.transfer in (_PQ, _HLG)


_SRGB_PRIMARIES = (1, 2, 5, 6, 7)
"""BT.709's and those near to it, and 2 for those that a file does not name."""

_TO_SRGB = {
    9: [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    12: [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0196, -0.0786, 1.0979]],
}
"""Light in BT.2020's (9) and Display P3's (12) primaries to sRGB's; ITU-R BT.2087 for the first."""

_PQ, _HLG, _GAMMA_22, _GAMMA_28 = 16, 18, 4, 5
_WHITE_NITS = 203.0
"""Paper white in pictures for bright screens, by ITU-R BT.2408."""

_HLG_PEAK_NITS = 1000.0
_KNEE = 0.8
"""Light above this share of white is squeezed, so that what is brighter keeps its shape."""

_STEPS = 65


def shown_in_srgb(image: Image.Image, meant: CodePoints) -> Image.Image:
    """Return an RGB image in sRGB whose values are `meant` so; unknown numbers count as sRGB."""
    table = _table(meant)
    return image if table is None else image.filter(table)


@functools.lru_cache(maxsize=8)
def _table(meant: CodePoints) -> ImageFilter.Color3DLUT | None:
    matrix = _TO_SRGB.get(meant.primaries)
    special = meant.transfer in (_PQ, _HLG, _GAMMA_22, _GAMMA_28)
    if matrix is None and not (special and meant.primaries in _SRGB_PRIMARIES):
        return None
    steps = np.linspace(0.0, 1.0, _STEPS)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red changes fastest
    light = _light(np.stack([red, green, blue], axis=-1).reshape(-1, 3), meant.transfer)
    if matrix is not None:
        light = light @ np.array(matrix).T
    values = _encoded(_squeezed(light.clip(0.0)))
    return ImageFilter.Color3DLUT(_STEPS, values.ravel())


def _light(signal: Values, transfer: int) -> Values:
    """Return the light of each channel, 1 for white."""
    if transfer == _PQ:  # SMPTE ST 2084
        root = signal ** (1 / 78.84375)
        nits = 10_000 * ((root - 0.8359375).clip(0) / (18.8515625 - 18.6875 * root)) ** (
            1 / 0.1593017578125
        )
        return np.asarray(nits / _WHITE_NITS)
    if transfer == _HLG:  # ITU-R BT.2100, with its system gamma for a screen of 1,000 nits
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
        luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
        return np.asarray(scene * (luminance**0.2)[:, None] * (_HLG_PEAK_NITS / _WHITE_NITS))
    if transfer in (_GAMMA_22, _GAMMA_28):
        return np.asarray(signal ** (2.2 if transfer == _GAMMA_22 else 2.8))
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)


def _squeezed(light: Values) -> Values:
    """Bring light brighter than white below it, the hue kept: the brightest channel decides."""
    brightest = light.max(axis=1, keepdims=True)
    room = 1.0 - _KNEE
    lowered = 1.0 - room * np.exp(-(brightest - _KNEE) / room)
    return light * np.where(brightest > _KNEE, lowered / brightest.clip(_KNEE), 1.0)


def _encoded(light: Values) -> Values:
    """Return light as sRGB's values."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
