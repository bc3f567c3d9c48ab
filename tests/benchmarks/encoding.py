"""Photos a second and milliseconds a phrase of the shipped model.

Beside them: the same computed with float32 alone, and VGG19's photos.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import onnxruntime

from benchmarks.figures import Figure, in_turns
from benchmarks.float32 import float32_bundle
from photoseek import Encoder, ModelBundle

__all__ = ["measure_encoding"]

PHRASE = "a dog running on a beach"
BATCH = 32
VGG_BATCH = 4
VGG_SIZE = 224


def measure_encoding(bundle: ModelBundle, folder: Path) -> list[Figure]:
    """Measure both encoders warm; VGG19 (random weights) needs the `train` extra."""
    size = bundle.manifest.image.size
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH, size, size, 3), np.uint8)
    shipped, wide = Encoder(bundle), Encoder(float32_bundle(bundle, folder / "float32"))
    photos, wide_photos = in_turns(
        lambda: shipped.encode_pixels(pixels), lambda: wide.encode_pixels(pixels), times=8
    )
    phrase, wide_phrase = in_turns(
        lambda: shipped.encode_text([PHRASE]), lambda: wide.encode_text([PHRASE]), times=100
    )
    figures = [
        Figure("encoding", "photos", BATCH / min(photos), "photos/s", limit=100, floor=True),
        Figure("encoding", "a phrase", min(phrase) * 1000, "ms", limit=3),
        Figure("encoding", "the bundle", _megabytes(bundle), "MB", limit=40),
        Figure("encoding", "photos, float32", BATCH / min(wide_photos), "photos/s"),
        Figure("encoding", "a phrase, float32", min(wide_phrase) * 1000, "ms"),
        Figure("encoding", "the bundle, float32", _megabytes(wide.bundle), "MB"),
    ]
    if importlib.util.find_spec("torchvision") is not None:
        figures.append(_vgg19(folder / "vgg19.onnx"))
    return figures


def _megabytes(bundle: ModelBundle) -> float:
    return sum(file.stat().st_size for file in bundle.path.iterdir()) / 1e6


def _vgg19(path: Path) -> Figure:
    import torch
    from torchvision.models import vgg19

    example = torch.zeros(VGG_BATCH, 3, VGG_SIZE, VGG_SIZE)
    torch.onnx.export(vgg19(weights=None).eval(), (example,), str(path), dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (name,) = (node.name for node in session.get_inputs())
    (seconds,) = in_turns(lambda: session.run(None, {name: example.numpy()}), times=3)
    path.unlink()
    return Figure("encoding", "photos by VGG19", VGG_BATCH / min(seconds), "photos/s")
