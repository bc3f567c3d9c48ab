"""Asks the library on worker lanes, and hands its answers to the window."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from photoseek import (
    Explanation,
    FilterChoices,
    Folder,
    Library,
    LibraryBusyError,
    LibraryInfo,
    ModelBundle,
    Photo,
    PhotoseekError,
)
from photoseek_desktop.answers import answer, counted_answer
from photoseek_desktop.lanes import Cancelled, Job, Lane, Lanes
from photoseek_desktop.query_photo import PhotoSource, ReadSources, read_sources
from photoseek_desktop.search_request import QueryPhoto, Results, SearchRequest
from photoseek_desktop.tile_image import make_tile

if TYPE_CHECKING:
    from photoseek.decoding.opener import PhotoOpener

__all__ = ["Librarian"]

T = TypeVar("T")


class Librarian(QObject):
    """The window's door to the `Library`; nothing here waits for the disk on the GUI thread.

    Only the newest question matters: an older one's answer is dropped.

    Signals:
        opened(tuple[Folder, ...]): the library can be asked; it covers these folders.
        recovered(str): its file was damaged; what was done about it, in one line.
        open_failed(PhotoseekError): it cannot be opened.
        searching(): a new question is on its way.
        results_ready(Results): the answer to the newest question.
        results_refreshed(Results): the same question again, because the library has changed.
        search_failed(str): the newest question cannot be answered, in one line.
        info_changed(LibraryInfo): counts, folders, failures, sizes.
        folder_added(Path): a folder is new in the library; `folders_changed` follows.
        folder_waits(Path): a folder cannot be added while another process updates the library.
        folder_covered(Path, Path): the first folder is, or is in, the second, of the library.
        folders_changed(): a folder was added or removed; the library is to be updated.
        models_changed(): a model was added, removed or chosen; likewise.
        failed(str): something else that was asked for cannot be done, in one line.
    """

    opened = Signal(object)
    recovered = Signal(str)
    open_failed = Signal(object)
    searching = Signal()
    results_ready = Signal(object)
    results_refreshed = Signal(object)
    search_failed = Signal(str)
    info_changed = Signal(object)
    folder_added = Signal(object)
    folder_waits = Signal(object)
    folder_covered = Signal(object, object)
    folders_changed = Signal()
    models_changed = Signal()
    failed = Signal(str)

    def __init__(
        self, lanes: Lanes, directory: Path | None, bundle: Path | None, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._directory = directory
        self._bundle = bundle
        self._library: Library | None = None
        self._request = SearchRequest()
        self._search: Job[Results] | Job[tuple[Results, LibraryInfo]] | None = None
        self._info: Job[LibraryInfo] | None = None
        self._measures = False

    @property
    def request(self) -> SearchRequest:
        """The newest question."""
        return self._request

    @property
    def is_open(self) -> bool:
        """Whether the library can be asked."""
        return self._library is not None

    @property
    def library(self) -> Library:
        """The open library; only after `opened`."""
        assert self._library is not None
        return self._library

    def open(self) -> None:
        """Open the library, creating it when absent."""
        directory, bundle = self._directory, self._bundle

        def work(_: Cancelled) -> tuple[Library, tuple[Folder, ...]]:
            chosen = ModelBundle.open(bundle) if bundle else None
            library = Library.open(directory, bundle=chosen)
            return library, library.folders()

        self._lanes.search.run(work, self._on_opened, self.open_failed.emit)

    def stop_opening(self) -> None:
        """End the processes that open photos, for a lane may wait for one."""
        if self._library is not None:
            self._library.stop_opening()

    def close(self) -> None:
        """Close the library; call when the lanes have ended."""
        if self._library is not None:
            self._library.close()
            self._library = None

    def show(self, request: SearchRequest) -> None:
        """Ask for the photos that answer `request`, or for all of them if it is empty."""
        self._request = request
        self.searching.emit()
        if self._search is not None:
            self._search.cancel()
        library = self.library
        self._search = self._lanes.search.run(
            lambda _: answer(library, request), self.results_ready.emit, self._on_search_failed
        )

    def refresh(self) -> None:
        """Ask the newest question again, and count, if it is not being answered anyway."""
        if self._search is not None and not self._search.done:
            return
        library, request = self.library, self._request
        self._search = self._lanes.search.run(
            lambda _: counted_answer(library, request), self._on_refreshed, self._on_search_failed
        )

    def request_info(self, *, sizes: bool = False) -> None:
        """Ask for the library's state; `info_changed` follows.

        Measuring the `sizes` looks at every thumbnail; they are otherwise as measured last.
        """
        if self._info is not None and not self._info.done:
            self._info.cancel()
            sizes = sizes or self._measures
        self._measures = sizes
        self._info = self._run(
            self._lanes.upkeep, lambda library: library.info(sizes=sizes), self.info_changed.emit
        )

    def fetch_photos(
        self, ids: Sequence[int], then: Callable[[list[Photo]], None]
    ) -> Job[list[Photo]]:
        """Read the rows of some photos; those that are gone are left out."""
        wanted = tuple(ids)
        return self._run(self._lanes.thumbnails, lambda library: library.photos(wanted), then)

    def fetch_files(
        self, ids: Sequence[int], then: Callable[[list[Photo]], None]
    ) -> Job[list[Photo]]:
        """Read the rows of those photos whose files are there now."""
        wanted = tuple(ids)

        def work(library: Library) -> list[Photo]:
            return [photo for photo in library.photos(wanted) if photo.path.exists()]

        return self._run(self._lanes.upkeep, work, then)

    def fetch_filter_choices(self, then: Callable[[FilterChoices], None]) -> None:
        """Ask what a filter can ask for."""
        self._run(self._lanes.upkeep, Library.filter_choices, then)

    def fetch_query_photos(
        self, ids: Sequence[int], then: Callable[[list[QueryPhoto]], None]
    ) -> None:
        """Make example photos of photos in the library."""
        wanted = tuple(ids)

        def work(library: Library) -> list[QueryPhoto]:
            return [
                QueryPhoto(
                    photo.path.name,
                    QImage.fromData(library.thumbnail(photo.id) or b""),
                    photo_id=photo.id,
                )
                for photo in library.photos(wanted)
            ]

        self._run(self._lanes.search, work, then)

    def read_sources(
        self, sources: Sequence[PhotoSource], then: Callable[[ReadSources], None]
    ) -> None:
        """Open what was dropped, pasted or chosen.

        Searches go on meanwhile: a file may take long to open, or have been made to.
        """
        given = tuple(sources)
        self._lanes.photos.run(
            lambda cancelled: read_sources(given, self.opener(), cancelled), then, self._on_failed
        )

    def opener(self) -> PhotoOpener:
        """Return what opens photos in processes of their own. Any thread."""
        return self.library.opener()

    def fetch_tiles(
        self, ids: Sequence[int], side: int, then: Callable[[dict[int, QImage | None]], None]
    ) -> Job[dict[int, QImage | None]]:
        """Make grid pictures of some photos, `side` pixels each; None where there is none."""
        library, wanted = self.library, tuple(ids)

        def work(cancelled: Cancelled) -> dict[int, QImage | None]:
            tiles: dict[int, QImage | None] = {}
            for photo_id in wanted:
                if cancelled():
                    break
                tiles[photo_id] = make_tile(library.thumbnail(photo_id), side)
            return tiles

        # Pictures that cannot be had are no reason for a dialog each.
        return self._lanes.thumbnails.run(work, then, lambda _: then(dict.fromkeys(wanted, None)))

    def fetch_preview(self, photo_id: int, then: Callable[[QImage], None]) -> Job[QImage]:
        """Read a photo's stored thumbnail; an empty picture where there is none."""

        def work(library: Library) -> QImage:
            return QImage.fromData(library.thumbnail(photo_id) or b"")

        return self._run(self._lanes.thumbnails, work, then)

    def add_folders(self, paths: Sequence[Path]) -> None:
        """Add folders, each by itself: one that cannot be added does not stop the others.

        Waits for the update under way, as `remove_folder` does. Start that one over.
        """

        library = self.library

        def add(path: Path, _: Cancelled) -> tuple[Path, Folder, bool]:
            known = {folder.path for folder in library.folders()}
            folder = library.add_folder(path)
            return path, folder, folder.path not in known

        def otherwise(path: Path, error: PhotoseekError) -> None:
            if isinstance(error, LibraryBusyError):
                self.folder_waits.emit(path)
            else:
                self._on_failed(error)

        for path in paths:
            self._lanes.indexing.run(
                partial(add, path), self._on_folder_added, partial(otherwise, path)
            )

    def find_empty(self, paths: Collection[Path], then: Callable[[list[Path]], None]) -> None:
        """Ask in which of these folders of the library no file was found."""
        wanted = frozenset(paths)

        def work(library: Library) -> list[Path]:
            folders = library.folders()
            return [item.path for item in folders if item.path in wanted and not item.photos]

        self._run(self._lanes.upkeep, work, then)

    def remove_folder(self, path: Path) -> None:
        """Take a folder out of the library; the photos on disk are not touched.

        Waits for the update under way: only one at a time may write. Stop it first.
        """
        self._run(
            self._lanes.indexing,
            lambda library: library.remove_folder(path),
            lambda _: self.folders_changed.emit(),
        )

    def forget_missing(self, folder: Path | None) -> None:
        """Forget the offline photos of a folder, or all. Stop the update under way first."""
        self._run(
            self._lanes.indexing,
            lambda library: library.forget_missing(folder),
            lambda _: self.folders_changed.emit(),
        )

    def forget_photos(self, ids: Sequence[int]) -> None:
        """Forget those of these photos that are offline. Stop the update under way first."""
        wanted = tuple(ids)
        self._run(
            self._lanes.indexing,
            lambda library: library.forget_photos(wanted),
            lambda _: self.folders_changed.emit(),
        )

    def add_model(self, path: Path) -> None:
        """Keep the model bundle in a folder, to read all photos beside the one in use."""
        self._run(
            self._lanes.upkeep,
            lambda library: library.add_model(ModelBundle.open(path)),
            self._on_models_changed,
        )

    def use_model(self, model_id: str, incomplete: bool) -> None:
        """Search with another of the library's models."""
        self._run(
            self._lanes.upkeep,
            lambda library: library.use_model(model_id, incomplete=incomplete),
            self._on_models_changed,
        )

    def remove_model(self, model_id: str) -> None:
        """Forget a model. Waits for the update under way, as `remove_folder` does."""
        self._run(
            self._lanes.indexing,
            lambda library: library.remove_model(model_id),
            self._on_models_changed,
        )

    def exclude(self, pattern: str) -> None:
        """Leave out what a pattern matches. Stop the update under way first."""
        self._run(
            self._lanes.indexing,
            lambda library: library.exclude(pattern),
            lambda _: self.folders_changed.emit(),
        )

    def include(self, pattern: str) -> None:
        """Take a pattern back. Stop the update under way first."""
        self._run(
            self._lanes.indexing,
            lambda library: library.include(pattern),
            lambda _: self.folders_changed.emit(),
        )

    def explain(self, path: Path, then: Callable[[Explanation], None]) -> None:
        """Ask why a photo is, or is not, found by what is in the search bar."""
        request = self._request

        def work(library: Library) -> Explanation:
            return library.explain(path, request.to_query() if request else None)

        self._run(self._lanes.search, work, then)

    def _run(self, lane: Lane, work: Callable[[Library], T], then: Callable[[T], None]) -> Job[T]:
        library = self.library
        return lane.run(lambda _: work(library), then, self._on_failed)

    def _on_refreshed(self, counted: tuple[Results, LibraryInfo]) -> None:
        results, info = counted
        self.info_changed.emit(info)
        self.results_refreshed.emit(results)

    def _on_search_failed(self, error: PhotoseekError) -> None:
        self.search_failed.emit(str(error))

    def _on_opened(self, opened: tuple[Library, tuple[Folder, ...]]) -> None:
        self._library, folders = opened
        # One process stays ready, so that the first photo is not waited for any longer than others.
        self._lanes.photos.run(lambda _: self.opener().warm(), _ignore, _ignore)
        self.opened.emit(folders)
        if self._library.recovery:
            self.recovered.emit(self._library.recovery)

    def _on_folder_added(self, added: tuple[Path, Folder, bool]) -> None:
        asked, folder, is_new = added
        if is_new:
            self.folder_added.emit(folder.path)
        else:
            self.folder_covered.emit(asked, folder.path)
        self.folders_changed.emit()

    def _on_models_changed(self, _: None) -> None:
        self.models_changed.emit()

    def _on_failed(self, error: PhotoseekError) -> None:
        self.failed.emit(str(error))


def _ignore(_: object) -> None:
    """Who asks for the first photo hears what is wrong."""
