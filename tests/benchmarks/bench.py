"""Measures indexing and searching as ratios against their bare parts: `make bench`.

Photos and vectors are made here; nothing is downloaded. Each ratio compares two things measured
in turn in the same run, so that a busy machine slows both; the table gives the median.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from photoseek import Encoder, Library, ModelBundle
from photoseek.decoder import Decoded, DecodeJob, DecoderPool
from photoseek.embedding_index import EmbeddingIndex
from photoseek.ranking import rank

SEED = 8


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, what it is held against, and their ratio to its limit."""

    name: str
    value: float
    unit: str
    bare: float | None = None
    ratio: float | None = None
    limit: float | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=96, help="12-megapixel photos to index")
    parser.add_argument("--rows", type=int, default=100_000, help="embeddings to search")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args()
    bundle = ModelBundle.shipped()
    with tempfile.TemporaryDirectory() as folder:
        photos = draw_photos(Path(folder) / "photos", options.photos)
        rows = [
            *bench_encoders(bundle),
            bench_indexing(bundle, photos, Path(folder)),
            bench_search(bundle, options.rows),
            bench_cold_search(photos.parent / "library-0"),
        ]
    for row in rows:
        against = f"{row.bare:10.2f} {row.ratio:6.2f} <= {row.limit}" if row.ratio else ""
        print(f"{row.name:58} {row.value:10.2f} {row.unit:9} {against}")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def draw_photos(folder: Path, count: int) -> Path:
    """Make 12-megapixel JPEGs of about a camera's size (4 MB), no two alike."""
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(0, 256, (60, 80, 3), np.uint8)
    scene = np.asarray(Image.fromarray(coarse).resize((4000, 3000), Image.Resampling.BICUBIC))
    grain = rng.integers(0, 24, (3000, 4000, 1), np.uint8)
    for number in range(count):
        pixels = np.clip(np.roll(scene, 37 * number, 1).astype(np.int16) + grain, 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.jpg", quality=88)
    return folder


def bench_encoders(bundle: ModelBundle) -> list[Row]:
    encoder = Encoder(bundle)
    size = bundle.manifest.image.size
    pixels = np.random.default_rng(SEED).integers(0, 256, (32, size, size, 3), np.uint8)
    seconds = median_seconds(lambda: encoder.encode_pixels(pixels), 10)
    phrase = median_seconds(lambda: encoder.encode_text(["a dog running on a beach"]), 50)
    return [
        Row("image encoder, batches of 32", 32 / seconds, "photos/s"),
        Row("text encoder, one phrase", phrase * 1000, "ms"),
    ]


def bench_indexing(bundle: ModelBundle, photos: Path, folder: Path) -> Row:
    """Compare a whole update with the slower of decoding and encoding alone."""
    encoder = Encoder(bundle)
    ratios, updates, bares = [], [], []
    for turn in range(3):
        started = time.perf_counter()
        with DecoderPool(bundle.manifest.image) as pool:
            outcomes = [outcome for _, outcome in pool.decode(map(DecodeJob, photos.iterdir()))]
        decoding = time.perf_counter() - started
        pixels = np.stack([item.pixels for item in outcomes if isinstance(item, Decoded)])
        started = time.perf_counter()
        for start in range(0, len(pixels), 32):
            encoder.encode_pixels(pixels[start : start + 32])
        encoding = time.perf_counter() - started
        with Library.open(folder / f"library-{turn}", bundle=bundle) as library:
            library.add_folder(photos)
            report = library.update()
        assert report.added == len(pixels)
        bare = max(decoding, encoding)
        ratios.append(report.seconds / bare)
        updates.append(len(pixels) / report.seconds)
        bares.append(len(pixels) / bare)
    value, bare = statistics.median(updates), statistics.median(bares)
    name = "indexing 12-megapixel photos / slower of its two parts"
    return Row(name, value, "photos/s", bare, statistics.median(ratios), 1.15)


def bench_search(bundle: ModelBundle, count: int) -> Row:
    """Compare a phrase's ranking, top 200, with one product and one text encoding."""
    encoder = Encoder(bundle)
    index = EmbeddingIndex(bundle.manifest.embedding_dim)
    rng = np.random.default_rng(SEED)
    for start in range(0, count, 10_000):
        vectors = rng.standard_normal((10_000, bundle.manifest.embedding_dim), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        index.add(np.arange(start, start + 10_000), vectors)
    snapshot = index.snapshot()

    def bare() -> None:
        _ = snapshot.scores(encoder.encode_text(["a dog running on a beach"])[0])

    def whole() -> None:
        vector = encoder.encode_text(["a dog running on a beach"])[0]
        rank(snapshot, vector, bundle.manifest.likely, 200)

    pairs = [(median_seconds(whole, 5), median_seconds(bare, 5)) for _ in range(9)]
    ratio = statistics.median(first / second for first, second in pairs)
    value, base = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    return Row(f"a phrase over {count:,} photos, top 200 / bare", value, "ms", base, ratio, 1.5)


def bench_cold_search(library: Path) -> Row:
    """Time the command from start to answer."""
    command = [str(Path(sys.executable).with_name("photoseek")), "search", "a dog"]
    environment = {**os.environ, "PHOTOSEEK_LIBRARY": str(library)}

    def search() -> None:
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    return Row("photoseek search, cold", median_seconds(search, 5) * 1000, "ms")


def median_seconds(work: Callable[[], object], times: int) -> float:
    work()
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        durations.append(time.perf_counter() - started)
    return statistics.median(durations)


if __name__ == "__main__":
    main()
