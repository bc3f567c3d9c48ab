"""The proof of an export: the bundle, run by core, computes what the PyTorch model computes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photoseek.bundle import ModelBundle
from photoseek.encoder import Encoder
from photoseek_training.errors import ExportError

TOLERANCE = 1e-4
BATCH_SIZES = (1, 2, 3, 5, 8, 16, 31, 32)


class Reference(Protocol):
    """A PyTorch model in evaluation mode on the CPU, as `DualEncoder` is one."""

    def image(self, pixels: Tensor) -> Tensor:
        """Pixels (n, size, size, 3) uint8 to unit rows."""

    def text(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Ids (n, t) int64 and lengths (n,) to unit rows."""


@dataclass(frozen=True)
class Parity:
    """The largest absolute differences of any embedding component, over all batch sizes."""

    photos: float
    captions: float


def prove_export(
    model: Reference, bundle: ModelBundle, pixels: NDArray[np.uint8], captions: Sequence[str]
) -> Parity:
    """Compare on prepared photos and on captions of ragged lengths, in batches of 1 to 32.

    ExportError where a component differs by 1e-4 or more.
    """
    encoder = Encoder(bundle, provider="cpu")
    worst_photo = worst_caption = 0.0
    for size in BATCH_SIZES:
        batch, phrases = _cycle(pixels, size), [captions[i % len(captions)] for i in range(size)]
        worst_photo = max(
            worst_photo, _difference(encoder.encode_pixels(batch), _torch_photos(model, batch))
        )
        tokens = encoder.tokenizer.encode(phrases)
        worst_caption = max(
            worst_caption,
            _difference(
                encoder.encode_tokens(tokens), _torch_captions(model, tokens.ids, tokens.lengths)
            ),
        )
    parity = Parity(worst_photo, worst_caption)
    if not max(parity.photos, parity.captions) < TOLERANCE:  # so that nan fails too
        raise ExportError(
            f"{bundle.path}: the exported graphs differ from the trained model by "
            f"{parity.photos:.1e} (photos) and {parity.captions:.1e} (captions), "
            f"which must stay below {TOLERANCE:.0e}; nothing was shipped"
        )
    return parity


@torch.inference_mode()
def _torch_photos(model: Reference, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = model.image(torch.from_numpy(pixels)).numpy()
    return rows


@torch.inference_mode()
def _torch_captions(
    model: Reference, ids: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = model.text(torch.from_numpy(ids), torch.from_numpy(lengths)).numpy()
    return rows


def _cycle(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    return pixels[np.arange(size) % len(pixels)]


def _difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max())
