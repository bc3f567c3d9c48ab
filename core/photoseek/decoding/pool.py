"""Decodes photos in worker processes, so that a file can harm nothing but its own entry.

Plain child processes instead of `multiprocessing` pools: those run the caller's main module
again in every worker, which makes a script without a `__main__` guard index itself for ever.
"""

from __future__ import annotations

import dataclasses
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from photoseek.decoding.frames import read_frame, write_frame
from photoseek.errors import PhotoseekError
from photoseek.manifest import ImageInput
from photoseek.metadata import unpack_metadata
from photoseek.records import Metadata

__all__ = ["DecodeJob", "Decoded", "DecoderPool", "FailureKind", "Known", "Undecodable"]

TIME_LIMIT = 60.0
"""Seconds for one photo; the largest that cameras make take a few."""

READ_AHEAD = 32
"""Decoded photos that may wait for the encoder: enough to keep workers busy during a batch."""


FailureKind = Literal[
    "damaged",
    "unsupported",  # whole, but of a kind that Photoseek does not read, or no photo at all
    "too_large",
    "timeout",
    "killed",  # the process that opened it was ended, by the file or by somebody else
    "memory",
    "unreadable",  # the drive does not give the file's bytes
    "stopped",  # nobody waits for it any more
    "not_downloaded",  # it is on a cloud drive alone
    "no_reader",  # an optional part of Photoseek reads it
]
"""Why a file gave no photo."""

_MAY_PASS: frozenset[FailureKind] = frozenset(
    ["timeout", "killed", "memory", "unreadable", "stopped", "not_downloaded"]
)
"""What may be otherwise at another time although the file stays the same."""


@dataclass(frozen=True)
class DecodeJob:
    """A file to open; `known` are digests of photos that need no decoding again."""

    path: Path
    known: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Decoded:
    """A photo: digest of its bytes, upright size, encoder pixels `(size, size, 3)`, the rest."""

    digest: bytes
    width: int
    height: int
    pixels: NDArray[np.uint8]
    thumbnail: bytes
    metadata: Metadata


@dataclass(frozen=True)
class Known:
    """The file's bytes are those of a photo that was embedded before."""

    digest: bytes
    metadata: Metadata


@dataclass(frozen=True)
class Undecodable:
    """Why a file gave no photo: in words, and as a kind that code can decide by."""

    reason: str
    kind: FailureKind

    @property
    def retry(self) -> bool:
        """Whether another try may succeed while the file stays the same."""
        return self.kind in _MAY_PASS


Outcome = Decoded | Known | Undecodable


class DecoderPool:
    """As many worker processes as there are cores, each with one photo at a time."""

    def __init__(
        self, spec: ImageInput, *, workers: int | None = None, time_limit: float = TIME_LIMIT
    ) -> None:
        count = workers or os.cpu_count() or 1
        self._workers = [_Worker(spec, time_limit) for _ in range(count)]
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="photoseek-decode")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def decode(self, jobs: Iterable[DecodeJob]) -> Iterator[tuple[DecodeJob, Outcome]]:
        """Yield each job with its outcome, as they finish; reads at most 32 photos ahead."""
        pending: set[Future[tuple[DecodeJob, Outcome]]] = set()
        for job in jobs:
            pending.add(self._threads.submit(self._decode, job))
            if len(pending) >= len(self._workers) + READ_AHEAD:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)

    def close(self) -> None:
        """Stop at once; photos being decoded are dropped."""
        for worker in self._workers:
            worker.stop()
        # Not cancelled: a stopped worker answers what is queued, and whoever waits must hear it.
        self._threads.shutdown()
        for worker in self._workers:
            worker.close()

    def _decode(self, job: DecodeJob) -> tuple[DecodeJob, Outcome]:
        worker = self._idle.get()
        try:
            return job, worker.decode(job)
        finally:
            self._idle.put(worker)


class _Worker:
    """One child process, started when first needed and again after a file has killed it."""

    def __init__(self, spec: ImageInput, time_limit: float) -> None:
        self._spec = spec
        self._time_limit = time_limit
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def decode(self, job: DecodeJob) -> Outcome:
        """Decode one photo; `PhotoseekError` where the process itself does not start."""
        with self._lock:
            if self._closed:
                return Undecodable("indexing was stopped", "stopped")
            fresh = self._process is None or self._process.poll() is not None
            process = self._process = _start(self._spec) if fresh else self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()
        alarm = threading.Timer(self._time_limit, _end(process, late.set))
        alarm.start()
        ready, frame = not fresh, None
        try:
            ready = ready or read_frame(process.stdout) is not None
            request = {"path": str(job.path), "known": [digest.hex() for digest in job.known]}
            write_frame(process.stdin, request)
            frame = read_frame(process.stdout)
        except OSError:  # the pipe broke while writing: the process has gone
            frame = None
        finally:
            alarm.cancel()
            alarm.join()
        if frame is None or late.is_set():
            self._reap(process)
        if frame is not None:
            return _outcome(*frame)
        if self._is_closed():
            return Undecodable("indexing was stopped", "stopped")
        if late.is_set():
            return Undecodable(
                f"opening it took longer than {self._time_limit:.0f} seconds", "timeout"
            )
        if not ready:
            raise PhotoseekError(
                "photos cannot be opened: Photoseek's decoder process does not start with "
                f"{sys.executable}; reinstall Photoseek"
            )
        return Undecodable("the file made the image decoder crash", "killed")

    def _is_closed(self) -> bool:
        with self._lock:
            return self._closed

    def stop(self) -> None:
        """End the process; the thread that waits for it notices, and may still use its pipes."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Let go of the process when no thread waits for it any more."""
        if self._process is not None:
            self._reap(self._process)

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # what was still buffered for the dead process is lost, as meant


def _start(spec: ImageInput) -> subprocess.Popen[bytes]:
    worker = [sys.executable, "-m", "photoseek.decoding.worker"]
    return subprocess.Popen(
        [*worker, json.dumps(dataclasses.asdict(spec))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl+C is for the parent: a worker that it ended would look like a crash of its photo.
        start_new_session=True,
        # The current folder may hold a file named like a module; it must not be imported.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _end(process: subprocess.Popen[bytes], tell: Callable[[], None]) -> Callable[[], None]:
    def end() -> None:
        tell()
        process.kill()

    return end


def _outcome(header: dict[str, Any], payloads: list[bytes]) -> Outcome:
    if "failure" in header:
        return Undecodable(header["failure"], header["kind"])
    digest, metadata = bytes.fromhex(header["digest"]), unpack_metadata(header["metadata"])
    if not payloads:
        return Known(digest, metadata)
    pixels = np.frombuffer(payloads[0], np.uint8).reshape(header["shape"])
    return Decoded(digest, header["width"], header["height"], pixels, payloads[1], metadata)
