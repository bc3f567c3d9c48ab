"""The decoder pool and what files do to it: real worker processes, real accidents."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from drawing import draw_photo
from photoseek.decoding.pool import Decoded, DecodeJob, DecoderPool, FailureKind, Known, Undecodable
from photoseek.errors import PhotoseekError
from photoseek.images import open_photo, to_pixels
from photoseek.manifest import ImageInput

SPEC = ImageInput(32, "squash", "bilinear", "pixels", "uint8")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and pipes")


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(SPEC, workers=2, time_limit=30) as pool:
        yield pool


def outcomes(pool: DecoderPool, *paths: Path) -> dict[str, object]:
    return {job.path.name: outcome for job, outcome in pool.decode(map(DecodeJob, paths))}


def workers_of(parent: int) -> list[int]:
    """Return the ids of the decoder processes that `parent` has started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            status = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(status[1]) == parent and b"photoseek.decoding.worker" in command:
            found.append(int(entry.name))
    return found


def test_a_photo_comes_back_as_the_pixels_that_core_makes_of_it(
    pool: DecoderPool, tmp_path: Path
) -> None:
    path = draw_photo(tmp_path / "a.jpg", "red", "blue", size=(900, 700))
    outcome = outcomes(pool, path)["a.jpg"]
    assert isinstance(outcome, Decoded)
    assert (outcome.width, outcome.height) == (900, 700)
    np.testing.assert_array_equal(outcome.pixels, to_pixels(open_photo(path), SPEC))
    assert outcome.thumbnail.startswith(b"\xff\xd8")


def test_a_photo_whose_bytes_are_known_is_not_decoded(pool: DecoderPool, tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "a.jpg", "red")
    (first,) = outcomes(pool, path).values()
    assert isinstance(first, Decoded)
    ((_, second),) = pool.decode([DecodeJob(path, frozenset([first.digest, b"x" * 16]))])
    assert second == Known(first.digest, first.metadata)


def test_a_bad_file_harms_only_itself(pool: DecoderPool, tmp_path: Path) -> None:
    good = [draw_photo(tmp_path / f"{place}.jpg", "red") for place in range(20)]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8 no photo")
    found = outcomes(pool, *good[:10], bad, tmp_path / "none.jpg", tmp_path, *good[10:])
    assert sum(isinstance(outcome, Decoded) for outcome in found.values()) == 20
    assert found["bad.jpg"] == Undecodable(
        "not a photo in a format that Photoseek reads", "damaged"
    )
    assert found["none.jpg"] == Undecodable(
        "the file cannot be read (No such file or directory)", "unreadable"
    )
    assert isinstance(found[tmp_path.name], Undecodable)


@linux
def test_a_file_that_never_ends_is_given_up_and_its_neighbours_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.jpg")  # reading it waits for ever
    good = [draw_photo(tmp_path / f"{place}.jpg", "red") for place in range(8)]
    with DecoderPool(SPEC, workers=2, time_limit=3) as pool:
        found = outcomes(pool, *good[:4], tmp_path / "endless.jpg", *good[4:])
    assert found.pop("endless.jpg") == Undecodable(
        "opening it took longer than 3 seconds", "timeout"
    )
    assert all(isinstance(outcome, Decoded) for outcome in found.values())


@linux
def test_a_file_that_kills_its_decoder_is_blamed_and_the_next_one_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "deadly.jpg")
    good = draw_photo(tmp_path / "good.jpg", "red")
    with DecoderPool(SPEC, workers=1, time_limit=30) as pool:
        assert isinstance(outcomes(pool, good)["good.jpg"], Decoded)
        (worker,) = workers_of(os.getpid())
        killer = threading.Timer(0.5, os.kill, (worker, signal.SIGSEGV))
        killer.start()
        found = outcomes(pool, tmp_path / "deadly.jpg", good)
        killer.join()
        assert worker not in workers_of(os.getpid())
    assert found["deadly.jpg"] == Undecodable("the file made the image decoder crash", "killed")
    assert isinstance(found["good.jpg"], Decoded)


@linux
def test_a_file_larger_than_a_worker_may_take_is_refused(pool: DecoderPool, tmp_path: Path) -> None:
    huge = tmp_path / "huge.jpg"
    huge.touch()
    os.truncate(huge, 6 << 30)  # 6 GiB of holes, which take no room on the disk
    good = draw_photo(tmp_path / "good.jpg", "red")
    found = outcomes(pool, huge, good)
    refused = found["huge.jpg"]
    assert isinstance(refused, Undecodable)
    assert "more memory" in refused.reason
    assert refused.kind == "memory"
    assert isinstance(found["good.jpg"], Decoded)


@linux
def test_closing_stops_at_once_and_leaves_no_process(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.jpg")
    pool = DecoderPool(SPEC, workers=2, time_limit=60)
    found = pool.decode(DecodeJob(path) for path in [tmp_path / "endless.jpg"] * 3)
    waiting = threading.Thread(target=lambda: list(found))
    waiting.start()
    while len(workers_of(os.getpid())) < 2:
        time.sleep(0.01)
    started = time.monotonic()
    pool.close()
    waiting.join(10)
    assert time.monotonic() - started < 10
    assert not waiting.is_alive()
    assert workers_of(os.getpid()) == []


def test_a_decoder_that_does_not_start_is_not_blamed_on_the_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = draw_photo(tmp_path / "a.jpg", "red")
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # no Python starts with it
    with DecoderPool(SPEC, workers=1) as pool, pytest.raises(PhotoseekError, match="not start"):
        outcomes(pool, path)


def test_a_module_in_the_current_folder_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PIL.py").write_text("raise SystemExit")
    path = draw_photo(tmp_path / "a.jpg", "red")
    monkeypatch.chdir(tmp_path)
    with DecoderPool(SPEC, workers=1) as pool:
        assert isinstance(outcomes(pool, path)["a.jpg"], Decoded)


def test_no_more_than_a_few_photos_are_read_ahead(tmp_path: Path) -> None:
    path, taken = draw_photo(tmp_path / "a.jpg", "red"), list[int]()

    def jobs() -> Iterator[DecodeJob]:
        for place in range(500):
            taken.append(place)
            yield DecodeJob(path)

    with DecoderPool(SPEC, workers=1) as pool:
        next(pool.decode(jobs()))
        assert len(taken) < 50


def test_what_may_pass_is_told_from_what_is_the_files_own() -> None:
    kinds = get_args(FailureKind)
    passing = {kind for kind in kinds if Undecodable("", kind).retry}
    assert passing == set(kinds) - {"damaged", "unsupported", "too_large", "no_reader"}
