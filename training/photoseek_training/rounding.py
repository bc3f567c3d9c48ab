"""Rounds a model's weights to the values that the bundle stores, in a half or a quarter the bytes.

The rounded model is the one that an export is proved by: the exporters store these very values, and
the graphs compute with them in float32, until `quantization` has large layers compute with int8.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import parametrize

from photoseek_training.text_encoders import WordEmbedding

MOST, MOST_OF_FILTERS = 127, 64
"""The largest step of a row of int8, and of a row of filters that are computed with as int8."""

FLOAT_CONVOLUTIONS = 3
"""How many convolutions, from the pixels on, are computed with float32 all the same."""

_LEAST = 1e-8


@dataclass(frozen=True)
class QuantizedRows:
    """An array as int8 `values` times a float32 `scale` for each of its rows."""

    values: NDArray[np.int8]
    scale: NDArray[np.float32]

    def widen(self) -> NDArray[np.float32]:
        """The array that these stand for."""
        return self.values.astype(np.float32) * self.scale


def quantize_rows(array: NDArray[np.float32], most: int = MOST) -> QuantizedRows:
    """Each row in steps of its largest component divided by `most`.

    A row is the last axis, or a whole filter of a convolution's (outputs, inputs, h, w). The scales
    have 16 binary digits, so that what is widened is exact and quantizes to itself.
    """
    values, scale = _quantize(torch.from_numpy(np.array(array)), most)
    return QuantizedRows(values.to(torch.int8).numpy(), scale.numpy())


def train_rounded(*networks: nn.Module) -> None:
    """From now on compute with the filters of one pixel rounded to int8 rows of 129 steps.

    Photos go through the networks in this order. The gradient is taken as if the filters were not
    rounded (Jacob et al. 2018), so that training makes up for what rounding does. Rounded to 255
    steps after training they cost two points of the sum of six recalls, and more.
    """
    convolutions = [
        module
        for network in networks
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    for convolution in convolutions[FLOAT_CONVOLUTIONS:]:
        if convolution.kernel_size == (1, 1) and not parametrize.is_parametrized(convolution):
            parametrize.register_parametrization(convolution, "weight", _Rounded())


@torch.no_grad()
def round_weights(model: nn.Module) -> None:
    """Round word vectors and matrices to int8 rows, in place, and filters to float16.

    Filters that were trained rounded become the int8 rows that they were trained as.
    """
    for module in list(model.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    for module in model.modules():
        if isinstance(module, WordEmbedding):
            module.replace_table(round_rows(module.table()))
        for parameter in module.parameters(recurse=False):
            if isinstance(module, nn.Linear | nn.LSTM) and parameter.ndim == 2:
                parameter.copy_(round_rows(parameter))
            elif parameter.ndim > 2:
                rows = round_rows(parameter, MOST_OF_FILTERS)
                if not torch.equal(rows, parameter):
                    parameter.copy_(parameter.half().float())


def round_rows(array: Tensor, most: int = MOST) -> Tensor:
    """What `quantize_rows` makes of the array, widened again."""
    values, scale = _quantize(array, most)
    return values * scale


def _quantize(array: Tensor, most: int) -> tuple[Tensor, Tensor]:
    row = (1, 2, 3) if array.ndim == 4 else -1
    largest = array.abs().amax(dim=row, keepdim=True).clamp(min=_LEAST)
    fraction, exponent = torch.frexp(largest / most)
    scale = torch.ldexp(torch.ceil(fraction * 2**16) / 2**16, exponent)
    return torch.round(array / scale), scale


class _Rounded(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        rounded: Tensor = _StraightThrough.apply(weight)
        return rounded


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, weight: Tensor) -> Tensor:
        return round_rows(weight, MOST_OF_FILTERS)

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        return gradient
