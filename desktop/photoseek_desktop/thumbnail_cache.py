"""Keeps the grid's pictures within a bound of memory, and loads the ones that are looked at."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from photoseek_desktop.lanes import Job
from photoseek_desktop.librarian import Librarian

__all__ = ["ThumbnailCache"]

MOST_BYTES = 192 * 1024 * 1024
BATCH = 12
"""Pictures loaded in one go: few enough that a scroll elsewhere is answered at once."""

SETTLE = 150
"""Milliseconds after which a tile's new size is taken for the last one."""


class ThumbnailCache(QObject):
    """Square pixmaps by photo id, least recently used out first; GUI thread only.

    Signals:
        loaded(tuple[int, ...]): these photos can be painted now.
        side_changed(): pictures of another size are made from now on; look at the photos again.
    """

    loaded = Signal(object)
    side_changed = Signal()

    def __init__(self, librarian: Librarian, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(librarian)
        self._librarian = librarian
        self._most_bytes = most_bytes
        self._side = 0
        self._bytes = 0
        self._pixmaps: OrderedDict[int, QPixmap] = OrderedDict()
        self._without: set[int] = set()
        self._wanted: deque[int] = deque()
        self._job: Job[dict[int, QImage | None]] | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._load)
        self._next_side = 0
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._take_side)

    @property
    def byte_count(self) -> int:
        """Memory held by the pixmaps."""
        return self._bytes

    @property
    def busy(self) -> bool:
        """Whether pictures are being loaded, or soon will be."""
        return self._loading or self._soon.isActive() or self._settle.isActive()

    @property
    def side(self) -> int:
        """Side in device pixels of the pictures that are made."""
        return self._side

    def set_side(self, side: int) -> None:
        """Make pictures of another size; those of the old size serve until theirs come.

        A size that follows another one at once is waited for: the person drags the window's edge.
        """
        self._next_side = side
        if self._side == 0:
            self._take_side()
        elif side != self._side:
            self._settle.start()

    def pixmap(self, photo_id: int) -> QPixmap | None:
        """Return a photo's picture if it is here, perhaps of another size."""
        pixmap = self._pixmaps.get(photo_id)
        if pixmap is not None:
            self._pixmaps.move_to_end(photo_id)
        return pixmap

    def is_without(self, photo_id: int) -> bool:
        """Whether a photo is known to have no picture to show."""
        return photo_id in self._without

    def look_at(self, photo_ids: Iterable[int]) -> None:
        """Load what is missing of these, in this order; what was asked before is forgotten."""
        self._wanted = deque(photo_id for photo_id in photo_ids if self._lacks(photo_id))
        if self._wanted and not self._loading and not self._soon.isActive():
            self._soon.start()

    def forget(self) -> None:
        """Drop everything: photos may have changed, or come back online."""
        self._pixmaps.clear()
        self._without.clear()
        self._bytes = 0

    def forget_failures(self) -> None:
        """Try again those that had no picture."""
        self._without.clear()

    @property
    def _loading(self) -> bool:
        return self._job is not None and not self._job.done

    def _take_side(self) -> None:
        if self._side != self._next_side:
            self._side = self._next_side
            self.side_changed.emit()

    def _lacks(self, photo_id: int) -> bool:
        pixmap = self._pixmaps.get(photo_id)
        return photo_id not in self._without and (pixmap is None or pixmap.width() != self._side)

    def _load(self) -> None:
        if self._loading or not self._wanted or not self._librarian.is_open:
            return
        batch = [self._wanted.popleft() for _ in range(min(BATCH, len(self._wanted)))]
        self._job = self._librarian.fetch_tiles(batch, self._side, self._on_tiles)

    def _on_tiles(self, tiles: dict[int, QImage | None]) -> None:
        for photo_id, tile in tiles.items():
            if tile is None:
                self._without.add(photo_id)
            else:
                self._keep(photo_id, QPixmap.fromImage(tile))
        self._wanted = deque(photo_id for photo_id in self._wanted if photo_id not in tiles)
        self.loaded.emit(tuple(tiles))
        self._load()

    def _keep(self, photo_id: int, pixmap: QPixmap) -> None:
        old = self._pixmaps.pop(photo_id, None)
        self._bytes += _byte_count(pixmap) - (_byte_count(old) if old else 0)
        self._pixmaps[photo_id] = pixmap
        while self._bytes > self._most_bytes and len(self._pixmaps) > 1:
            _, dropped = self._pixmaps.popitem(last=False)
            self._bytes -= _byte_count(dropped)


def _byte_count(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
