"""What workers may take of each machine, also of those that these tests do not run on."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from photoseek.decoding import command, limits, machine, windows
from photoseek.decoding.limits import Limits
from photoseek.decoding.machine import (
    MIB,
    MemoryShares,
    Room,
    cores,
    memory_bytes,
    plan_room,
)

GIB = 1 << 30


@pytest.mark.parametrize("processors", [1, 2, 4, 16, 128])
@pytest.mark.parametrize("gibibytes", [0.5, 1, 2, 4, 8, 24, 64, 512])
def test_all_workers_together_stay_below_a_quarter_of_the_memory(
    processors: int, gibibytes: float
) -> None:
    memory = int(gibibytes * GIB)
    room = plan_room(processors, memory)
    most = max(memory // 4, machine.LEAST_IN_ALL)
    processes = room.workers + 1
    assert processes * (room.share + machine.RESIDENT) <= most
    assert room.whole + processes * machine.RESIDENT <= most
    assert 1 <= room.workers <= processors
    assert room.share >= 100 * MIB
    assert room.whole >= room.share


def test_two_processors_leave_a_fixed_bound_however_much_memory_there_is() -> None:
    room = plan_room(2, 512 * GIB)
    assert room.workers == 2
    assert room.whole < 1.5 * GIB


def test_processors_that_are_not_ours_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        ("0::/box\n", {"box/memory.max": "1073741824\n"}, GIB),
        (
            "0::/box/inner\n",
            {"box/memory.max": "2147483648", "box/inner/memory.max": "max"},
            2 * GIB,
        ),
        ("5:cpu,memory:/box\n", {"memory/box/memory.limit_in_bytes": "3221225472"}, 3 * GIB),
        ("0::/\n", {"memory.max": "536870912"}, GIB // 2),
        ("0::/\n", {"memory.max": "max"}, 8 * GIB),
        ("nonsense", {}, 8 * GIB),
    ],
)
def test_a_containers_memory_counts(
    cgroup: str,
    files: dict[str, str],
    expected: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "own").write_text(cgroup)
    monkeypatch.setattr(machine, "_CGROUPS", tmp_path)
    monkeypatch.setattr(machine, "_OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(machine, "_physical_memory", lambda: 8 * GIB)
    assert memory_bytes() == expected


def test_a_machine_that_does_not_say_its_memory_gets_a_guess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", refuse)
    assert machine._physical_memory() == machine.UNKNOWN_MEMORY


def test_memory_is_asked_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes

    def answer(reference: Any) -> int:
        reference._obj.physical = 6 * GIB
        return 1

    kernel = SimpleNamespace(GlobalMemoryStatusEx=answer)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert machine._physical_memory() == 6 * GIB


def test_one_who_needs_all_memory_waits_for_the_others_and_comes_before_later_ones() -> None:
    shares = MemoryShares(Room(workers=2, share=10, whole=25))
    order: list[str] = []
    holds, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with shares.one(lambda: False) as memory:
            order.append(f"one {memory}")
            holds.set()
            may_end.wait(30)

    def whole() -> None:
        with shares.whole(lambda: False) as memory:
            order.append(f"whole {memory}")

    def later() -> None:
        with shares.one(lambda: False):
            order.append("later")

    threads = [threading.Thread(target=target) for target in (first, whole, later)]
    threads[0].start()
    holds.wait(30)
    threads[1].start()
    while not shares._waiting_for_all:
        pass
    threads[2].start()
    with shares.one(lambda: True) as memory:
        assert memory == 0, "who gives up gets nothing"
    may_end.set()
    for thread in threads:
        thread.join(30)
    assert order == ["one 10", "whole 25", "later"]


class Resource:
    """Stands in for `resource`, with a hard limit, or refusing like macOS."""

    RLIMIT_AS, RLIMIT_CPU, RLIMIT_CORE, RLIM_INFINITY = "as", "cpu", "core", -1

    def __init__(self, hard: int = -1, *, refuses: bool = False) -> None:
        self.hard, self.refuses = hard, refuses
        self.soft: dict[str, int] = {}

    def getrlimit(self, which: str) -> tuple[int, int]:
        return -1, self.hard

    def setrlimit(self, which: str, limits: tuple[int, int]) -> None:
        if self.refuses:
            raise ValueError("current limit exceeds maximum limit")
        assert limits[1] == self.hard
        assert self.hard == -1 or limits[0] <= self.hard
        self.soft[which] = limits[0]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_each_system_gets_the_limits_that_it_has(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = Resource()
    niced: list[int] = []
    monkeypatch.setitem(sys.modules, "resource", resource)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(os, "nice", niced.append, raising=False)
    monkeypatch.setattr(limits, "_address_space", lambda: 50)
    Limits(background=True).begin_photo(100, 5)
    names = {"linux": {"as", "cpu", "core"}, "darwin": {"cpu", "core"}, "win32": set[str]()}
    assert resource.soft.keys() == names[platform]
    assert bool(niced) == (platform != "win32")
    if platform == "linux":
        assert resource.soft["as"] == 150
    Limits(background=False)
    assert len(niced) <= 1


def test_a_smaller_hard_limit_is_kept_to_and_a_system_that_refuses_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "_address_space", lambda: 50)
    monkeypatch.setattr(os, "nice", lambda _: None)
    monkeypatch.setattr(sys, "platform", "linux")
    small = Resource(hard=70)
    monkeypatch.setitem(sys.modules, "resource", small)
    Limits(background=True).begin_photo(100, 5)
    assert small.soft["as"] == 70
    monkeypatch.setitem(sys.modules, "resource", Resource(refuses=True))
    Limits(background=True).begin_photo(100, 5)


class Kernel:
    """Stands in for Windows' kernel32."""

    def __init__(self, job: int | None = 77) -> None:
        self.job = job
        self.flags: list[int] = []
        self.memory: list[int] = []
        self.assigned: list[tuple[Any, Any]] = []
        self.closed: list[Any] = []
        self.CreateJobObjectW = lambda *_: self.job
        self.CreateJobObjectW.restype = None  # type: ignore[attr-defined]

    def SetInformationJobObject(self, job: Any, kind: int, limits: Any, size: int) -> int:  # noqa: N802
        assert kind == 9
        assert size == (144 if sys.maxsize > 1 << 32 else 112)
        self.flags.append(limits._obj.basic.flags)
        self.memory.append(limits._obj.process_memory)
        return 1

    def AssignProcessToJobObject(self, job: Any, process: Any) -> int:  # noqa: N802
        self.assigned.append((job.value, process.value))
        return 1

    def CloseHandle(self, job: Any) -> int:  # noqa: N802
        self.closed.append(job.value)
        return 1


def test_windows_puts_a_worker_into_a_job_that_bounds_it_and_ends_with_us() -> None:
    kernel = Kernel()
    process: Any = SimpleNamespace(_handle=5)
    job = windows.confine(process, kernel)
    windows.limit_memory(job, GIB, kernel)
    windows.release(job, kernel)
    assert kernel.assigned == [(77, 5)]
    assert all(flags & 0x2000 for flags in kernel.flags)
    assert kernel.memory == [0, GIB]
    assert kernel.flags[-1] & 0x100
    assert kernel.closed == [77]
    refuses = Kernel(job=None)
    assert windows.confine(process, refuses) is None
    windows.limit_memory(None, GIB, refuses)
    windows.release(None, refuses)
    assert (refuses.flags, refuses.closed) == ([], [])


def test_windows_gives_indexing_less_priority_and_no_console() -> None:
    assert windows.creation_flags(background=True) == 0x08000000 | 0x4000
    assert windows.creation_flags(background=False) == 0x08000000


def test_a_frozen_app_starts_itself_as_a_worker_and_not_a_second_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert command.worker_command()[1:] == ["-m", "photoseek.decoding.worker"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert command.worker_command() == [sys.executable, command.WORKER_FLAG]


@pytest.mark.parametrize("entry", ["photoseek.cli", "photoseek_desktop.app"])
def test_every_entry_point_is_a_worker_if_it_was_started_as_one(
    entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    served: list[Any] = []
    monkeypatch.setattr("photoseek.decoding.worker.main", served.append)
    assert importlib.import_module(entry).main([command.WORKER_FLAG, "background", "5"]) == 0
    assert served == [["background", "5"]]


def test_a_frozen_app_opens_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from drawing import draw_photo
    from photoseek.decoding.opener import PhotoOpener

    code = "import sys; from photoseek.cli import main; main(sys.argv[1:])"
    words = [sys.executable, "-c", code, command.WORKER_FLAG]
    monkeypatch.setattr("photoseek.decoding.process.worker_command", lambda: words)
    opener = PhotoOpener()
    try:
        image = opener.image(draw_photo(tmp_path / "a.jpg", "red"), at_least=64)
    finally:
        opener.close()
    assert image.size == (96, 64)
