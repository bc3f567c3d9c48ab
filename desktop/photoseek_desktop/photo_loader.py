"""Decodes whole photos for the viewer, and those beside the one that is shown."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from photoseek import Photo, PhotoseekError
from photoseek.images import open_photo
from photoseek_desktop.lanes import Job, Lane
from photoseek_desktop.query_photo import to_qimage

__all__ = ["LoadedPhoto", "PhotoLoader"]

MOST_BYTES = 400 * 1024 * 1024


@dataclass(frozen=True)
class LoadedPhoto:
    """A decoded photo and a copy that fits the view; or, in words, why there is none."""

    photo_id: int
    image: QImage = field(repr=False)
    fitted: QImage = field(repr=False)
    problem: str = ""


class PhotoLoader(QObject):
    """Loads one photo at a time, the one that is looked at first; keeps a few.

    Signals:
        loaded(LoadedPhoto): a photo that was asked for is here, or will never be.
    """

    loaded = Signal(object)

    def __init__(self, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self._kept: OrderedDict[int, LoadedPhoto] = OrderedDict()
        self._job: Job[LoadedPhoto] | None = None
        self._wanted: list[Photo] = []
        self._view = QSize(1600, 1000)

    def set_view(self, size: QSize) -> None:
        """Tell the size in device pixels that photos are fitted into."""
        self._view = size

    def holds(self, photo_id: int) -> bool:
        """Whether a photo has been decoded."""
        return photo_id in self._kept

    def load(self, photos: Sequence[Photo]) -> LoadedPhoto | None:
        """Ask for photos, the most wanted first; return that one if it is here already."""
        self._wanted = list(photos)
        kept = self._kept.get(photos[0].id) if photos else None
        if kept is not None:
            self._kept.move_to_end(kept.photo_id)
        self._next()
        return kept

    def fit_again(
        self, loaded: LoadedPhoto, view: QSize, then: Callable[[LoadedPhoto], None]
    ) -> None:
        """Scale a photo for a view of another size."""

        def on_fitted(fitted: LoadedPhoto) -> None:
            if fitted.photo_id in self._kept:
                self._kept[fitted.photo_id] = fitted
            then(fitted)

        self._lane.run(
            lambda _: replace(loaded, fitted=fit(loaded.image, view)), on_fitted, _ignore
        )

    def forget(self) -> None:
        """Drop everything: the viewer was closed, or files have changed."""
        self._wanted.clear()
        self._kept.clear()

    def _next(self) -> None:
        missing = [photo for photo in self._wanted if photo.id not in self._kept]
        if not missing or (self._job is not None and not self._job.done):
            return
        photo, view = missing[0], self._view

        def otherwise(error: PhotoseekError) -> None:
            reason = getattr(error, "reason", str(error))
            self._on_loaded(LoadedPhoto(photo.id, QImage(), QImage(), reason))

        self._job = self._lane.run(
            lambda _: _load(photo.id, photo.path, view), self._on_loaded, otherwise
        )

    def _on_loaded(self, loaded: LoadedPhoto) -> None:
        if any(photo.id == loaded.photo_id for photo in self._wanted):
            self._kept[loaded.photo_id] = loaded
            self._drop_oldest()
            self.loaded.emit(loaded)
        self._next()

    def _drop_oldest(self) -> None:
        """Keep what is wanted now, and of the rest the newest within the bound."""
        wanted = {photo.id for photo in self._wanted}
        size = sum(kept.image.sizeInBytes() for kept in self._kept.values())
        for photo_id in tuple(self._kept):
            if size <= MOST_BYTES:
                break
            if photo_id not in wanted:
                size -= self._kept.pop(photo_id).image.sizeInBytes()


def _ignore(_error: PhotoseekError) -> None:
    """Scaling an image in memory meets no error of the world's."""


def _load(photo_id: int, path: Path, view: QSize) -> LoadedPhoto:
    image = to_qimage(open_photo(path, at_least=None))
    return LoadedPhoto(photo_id, image, fit(image, view))


def fit(image: QImage, view: QSize) -> QImage:
    """Return the image scaled down smoothly to fit `view`; never scaled up."""
    if image.width() <= view.width() and image.height() <= view.height():
        return image
    return image.scaled(
        view, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
