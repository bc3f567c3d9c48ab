"""Indexes 12-megapixel JPEGs, against decoding them alone and encoding their pixels alone."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray
from PIL import Image

from benchmarks.figures import Figure, ratio_of
from photoseek import Encoder, Library, ModelBundle
from photoseek.decoding.limits import NICENESS
from photoseek.images import DECODE_SIDE, decode_photo, make_thumbnail, to_pixels
from photoseek.manifest import ImageInput

__all__ = ["measure_indexing"]

TURNS = 3
LIMIT = 1.15
BATCH = 32
DRAWN = 16
"""Photos that are drawn; the others are copies with another comment, so no two files are alike."""


def measure_indexing(bundle: ModelBundle, folder: Path, count: int) -> list[Figure]:
    """Compare a whole update with the slower of its two bare parts, in turns.

    The bare decoding runs in as many processes as there are cores, started beforehand, and gives
    the pixels to nobody; the bare encoding has them ready.
    """
    photos = draw_photos(folder / "photos", count)
    encoder, spec = Encoder(bundle), bundle.manifest.image
    pixels = np.stack([decode_bare(str(path), spec) for path in photos[:BATCH]])
    seconds: dict[str, list[float]] = {"decoding": [], "encoding": [], "indexing": []}
    # At the priority of our own decoders, or other programs would slow only those.
    work: dict[str, list[float]] = {"decoding": [], "indexing": []}
    with multiprocessing.get_context("spawn").Pool(initializer=step_back) as pool:
        decode = partial(decode_and_drop, spec=spec)
        pool.map(decode, map(str, photos[:BATCH]), chunksize=1)
        encoder.encode_pixels(pixels)
        for turn in range(TURNS):
            started = time.perf_counter()
            work["decoding"].append(sum(pool.map(decode, map(str, photos), chunksize=4)))
            seconds["decoding"].append(time.perf_counter() - started)
            seconds["encoding"].append(
                _seconds(lambda: encoder.encode_pixels(pixels)) * count / BATCH
            )
            elapsed, worked = _index(folder / f"library-{turn}", photos, bundle)
            seconds["indexing"].append(elapsed)
            work["indexing"].append(worked)
    bare = [max(pair) for pair in zip(seconds["decoding"], seconds["encoding"], strict=True)]
    rates = {name: count / statistics.median(taken) for name, taken in seconds.items()}
    name = "12-megapixel photos, all included, to its slower part"
    ratio = ratio_of(seconds["indexing"], bare)
    rate = count / statistics.median(bare)
    figures = [
        Figure("indexing", name, rates["indexing"], "photos/s", rate, ratio, LIMIT),
        Figure("indexing", "decoding alone", rates["decoding"], "photos/s"),
        Figure("indexing", "encoding alone", rates["encoding"], "photos/s"),
        Figure(
            "indexing",
            "processor time, a photo, to that of bare decoding",
            statistics.median(work["indexing"]) / count * 1000,
            "ms",
            statistics.median(work["decoding"]) / count * 1000,
            ratio_of(work["indexing"], work["decoding"]),
        ),
        *_work_of_parts(photos[0].read_bytes(), pixels, encoder, spec),
    ]
    shutil.rmtree(folder / "photos")
    return figures


def draw_photos(folder: Path, count: int) -> list[Path]:
    """Make 12-megapixel JPEGs of about a camera's size (4 MB), no two alike."""
    folder.mkdir()
    rng = np.random.default_rng(8)
    coarse = rng.integers(0, 256, (60, 80, 3), np.uint8)
    scene = np.asarray(Image.fromarray(coarse).resize((4000, 3000), Image.Resampling.BICUBIC))
    grain = rng.integers(0, 24, (3000, 4000, 1), np.uint8)
    drawn = []
    for number in range(min(DRAWN, count)):
        pixels = np.clip(np.roll(scene, 37 * number, 1).astype(np.int16) + grain, 0, 255)
        stream = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG", quality=88)
        drawn.append(stream.getvalue())
    paths = [folder / f"{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        content, comment = drawn[number % DRAWN], number.to_bytes(4, "big")
        path.write_bytes(content[:2] + b"\xff\xfe\x00\x06" + comment + content[2:])
    return paths


def decode_bare(path: str, spec: ImageInput) -> NDArray[np.uint8]:
    """Make the encoder's pixels of a file with draft scaling, and nothing else."""
    with Image.open(path) as image:
        image.draft("RGB", (DECODE_SIDE, DECODE_SIDE))
        return to_pixels(image.convert("RGB"), spec)


def step_back() -> None:
    """Take the priority that decoder workers have."""
    if sys.platform != "win32":
        os.nice(NICENESS)


def decode_and_drop(path: str, spec: ImageInput) -> float:
    """Do it in another process; return only the seconds of processor time that it took."""
    started = time.process_time()
    decode_bare(path, spec)
    return time.process_time() - started


def _index(directory: Path, photos: list[Path], bundle: ModelBundle) -> tuple[float, float]:
    """Return the seconds of an update that adds the photos, and those that processors worked.

    The model is loaded before. On a busy machine only the second says what indexing takes.
    """
    first = directory.with_suffix(".first")
    first.mkdir()
    shutil.copy(photos[0], first / "first.jpg")
    with Library.open(directory, bundle=bundle) as library:
        library.add_folder(first)
        library.update()
        library.remove_folder(first)
        library.add_folder(photos[0].parent)
        before = os.times()
        seconds = _seconds(library.update)
        worked = sum(os.times()[:4]) - sum(before[:4])
        assert library.info().searchable == len(photos)
    shutil.rmtree(directory)
    return seconds, worked


def _work_of_parts(
    content: bytes, pixels: NDArray[np.uint8], encoder: Encoder, spec: ImageInput
) -> list[Figure]:
    """Say what one photo takes of one core, part by part: where the time of indexing goes.

    Their sum, shared by the cores, is the floor of the ratio: nothing is left out of it, and what
    it lacks to the ratio above is hand-over, storing and waiting.
    """
    image = decode_photo(content).image
    single = Encoder(encoder.bundle, threads=1)
    parts: dict[str, Callable[[], object]] = {
        "hash": lambda: blake3(content).digest(),
        "decode": lambda: decode_photo(content),
        "pixels": lambda: to_pixels(image, spec),
        "thumbnail": lambda: make_thumbnail(image),
        "encode": lambda: single.encode_pixels(pixels[:1]),
    }
    work = {name: _least_work(part) for name, part in parts.items()}
    stream = io.BytesIO(content)
    bare = _least_work(lambda: _draft(stream)) + work["pixels"]
    total = sum(work.values())
    return [
        *(Figure("indexing", f"one core's work: {name}", ms, "ms") for name, ms in work.items()),
        Figure(
            "indexing", "the parts' work to that of bare decoding", total, "ms", bare, total / bare
        ),
    ]


def _draft(stream: io.BytesIO) -> None:
    stream.seek(0)
    with Image.open(stream) as image:
        image.draft("RGB", (DECODE_SIDE, DECODE_SIDE))
        image.load()


def _least_work(part: Callable[[], object], times: int = 20) -> float:
    """Return the milliseconds of processor time that a part takes at least."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        part()
        taken.append(time.process_time() - started)
    return min(taken) * 1000


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
