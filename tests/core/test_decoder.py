"""The decoder pool and what files do to it: real worker processes, real accidents."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from drawing import draw_photo
from flawed_decoder import deadly_photo, flaw_decoder
from photo_files import png
from photoseek.decoding.machine import MemoryShares, Room
from photoseek.decoding.outcomes import FailureKind
from photoseek.decoding.pool import Decoded, DecodeJob, DecoderPool, Known, Undecodable
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


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came about")


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where decoders with a flaw note what they were made to do."""
    return flaw_decoder(tmp_path / "flaw", monkeypatch)


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
        "not a photo in a format that Photoseek reads", "unsupported"
    )
    assert found["none.jpg"] == Undecodable("the file does not exist", "unreadable")
    assert isinstance(found[tmp_path.name], Undecodable)


@linux
def test_a_pipe_in_a_photos_place_is_refused_at_once(pool: DecoderPool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.jpg")  # reading it would wait for ever
    good = [draw_photo(tmp_path / f"{place}.jpg", "red") for place in range(8)]
    found = outcomes(pool, *good[:4], tmp_path / "endless.jpg", *good[4:])
    refused = found.pop("endless.jpg")
    assert isinstance(refused, Undecodable)
    assert refused.kind == "unsupported"
    assert all(isinstance(outcome, Decoded) for outcome in found.values())


@linux
def test_a_file_that_never_ends_is_given_up_and_its_neighbours_are_read(
    tmp_path: Path, marks: Path
) -> None:
    good = [draw_photo(tmp_path / f"{place}.jpg", "red") for place in range(8)]
    busy = deadly_photo(tmp_path / "busy.jpg", "FOREVER")
    idle = deadly_photo(tmp_path / "idle.jpg", "SLEEP")
    with DecoderPool(SPEC, workers=2, time_limit=1) as pool:
        found = outcomes(pool, *good[:4], busy, idle, *good[4:])
    for name in ("busy.jpg", "idle.jpg"):
        lost = found.pop(name)
        assert isinstance(lost, Undecodable)
        assert lost.kind == "timeout"
    assert all(isinstance(outcome, Decoded) for outcome in found.values())


@linux
def test_a_file_that_kills_its_decoder_is_blamed_and_the_next_one_is_read(
    tmp_path: Path, marks: Path
) -> None:
    deadly = deadly_photo(tmp_path / "deadly.jpg", "CRASH")
    good = draw_photo(tmp_path / "good.jpg", "red")
    with DecoderPool(SPEC, workers=1, time_limit=30) as pool:
        found = outcomes(pool, deadly, good)
    assert found["deadly.jpg"] == Undecodable("the file made the image decoder crash", "killed")
    assert isinstance(found["good.jpg"], Decoded)
    assert len(list(marks.iterdir())) == 2, "it is not believed at once"


@linux
def test_a_decoder_that_somebody_else_ends_costs_no_photo(tmp_path: Path, marks: Path) -> None:
    photo = deadly_photo(tmp_path / "a.jpg", "ONCE")
    good = [draw_photo(tmp_path / f"{place}.jpg", "red") for place in range(4)]
    with DecoderPool(SPEC, workers=2) as pool:
        found = outcomes(pool, photo, *good)
    assert all(isinstance(outcome, Decoded) for outcome in found.values())
    assert len(list(marks.iterdir())) == 2


@linux
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_decoders_may_be_ended_at_any_moment(tmp_path: Path, how: signal.Signals) -> None:
    photos = [draw_photo(tmp_path / f"{place}.jpg", "red", "blue") for place in range(60)]
    ended = 0
    with DecoderPool(SPEC, workers=2) as pool:
        found = list[object]()
        for _, outcome in pool.decode(map(DecodeJob, photos)):
            found.append(outcome)
            for worker in workers_of(os.getpid()) if len(found) % 20 == 0 else ():
                os.kill(worker, how)
                ended += 1
    assert ended
    assert len(found) == 60
    assert all(isinstance(outcome, Decoded) for outcome in found)


@linux
def test_metadata_that_ends_its_decoder_costs_only_itself(tmp_path: Path, marks: Path) -> None:
    words = ("CRASH", "FOREVER", "GREEDY")
    photos = [deadly_photo(tmp_path / f"{word}.jpg", word, in_metadata=True) for word in words]
    with DecoderPool(SPEC, workers=2, time_limit=1) as pool:
        found = outcomes(pool, *photos)
    for word in words:
        outcome = found[f"{word}.jpg"]
        assert isinstance(outcome, Decoded), word
        assert outcome.metadata.camera == ""


@linux
def test_a_photo_that_needs_more_memory_than_others_is_tried_alone(
    tmp_path: Path, marks: Path
) -> None:
    large, greedy = (deadly_photo(tmp_path / f"{word}.jpg", word) for word in ("LARGE", "GREEDY"))
    shares = MemoryShares(Room(workers=2, share=300 << 20, whole=1000 << 20))
    with DecoderPool(SPEC, shares=shares) as pool:
        found = outcomes(pool, large, greedy)
    assert isinstance(found["LARGE.jpg"], Decoded)
    refused = found["GREEDY.jpg"]
    assert isinstance(refused, Undecodable)
    assert refused.kind == "memory"


@linux
def test_a_large_photo_is_called_damaged_only_when_all_memory_did_not_help(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png(9000, 9000, 8, 2, (b"IDAT", b"damage")))
    with DecoderPool(SPEC, workers=1) as pool:
        first = pool._decode(DecodeJob(path))
        (outcome,) = outcomes(pool, path).values()
    assert first.again
    assert isinstance(outcome, Undecodable)
    assert outcome.kind == "damaged"


@linux
def test_a_file_larger_than_any_photo_is_refused_before_it_is_read(
    pool: DecoderPool, tmp_path: Path
) -> None:
    for name, size in (("huge.jpg", 6 << 30), ("no photo.jpg", 1 << 30)):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, size)  # holes, which take no room on the disk
    good = draw_photo(tmp_path / "good.jpg", "red")
    found = outcomes(pool, tmp_path / "huge.jpg", tmp_path / "no photo.jpg", good)
    kinds = [getattr(found[name], "kind", "") for name in ("huge.jpg", "no photo.jpg")]
    assert kinds == ["too_large", "unsupported"]
    assert isinstance(found["good.jpg"], Decoded)


@linux
def test_closing_stops_at_once_and_leaves_no_process(tmp_path: Path, marks: Path) -> None:
    photo = deadly_photo(tmp_path / "endless.jpg", "FOREVER")
    pool = DecoderPool(SPEC, workers=2, time_limit=600)
    found = pool.decode(DecodeJob(path) for path in [photo] * 3)
    waiting = threading.Thread(target=lambda: list(found))
    waiting.start()
    wait_for(lambda: len(list(marks.iterdir())) == 2)
    pool.close()
    waiting.join(60)
    assert not waiting.is_alive()
    assert workers_of(os.getpid()) == []


@linux
def test_nobody_waits_for_a_photo_after_cancelling(tmp_path: Path, marks: Path) -> None:
    photo = deadly_photo(tmp_path / "endless.jpg", "FOREVER")
    with DecoderPool(SPEC, workers=1, time_limit=600) as pool:
        found = list(pool.decode([DecodeJob(photo)], lambda: any(marks.iterdir())))
    assert found == []
    assert workers_of(os.getpid()) == []


PARENT = """
import sys
from pathlib import Path
from photoseek.decoding.pool import DecodeJob, DecoderPool
from photoseek.manifest import ImageInput
spec = ImageInput(32, "squash", "bilinear", "pixels", "uint8")
with DecoderPool(spec, workers=2, time_limit=600) as pool:
    list(pool.decode(DecodeJob(Path(path)) for path in sys.argv[1:]))
"""


@linux
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_decoders_do_not_outlive_their_parent(
    tmp_path: Path, marks: Path, how: signal.Signals
) -> None:
    photos = [deadly_photo(tmp_path / f"{word}.jpg", word) for word in ("FOREVER", "SLEEP")]
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *map(str, photos)])
    wait_for(lambda: len(list(marks.iterdir())) == 2)
    workers = workers_of(parent.pid)
    assert len(workers) == 2
    parent.send_signal(how)
    parent.wait()
    wait_for(lambda: not any(is_alive(worker) for worker in workers))


@linux
def test_photos_open_below_a_hard_limit_of_memory(tmp_path: Path) -> None:
    photos = [draw_photo(tmp_path / f"{place}.jpg", "red") for place in range(3)]
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))"
    code += PARENT.replace("    list(", "    print(*")
    done = subprocess.run(
        [sys.executable, "-c", code, *photos], capture_output=True, text=True, check=False
    )
    assert done.stdout.count("Decoded(") == 3, done.stderr


@linux
def test_what_a_decoder_complains_of_reaches_the_log_within_bounds(
    tmp_path: Path, marks: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photo = deadly_photo(tmp_path / "chatty.jpg", "CHATTY")
    with caplog.at_level("INFO", "photoseek.decoding"), DecoderPool(SPEC, workers=1) as pool:
        assert isinstance(outcomes(pool, photo)["chatty.jpg"], Decoded)
    lines = [record.getMessage() for record in caplog.records]
    assert any("complaint" in line for line in lines)
    assert len(lines) < 30


@linux
def test_a_decoder_that_is_ended_while_it_starts_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = tmp_path / "started"
    (tmp_path / "flaw").mkdir()
    (tmp_path / "flaw" / "sitecustomize.py").write_text(
        "import os, signal\n"
        f"if not os.path.exists({str(started)!r}):\n"
        f"    open({str(started)!r}, 'w').close()\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "flaw"))
    path = draw_photo(tmp_path / "a.jpg", "red")
    with DecoderPool(SPEC, workers=1) as pool:
        assert isinstance(outcomes(pool, path)["a.jpg"], Decoded)
    assert started.exists()


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
