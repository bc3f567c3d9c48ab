"""The report's section on what single settings are worth: bundles that differ from one in one."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from photoseek.bundle import ModelBundle
from photoseek.encoder import Encoder
from photoseek_training.errors import DatasetError
from photoseek_training.page import table

_ROUNDS = 40


@dataclass(frozen=True)
class Ablation:
    """A bundle's settings, its dev recall sum, and what it costs to train and a photo to encode."""

    name: str
    changes: tuple[str, ...]
    dev_recall_sum: float
    minutes: float
    photo_ms: float


def measure_ablation(path: Path) -> Ablation:
    """What the bundle tells of its training; DatasetError where that is not enough."""
    bundle = ModelBundle.open(path)
    training: Mapping[str, Any] = bundle.manifest.training
    try:
        return Ablation(
            path.resolve().name,
            tuple(training["changes"]),
            training["dev_recall_sum"],
            training["seconds"] / 60,
            _photo_ms(bundle),
        )
    except (KeyError, TypeError) as error:
        raise DatasetError(
            f"{path} does not tell how it was trained ({error!r}): train it again"
        ) from error


def ablations_section(groups: Sequence[Sequence[Ablation]]) -> str:
    """A table for each group, which is a bundle and its variants."""
    tables = [_table(base, variants) for base, *variants in groups]
    return (
        "## What each setting is worth\n\n"
        "The sum of the six recalls on the dev split, of a bundle and of others trained as it was "
        "but for\nthe settings beside them; what the training took, and the encoding of one photo "
        "on one core. A\ndifference of one or less may be chance."
        "\n\n" + "\n\n".join(tables)
    )


def _table(base: Ablation, variants: Sequence[Ablation]) -> str:
    rows = [
        (
            bundle.name,
            " ".join(f"`{change}`" for change in bundle.changes if change not in shared) or "-",
            f"{bundle.dev_recall_sum:.1f}",
            "-" if bundle is base else f"{bundle.dev_recall_sum - base.dev_recall_sum:+.1f}",
            f"{bundle.minutes:.0f} min",
            f"{bundle.photo_ms:.1f} ms",
        )
        for bundle, shared in ((base, ()), *((variant, base.changes) for variant in variants))
    ]
    return table(("bundle", "settings", "dev", "difference", "training", "a photo"), rows)


def _photo_ms(bundle: ModelBundle) -> float:
    encoder = Encoder(bundle, provider="cpu", threads=1)
    pixels = np.zeros((1, bundle.manifest.image.size, bundle.manifest.image.size, 3), np.uint8)
    times = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        encoder.encode_pixels(pixels)
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)
