"""What a command says beside its results: complaints and progress, on standard error."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from photoseek.wording import printable

if TYPE_CHECKING:
    from photoseek.records import Progress

__all__ = ["complain", "of_the_system", "progress_line", "show_everything", "silence_output"]


def show_everything() -> None:
    """Let a terminal that is not UTF-8 show escapes in the place of what it has no letters for."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def complain(sentence: str) -> None:
    """Say in one line on standard error what is wrong, as far as anything can be said there."""
    with suppress(OSError):
        print(f"photoseek: {printable(sentence)}", file=sys.stderr)


def silence_output() -> None:
    """Keep Python from complaining once more at exit about what cannot be written."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def of_the_system(error: OSError) -> str:
    """Say what the system refuses, where no other place has said it better."""
    reason = error.strerror or str(error) or type(error).__name__
    if isinstance(error, FileNotFoundError) and not _has_current_folder():
        return "the current folder has been deleted; change to another one"
    if error.errno == errno.ENOSPC:
        return f"there is no space left to write to ({reason}); free some"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"the system lets Photoseek open no more files ({reason}); raise the limit"
    return f"the system refuses: {reason}" + (f": {error.filename}" if error.filename else "")


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


@contextmanager
def progress_line() -> Iterator[Callable[[Progress], None] | None]:
    """Give a callback that keeps one line on a terminal's standard error up to date."""
    if not sys.stderr.isatty():
        yield None
        return

    def tell(progress: Progress) -> None:
        done = f"{progress.done:,} of {progress.total:,}" if progress.total else ""
        done += f" by {progress.beside}" if progress.beside else ""
        failed = f", {progress.failed:,} could not be read" if progress.failed else ""
        print(f"\r\x1b[K{progress.stage} {done}{failed}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
