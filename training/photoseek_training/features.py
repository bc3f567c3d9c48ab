"""What a frozen image network makes of the photos, computed once and kept on disk."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from photoseek_training.model import ImageEncoder
from photoseek_training.pixels import Pixels, pixels_digest

_BATCH = 64


def network_features(
    encoder: ImageEncoder, pixels: Pixels, cache: Path, device: torch.device
) -> NDArray[np.float32]:
    """Features (n, 2, features) float32 of each photo and of its mirror image.

    The file in `cache` is named for the network's weights and the pixels.
    """
    file = _features_file(encoder, pixels, cache)
    if not file.exists():
        partial = file.with_suffix(".part.npy")
        np.save(partial, _compute(encoder, pixels, device))
        partial.replace(file)
    features: NDArray[np.float32] = np.load(file)
    return features


def _features_file(encoder: ImageEncoder, pixels: Pixels, cache: Path) -> Path:
    digest = pixels_digest(pixels)
    member = encoder.members[0]
    for module in (encoder.early, member.network, member.pool):
        for name, value in sorted(module.state_dict().items()):
            digest.update(name.encode() + value.cpu().numpy().tobytes())
    return cache / f"features-{digest.hexdigest()[:16]}.npy"


@torch.inference_mode()
def _compute(encoder: ImageEncoder, pixels: Pixels, device: torch.device) -> NDArray[np.float32]:
    encoder.eval()
    rows = []
    for start in tqdm(range(0, len(pixels), _BATCH), "features", unit="batch", disable=None):
        batch = torch.from_numpy(np.array(pixels[start : start + _BATCH])).to(device)
        both = [encoder.features(photos).cpu().numpy() for photos in (batch, batch.flip(2))]
        rows.append(np.stack(both, axis=1))
    return np.concatenate(rows)
