"""The process that tries a model: `python -m photoseek.model_trial_worker SECONDS BUNDLE FOLDER`.

It prints "passed", or "refused" and why. A model that crashes it or runs without end has failed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoseek.bundle import MODEL_FILES, MOST_FILE_BYTES, ModelBundle
from photoseek.encoder import Encoder
from photoseek.errors import BundleError
from photoseek.files import open_new, open_ordinary

__all__ = ["main"]

BASE_MEMORY = 3 << 30
MEMORY_FOR_A_BYTE = 8
"""Address space for a model: a graph is read, unpacked and put in order, partly side by side."""

LENGTH_TOLERANCE = 0.01
PHRASES = ("", "a dog on the beach", "Ünïcode, 1234 & \N{GRINNING FACE} " * 100)


def main(arguments: Sequence[str] | None = None) -> None:
    """Try a bundle for some seconds in a folder where nothing else is."""
    given = sys.argv[1:] if arguments is None else arguments
    seconds, path, folder = int(given[0]), Path(given[1]), Path(given[2])
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        bundle = ModelBundle.open(path)
        size = sum((path / name).stat().st_size for name in MODEL_FILES)
        _limit_resources(seconds, BASE_MEMORY + MEMORY_FOR_A_BYTE * size)
        # Of a copy, beside which nothing else is: weights in other files are not found.
        _try(_copy(bundle, folder))
    except (BundleError, OSError) as error:
        os.write(answers, f"refused {error}\n".encode("utf-8", "replace"))
    else:
        os.write(answers, b"passed\n")


def _copy(bundle: ModelBundle, folder: Path) -> ModelBundle:
    for name in MODEL_FILES:
        source = open_ordinary(bundle.path / name, MOST_FILE_BYTES)
        with source, open_new(folder / name) as target:
            shutil.copyfileobj(source, target)
        with (folder / name).open("rb") as copied:
            if hashlib.file_digest(copied, "sha256").hexdigest() != bundle.manifest.files[name]:
                raise BundleError(f"{name} changes while it is read")
    return ModelBundle(folder, bundle.manifest)


def _try(bundle: ModelBundle) -> None:
    encoder = Encoder(bundle, provider="cpu", threads=1)
    size = bundle.manifest.image.size
    grey = np.full((1, size, size, 3), 127, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, grey.shape, np.uint8)
    for phrase in PHRASES:
        _check(encoder.encode_text([phrase]), bundle, "phrase")
        encoder.tokenizer.correct(phrase)
    for photo in (grey, noise):
        _check(encoder.encode_pixels(photo), bundle, "photo")


def _check(rows: NDArray[np.float32], bundle: ModelBundle, kind: str) -> None:
    dim = bundle.manifest.embedding_dim
    if np.asarray(rows).dtype != np.float32 or rows.shape != (1, dim):
        raise BundleError(
            f"a {kind} has {np.shape(rows)} numbers, and its manifest.json says (1, {dim})"
        )
    if not abs(float(np.linalg.norm(rows)) - 1) <= LENGTH_TOLERANCE:
        raise BundleError(f"a {kind} has no row of length 1")


def _limit_resources(seconds: int, memory: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    wanted = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, seconds * (os.cpu_count() or 1))]
    if sys.platform == "linux":  # macOS has the name, and refuses every value
        wanted.append((resource.RLIMIT_AS, memory))
    for which, limit in wanted:
        _, hard = resource.getrlimit(which)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (most, hard))


if __name__ == "__main__":
    main()
