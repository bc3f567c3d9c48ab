"""Turns a CLIP checkpoint on disk into a bundle: graphs, tokenizer, proof, card, manifest."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from photoseek.bundle import (
    CARD_FILE,
    IMAGE_ENCODER_FILE,
    TEXT_ENCODER_FILE,
    TOKENIZER_FILE,
    ModelBundle,
    write_manifest,
)
from photoseek.encoder import Encoder
from photoseek.manifest import LikelyRule, Manifest, RecallReport
from photoseek_training.clip_checkpoint import ClipCheckpoint, read_clip
from photoseek_training.clip_graphs import (
    clip_weights,
    write_clip_image_graph,
    write_clip_text_graph,
)
from photoseek_training.dataset import Dataset
from photoseek_training.errors import ExportError
from photoseek_training.export import move_into_place, package_versions
from photoseek_training.likely import likely_by_photo, measure_likely
from photoseek_training.measurement import describe, embed, measure
from photoseek_training.parity import Parity, prove_export

if TYPE_CHECKING:
    from transformers import CLIPModel

PROOF_PHOTOS = 8
PROOF_PHRASES = (
    "a dog",
    "Two children are playing in the SNOW!",
    "",
    "it's 3 o'clock; the café's   chairs\tare empty",
    "a red bus, a yellow taxi and some people who wait for something " * 8,
    "giraffe",
)


def export_clip(
    folder: Path, out: Path, command: str, dataset: Dataset | None, report: Callable[[str], None]
) -> Manifest:
    """Write the bundle to `out`, replacing one that is there only when the new one is whole.

    Measured on `dataset` where there is one; without it nothing says where likely matches end.
    ExportError where the checkpoint is no CLIP, or the graphs do not compute what it computes.
    """
    checkpoint = read_clip(folder)
    report(f"{folder}: a CLIP in the layout of {checkpoint.layout}")
    draft = out.with_name(f".{out.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    checkpoint.tokenizer.save(str(draft / TOKENIZER_FILE), pretty=False)
    stored, parity = _write_graphs(checkpoint, draft, report)
    report(
        f"the graphs, with weights stored as {stored}, equal the model: {parity.photos:.1e} apart "
        f"on photos, {parity.captions:.1e} on phrases"
    )
    likely, by_photo, recall = _measure(draft, dataset, report)
    card = _card(checkpoint, stored, parity, command, recall)
    (draft / CARD_FILE).write_text(card, encoding="utf-8")
    manifest = _write_manifest(
        checkpoint,
        draft,
        likely,
        by_photo,
        recall,
        command=command,
        source=f"{checkpoint.name}, as {checkpoint.layout} keeps it",
        stored=stored,
        versions=package_versions(),
    )
    move_into_place(draft, out)
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    report(f"{out}: {manifest.name}, {size:.1f} MB, model {manifest.model_id}")
    return manifest


@dataclass(frozen=True)
class ClipReference:
    """What transformers itself computes, as unit rows: what the graphs are proved by."""

    model: "CLIPModel"
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def image(self, pixels: Tensor) -> Tensor:
        """Embed pixels (n, size, size, 3) uint8."""
        mean, std = torch.tensor(self.mean), torch.tensor(self.std)
        normal = ((pixels / 255 - mean) / std).permute(0, 3, 1, 2)
        return functional.normalize(self.model.get_image_features(normal).pooler_output)

    def text(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Embed token ids (n, t), padded on the right."""
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        return functional.normalize(self.model.get_text_features(ids, mask).pooler_output)


def _write_graphs(
    checkpoint: ClipCheckpoint, draft: Path, report: Callable[[str], None]
) -> tuple[str, Parity]:
    """Store the weights as float16 where the embeddings stay within the proof's tolerance."""
    reference = ClipReference(checkpoint.model, checkpoint.mean, checkpoint.std)
    pixels = _drawn_pixels(checkpoint.image.size)
    for half in (True, False):
        weights = clip_weights(checkpoint, half=half)
        write_clip_image_graph(checkpoint, weights, draft / IMAGE_ENCODER_FILE)
        write_clip_text_graph(checkpoint, weights, draft / TEXT_ENCODER_FILE)
        _write_manifest(checkpoint, draft)
        try:
            parity = prove_export(reference, ModelBundle.open(draft), pixels, PROOF_PHRASES)
        except ExportError:
            if not half:
                raise
            report("float16 is too coarse for this model's weights; storing them as float32")
        else:
            return "float16" if half else "float32", parity
    raise AssertionError("the last try returns or raises")


def _drawn_pixels(size: int) -> NDArray[np.uint8]:
    """Blobs of colour at several scales: (n, size, size, 3)."""
    random = np.random.default_rng(0)
    cells = [2 + place for place in range(PROOF_PHOTOS)]
    photos = []
    for cell in cells:
        side = -(-size // cell)
        colours = random.integers(0, 256, (cell, cell, 3)).repeat(side, 0).repeat(side, 1)
        photos.append(colours[:size, :size] + random.integers(-9, 10, (size, size, 3)))
    return np.stack(photos).clip(0, 255).astype(np.uint8)


def _measure(
    draft: Path, dataset: Dataset | None, report: Callable[[str], None]
) -> tuple[LikelyRule | None, LikelyRule | None, RecallReport | None]:
    if dataset is None:
        report("not measured, and nothing will be called a likely match: --data names Flickr8k")
        return None, None, None
    encoder = Encoder(ModelBundle.open(draft), provider="cpu")
    dev = embed(encoder, dataset.dev, "dev")
    recall = measure(embed(encoder, dataset.test, "test"), f"{dataset.name} test")
    report(describe(recall))
    return measure_likely(dev).rule, likely_by_photo(dev), recall


def _write_manifest(
    checkpoint: ClipCheckpoint,
    draft: Path,
    likely: LikelyRule | None = None,
    by_photo: LikelyRule | None = None,
    recall: RecallReport | None = None,
    **training: Any,
) -> Manifest:
    return write_manifest(
        draft,
        name=checkpoint.name,
        embedding_dim=checkpoint.dim,
        image=checkpoint.image,
        text=checkpoint.text,
        likely=likely,
        likely_by_photo=by_photo,
        recall=recall,
        training=training,
    )


def _card(
    checkpoint: ClipCheckpoint,
    stored: str,
    parity: Parity,
    command: str,
    recall: RecallReport | None,
) -> str:
    measured = "Not measured: export again with `--data`." if recall is None else describe(recall)
    return f"""# {checkpoint.name}

A CLIP for Photoseek, exported from a checkpoint in the layout of {checkpoint.layout}:

```
{command}
```

What it was trained on, what it may be used for, and under which licence, its own makers say.

```
{measured}
```

The graphs differ from what transformers computes by at most {parity.photos:.1e} a component on
photos and {parity.captions:.1e} on phrases (batches of 1 to 32, ragged lengths). Weights are stored
as {stored}; all arithmetic is float32.
"""
