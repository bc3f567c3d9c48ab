"""A whole corpus as the model in training has it, and the precision it computes with."""

import numpy as np
import torch
from numpy.typing import NDArray

from photoseek_training.corpus import Corpus
from photoseek_training.model import DualEncoder
from photoseek_training.pixels import Pixels


def mixed_precision(device: torch.device) -> torch.autocast:
    """Compute large products in bfloat16 where the device has it, and the rest as it is.

    On a processor without such products they would be emulated, and slower.
    """
    if device.type == "cuda":
        enabled = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        enabled = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


@torch.inference_mode()
def embed_corpus(
    model: DualEncoder,
    corpus: Corpus,
    pixels: Pixels,
    features: NDArray[np.float32] | None,
    device: torch.device,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit rows of all photos (from `features` where given) and of all captions."""
    model.eval()
    photos, phrases = [], []
    for start in range(0, len(corpus.photos), 64):
        chosen = slice(start, start + 64)
        if features is not None:
            rows = model.image.project(torch.from_numpy(features[chosen, 0]).to(device))
        else:
            rows = model.image(torch.from_numpy(np.array(pixels[chosen])).to(device))
        photos.append(rows.cpu().numpy())
    for start in range(0, len(corpus.ids), 512):
        ids, lengths = (
            torch.from_numpy(values[start : start + 512]).to(device)
            for values in (corpus.ids, corpus.lengths)
        )
        phrases.append(model.text(ids, lengths).cpu().numpy())
    return np.concatenate(photos), np.concatenate(phrases)
