"""Opens photos for indexing, in as many worker processes as the machine has room for."""

from __future__ import annotations

import dataclasses
import queue
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from photoseek.decoding.machine import MemoryShares, shared_memory
from photoseek.decoding.outcomes import Decoded, DecodeJob, Known, Outcome, Undecodable
from photoseek.decoding.process import Answer, Lost, Patience, WorkerProcess, why_lost
from photoseek.manifest import ImageInput
from photoseek.metadata import unpack_metadata
from photoseek.records import Metadata

__all__ = ["DecodeJob", "Decoded", "DecoderPool", "Known", "Outcome", "Undecodable"]

TIME_LIMIT = 60.0
"""Seconds of a processor for one photo; the largest that cameras make take a few."""

CLOCK_FACTOR = 3
"""By the clock a photo may take so much longer: its drive may be slow, the machine busy."""

READ_AHEAD = 32
"""Decoded photos that may wait for the encoder: enough to keep workers busy during a batch."""

CANCEL_PAUSE = 0.1
"""Seconds after which a pool that waits for a slow photo asks whether anybody still does."""

_STOPPED = Undecodable("indexing was stopped", "stopped")


@dataclass(frozen=True)
class _Attempt:
    """What a try gave; `again` with what is worth a try alone, when no other photo is open.

    `describe` is false where it was the photo's metadata that ended the worker.
    """

    job: DecodeJob
    outcome: Outcome
    again: bool = False
    describe: bool = True


class DecoderPool:
    """Worker processes with one photo each; a photo that fails for want of room is tried alone.

    All processes together take at most the memory that `machine` sets aside for them. A photo
    whose worker ran out of memory or time, or was ended by whomever, is tried once more when all
    others are done: in a fresh process, with the memory of all.
    """

    def __init__(
        self,
        spec: ImageInput,
        *,
        workers: int | None = None,
        time_limit: float = TIME_LIMIT,
        shares: MemoryShares | None = None,
    ) -> None:
        self._spec = dataclasses.asdict(spec)
        self._patience = Patience(time_limit, CLOCK_FACTOR * time_limit)
        self._shares = shares or shared_memory()
        count = workers or self._shares.room.workers
        self._workers = [WorkerProcess(background=True) for _ in range(count)]
        self._idle: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="photoseek-decode")
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def decode(
        self, jobs: Iterable[DecodeJob], cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[DecodeJob, Outcome]]:
        """Yield each job with its outcome, as they finish; reads at most 32 photos ahead.

        After `cancelled` nothing more is yielded, and nobody waits for a slow photo.
        """
        pending: set[Future[_Attempt]] = set()
        alone: list[_Attempt] = []

        def settled(most: int) -> Iterator[tuple[DecodeJob, Outcome]]:
            nonlocal pending
            while len(pending) > most and not cancelled():
                done, pending = wait(pending, CANCEL_PAUSE, return_when=FIRST_COMPLETED)
                for attempt in (future.result() for future in done):
                    if attempt.again:
                        alone.append(attempt)
                    else:
                        yield attempt.job, attempt.outcome

        for job in jobs:
            pending.add(self._threads.submit(self._decode, job))
            yield from settled(len(self._workers) + READ_AHEAD - 1)
            if cancelled():
                return
        yield from settled(0)
        for attempt in alone:
            pending.add(self._threads.submit(self._decode_alone, attempt))
            yield from settled(0)

    def close(self) -> None:
        """Stop at once; photos being decoded are dropped."""
        self._closed = True
        for worker in self._workers:
            worker.stop()
        # Not cancelled: a stopped worker answers what is queued, and whoever waits must hear it.
        self._threads.shutdown()
        for worker in self._workers:
            worker.close()

    def _is_closed(self) -> bool:
        return self._closed

    def _decode(self, job: DecodeJob) -> _Attempt:
        worker = self._idle.get()
        try:
            with self._shares.one(self._is_closed) as memory:
                return self._ask(worker, job, memory, alone=False, describe=True)
        finally:
            self._idle.put(worker)

    def _decode_alone(self, attempt: _Attempt) -> _Attempt:
        """Try once more, in a process that nothing has happened to, with the memory of all."""
        describe, job = attempt.describe, attempt.job
        worker = self._idle.get()
        try:
            with self._shares.whole(self._is_closed) as memory:
                worker.restart()
                second = self._ask(worker, job, memory, alone=True, describe=describe)
                if second.again and describe and not second.describe:
                    second = self._ask(worker, job, memory, alone=True, describe=False)
                # What it had taken goes back, for the next photos have less.
                worker.restart()
            return dataclasses.replace(second, again=False)
        finally:
            self._idle.put(worker)

    def _ask(
        self, worker: WorkerProcess, job: DecodeJob, memory: int, *, alone: bool, describe: bool
    ) -> _Attempt:
        if not memory:
            return _Attempt(job, _STOPPED)
        request = {
            "kind": "index",
            "path": str(job.path),
            "known": [digest.hex() for digest in job.known],
            "sidecars": [str(path) for path in job.sidecars],
            "spec": self._spec,
            "alone": alone,
            "describe": describe,
            "fetch": False,
        }
        answer = worker.ask(request, patience=self._patience, memory=memory)
        if isinstance(answer, Lost):
            outcome = why_lost(answer, self._patience)
            stopped = outcome.kind in ("stopped", "unreadable")
            return _Attempt(job, outcome, not stopped, describe and answer.stage != "pixels")
        wants_more = answer.header.get("kind") == "memory"
        return _Attempt(job, _outcome(answer), wants_more, describe)


def _outcome(answer: Answer) -> Outcome:
    header: Any = answer.header
    if "failure" in header:
        return Undecodable(header["failure"], header["kind"])
    packed = header["metadata"]
    metadata = unpack_metadata(packed) if packed else Metadata()
    digest = bytes.fromhex(header["digest"])
    if not answer.payloads:
        return Known(digest, metadata)
    pixels = np.frombuffer(answer.payloads[0], np.uint8).reshape(header["shape"])
    thumbnail = answer.payloads[1]
    return Decoded(digest, header["width"], header["height"], pixels, thumbnail, metadata)
