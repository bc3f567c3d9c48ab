"""One worker process: started when first needed, asked, watched, and ended."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Literal

from photoseek.decoding import windows
from photoseek.decoding.command import worker_command
from photoseek.decoding.frames import read_frame, write_frame
from photoseek.decoding.machine import RESIDENT
from photoseek.decoding.outcomes import Undecodable
from photoseek.errors import PhotoseekError

__all__ = ["Answer", "Lost", "Patience", "Receive", "WorkerProcess", "why_lost"]

LOG = logging.getLogger("photoseek.decoding")

STARTS = 3
"""A worker may be ended by somebody else while it starts; that often is no accident."""

SECONDS_TO_START = 60.0

MOST_LINES = 20
MOST_LETTERS = 300
"""A process's own complaints that reach the log: a file may make a library print without end."""

_CPU_TIME_UP = -int(getattr(signal, "SIGXCPU", 0)) or None

_ENVIRONMENT = {
    # The current folder may hold a file named like a module; it must not be imported.
    "PYTHONSAFEPATH": "1",
    # Threads of numeric libraries would only count against the limit of memory.
    "OPENBLAS_NUM_THREADS": "1",
    # glibc would keep what a large photo has taken, and the next one would have less.
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(32 << 20),
}

Receive = Callable[[Mapping[str, Any], IO[bytes]], bool]
"""Takes what follows an answer off the pipe; False where it does not come."""


@dataclass(frozen=True)
class Patience:
    """Seconds for one photo: of a processor, and by the clock.

    The clock also counts waiting for a slow drive and a machine that sleeps, so it is given more.
    """

    cpu: float
    clock: float


@dataclass(frozen=True)
class Answer:
    """What the worker says of a file: a header and its payloads."""

    header: Mapping[str, Any]
    payloads: list[bytes] = field(repr=False)


@dataclass(frozen=True)
class Lost:
    """The process is gone, and with it the answer.

    `stage` is how far the file had come: "asked", then "read", then "pixels". `crashed` says that
    the process ended itself, by a fault and not by somebody's signal.
    """

    kind: Literal["timeout", "killed", "stopped"]
    stage: str = "asked"
    crashed: bool = False


def why_lost(lost: Lost, patience: Patience) -> Undecodable:
    """Say why a file gave no photo whose worker is gone."""
    if lost.kind == "stopped":
        return Undecodable("nobody waited for it any more", "stopped")
    if lost.kind == "timeout" and lost.stage == "asked":
        seconds = f"{patience.clock:.0f} seconds"
        return Undecodable(f"its drive did not give the file within {seconds}", "unreadable")
    if lost.kind == "timeout":
        return Undecodable(f"opening it took longer than {patience.cpu:.0f} seconds", "timeout")
    if lost.crashed:
        return Undecodable("the file made the image decoder crash", "killed")
    return Undecodable("the image decoder was ended while it opened the file", "killed")


class WorkerProcess:
    """A child process that opens one photo at a time; one thread asks, any may `stop` it."""

    def __init__(self, *, background: bool) -> None:
        self._background = background
        self._child: _Child | None = None
        self._closed = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process, if it does not run, without waiting for it."""
        with self._lock:
            if not self._closed and (self._child is None or not self._child.is_running()):
                if self._child is not None:
                    self._child.reap()
                self._child = _Child(background=self._background)

    def ask(
        self,
        request: Mapping[str, object],
        *payloads: bytes,
        patience: Patience,
        memory: int,
        receive: Receive | None = None,
    ) -> Answer | Lost:
        """Have one file opened; `PhotoseekError` where no process starts again and again."""
        limits = {"memory": memory, "seconds": patience.cpu}
        for _ in range(STARTS):
            self.start()
            child = self._child
            if self._is_closed() or child is None:
                return Lost("stopped")
            if child.wait_until_ready():
                windows.limit_memory(child.job, memory + RESIDENT)
                answer = child.ask({**request, **limits}, payloads, patience.clock, receive)
                if isinstance(answer, Lost):
                    child.reap()
                    return Lost("stopped") if self._is_closed() else answer
                return answer
            child.reap()
        if self._is_closed():
            return Lost("stopped")
        raise PhotoseekError(
            "photos cannot be opened: Photoseek's decoder process does not start with "
            f"{sys.executable}; reinstall Photoseek"
        )

    def restart(self) -> None:
        """Let go of the process; the next photo meets one that nothing has happened to."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.reap()

    def stop(self) -> None:
        """End the process; the thread that waits for it notices, and may still use its pipes."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.kill()

    def close(self) -> None:
        """Let go of the process when no thread waits for it any more."""
        self.stop()
        if self._child is not None:
            self._child.reap()

    def _is_closed(self) -> bool:
        with self._lock:
            return self._closed


class _Child:
    """The running process, its pipes, and the thread that reads its complaints."""

    def __init__(self, *, background: bool) -> None:
        self._ready = False
        self._stage = "asked"
        self._process, self._lifeline = _spawn(background=background)
        self.job = windows.confine(self._process)
        self._log = threading.Thread(
            target=_log_lines,
            args=(_pipe(self._process.stderr), self._process.pid),
            name="photoseek-decoding-log",
            daemon=True,
        )
        self._log.start()

    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> bool:
        """Wait for the first start; False where the process ended instead."""
        if not self._ready:
            alarm, broken = _Alarm(SECONDS_TO_START, self.kill), (OSError, ValueError)
            with alarm, contextlib.suppress(*broken):
                self._ready = read_frame(_pipe(self._process.stdout)) is not None
        return self._ready

    def ask(
        self,
        request: Mapping[str, object],
        payloads: tuple[bytes, ...],
        seconds: float,
        receive: Receive | None,
    ) -> Answer | Lost:
        self._stage = "asked"
        answer = None
        with _Alarm(seconds, self.kill) as alarm, contextlib.suppress(OSError, ValueError):
            write_frame(_pipe(self._process.stdin), request, *payloads)
            answer = self._read_answer(receive)
        if answer is not None and not alarm.rang:
            return answer
        self.kill()
        code = self._process.wait()
        if alarm.rang or code == _CPU_TIME_UP:
            return Lost("timeout", self._stage)
        ours = (signal.SIGTERM, getattr(signal, "SIGKILL", None), getattr(signal, "SIGHUP", None))
        crashed = code not in [-signal_ for signal_ in ours if signal_ is not None]
        LOG.info("decoder %d ended with %d while it opened a file", self._process.pid, code)
        return Lost("killed", self._stage, crashed)

    def _read_answer(self, receive: Receive | None) -> Answer | None:
        answers = _pipe(self._process.stdout)
        while (frame := read_frame(answers)) is not None:
            header, payloads = frame
            if "stage" in header:
                self._stage = str(header["stage"])
            elif "follows" not in header or (receive is not None and receive(header, answers)):
                return Answer(header, payloads)
            else:
                return None
        return None

    def kill(self) -> None:
        self._process.kill()

    def reap(self) -> None:
        """End the process and let go of everything that belongs to it."""
        self.kill()
        self._process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        self._log.join(1)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            # What was still buffered for the dead process is lost, as meant.
            with contextlib.suppress(OSError):
                _pipe(stream).close()
        windows.release(self.job)
        self.job = None


class _Alarm:
    """Rings after some seconds, unless it is left before."""

    def __init__(self, seconds: float, ring: Callable[[], None]) -> None:
        self.rang = False
        self._ring = ring
        self._timer = threading.Timer(seconds, self._on_time)
        self._timer.daemon = True

    def __enter__(self) -> _Alarm:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()

    def _on_time(self) -> None:
        self.rang = True
        self._ring()


def _spawn(*, background: bool) -> tuple[subprocess.Popen[bytes], int | None]:
    """Start a worker; return it, and the end of a pipe whose closing it takes for our death."""
    environment = {**os.environ, **_ENVIRONMENT}
    words = [*worker_command(), "background" if background else "foreground"]
    if sys.platform == "win32":
        return _popen(words, environment, creationflags=windows.creation_flags(background)), None
    theirs, ours = os.pipe()
    try:
        # Ctrl+C is for the parent: a worker that it ended would look like a crash of its photo.
        process = _popen(
            [*words, str(theirs)], environment, pass_fds=(theirs,), start_new_session=True
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return process, ours


def _popen(
    words: list[str], environment: dict[str, str], **options: Any
) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, **options
        )
    except OSError as error:
        raise PhotoseekError(
            f"photos cannot be opened: no decoder process can be started ({error.strerror}); "
            "close other programs and try again"
        ) from error


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _log_lines(stream: IO[bytes], process_id: int) -> None:
    """Pass the first lines on to the log, and the rest to nobody."""
    count = 0
    with contextlib.suppress(OSError, ValueError):
        while line := stream.readline(MOST_LETTERS):
            count += 1
            if count <= MOST_LINES:
                text = line.decode("utf-8", "replace").rstrip()
                LOG.info("decoder %d: %s", process_id, text)
