"""Opens photos in this process, with the worker's own code: starting workers takes a second.

And makes folders and files unreadable for this process, which root could read whatever their mode.
"""

from __future__ import annotations

import dataclasses
import errno
import io
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from photoseek.decoding import pool, worker
from photoseek.decoding.frames import read_frame
from photoseek.decoding.outcomes import DecodeJob, Outcome
from photoseek.decoding.pool import DecoderPool
from photoseek.decoding.process import Answer
from photoseek.manifest import ImageInput

__all__ = ["QuickPool", "unreadable"]


class QuickPool(DecoderPool):
    """A pool without a process, for photos that the tests have drawn."""

    def __init__(self, spec: ImageInput) -> None:
        self._quick_spec = dataclasses.asdict(spec)

    def close(self) -> None:
        pass

    def decode(
        self, jobs: Iterable[DecodeJob], cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[DecodeJob, Outcome]]:
        for job in jobs:
            if cancelled():
                return
            yield job, pool._outcome(self._answer(job))

    def _answer(self, job: DecodeJob) -> Answer:
        request = {
            "kind": "index",
            "path": str(job.path),
            "known": [digest.hex() for digest in job.known],
            "sidecars": [str(path) for path in job.sidecars],
            "spec": self._quick_spec,
            "alone": False,
            "describe": True,
            "fetch": False,
            "memory": 1 << 30,
        }
        answers = io.BytesIO()
        worker._serve(request, [], answers)
        answers.seek(0)
        frame = None
        while (next_ := read_frame(answers)) is not None:
            frame = next_
        assert frame is not None
        return Answer(*frame)


@contextmanager
def unreadable(folders: Collection[Path], files: Collection[Path] = ()) -> Iterator[None]:
    """Refuse to list these folders and to look below them, and to open these files."""
    closed = [os.fsencode(folder) for folder in folders]
    shut = {os.fsencode(file) for file in files}

    def refusing(
        call: Callable[..., Any], *, lists: bool = False, opens: bool = False
    ) -> Callable[..., Any]:
        def try_(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if not isinstance(path, int):
                name = os.fsencode(path)
                below = any(
                    name.startswith(folder + b"/") or (lists and name == folder)
                    for folder in closed
                )
                if below or (opens and name in shut):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            return call(path, *arguments, **options)

        return try_

    real = {name: getattr(os, name) for name in ("scandir", "listdir", "stat", "lstat", "open")}
    for name, call in real.items():
        lists, opens = name in ("scandir", "listdir"), name == "open"
        setattr(os, name, refusing(call, lists=lists, opens=opens))
    try:
        yield
    finally:
        for name, call in real.items():
            setattr(os, name, call)
