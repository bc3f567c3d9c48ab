"""Takes in what people drop, paste or choose: photos to search by, and folders to add."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal

from photoseek_desktop.librarian import Librarian
from photoseek_desktop.messages import count, photos
from photoseek_desktop.query_photo import PhotoSource, ReadSources, photo_sources_in
from photoseek_desktop.status_line import StatusLine

__all__ = ["Intake"]


class Intake(QObject):
    """Opens what it is given in the background, and says what it was.

    Signals:
        photos_read(list[QueryPhoto]): search by these photos.
        folders_found(tuple[Path, ...]): add these folders.
        refused(str): what is neither, and why, in a few lines.
    """

    photos_read = Signal(object)
    folders_found = Signal(object)
    refused = Signal(str)

    def __init__(self, librarian: Librarian, status_line: StatusLine, parent: QObject) -> None:
        super().__init__(parent)
        self._librarian = librarian
        self._status_line = status_line

    def take(self, data: QMimeData, *, dropped: bool) -> bool:
        """Open the photos and folders in some data; False when there are none."""
        sources = photo_sources_in(data, dropped=dropped)
        if sources and self._librarian.is_open:
            self._read(sources)
        return bool(sources)

    def take_photo(self, path: Path) -> None:
        """Open a photo that was chosen."""
        self._read([PhotoSource(path.name, path)])

    def _read(self, sources: Sequence[PhotoSource]) -> None:
        self._status_line.show_notice(self.tr("Opening…"))
        self._librarian.read_sources(sources, self._on_read)

    def _on_read(self, read: ReadSources) -> None:
        self._status_line.end_notice()
        if read.folders:
            self.folders_found.emit(read.folders)
        if read.photos:
            self.photos_read.emit(list(read.photos))
        problems = list(read.problems)
        if problems and read.unread:
            problems.append(self.tr("{count} more were not tried").format(count=count(read.unread)))
        elif read.unread:
            self._status_line.show_notice(
                self.tr("Searching by the last {photos} of these").format(
                    photos=photos(len(read.photos))
                )
            )
        if problems:
            self.refused.emit("\n".join(problems))
