"""Rounds a model's weights to the values that the bundle stores, in a half or a quarter the bytes.

The rounded model is the one that is proved, measured and shipped: the exporters store these very
values, and the graphs compute with them in float32.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from photoseek_training.text_encoders import WordEmbedding


@dataclass(frozen=True)
class QuantizedRows:
    """A table (rows, dim) as int8 `values` times a `scale` (rows, 1) float32."""

    values: NDArray[np.int8]
    scale: NDArray[np.float32]


def quantize_rows(table: Tensor) -> QuantizedRows:
    """Each row in 255 steps between minus and plus its largest component."""
    rows = table.detach().cpu().numpy().astype(np.float32)
    scale = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-8) / np.float32(127)
    return QuantizedRows(np.rint(rows / scale).astype(np.int8), scale)


@torch.no_grad()
def round_weights(model: nn.Module) -> None:
    """Round matrices and filters to float16, and word vectors to int8 rows, in place."""
    for parameter in model.parameters():
        if parameter.ndim >= 2:
            parameter.copy_(parameter.half().float())
    for module in model.modules():
        if isinstance(module, WordEmbedding):
            rows = quantize_rows(module.table())
            module.replace_table(torch.from_numpy(rows.values.astype(np.float32) * rows.scale))
