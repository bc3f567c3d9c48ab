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
from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.errors import DatasetError
from photoseek_training.measurement import as_searched, embed, measure
from photoseek_training.page import table
from photoseek_training.recall import recall_sum

_ROUNDS = 40


@dataclass(frozen=True)
class Ablation:
    """A bundle's settings, its dev recall sum, and what it costs to train and a photo to encode.

    `web_recall_sum` is the same of web captions that no bundle was trained on, where there are any.
    """

    name: str
    changes: tuple[str, ...]
    dev_recall_sum: float
    minutes: float
    photo_ms: float
    devices: tuple[str, ...] = ()
    web_recall_sum: float | None = None


def measure_ablation(path: Path, web: Sequence[CaptionedPhoto]) -> Ablation:
    """What the bundle tells of its training, and makes of `web` photos that it was not trained on.

    DatasetError where it does not tell enough.
    """
    bundle = ModelBundle.open(path)
    training: Mapping[str, Any] = bundle.manifest.training
    try:
        return Ablation(
            path.resolve().name,
            tuple(training["changes"]),
            training["dev_recall_sum"],
            training["seconds"] / 60,
            _photo_ms(bundle),
            tuple(training.get("devices", ())),  # bundles made before do not tell them
            _web_recall_sum(bundle, web),
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
        "The sum of the six recalls on the dev split and, where it was measured, on the held-out "
        "web\ncaptions, of a bundle and of others trained as it was but for the settings beside "
        "them; what the\ntraining took, and on what; the encoding of one photo on one core. A "
        "difference of one or less on dev\nmay be chance; the web captions are a third as many "
        "photos, and tell less."
        "\n\n" + "\n\n".join(tables)
    )


def _table(base: Ablation, variants: Sequence[Ablation]) -> str:
    rows = [
        (
            bundle.name,
            " ".join(f"`{change}`" for change in bundle.changes if change not in shared) or "-",
            f"{bundle.dev_recall_sum:.1f}",
            _difference(bundle.dev_recall_sum, base.dev_recall_sum, bundle is base),
            "-" if bundle.web_recall_sum is None else f"{bundle.web_recall_sum:.1f}",
            _difference(bundle.web_recall_sum, base.web_recall_sum, bundle is base),
            ", ".join((f"{bundle.minutes:.0f} min", *bundle.devices)),
            f"{bundle.photo_ms:.1f} ms",
        )
        for bundle, shared in ((base, ()), *((variant, base.changes) for variant in variants))
    ]
    head = ("bundle", "settings", "dev", "difference", "web", "difference", "training", "a photo")
    return table(head, rows)


def _difference(value: float | None, base: float | None, is_base: bool) -> str:
    return "-" if is_base or value is None or base is None else f"{value - base:+.1f}"


def _web_recall_sum(bundle: ModelBundle, web: Sequence[CaptionedPhoto]) -> float | None:
    if not web:
        return None
    encoder = Encoder(bundle)
    found = measure(embed(encoder, as_searched(encoder, web), "web photos"), "web captions")
    return recall_sum(found.phrase_to_photo, found.photo_to_caption)


def _photo_ms(bundle: ModelBundle) -> float:
    encoder = Encoder(bundle, provider="cpu", threads=1)
    pixels = np.zeros((1, bundle.manifest.image.size, bundle.manifest.image.size, 3), np.uint8)
    times = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        encoder.encode_pixels(pixels)
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)
