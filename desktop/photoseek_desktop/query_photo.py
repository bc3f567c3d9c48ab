"""Reads example photos from what people drop, paste or choose."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMimeData, Qt
from PySide6.QtGui import QImage, QImageWriter

from photoseek import PhotoError
from photoseek.images import open_photo
from photoseek_desktop.search_request import QueryPhoto

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "PhotoSource",
    "ReadSources",
    "photo_sources_in",
    "read_query_photo",
    "read_sources",
    "to_qimage",
]

CHIP_SIDE = 128
"""Pixels of a query photo's picture in the search bar, on a screen of four-fold density too."""

_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)")


@dataclass(frozen=True)
class PhotoSource:
    """Where an example photo comes from: a file, or an encoded image and its name."""

    name: str
    content: Path | bytes


@dataclass(frozen=True)
class ReadSources:
    """What sources turned out to be: photos, folders, and a line for each that is neither."""

    photos: tuple[QueryPhoto, ...]
    folders: tuple[Path, ...]
    problems: tuple[str, ...]


def photo_sources_in(data: QMimeData) -> list[PhotoSource]:
    """Return what was dropped or pasted, as far as it may be photos or folders.

    Files come before image data: a file manager that offers both means the file. Web addresses
    are left alone, since nothing here opens a connection; a browser's drag or copy brings the
    image itself.
    """
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if files:
        return [PhotoSource(path.name, path) for path in files]
    name = QCoreApplication.translate("query_photo", "Pasted photo")
    if data.hasImage():
        content = _encoded(QImage(data.imageData()))
        if content:
            return [PhotoSource(name, content)]
    found = _DATA_URL.search(data.html() if data.hasHtml() else data.text())
    if found:
        try:
            return [PhotoSource(name, base64.b64decode(found[1]))]
        except binascii.Error:
            return []
    return []


def read_sources(sources: Sequence[PhotoSource]) -> ReadSources:
    """Open everything that was dropped, pasted or chosen. Any thread but the GUI's."""
    photos, folders, problems = [], [], []
    for source in sources:
        if isinstance(source.content, Path) and source.content.is_dir():
            folders.append(source.content)
            continue
        try:
            photos.append(read_query_photo(source))
        except PhotoError as error:
            problems.append(f"{source.name}: {error.reason}")
    return ReadSources(tuple(photos), tuple(folders), tuple(problems))


def read_query_photo(source: PhotoSource) -> QueryPhoto:
    """Open an example photo; `PhotoError` says why it cannot be. Any thread."""
    image = open_photo(source.content)
    if min(image.size) < 1:
        raise PhotoError(None, "the image is empty")
    thumbnail = to_qimage(image).scaled(
        CHIP_SIDE,
        CHIP_SIDE,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    return QueryPhoto(source.name, thumbnail, image)


def to_qimage(image: Image.Image) -> QImage:
    """Copy an RGB image into Qt's memory, in the format that is fastest to paint."""
    width, height = image.size
    pixels = image.tobytes()
    wrapped = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return wrapped.convertToFormat(QImage.Format.Format_RGB32)


def _encoded(image: QImage) -> bytes:
    """Return an image as PNG, so that core opens it like any other photo."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(content.data())
