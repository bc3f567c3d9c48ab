"""The `photoseek` command: index, search and more; only this and `terminal` print."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from photoseek.arguments import command_parser
from photoseek.decoding.command import serve_if_asked
from photoseek.errors import (
    FolderError,
    LibraryBusyError,
    LibraryError,
    PhotoError,
    PhotoseekError,
    QueryError,
)
from photoseek.filters import Filter
from photoseek.paths import absolute
from photoseek.query import Query
from photoseek.terminal import (
    complain,
    of_the_system,
    progress_line,
    show_everything,
    silence_output,
)
from photoseek.wording import (
    coverage,
    explanation_text,
    hit_text,
    hit_values,
    info_values,
    likely_text,
    model_text,
    model_values,
    printable,
    understood_lines,
    understood_values,
)

if TYPE_CHECKING:
    from photoseek.library import Library
    from photoseek.records import Failure, UpdateReport

__all__ = ["main"]

BUSY_PAUSE = 2.0
"""Seconds between two tries to update a library that another process is updating."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when done, 1 for the world's fault, 2 for wrong usage."""
    if serve_if_asked(arguments):
        return 0
    show_everything()
    options = command_parser().parse_args(arguments)
    try:
        code = COMMANDS[options.command](options)
        sys.stdout.flush()  # a full disk is to be noticed here, and not at exit
    except PhotoseekError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("stopped; what was done so far is kept")
        return 130
    except BrokenPipeError:
        silence_output()  # the reader (head, say) has enough
        return 0
    except OSError as error:
        complain(of_the_system(error))
        silence_output()
        return 1
    return code


def _filter(options: argparse.Namespace) -> Filter:
    folder = absolute(options.folder) if options.folder else None
    return Filter(
        after=options.after,
        before=options.before,
        camera=options.camera,
        folder=folder,
        format=options.format or "",
        near=options.near,
        name=options.name,
        lens=options.lens,
        keyword=options.keyword,
        rating=options.rating,
        megapixels=options.megapixels,
        shape=options.shape,
    )


def _index(options: argparse.Namespace) -> int:
    with _open(options) as library:
        from photoseek.log import catch_faults

        catch_faults(library.directory)
        if not options.folders and not library.folders():
            raise _nothing_to_search(library)
        refused = 0
        for folder in options.folders:
            try:
                library.add_folder(folder)
            except FolderError as error:
                # One wrong folder does not keep the others from being read.
                if len(options.folders) == 1:
                    raise
                complain(str(error))
                refused += 1
        if options.watch:
            _follow(library, options)
            return 1 if refused else 0
        report = _update(library, options, retry_failed=options.retry_failed)
    return 1 if refused or report.problems else 0


def _follow(library: Library, options: argparse.Namespace) -> None:
    """Keep the library current until Ctrl+C, and say where that takes longer than it should."""
    told: set[Failure] = set()
    first = True
    try:
        for changes in library.watch():
            for failure in set(changes.unwatched) - told:
                complain(f"{failure.path} {failure.reason}; it is looked at again every minute")
            told = set(changes.unwatched)
            while True:
                try:
                    retry = first and options.retry_failed
                    _update(library, options, changes.places, tell_always=first, retry_failed=retry)
                    first = False
                    break
                except LibraryBusyError:
                    # The other one may have been there already before this change.
                    time.sleep(BUSY_PAUSE)
    except KeyboardInterrupt:
        complain("stopped; what was done so far is kept")


def _update(
    library: Library,
    options: argparse.Namespace,
    places: Collection[Path] | None = None,
    *,
    tell_always: bool = True,
    retry_failed: bool = False,
) -> UpdateReport:
    """Update the library and tell what has changed in it."""
    with progress_line() as tell:
        report = library.update(on_progress=tell, places=places, retry_failed=retry_failed)
    for problem in report.problems:
        complain(problem)
    counts = {word: getattr(report, word) for word in ("added", "changed", "moved", "removed")}
    if not (tell_always or report.failed or report.beside or any(counts.values())):
        return report
    info = library.info()
    if options.json:
        values = {**vars(report), "photos": info.photos, "searchable": info.searchable}
        print(json.dumps(values), flush=True)
        return report
    counts |= {"unchanged": report.unchanged, "offline": report.offline}
    parts = [f"{count:,} {word}" for word, count in counts.items() if count]
    if report.beside:
        parts.append(f"{report.beside:,} embedded by models beside")
    print(f"{', '.join(parts) or 'no photos found'} ({report.seconds:.1f} s)")
    hint = " (photoseek info names them)" if info.failed else ""
    print(coverage(info) + hint, flush=True)
    if info.fallback:
        print(f"on the CPU: {info.fallback}", flush=True)
    return report


def _search(options: argparse.Namespace) -> int:
    if options.queries is not None:
        if options.phrase or options.image or options.without or _filter(options):
            options.parser.error("--queries takes its phrases from the file alone")
        return _search_many(options)
    if options.phrase is None and not options.image and not _filter(options):
        options.parser.error("name a phrase, an --image, a filter, or --queries")
    query = _query(options)
    with _open(options) as library:
        ranking = library.rank(query, top_k=options.top_k)
        results = library.results(ranking)
        tells_likely = library.bundle.manifest.likely is not None
        if not results and not (query.filter and library.info().searchable):
            raise _nothing_to_search(library)
    for line in understood_lines(ranking):
        complain(line)
    for result in results:
        if options.json:
            print(json.dumps(hit_values(result)))
        else:
            print(hit_text(result, is_compared=ranking.is_compared))
    if not results:
        complain("no photo passes the filter")
    elif ranking.is_compared and not options.json:
        print(likely_text(ranking, tells_likely=tells_likely))
    return 0


def _search_many(options: argparse.Namespace) -> int:
    lines = _lines_of(options.queries)
    failed = 0
    with _open(options) as library:
        if not library.info().searchable:
            raise _nothing_to_search(library)
        for line in lines:
            row: dict[str, object] = {"query": line}
            try:
                query = Query.parse(line, as_typed=options.as_typed)
                ranking = library.rank(query, top_k=options.top_k)
                row["hits"] = [hit_values(result) for result in library.results(ranking)]
                row |= understood_values(ranking)
            except (QueryError, PhotoError) as error:
                failed += 1
                row |= {"hits": [], "error": str(error)}
            print(json.dumps(row))
    if failed:
        complain(f"{failed} of the phrases could not be searched for; their rows say why")
    return 1 if failed else 0


def _lines_of(name: str) -> list[str]:
    """Return the lines of a file in UTF-8, or of standard input; `QueryError` where it is none."""
    try:
        if name == "-":
            source = getattr(sys.stdin, "buffer", None)
            text = source.read().decode("utf-8-sig") if source else sys.stdin.read()
        else:
            text = Path(name).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise QueryError(f"{name} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise QueryError(f"{name} is not text in UTF-8; save it as such") from error
    # Not `splitlines`, which ends a line at characters that a phrase may hold.
    lines = re.split(r"\r\n|\n|\r", text)
    return lines if lines[-1] else lines[:-1]


def _info(options: argparse.Namespace) -> int:
    with _open(options) as library:
        info = library.info()
    if options.json:
        print(json.dumps(info_values(info)))
        return 0
    print(f"library    {info.directory}")
    print(f"photos     {coverage(info)}")
    print(f"model      {info.model_name} ({info.model_id})")
    for model in info.models:
        if model.id != info.model_id:
            print(f"beside   {model_text(model)}")
    print(f"runs on    {info.provider}" + (f": {info.fallback}" if info.fallback else ""))
    print(
        f"size       {info.database_bytes / 1e6:.1f} MB, backups {info.backup_bytes / 1e6:.1f} MB, "
        f"thumbnails {info.thumbnail_bytes / 1e6:.1f} MB"
    )
    for folder in info.folders:
        state = "" if folder.online else f"  offline: {folder.reason}"
        print(f"folder     {printable(folder.path)}  ({folder.photos:,} photos){state}")
    for pattern in info.exclusions:
        print(f"excluded   {pattern}")
    for failure in info.failures:
        print(f"unreadable {printable(failure.path)}: {failure.reason}")
    return 0


def _explain(options: argparse.Namespace) -> int:
    with _open(options) as library:
        wanted = _filter(options)
        query = Query.parse(options.phrase or "", filter=wanted) if wanted else options.phrase
        explanation = library.explain(options.file, query)
    if options.json:
        print(json.dumps({**vars(explanation), "path": str(explanation.path)}))
    else:
        print(explanation_text(explanation, options.phrase))
    return 0


def _exclude(options: argparse.Namespace) -> int:
    if options.remove and not options.patterns:
        options.parser.error("name the patterns to take back")
    with _open(options) as library:
        hidden = shown = 0
        if options.remove:
            shown = library.include(*options.patterns)
        elif options.patterns:
            hidden = library.exclude(*options.patterns)
        patterns = library.exclusions()
    if options.json:
        print(json.dumps({"exclusions": patterns, "hidden": hidden, "shown": shown}))
        return 0
    for pattern in patterns:
        print(pattern)
    if options.remove:
        print(f"{shown:,} found again; index reads what was never read")
    elif options.patterns:
        print(f"{hidden:,} hidden, and kept in case the pattern is taken back")
    elif not patterns:
        print("nothing is excluded")
    return 0


def _forget(options: argparse.Namespace) -> int:
    if not options.paths and not options.missing:
        options.parser.error("name a folder, an offline photo or drive, or --missing")
    with _open(options) as library:
        if not options.missing:
            forgotten = sum(library.forget(path) for path in options.paths)
        elif options.paths:
            forgotten = sum(library.forget_missing(path) for path in options.paths)
        else:
            forgotten = library.forget_missing()
        info = library.info()
    if options.json:
        print(json.dumps({"forgotten": forgotten, "photos": info.photos}))
    else:
        told = f"{forgotten:,} forgotten; " if forgotten else ""
        print(told + coverage(info))
    return 0


def _model_list(options: argparse.Namespace) -> int:
    with _open_with_shipped(options) as library:
        models = library.models()
    for model in models:
        print(json.dumps(model_values(model)) if options.json else model_text(model))
    if not models and not options.json:
        print("the library keeps the shipped model from its first update on")
    return 0


def _model_add(options: argparse.Namespace) -> int:
    from photoseek.bundle import ModelBundle

    bundle = ModelBundle.open(options.bundle)
    with _open_with_shipped(options) as library:
        library.add_model(bundle)
    with _open(options) as library:
        with progress_line() as tell:
            library.update(on_progress=tell)
        model = next(m for m in library.models() if m.id == bundle.manifest.model_id)
    if options.json:
        print(json.dumps(model_values(model)))
    else:
        print(model_text(model))
        if not model.in_use:
            print(f"search with it: photoseek model use {model.id}")
    return 0


def _model_use(options: argparse.Namespace) -> int:
    with _open_with_shipped(options) as library:
        library.use_model(options.model, incomplete=options.incomplete)
        model = library.models()[0]
    print(json.dumps(model_values(model)) if options.json else model_text(model))
    return 0


def _model_remove(options: argparse.Namespace) -> int:
    with _open(options) as library:
        library.remove_model(options.model)
    return _model_list(options)


def _open_with_shipped(options: argparse.Namespace) -> Library:
    """Open the library to put its models in order, which must work when that in use is lost."""
    from photoseek.bundle import ModelBundle
    from photoseek.library import Library

    return Library.open(options.library, bundle=ModelBundle.shipped())


def _open(options: argparse.Namespace) -> Library:
    # Imported late: --help and a usage error need neither onnxruntime nor sqlite3.
    from photoseek.library import Library

    library = Library.open(options.library)
    if library.recovery:
        complain(library.recovery)
    return library


def _query(options: argparse.Namespace) -> Query:
    query = Query.parse(
        options.phrase or "",
        images=tuple(options.image),
        as_typed=options.as_typed,
        filter=_filter(options),
        newest_first=options.newest,
    )
    return dataclasses.replace(query, without=(*query.without, *options.without))


def _nothing_to_search(library: Library) -> LibraryError:
    info = library.info()
    if not info.folders:
        return LibraryError("the library is empty; add a folder: photoseek index FOLDER")
    return LibraryError(f"there is nothing to search: {coverage(info)}")


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "index": _index,
    "search": _search,
    "info": _info,
    "explain": _explain,
    "forget": _forget,
    "exclude": _exclude,
    "model list": _model_list,
    "model add": _model_add,
    "model use": _model_use,
    "model remove": _model_remove,
}

if __name__ == "__main__":
    sys.exit(main())
