"""Reads example photos from what people drop, paste or choose."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMimeData, Qt
from PySide6.QtGui import QImage, QImageWriter

from photoseek import PhotoError
from photoseek_desktop.search_request import QueryPhoto

if TYPE_CHECKING:
    from PIL import Image

    from photoseek.decoding.opener import PhotoOpener

__all__ = [
    "MOST_PHOTOS",
    "PhotoSource",
    "ReadSources",
    "is_text_with_a_picture",
    "photo_sources_in",
    "read_query_photo",
    "read_sources",
    "to_qimage",
]

CHIP_SIDE = 128
"""Pixels of a query photo's picture in the search bar, on a screen of four-fold density too."""

MOST_PHOTOS = 4
"""Example photos of one question."""

MOST_PROBLEMS = 8
"""Files that are no photos, after which no more of a drop are tried, or told."""

LEAST_SIDE = 384
"""Pixels of a query photo's shorter side, above what most image encoders take."""

_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)")


_DATA_URL_MARKS = ("data:image/", ";base64,")

_ADDRESS = re.compile(r"(?s:data:image/.*)|[a-z][\w+.-]*://\S*", re.IGNORECASE)

_ENCODED = ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/gif")
"""What other programs offer an image as, best first: it is opened as any photo is, not by Qt."""


@dataclass(frozen=True)
class PhotoSource:
    """Where an example photo comes from, and its name.

    That is a file, the bytes of one, an image that Qt holds, or a text with a picture in it.
    """

    name: str
    content: Path | bytes | QImage | str


@dataclass(frozen=True)
class ReadSources:
    """What sources turned out to be: photos, folders, and a line for each that is neither.

    `unread` counts those that were too many to open.
    """

    photos: tuple[QueryPhoto, ...]
    folders: tuple[Path, ...]
    problems: tuple[str, ...]
    unread: int = 0


def photo_sources_in(data: QMimeData, *, dropped: bool) -> list[PhotoSource]:
    """Return what was dropped or pasted, as far as it may be photos or folders.

    Files come before image data: a file manager that offers both means the file. Web addresses
    are left alone, since nothing here opens a connection; a browser's drag or copy brings the
    image itself.
    """
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    if files:
        return [PhotoSource(path.name, path) for path in files]
    if dropped:
        name = QCoreApplication.translate("query_photo", "Dropped picture")
    else:
        name = QCoreApplication.translate("query_photo", "Pasted picture")
    for kind in _ENCODED:
        if data.hasFormat(kind) and (content := bytes(data.data(kind).data())):
            return [PhotoSource(name, content)]
    if data.hasImage():
        image = QImage(data.imageData())
        if not image.isNull():
            return [PhotoSource(name, image)]
    text = data.html() if data.hasHtml() else data.text()
    if all(mark in text for mark in _DATA_URL_MARKS):
        return [PhotoSource(name, text)]
    return []


def is_text_with_a_picture(data: QMimeData) -> bool:
    """Tell whether what was copied is text first: a spreadsheet's cells bring a picture of them.

    A picture copied in a browser brings its address at most.
    """
    if not data.hasFormat("text/plain") or any(url.isLocalFile() for url in data.urls()):
        return False
    text = data.text().strip()
    return bool(text) and not _ADDRESS.fullmatch(text)


def read_sources(
    sources: Sequence[PhotoSource], opener: PhotoOpener, cancelled: Callable[[], bool]
) -> ReadSources:
    """Find the folders, and open the last photos of what was dropped, pasted or chosen.

    Any thread but the GUI's.
    """
    folders: list[Path] = []
    files: list[PhotoSource] = []
    for source in sources:
        if isinstance(source.content, Path) and source.content.is_dir():
            folders.append(source.content)
        else:
            files.append(source)
    photos: list[QueryPhoto] = []
    problems: list[str] = []
    for source in reversed(files):
        if len(photos) == MOST_PHOTOS or len(problems) == MOST_PROBLEMS or cancelled():
            break
        try:
            photos.append(read_query_photo(source, opener))
        except PhotoError as error:
            problems.append(f"{source.name}: {error.reason}")
    unread = len(files) - len(photos) - len(problems)
    return ReadSources(tuple(photos[::-1]), tuple(folders), tuple(problems[::-1]), unread)


def read_query_photo(source: PhotoSource, opener: PhotoOpener) -> QueryPhoto:
    """Open an example photo; `PhotoError` says why it cannot be. Any thread."""
    content = source.content
    if isinstance(content, QImage):
        content = _encoded(content)
    elif isinstance(content, str):
        content = _written_in(content)
    image = opener.image(content, at_least=LEAST_SIDE)
    thumbnail = to_qimage(image).scaled(
        CHIP_SIDE,
        CHIP_SIDE,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    return QueryPhoto(source.name, thumbnail, image)


def _written_in(text: str) -> bytes:
    """Return the picture that is written into a page or a text."""
    found = _DATA_URL.search(text)
    try:
        return base64.b64decode(found[1] if found else "", validate=False)
    except binascii.Error as error:
        raise PhotoError(None, "the picture is cut short", "cut_short") from error


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
    writer = QImageWriter(buffer, QByteArray(b"png"))
    writer.setQuality(100)  # hardly compressed: it is not kept
    writer.write(image)
    return bytes(content.data())
