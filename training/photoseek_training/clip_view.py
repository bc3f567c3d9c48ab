"""What CLIP's image encoder sees in the train photos, for photos and phrases to learn from.

Its 400 million captioned photos of the web (Radford et al. 2021) showed it more than Flickr8k can.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from photoseek_training.clip_weights import CLIP_MEAN, CLIP_SIZE, CLIP_STD, load_clip
from photoseek_training.embedding import mixed_precision
from photoseek_training.pixels import Pixels, pixels_digest

_BATCH = 32


def clip_vectors(pixels: Pixels, cache: Path, device: torch.device) -> NDArray[np.float32]:
    """CLIP's unit vectors of the photos (n, 512) float32, from their mean on.

    All photos of CLIP's lie in a narrow cone, in which dot products tell little. The file in
    `cache` is named for the pixels.
    """
    vectors = _vectors(pixels, cache, device)
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


class ClipEncoder:
    """CLIP's image encoder for pixels that change at each step, such as crops of the photos."""

    def __init__(self, pixels: Pixels, cache: Path, device: torch.device) -> None:
        """The mean of CLIP's vectors of `pixels` is taken off, as `clip_vectors` does.

        ModelChoiceError tells how to install CLIP.
        """
        self._model = load_clip(device)
        self._mean = torch.from_numpy(_vectors(pixels, cache, device).mean(axis=0)).to(device)

    @torch.no_grad()
    def vectors(self, pixels: Tensor) -> Tensor:
        """CLIP's unit vectors (n, 512) of photos (n, side, side, 3), 0 to 255."""
        return functional.normalize(_embed(self._model, pixels) - self._mean, dim=-1)


def _vectors(pixels: Pixels, cache: Path, device: torch.device) -> NDArray[np.float32]:
    digest = pixels_digest(pixels)
    file = cache / f"clip-{digest.hexdigest()[:16]}.npy"
    if not file.exists():
        partial = file.with_suffix(".part.npy")
        np.save(partial, _compute(load_clip(device), pixels, device))
        partial.replace(file)
    vectors: NDArray[np.float32] = np.load(file)
    return vectors


@torch.inference_mode()
def _compute(model: nn.Module, pixels: Pixels, device: torch.device) -> NDArray[np.float32]:
    rows = []
    for start in tqdm(range(0, len(pixels), _BATCH), "CLIP", unit="batch", disable=None):
        batch = torch.from_numpy(np.array(pixels[start : start + _BATCH])).to(device)
        rows.append(_embed(model, batch).cpu().numpy())
    return np.concatenate(rows)


def _embed(model: nn.Module, pixels: Tensor) -> Tensor:
    mean, std = (
        torch.tensor(each, device=pixels.device)[:, None, None] for each in (CLIP_MEAN, CLIP_STD)
    )
    planes = pixels.permute(0, 3, 1, 2).float()
    if planes.shape[-1] != CLIP_SIZE:
        planes = functional.interpolate(
            planes, (CLIP_SIZE, CLIP_SIZE), mode="bicubic", antialias=True
        )
    with mixed_precision(pixels.device):
        embedded: Tensor = model((planes - mean) / std).image_embeds.float()
    return embedded
