"""Turns a picture as the camera was held: EXIF's orientations, 1 to 8."""

from __future__ import annotations

from PIL import Image

__all__ = ["orientation_of", "turned_upright", "valid_orientation"]

_ORIENTATION_TAG = 0x0112

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation of an opened photo; damaged EXIF counts as upright."""
    try:
        return valid_orientation(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 -- Pillow's readers raise at will on damaged blocks
        return 1


def valid_orientation(value: object) -> int:
    """Return an orientation, 1 to 8, from whatever a file stores: a number, a byte or a digit."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if isinstance(value, str):
        value = value.encode("latin-1", "replace")
    if isinstance(value, bytes):
        value = value.rstrip(b"\0 ")
        value = value[0] - (ord("0") if value[0] > 8 else 0) if len(value) == 1 else 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turned_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image that has this orientation upright; it then says nothing of how it was."""
    turn = _TURNS.get(orientation)
    if turn is None:
        return image
    image = image.transpose(turn)
    image.info.clear()
    return image
