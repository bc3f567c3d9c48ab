"""Photos that could not be read are tried again, when it may help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photoseek import Library
from photoseek.decoding.outcomes import DecodeJob, FailureKind, Outcome, Undecodable
from photoseek.decoding.pool import DecoderPool


class Pool:
    """What opening files comes to, instead of what it would; and which were opened."""

    def __init__(self) -> None:
        self.fails: dict[str, FailureKind] = {}
        self.opened: list[str] = []


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    made = Pool()
    decode = DecoderPool.decode

    def decode_or_not(
        self: DecoderPool, jobs: Iterator[DecodeJob], cancelled: Callable[[], bool]
    ) -> Iterator[tuple[DecodeJob, Outcome]]:
        for job, outcome in decode(self, jobs, cancelled):
            made.opened.append(job.path.name)
            kind = made.fails.get(job.path.name)
            yield job, Undecodable(f"no: {kind}", kind) if kind else outcome

    monkeypatch.setattr(DecoderPool, "decode", decode_or_not)
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time that updates see, in seconds; a test moves it."""
    now = [1_700_000_000]
    monkeypatch.setattr("photoseek.indexer.time.time", lambda: now[0])
    return now


def update(library: Library, pool: Pool, *, retry_failed: bool = False) -> list[str]:
    """Update, and return the names of the files that were opened for it."""
    pool.opened.clear()
    library.update(retry_failed=retry_failed)
    return pool.opened.copy()


@pytest.mark.parametrize("kind", ["timeout", "killed", "memory"])
def test_what_may_pass_is_tried_at_later_updates_less_and_less_often(
    library: Library, colour_folder: Path, pool: Pool, clock: list[int], kind: FailureKind
) -> None:
    library.add_folder(colour_folder)
    pool.fails["red.jpg"] = kind
    assert update(library, pool).count("red.jpg") == 1
    assert library.info().failed == 1
    assert update(library, pool) == []
    waited = []
    for _ in range(3):
        seconds = 0
        while not update(library, pool):
            seconds += 1800
            clock[0] += 1800
            assert seconds < 10**6
        waited.append(seconds)
    assert waited == sorted(waited)
    assert waited[0] < waited[2]
    pool.fails.clear()
    clock[0] += 10**8
    assert update(library, pool) == ["red.jpg"]
    assert library.info().failed == 0


def test_a_photo_that_was_only_touched_and_then_takes_too_long_keeps_its_embedding(
    library: Library, colour_folder: Path, pool: Pool, clock: list[int]
) -> None:
    library.add_folder(colour_folder)
    library.update()
    before = sorted(library.browse().tolist())
    (colour_folder / "red.jpg").touch()
    pool.fails["red.jpg"] = "timeout"
    assert update(library, pool) == ["red.jpg"]
    assert sorted(library.browse().tolist()) == before
    assert library.search("red", top_k=1)[0].photo.path.name == "red.jpg"
    assert update(library, pool) == []
    pool.fails.clear()
    clock[0] += 10**7
    assert update(library, pool) == ["red.jpg"]
    assert update(library, pool) == []
    assert sorted(library.browse().tolist()) == before


def test_a_file_that_stays_bad_is_opened_again_for_newer_readers_or_when_asked(
    library: Library, colour_folder: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (colour_folder / "bad.jpg").write_bytes(b"bad")
    library.add_folder(colour_folder)
    update(library, pool)
    assert update(library, pool) == []
    assert update(library, pool, retry_failed=True) == ["bad.jpg"]
    assert update(library, pool) == []
    monkeypatch.setattr("photoseek.retrying.reader", lambda: "photoseek 99")
    assert update(library, pool) == ["bad.jpg"]
    assert update(library, pool) == []


def test_photos_that_nothing_here_reads_are_counted_and_not_opened(
    library: Library, colour_folder: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photoseek.photo.formats.can_read_raw", lambda: False)
    for name in ("a.NEF", "b.jxl", "c.psd"):
        (colour_folder / name).write_bytes(b"1")
    library.add_folder(colour_folder)
    assert len(update(library, pool)) == 6
    info = library.info()
    assert (info.photos, info.failed) == (9, 3)
    assert {failure.path.name: bool(failure.reason) for failure in info.failures} == {
        "a.NEF": True,
        "b.jxl": True,
        "c.psd": True,
    }
    assert library.explain(colour_folder / "a.NEF").status == "failed"
    monkeypatch.setattr("photoseek.photo.formats.can_read_raw", lambda: True)
    monkeypatch.setattr("photoseek.retrying.reader", lambda: "with rawpy")
    assert update(library, pool) == ["a.NEF"]
