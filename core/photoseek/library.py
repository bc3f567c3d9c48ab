"""A library: the folders a person has added, kept up to date and searched."""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from photoseek.bundle import ModelBundle
from photoseek.database import Backups, Catalogue, LibraryFile
from photoseek.encoder import Encoder
from photoseek.errors import (
    BundleError,
    FolderError,
    LibraryError,
    PatternError,
    PhotoError,
)
from photoseek.explaining import explain
from photoseek.filters import Filter
from photoseek.loaded_model import LoadedModel
from photoseek.log import LibraryLog
from photoseek.model_trial import require_tried
from photoseek.models import Models
from photoseek.paths import absolute, default_library_directory, path_below
from photoseek.query import Query
from photoseek.ranking import rank
from photoseek.records import (
    Changes,
    Explanation,
    FilterChoices,
    Folder,
    LibraryInfo,
    LibraryModel,
    Photo,
    Progress,
    Ranking,
    SearchResult,
    UpdateReport,
)
from photoseek.sieve import Sieve
from photoseek.thumbnails import ThumbnailCache
from photoseek.typed_paths import looks_like_file_name
from photoseek.understood import CutShort, NamesTaken

if TYPE_CHECKING:
    from photoseek.decoding.opener import PhotoOpener

__all__ = ["Library"]


@dataclass(frozen=True)
class _Sizes:
    """Bytes of a library's files."""

    database: int = 0
    backups: int = 0
    thumbnails: int = 0


class Library:
    """One library on disk, searched with one of its models; any thread may call any method.

    Searching reads a snapshot in memory and never waits for `update`. Only one process updates
    a library at a time; others go on reading and see its photos as they come. A library opened
    without a bundle uses the model that was last chosen for it, by whichever process.

    `recovery` says in one line what opening did about a damaged library file; None usually.
    """

    def __init__(self, directory: Path, bundle: ModelBundle | None = None) -> None:
        self.directory = directory
        self._log = LibraryLog(directory)
        self._log.open()
        try:
            self._file = LibraryFile(directory)
        except BaseException:
            self._log.close()
            raise
        self.recovery, self._catalogue = self._file.recovery, self._file.catalogue
        if self.recovery:
            logging.getLogger("photoseek.catalogue").info(
                "the library was put right: %s", self.recovery
            )
        self._thumbnails = ThumbnailCache(directory / "thumbnails")
        self._models = Models(directory / "models", self._catalogue.models)
        self._follows = bundle is None
        self._switching = threading.Lock()
        self._opening = threading.Lock()
        self._opener: PhotoOpener | None = None
        try:
            chosen = require_tried(bundle) if bundle else self._models.open_current()
        except BaseException:
            self.close()
            raise
        self._model = LoadedModel(chosen, self._catalogue, self.opener)
        self._sieve = Sieve(self._catalogue)
        self._sizes = _Sizes()

    @classmethod
    def open(
        cls, directory: Path | str | None = None, *, bundle: ModelBundle | None = None
    ) -> Library:
        """Open a library, made when absent: by default the user's own, with the model it uses.

        That is the shipped one for a new library. Another `bundle` is used by this object alone,
        until `use_model`. `LibraryError` says why it cannot be opened, `BundleError` what is wrong
        with the model.
        """
        folder = Path(directory) if directory is not None else default_library_directory()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"the library folder {folder} cannot be made ({error.strerror}); choose another "
                "with --library"
            ) from error
        return cls(folder, bundle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the library's file and its log, and end the processes that open photos."""
        self.stop_opening()
        self._file.close()
        self._log.close()

    def opener(self) -> PhotoOpener:
        """Return what opens photos for this library, in processes of their own; starts none."""
        # Imported late: a search by phrase opens no photo.
        from photoseek.decoding.opener import PhotoOpener

        with self._opening:
            if self._opener is None:
                self._opener = PhotoOpener()
            return self._opener

    def stop_opening(self) -> None:
        """End at once what `opener` has begun: nobody will look at it."""
        with self._opening:
            opener = self._opener
        if opener is not None:
            opener.close()

    @property
    def bundle(self) -> ModelBundle:
        """The model that this library is searched with."""
        return self._model.bundle

    @property
    def encoder(self) -> Encoder:
        """The encoder of that model."""
        return self._model.encoder

    # Folders

    def folders(self) -> tuple[Folder, ...]:
        """Return the folders that the library covers."""
        return self._catalogue.folders.all()

    def add_folder(self, path: Path | str) -> Folder:
        """Add a folder, to be read by the next `update`; one inside another is already covered.

        `FolderError` for a path that is not a readable folder, `LibraryBusyError` while the
        library is updated.
        """
        folder = absolute(path)
        _check_folder(folder)
        if (covering := self._covering(folder)) is not None:
            return covering
        with self._writer() as catalogue, catalogue.transaction():
            if self._covering(folder) is None:  # else another process has just added it
                # A link is the folder that it leads to, and what is in one is in the other.
                real = Path(os.path.realpath(folder))
                known = {other: Path(os.path.realpath(other.path)) for other in self.folders()}
                inside = [
                    dataclasses.replace(other, path=folder / its_own.relative_to(real))
                    for other, its_own in known.items()
                    if its_own.is_relative_to(real)
                ]
                catalogue.folders.add(folder, inside)
                if inside and self.exclusions():
                    changed = self._changed_by(catalogue, catalogue.exclusions.patterns())
                    catalogue.exclusions.settle(*changed)
        covering = self._covering(folder)
        if covering is None:
            raise FolderError(f"{folder} has been removed from the library in the same moment")
        return covering

    def _covering(self, folder: Path) -> Folder | None:
        """Return the folder of the library that a folder is, or is in, by its name or a link."""
        real = Path(os.path.realpath(folder))
        for other in self.folders():
            linked = Path(os.path.realpath(other.path))
            if folder.is_relative_to(other.path) or real.is_relative_to(linked):
                return other
        return None

    def remove_folder(self, path: Path | str) -> None:
        """Forget a folder and its photos; the files themselves stay as they are.

        `FolderError` for one that is not in the library, `LibraryBusyError` while it is updated.
        """
        folder = next((item for item in self.folders() if item.path == absolute(path)), None)
        if folder is None:
            raise FolderError(f"{path} is not a folder of this library")
        with self._writer() as catalogue:
            self._thumbnails.begin_changes()
            catalogue.remove_folder(folder.id)

    def forget(self, path: Path | str) -> int:
        """Forget a whole folder of the library, or what is offline at or below any other path.

        Return how many offline photos that were; 0 for a whole folder. `path` may be a photo's own,
        a folder's, or that of a drive that is away, whose folders go with it. `FolderError` where
        nothing there is offline: a photo whose file is there would be read again, and is left out
        by `exclude`.
        """
        place = absolute(path)
        if any(folder.path == place for folder in self.folders()):
            self.remove_folder(place)
            return 0
        photos = self.forget_missing(place)
        empty = [
            folder.path
            for folder in self.folders()
            if folder.path.is_relative_to(place) and not (folder.online or folder.photos)
        ]
        for path in empty:
            self.remove_folder(path)
        if not photos and not empty:
            raise FolderError(
                f"{place} is not a folder of this library, and no photo there is offline; to leave "
                "out what is there, use photoseek exclude"
            )
        return photos

    def exclusions(self) -> tuple[str, ...]:
        """Return the patterns of files and folders that are left out of the library."""
        return self._catalogue.exclusions.patterns()

    def exclude(self, *patterns: str) -> int:
        """Leave out what these patterns match below each folder; return how many photos that hides.

        They are written as in `.gitignore`: `Trash/`, `*_edited.jpg`, `/2019/raw`. A hidden photo
        is not found, and keeps its embedding in case the pattern is taken back. `PatternError` for
        a pattern that cannot be read.
        """
        from photoseek.exclusions import Exclusions

        Exclusions(patterns)
        with self._writer() as catalogue:
            in_force = tuple(dict.fromkeys((*catalogue.exclusions.patterns(), *patterns)))
            hide, show = self._changed_by(catalogue, in_force)
            with catalogue.transaction():
                catalogue.exclusions.add(patterns)
                catalogue.exclusions.settle(hide, show)
        return len(hide)

    def include(self, *patterns: str) -> int:
        """Take patterns back; return how many photos are found again at once.

        The next `update` reads those that were never read. `PatternError` for one that is not here.
        """
        unknown = set(patterns) - set(self.exclusions())
        if unknown:
            raise PatternError(f"{min(unknown)!r} is not among the patterns of this library")
        with self._writer() as catalogue:
            in_force = [each for each in catalogue.exclusions.patterns() if each not in patterns]
            hide, show = self._changed_by(catalogue, in_force)
            with catalogue.transaction():
                catalogue.exclusions.remove(patterns)
                catalogue.exclusions.settle(hide, show)
        return len(show)

    def _changed_by(
        self, catalogue: Catalogue, patterns: Sequence[str]
    ) -> tuple[list[int], list[int]]:
        from photoseek.exclusions import changed_by

        return changed_by(catalogue.exclusions, patterns)

    def forget_missing(self, place: Path | str | None = None) -> int:
        """Forget offline photos: those at or below a place, or all; return how many.

        `place` is a photo's own path, a folder, or a drive; what is elsewhere is left alone. Photos
        that a cloud drive shows, and files that could not be read, count like any other.
        """
        from photoseek.settlement import refresh_states

        below = None if place is None else absolute(place)
        with self._writer() as catalogue:
            model_id = self.bundle.manifest.model_id
            folders = {folder.id: folder.path for folder in self.folders()}
            forgotten = [
                item
                for item in catalogue.missing_files(model_id)
                if below is None
                or path_below(folders[item.folder_id], item.name).is_relative_to(below)
            ]
            self._thumbnails.begin_changes()
            catalogue.remove_photos([item.id for item in forgotten])
            refresh_states(catalogue, model_id)
        return sum(item.failure is None for item in forgotten)

    def forget_photos(self, photo_ids: Collection[int]) -> int:
        """Forget those of these photos that are offline; return how many.

        A photo whose file is there would be read again: `exclude` leaves it out.
        """
        from photoseek.settlement import refresh_states

        wanted = set(photo_ids)
        with self._writer() as catalogue:
            model_id = self.bundle.manifest.model_id
            forgotten = [item.id for item in catalogue.missing_files(model_id) if item.id in wanted]
            self._thumbnails.begin_changes()
            catalogue.remove_photos(forgotten)
            refresh_states(catalogue, model_id)
        return len(forgotten)

    def update(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        places: Collection[Path] | None = None,
        retry_failed: bool = False,
    ) -> UpdateReport:
        """Bring the library up to date with its folders; what is done is kept when cancelled.

        With `places`, absolute paths of files or folders such as `watch` tells, only what is
        there is looked at, unless it seems that a drive has gone: then its whole folder is.
        `retry_failed` opens every file again that could not be read; what took too long is
        otherwise tried at later updates, less and less often.

        The model in use comes first, then the others embed what they lack. Runs on the calling
        thread, which `on_progress` is called on too. `LibraryBusyError` when another process is
        updating, `LibraryError` when the disk does not take more.
        """
        # Imported late: a search needs neither Pillow nor worker processes.
        from photoseek.catching_up import catch_up
        from photoseek.indexer import Indexer

        started = time.monotonic()
        tell, stop = on_progress or (lambda _: None), cancelled or (lambda: False)
        with self._writer() as catalogue:
            model = self._in_use()
            models = Models(self.directory / "models", catalogue.models)
            models.take_in(model.bundle, follow_shipped=self._follows)
            report = Indexer(
                catalogue,
                self._thumbnails,
                model.encoder,
                tell,
                stop,
                leave_out=self.directory.absolute(),
                retry_failed=retry_failed,
            ).run(places)
            beside, problems = 0, list[str]()
            for model_id in models.lacking(but=model.bundle.manifest.model_id):
                if stop():
                    break
                if not catalogue.models.lacking(model_id):
                    continue  # what it lacks is offline: no reason to open 40 MB of bundle
                try:
                    other = models.open(model_id)
                except BundleError as error:
                    problems.append(str(error))  # the model in use is up to date all the same
                    continue
                beside += catch_up(catalogue, Encoder(other), tell, stop)
            if self._follows and (successor := models.successor()):
                self.use_model(successor)
                models.remove(model.bundle.manifest.model_id, in_use=successor)
            self._end_changes(catalogue)
            if not stop():
                problems += self._back_up(catalogue, stop)
        report = dataclasses.replace(
            report,
            beside=beside,
            problems=tuple(problems),
            cancelled=stop(),
            seconds=time.monotonic() - started,
        )
        _log_update(report)
        return report

    def watch(self, cancelled: Callable[[], bool] | None = None) -> Iterator[Changes]:
        """Watch the folders and yield what is to be updated, first everything, until cancelled.

        Runs on the calling thread: `for changes in watch(): update(places=changes.places)` keeps
        the library current. A burst of changes comes as one, and what comes during an update after
        it. Folders added meanwhile are watched from the next rescan on.
        """
        # Imported late: who only searches need not wait for it.
        from photoseek.watcher import FolderWatcher

        watcher = FolderWatcher(
            lambda: [folder.path for folder in self.folders()], self.directory.absolute()
        )
        return watcher.changes(cancelled or (lambda: False))

    # Models

    def models(self) -> tuple[LibraryModel, ...]:
        """Return the models that the library keeps, the one in use first."""
        return self._models.records()

    def add_model(self, bundle: ModelBundle) -> None:
        """Keep a copy of another model, to be embedded by at each `update` from now on.

        Searches go on with the model in use until `use_model`. Adding a model again repairs its
        copy. `LibraryError` where the copy cannot be written.
        """
        self._models.add(bundle)

    def use_model(self, model_id: str, *, incomplete: bool = False) -> None:
        """Search with another of the library's models from now on, in one step.

        `LibraryError` where it lacks photos, unless `incomplete`: those are not found until an
        update has embedded them. The model used before is kept. `BundleError` where its files
        are missing or damaged. The start of an id is enough.
        """
        with self._switching:
            bundle = self._models.use(model_id, incomplete=incomplete)
            self._model, self._follows = LoadedModel(bundle, self._catalogue, self.opener), True

    def remove_model(self, model_id: str) -> None:
        """Forget a model that is not in use, with its embeddings and the copy of its bundle.

        `LibraryError` for the model in use, `LibraryBusyError` while the library is updated.
        """
        with self._writer() as catalogue:
            Models(self.directory / "models", catalogue.models).remove(
                model_id, in_use=self.bundle.manifest.model_id
            )

    def _in_use(self) -> LoadedModel:
        """Return the model to search with: another process may have chosen another one."""
        with self._switching:
            current = self._catalogue.models.current() if self._follows else None
            if current not in (None, self.bundle.manifest.model_id):
                chosen = self._models.open_current()
                self._model = LoadedModel(chosen, self._catalogue, self.opener)
            return self._model

    # Searching

    def search(self, query: str | Query, top_k: int = 20) -> list[SearchResult]:
        """Return the `top_k` best photos for a phrase (`dog -beach`) or a `Query`, best first."""
        return self.results(self.rank(query, top_k=top_k))

    def results(self, ranking: Ranking) -> list[SearchResult]:
        """Return a ranking's photos; those that have been removed since are left out."""
        places = {int(id_): place for place, id_ in enumerate(ranking.ids)}
        results: list[SearchResult] = []
        for photo in self.photos(ranking.ids.tolist()):
            place = places[photo.id]
            score = float(ranking.scores[place])
            results.append(SearchResult(len(results) + 1, photo, score, place < ranking.likely))
        return results

    def rank(self, query: str | Query, *, top_k: int | None = None) -> Ranking:
        """Compare a query with all photos, or return only the best `top_k`.

        `QueryError` for a query without a known word, `PhotoError` for a query photo that cannot
        be read. The result says which words the model does not know, which were put right, and
        what else was made of the phrase: a part of a file's name finds the files named so, unless
        `as_typed`.
        """
        if isinstance(query, str):
            query = Query.parse(query)
        query = self._by_name(query)
        return self._compare(query, top_k) if query.is_compared else self._newest(query, top_k)

    def _by_name(self, query: Query) -> Query:
        """Filter by file name where a phrase is a part of one, and is not made of words."""
        if query.as_typed or query.by_photo or query.without or query.filter.name:
            return query
        typed = " ".join(query.phrases).strip()
        model = self._in_use()
        if not typed or not (
            looks_like_file_name(typed)
            or not any(map(model.knows_any, model.put_right(query)[0].phrases))
        ):
            return query
        wanted = dataclasses.replace(query.filter, name=typed)
        count = int(self._sieve.passing(model.snapshot(), wanted).sum())
        if not count:
            return query
        taken = (*query.understood, NamesTaken(typed, count))
        return dataclasses.replace(query, phrases=(), filter=wanted, understood=taken)

    def _compare(self, query: Query, top_k: int | None) -> Ranking:
        if any(isinstance(image, Path | str) for image in query.images):
            self.opener().warm()  # its process starts while the rest gets ready
        model = self._in_use()
        query, corrections = model.put_right(query)
        vector, unknown, cut = model.embed(query)
        snapshot = model.snapshot()
        keep = self._sieve.passing(snapshot, query.filter) if query.filter else None
        if query.photo_ids:  # a person knows that the photos searched by are like themselves
            others = ~np.isin(snapshot.ids, np.array(query.photo_ids, np.int64))
            keep = others if keep is None else keep & others
        rule = model.bundle.manifest.likely_rule(by_photo=query.by_photo)
        ranking = rank(snapshot, vector, rule, top_k, keep)
        ids, scores, likely = ranking.ids, ranking.scores, ranking.likely
        if query.newest_first:
            order = self._sieve.newest_places(ids[:likely])
            ids = np.concatenate([ids[order], ids[likely:]])
            scores = np.concatenate([scores[order], scores[likely:]])
        return dataclasses.replace(
            ranking,
            ids=ids,
            scores=scores,
            unknown_words=unknown,
            corrections=corrections,
            understood=(*query.understood, *([CutShort(cut)] if cut else ())),
        )

    def browse(self) -> NDArray[np.int64]:
        """Return the ids of all photos, the last taken first."""
        return self._catalogue.newest_first()

    def filter_choices(self) -> FilterChoices:
        """Return what a filter can ask for: the cameras, lenses, formats and keywords there are."""
        return self._sieve.choices()

    def photos(self, ids: Sequence[int]) -> list[Photo]:
        """Return photos in the order of `ids`; those that are gone are left out."""
        return self._catalogue.photos(ids)

    def thumbnail(self, photo_id: int) -> bytes | None:
        """Return a photo's thumbnail as JPEG, made again if lost; None when that cannot be."""
        digest = self._catalogue.digest(photo_id)
        if digest is None:
            return None
        thumbnail = self._thumbnails.get(digest)
        if thumbnail is None:
            thumbnail = self._make_thumbnail(photo_id, digest)
        return thumbnail

    def explain(self, path: Path | str, query: str | Query | None = None) -> Explanation:
        """Say why a file is, or is not, found, and with a query, where it stands."""
        query = Query.parse(query) if isinstance(query, str) else query
        wanted = query.filter if query else Filter()
        # Its place is told among all photos, whether the filter lets it through or not.
        whole = dataclasses.replace(query, filter=Filter()) if query and query.is_compared else None
        ranking = self._compare(whole, None) if whole else None
        manifest = self.bundle.manifest
        rule = manifest.likely_rule(by_photo=query.by_photo) if query else None
        file, model_id = absolute(path), manifest.model_id
        return explain(file, self._catalogue, model_id, ranking, rule, self.directory, wanted)

    def info(self, *, sizes: bool = True) -> LibraryInfo:
        """Return what the library holds, covers and misses, its model, provider and sizes.

        Measuring the sizes looks at every thumbnail. Without `sizes`, they are as measured last.
        """
        model = self._in_use()
        manifest = model.bundle.manifest
        counts = self._catalogue.counts(manifest.model_id)
        if sizes:
            self._sizes = self._measure()
        return LibraryInfo(
            directory=self.directory,
            photos=counts.photos,
            searchable=counts.searchable,
            failed=counts.failed,
            pending=counts.photos - counts.searchable - counts.failed,
            offline=counts.offline,
            folders=self.folders(),
            failures=self._catalogue.failures(),
            model_id=manifest.model_id,
            model_name=manifest.name,
            recall=manifest.recall,
            provider=model.encoder.provider,
            fallback=model.encoder.fallback,
            database_bytes=self._sizes.database,
            backup_bytes=self._sizes.backups,
            thumbnail_bytes=self._sizes.thumbnails,
            models=self.models(),
            exclusions=self.exclusions(),
        )

    def _measure(self) -> _Sizes:
        backups = Backups(self.directory).size()
        return _Sizes(self._file.size(), backups, self._thumbnails.size())

    def _newest(self, query: Query, top_k: int | None) -> Ranking:
        """Return the photos that a filter lets through, the last taken first, without scores."""
        snapshot = self._in_use().snapshot()
        ids = snapshot.ids[self._sieve.passing(snapshot, query.filter)]
        newest = ids[self._sieve.newest_places(ids)[:top_k]]
        scores = np.zeros(len(newest), np.float32)
        return Ranking(newest, scores, 0, understood=query.understood, is_compared=False)

    def _back_up(self, catalogue: Catalogue, cancelled: Callable[[], bool]) -> list[str]:
        """Keep a copy of the updated library; say so where the disk does not take it."""
        try:
            catalogue.back_up(cancelled)
        except OSError as error:
            problem = (
                "the library is up to date, but no backup of it can be written to "
                f"{self.directory} ({error.strerror}); free some space or make it writable"
            )
            return [problem]
        return []

    def _end_changes(self, catalogue: Catalogue) -> None:
        self._thumbnails.end_changes(catalogue.unused_digests(), catalogue.digests)

    def _make_thumbnail(self, photo_id: int, digest: bytes) -> bytes | None:
        try:
            thumbnail = self.opener().thumbnail(self.photos([photo_id])[0].path, digest)
            if thumbnail is not None:
                self._thumbnails.put(digest, thumbnail)
        except (IndexError, PhotoError, OSError):
            return None
        return thumbnail

    @contextmanager
    def _writer(self) -> Iterator[Catalogue]:
        """Hold the one right to write, and drop the thumbnails that nothing needs afterwards."""
        with self._file.writer() as catalogue:
            catalogue.note_digests()
            try:
                yield catalogue
            except BaseException:
                self._thumbnails.abandon_changes()
                raise
            self._end_changes(catalogue)


def _check_folder(folder: Path) -> None:
    try:
        with os.scandir(folder):
            return
    except FileNotFoundError as error:
        raise FolderError(f"the folder {folder} does not exist") from error
    except NotADirectoryError as error:
        raise FolderError(
            f"{folder} is a file; name the folder that holds it (to search by a photo, use "
            "photoseek search --image)"
        ) from error
    except OSError as error:
        raise FolderError(f"the folder {folder} cannot be read ({error.strerror})") from error


def _log_update(report: UpdateReport) -> None:
    counts = {
        name: count
        for name, count in dataclasses.asdict(report).items()
        if type(count) is int and count and name not in ("found", "unchanged")
    }
    if counts or report.problems or report.cancelled:
        words = [f"{count} {name}" for name, count in counts.items()]
        words += ["cancelled"] * report.cancelled + list(report.problems)
        log = logging.getLogger("photoseek.indexing")
        log.info("update of %d files in %.1f s: %s", report.found, report.seconds, ", ".join(words))
