"""Opens single photos for whoever waits: the window, `--image`, a lost thumbnail."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from photoseek.decoding.frames import read_into
from photoseek.decoding.machine import MemoryShares, shared_memory
from photoseek.decoding.outcomes import Undecodable
from photoseek.decoding.process import (
    Answer,
    Lost,
    Patience,
    Receive,
    WorkerProcess,
    why_lost,
)
from photoseek.errors import PhotoError
from photoseek.manifest import ImageInput

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PhotoOpener", "Viewed"]

PATIENCE = Patience(cpu=20, clock=30)
"""Somebody waits: a photo that takes longer is given up."""

MOST_IDLE = 1
"""Worker processes that are kept for the next photo."""

MakeRoom = Callable[[int, int], memoryview]
"""Gives the memory for a picture of so many pixels across and down, 4 bytes each."""


@dataclass(frozen=True)
class Viewed:
    """The upright size of a photo in pixels, whatever size it was asked for in."""

    width: int
    height: int


class PhotoOpener:
    """Opens photos in worker processes, of which one stays warm; any thread may ask.

    Each method raises `PhotoError` with the reason where a file gives no photo, and at once for
    all who wait when it is closed. A photo that needs more memory than is usual, or whose worker
    was ended, is tried once more with the memory of all workers.
    """

    def __init__(
        self, *, patience: Patience = PATIENCE, shares: MemoryShares | None = None
    ) -> None:
        self._patience = patience
        self._shares = shares or shared_memory()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._closed = False
        self._lock = threading.Lock()

    def warm(self) -> None:
        """Start a process, without waiting for it, so that it is ready when a photo comes."""
        with self._worker() as worker:
            worker.start()

    def encoder_pixels(self, source: Path | bytes, spec: ImageInput) -> NDArray[np.uint8]:
        """Return a photo as an image encoder takes it: `(size, size, 3)` uint8."""
        answer = self._ask(source, {"kind": "pixels", "spec": dataclasses.asdict(spec)})
        return np.frombuffer(answer.payloads[0], np.uint8).reshape(answer.header["shape"])

    def image(self, source: Path | bytes, *, at_least: int) -> Image.Image:
        """Return a photo upright in sRGB, scaled down as far as no side falls below `at_least`."""
        from PIL import Image  # late: who searches by a phrase needs no Pillow

        answer = self._ask(source, {"kind": "picture", "at_least": at_least})
        return Image.frombuffer("RGB", tuple(answer.header["size"]), answer.payloads[0])

    def view(
        self,
        path: Path,
        make_room: MakeRoom,
        *,
        box: tuple[int, int] | None = None,
        at_least: int | None = None,
        most: int,
    ) -> Viewed:
        """Put a photo's pixels, as BGRA bytes, into the memory that `make_room` gives for them.

        With a `box` it is scaled down to fit in there, otherwise decoded with no side below
        `at_least` (None: whole); in any case it has no more than `most` pixels. A file that a
        cloud drive has not fetched is not opened.
        """

        def receive(header: Mapping[str, Any], pipe: IO[bytes]) -> bool:
            width, height = header["size"]
            if width * height > most or header["follows"] != 4 * width * height:
                return False
            return read_into(pipe, make_room(width, height))

        side = min(box) if box is not None else at_least
        request = {"kind": "view", "box": box, "at_least": side, "most": most}
        answer = self._ask(path, request, fetch=False, receive=receive)
        return Viewed(answer.header["width"], answer.header["height"])

    def thumbnail(self, path: Path, digest: bytes) -> bytes | None:
        """Return a new thumbnail; None where the file does not hold that photo any more."""
        answer = self._ask(path, {"kind": "thumbnail", "digest": digest.hex()}, fetch=False)
        return None if answer.header["changed"] else answer.payloads[0]

    def close(self) -> None:
        """End the processes; who waits for a photo hears that it was stopped."""
        with self._lock:
            self._closed = True
            idle, busy = self._idle, tuple(self._busy)
            self._idle = []
        for worker in busy:
            worker.stop()
        for worker in idle:
            worker.close()

    def _ask(
        self,
        source: Path | bytes,
        request: Mapping[str, object],
        *,
        fetch: bool = True,
        receive: Receive | None = None,
    ) -> Answer:
        path = source if isinstance(source, Path) else None
        payloads = () if isinstance(source, Path) else (source,)
        full = {**request, "path": str(path) if path is not None else None, "fetch": fetch}
        started = time.monotonic()

        def ask(worker: WorkerProcess, memory: int, *, alone: bool) -> Answer | Undecodable:
            # Both tries together take no longer than one may.
            rest = max(1.0, started + self._patience.clock - time.monotonic())
            patience = Patience(min(self._patience.cpu, rest), rest)
            answer: Answer | Lost = Lost("stopped")
            if memory:
                answer = worker.ask(
                    {**full, "alone": alone},
                    *payloads,
                    patience=patience,
                    memory=memory,
                    receive=receive,
                )
            if isinstance(answer, Lost):
                return why_lost(answer, self._patience)
            if "failure" in answer.header:
                return Undecodable(answer.header["failure"], answer.header["kind"])
            return answer

        with self._worker() as worker:
            with self._shares.one(self._is_closed) as memory:
                answer = ask(worker, memory, alone=False)
            if isinstance(answer, Undecodable) and answer.kind in ("memory", "killed"):
                with self._shares.whole(self._is_closed) as memory:
                    worker.restart()
                    answer = ask(worker, memory, alone=True)
                    worker.restart()
        if isinstance(answer, Undecodable):
            raise PhotoError(path, answer.reason, answer.kind)
        return answer

    @contextmanager
    def _worker(self) -> Iterator[WorkerProcess]:
        """Lend a worker process; it is kept for the next photo, but one at most."""
        with self._lock:
            worker = self._idle.pop() if self._idle else WorkerProcess(background=False)
            self._busy.add(worker)
            if self._closed:
                worker.stop()
        try:
            yield worker
        finally:
            with self._lock:
                self._busy.discard(worker)
                kept = not self._closed and len(self._idle) < MOST_IDLE
                if kept:
                    self._idle.append(worker)
            if not kept:
                worker.close()

    def _is_closed(self) -> bool:
        with self._lock:
            return self._closed
