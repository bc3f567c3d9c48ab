"""The grid's model: photo ids in order, and the rows of those that come into view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
    Signal,
)

from photoseek import Photo
from photoseek_desktop.messages import photo_tooltip

__all__ = ["PhotoModel"]

Index = QModelIndex | QPersistentModelIndex

PAGE = 200
"""Rows that are fetched together."""

MOST_KEPT = 20_000
"""Rows kept in memory, about 1 KB each; the grid asks again for what it lacks."""


class PhotoModel(QAbstractListModel):
    """Photo ids, best first; `Photo` rows are fetched by the page when somebody looks at them.

    Signals:
        photos_wanted(tuple[int, ...], int): rows to fetch; `accept` takes them with the number.
    """

    photos_wanted = Signal(object, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ids: NDArray[np.int64] = np.empty(0, np.int64)
        self.likely = 0
        self._photos: dict[int, Photo] = {}
        self._stale: set[int] = set()
        self._asked: set[int] = set()
        self._edition = 0

    def show(self, ids: NDArray[np.int64], likely: int) -> None:
        """Take `ids` `(n,)` in order, of which the first `likely` are likely matches."""
        self.beginResetModel()
        self.ids = ids
        self.likely = likely
        self._asked.clear()
        self.endResetModel()

    def forget_photos(self) -> None:
        """Fetch the rows in view again: the library has changed. The old ones serve until then."""
        self._edition += 1
        self._stale = set(self._photos)
        self._asked.clear()
        if len(self.ids):
            self.dataChanged.emit(self.index(0), self.index(len(self.ids) - 1))

    def accept(self, photos: Sequence[Photo], edition: int) -> None:
        """Keep fetched rows and tell the views; those asked for before a change are stale."""
        if edition != self._edition:
            return
        if len(self._photos) + len(photos) > MOST_KEPT:
            self._photos.clear()
            self._stale.clear()
            self._asked.clear()
        self._photos.update((photo.id, photo) for photo in photos)
        self._stale.difference_update(photo.id for photo in photos)
        rows = np.flatnonzero(np.isin(self.ids, [photo.id for photo in photos]))
        if len(rows):
            self.dataChanged.emit(self.index(int(rows[0])), self.index(int(rows[-1])))

    def photo_id(self, row: int) -> int:
        """Return the id at a row."""
        return int(self.ids[row])

    def row_of(self, photo_id: int) -> int | None:
        """Return the row of a photo, if it is shown."""
        rows = np.flatnonzero(self.ids == photo_id)
        return int(rows[0]) if len(rows) else None

    def photo(self, row: int) -> Photo | None:
        """Return a row if it is here; otherwise ask for its page."""
        photo_id = int(self.ids[row])
        if self._lacks(photo_id):
            self._ask(row // PAGE)
        return self._photos.get(photo_id)

    def known(self, rows: Sequence[int]) -> list[Photo]:
        """Return those of `rows` that are here, in order."""
        found = (self.photo(row) for row in rows)
        return [photo for photo in found if photo is not None]

    def any_offline(self, ids: Sequence[int]) -> bool:
        """Tell whether one of these photos is offline, as far as their rows are here."""
        return any((photo := self._photos.get(id_)) is not None and photo.offline for id_ in ids)

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of photos."""
        return 0 if parent is not None and parent.isValid() else len(self.ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Describe a photo in words; the delegate asks `photo` instead."""
        if role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return None
        photo = self.photo(index.row())
        if photo is None:
            return ""
        if role == Qt.ItemDataRole.ToolTipRole:
            return photo_tooltip(photo)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._accessible_text(index.row(), photo)
        return photo.path.name

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Every photo can be selected and dragged out."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def mimeTypes(self) -> list[str]:
        """Photos are dragged as files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the files of some photos, for dragging out and for the clipboard."""
        data = QMimeData()
        photos = self.known([index.row() for index in indexes])
        data.setUrls([QUrl.fromLocalFile(str(photo.path)) for photo in photos])
        return data

    def _accessible_text(self, row: int, photo: Photo) -> str:
        parts = [photo.path.name]
        if row < self.likely:
            parts.append(self.tr("likely match"))
        if photo.offline:
            parts.append(self.tr("offline"))
        return ", ".join(parts)

    def _ask(self, page: int) -> None:
        if page in self._asked:
            return
        self._asked.add(page)
        ids = self.ids[page * PAGE : (page + 1) * PAGE]
        missing = tuple(filter(self._lacks, ids.tolist()))
        if missing:
            self.photos_wanted.emit(missing, self._edition)

    def _lacks(self, photo_id: int) -> bool:
        return photo_id not in self._photos or photo_id in self._stale
