"""What Windows has in place of limits that a process sets itself: a job object for each worker."""

from __future__ import annotations

import ctypes
import subprocess
from typing import Any

__all__ = ["confine", "creation_flags", "limit_memory", "release"]

_CREATE_NO_WINDOW = 0x08000000
_BELOW_NORMAL_PRIORITY_CLASS = 0x00004000
_EXTENDED_LIMITS = 9  # JobObjectExtendedLimitInformation
_LIMIT_PROCESS_MEMORY = 0x100
_KILL_ON_JOB_CLOSE = 0x2000
_DIE_ON_UNHANDLED_EXCEPTION = 0x400


class _BasicLimits(ctypes.Structure):
    _fields_ = [
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    ]


class _ExtendedLimits(ctypes.Structure):
    _fields_ = [
        ("basic", _BasicLimits),
        ("counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    ]


def creation_flags(background: bool) -> int:
    """Return how a worker is started: without a console, and for indexing with less priority."""
    return _CREATE_NO_WINDOW | (_BELOW_NORMAL_PRIORITY_CLASS if background else 0)


def confine(process: subprocess.Popen[bytes], kernel: Any = None) -> int | None:
    """Put a worker into a job that ends with this process; None on other systems.

    Return the job's handle, for `limit_memory` and to be released; None too where Windows refuses:
    the limit of time holds all the same.
    """
    kernel = kernel or _kernel()
    if kernel is None:
        return None
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    job: int | None = kernel.CreateJobObjectW(None, None)
    if job:
        _set_limits(job, _KILL_ON_JOB_CLOSE, 0, kernel)
        worker = ctypes.c_void_p(int(getattr(process, "_handle", 0)))
        kernel.AssignProcessToJobObject(ctypes.c_void_p(job), worker)
    return job


def limit_memory(job: int | None, memory: int, kernel: Any = None) -> None:
    """Let the job's process commit so many bytes and no more."""
    kernel = kernel or _kernel()
    if job is not None and kernel is not None:
        _set_limits(job, _KILL_ON_JOB_CLOSE | _LIMIT_PROCESS_MEMORY, memory, kernel)


def release(job: int | None, kernel: Any = None) -> None:
    """Close a job's handle, which ends what still runs in it."""
    kernel = kernel or _kernel()
    if job is not None and kernel is not None:
        kernel.CloseHandle(ctypes.c_void_p(job))


def _set_limits(job: int, flags: int, memory: int, kernel: Any) -> None:
    limits = _ExtendedLimits()
    limits.basic.flags = flags | _DIE_ON_UNHANDLED_EXCEPTION
    limits.process_memory = memory
    size = ctypes.sizeof(limits)
    kernel.SetInformationJobObject(
        ctypes.c_void_p(job), _EXTENDED_LIMITS, ctypes.byref(limits), size
    )


def _kernel() -> Any:
    windll = getattr(ctypes, "windll", None)  # Windows alone has it
    return windll.kernel32 if windll is not None else None
