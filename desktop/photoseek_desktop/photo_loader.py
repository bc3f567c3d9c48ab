"""Fetches pictures of photos for the viewer, and of those beside the one that is shown."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage

from photoseek import Photo, PhotoseekError
from photoseek_desktop.lanes import Job, Lane

if TYPE_CHECKING:
    from photoseek.decoding.opener import PhotoOpener

__all__ = ["LoadedPhoto", "PhotoLoader", "full_factor"]

MOST_FITTED = 9_000_000
"""Pixels of a picture that fits the view: those of a large screen."""

MOST_KEPT = 128 * 1024 * 1024
"""Bytes of fitted pictures: three that are wanted at once, and others that were seen."""

MOST_FULL = 64_000_000
"""Pixels of the one photo that is zoomed: 256 MB; a larger one is shown at a half or a third."""


@dataclass(frozen=True)
class LoadedPhoto:
    """A photo's own size, and a picture of it that fits the view; or in words why there is none."""

    photo_id: int
    size: QSize
    fitted: QImage = field(repr=False)
    problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the picture has all of the photo's pixels."""
        return self.fitted.size() == self.size


class PhotoLoader(QObject):
    """Loads one picture at a time, of the photo that is looked at first; keeps a few.

    It holds at most 128 MiB of pictures that fit the view, and one photo in full, of at most
    256 MB and only once somebody has zoomed in. Files are opened in a process of their own.

    Signals:
        loaded(LoadedPhoto): a photo that was asked for is here, or will never be.
        full_loaded(int, QImage): the photo with this id in full, or as near to it as is kept.
    """

    loaded = Signal(object)
    full_loaded = Signal(int, QImage)

    def __init__(
        self, lane: Lane, opener: Callable[[], PhotoOpener], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._lane = lane
        self._opener = opener
        self._kept: OrderedDict[int, LoadedPhoto] = OrderedDict()
        self._job: Job[LoadedPhoto] | None = None
        self._full_job: Job[QImage] | None = None
        self._full_id, self._full_failed = -1, False
        self._wanted: list[Photo] = []
        self._view = QSize(1600, 1000)

    def set_view(self, size: QSize) -> None:
        """Tell the size in device pixels that photos are fitted into; others are loaded anew."""
        if size != self._view:
            self._view = size
            for photo_id, kept in tuple(self._kept.items()):
                if not kept.problem and kept.fitted.size() != _fitted_size(kept.size, size):
                    del self._kept[photo_id]

    def holds(self, photo_id: int) -> bool:
        """Whether a photo has been loaded."""
        return photo_id in self._kept

    def load(self, photos: Sequence[Photo]) -> LoadedPhoto | None:
        """Ask for photos, the most wanted first; return that one if it is here already."""
        self._wanted = list(photos)
        if not photos or photos[0].id != self._full_id:
            self._drop_full()
        kept = self._kept.get(photos[0].id) if photos else None
        if kept is not None:
            self._kept.move_to_end(kept.photo_id)
        self._next()
        return kept

    def load_full(self, photo: Photo, size: QSize) -> None:
        """Ask for all pixels of a photo of this size; a fault leaves the fitted picture."""
        is_coming = self._full_job is not None and not self._full_job.done
        if self._full_id == photo.id and (is_coming or self._full_failed):
            return
        self._drop_full()
        self._full_id = photo.id
        opener, path, factor = self._opener, photo.path, full_factor(size)
        at_least = min(size.width(), size.height()) // factor if factor > 1 else None

        def work(_: object) -> QImage:
            room = _QImageRoom()
            opener().view(path, room.make, at_least=at_least, most=MOST_FULL)
            return room.image

        def on_loaded(image: QImage) -> None:
            self.full_loaded.emit(photo.id, image)

        def otherwise(_: PhotoseekError) -> None:
            self._full_failed = True  # the fitted picture stays, enlarged

        self._full_job = self._lane.run(work, on_loaded, otherwise)

    def forget(self) -> None:
        """Drop everything: the viewer was closed, or files have changed."""
        self._wanted.clear()
        self._kept.clear()
        self._drop_full()

    def _drop_full(self) -> None:
        self._full_id, self._full_failed = -1, False
        if self._full_job is not None:
            self._full_job.cancel()
            self._full_job = None

    def _next(self) -> None:
        missing = [photo for photo in self._wanted if photo.id not in self._kept]
        if not missing or (self._job is not None and not self._job.done):
            return
        photo, opener, view = missing[0], self._opener, self._view

        def work(_: object) -> LoadedPhoto:
            room, box = _QImageRoom(), (max(1, view.width()), max(1, view.height()))
            viewed = opener().view(photo.path, room.make, box=box, most=MOST_FITTED)
            return LoadedPhoto(photo.id, QSize(viewed.width, viewed.height), room.image)

        def otherwise(error: PhotoseekError) -> None:
            fail(getattr(error, "reason", str(error)))

        def fail(reason: str) -> None:
            self._on_loaded(LoadedPhoto(photo.id, QSize(), QImage(), reason), view)

        self._job = self._lane.run(
            work,
            lambda loaded: self._on_loaded(loaded, view),
            otherwise,
            on_crash=lambda: fail(self.tr("Photoseek has made a mistake")),
        )

    def _on_loaded(self, loaded: LoadedPhoto, view: QSize) -> None:
        if any(photo.id == loaded.photo_id for photo in self._wanted):
            if view == self._view or loaded.problem:
                self._kept[loaded.photo_id] = loaded
                self._drop_oldest()
            self.loaded.emit(loaded)
        self._next()

    def _drop_oldest(self) -> None:
        """Keep what is wanted now, and of the rest the newest within the bound."""
        wanted = {photo.id for photo in self._wanted}
        size = sum(kept.fitted.sizeInBytes() for kept in self._kept.values())
        for photo_id in tuple(self._kept):
            if size <= MOST_KEPT:
                break
            if photo_id not in wanted:
                size -= self._kept.pop(photo_id).fitted.sizeInBytes()


class _QImageRoom:
    """Memory of Qt's that a picture's pixels are read into without a copy."""

    def __init__(self) -> None:
        self.image = QImage()

    def make(self, width: int, height: int) -> memoryview:
        # Made anew by each try, so that what one left behind is not seen.
        self.image = QImage(width, height, QImage.Format.Format_RGB32)
        if self.image.isNull():
            raise PhotoseekError("the photo is too large for the memory that is left")
        return memoryview(self.image.bits()).cast("B")


def full_factor(size: QSize) -> int:
    """Return by what a photo's sides are divided to be kept in full: a power of two, as decoders
    scale by those at once."""
    factor = 1
    while size.width() // factor * (size.height() // factor) > MOST_FULL:
        factor *= 2
    return factor


def _fitted_size(size: QSize, view: QSize) -> QSize:
    """Return the size of a photo's picture for a view; a photo is never scaled up."""
    scale = min(1.0, view.width() / size.width(), view.height() / size.height())
    return QSize(round(size.width() * scale), round(size.height() * scale))
