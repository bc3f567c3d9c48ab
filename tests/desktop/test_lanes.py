"""Work in a lane runs in order, reports on the owner's thread, and is silent once cancelled."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from photoseek import PhotoseekError
from photoseek_desktop.lanes import Cancelled, Lane, Lanes


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane("test")
    yield lane
    lane.stop()
    assert lane.join(5)


def never(_: object) -> None:
    raise AssertionError("this must not be called")


def test_results_come_in_order_on_the_owners_thread(qtbot: QtBot, lane: Lane) -> None:
    seen: list[tuple[int, threading.Thread, threading.Thread]] = []

    def submit(number: int) -> None:
        lane.run(
            lambda _: threading.current_thread(),
            lambda worker: seen.append((number, worker, threading.current_thread())),
            never,
        )

    for number in range(5):
        submit(number)
    qtbot.waitUntil(lambda: len(seen) == 5)
    assert [number for number, _, _ in seen] == [0, 1, 2, 3, 4]
    assert all(worker is not threading.main_thread() for _, worker, _ in seen)
    assert all(owner is threading.main_thread() for _, _, owner in seen)


def test_errors_of_the_world_go_to_otherwise(qtbot: QtBot, lane: Lane) -> None:
    errors: list[PhotoseekError] = []

    def work(_: Callable[[], bool]) -> None:
        raise PhotoseekError("the disk is full")

    job = lane.run(work, never, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert str(errors[0]) == "the disk is full"
    assert job.done


def test_our_own_faults_are_told_and_the_lane_goes_on(qtbot: QtBot, lane: Lane) -> None:
    def work(_: Callable[[], bool]) -> None:
        raise KeyError("a bug")

    with qtbot.waitSignal(lane.crashed) as crashed:
        job = lane.run(work, never, never)
    assert isinstance(crashed.args[0], KeyError)
    assert job.done
    done: list[int] = []
    lane.run(lambda _: 1, done.append, never)
    qtbot.waitUntil(lambda: done == [1])


def test_cancelled_work_is_told_to_stop_and_says_nothing(qtbot: QtBot, lane: Lane) -> None:
    begun = threading.Event()

    def work(cancelled: Callable[[], bool]) -> None:
        begun.set()
        while not cancelled():
            begun.wait(0.001)

    running = lane.run(work, never, never)
    waiting = lane.run(never, never, never)
    assert begun.wait(5)
    running.cancel()
    waiting.cancel()
    done: list[int] = []
    lane.run(lambda _: 1, done.append, never)
    qtbot.waitUntil(lambda: done == [1])


def test_one_lane_does_not_wait_for_another(qtbot: QtBot) -> None:
    lanes = Lanes()
    hold = threading.Event()
    lanes.indexing.run(lambda _: hold.wait(10), never, never)
    done: list[int] = []
    lanes.search.run(lambda _: 1, done.append, never)
    qtbot.waitUntil(lambda: done == [1])
    hold.set()
    assert lanes.close()


def test_a_waiting_lane_holds_on_to_no_result(qtbot: QtBot, lane: Lane) -> None:
    class Picture:
        """Stands for a photo of a hundred megabytes."""

    made: list[weakref.ref[Picture]] = []

    def work(_: Cancelled) -> Picture:
        picture = Picture()
        made.append(weakref.ref(picture))
        return picture

    job = lane.run(work, lambda _: None, lambda _: None)
    qtbot.waitUntil(lambda: job.done)
    qtbot.waitUntil(lambda: made[0]() is None)
