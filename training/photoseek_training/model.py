"""The dual encoder: photos and phrases become unit vectors in one space."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from photoseek_training.image_encoders import ImageNetwork
from photoseek_training.text_encoders import TextEncoder

FIRST_LOGIT_SCALE = 14.0
MOST_LOGIT_SCALE = 100.0


class PowerPool(nn.Module):
    """A power mean over the grid with a learned exponent for each feature (Radenovic 2018).

    An exponent of 1 is the plain average, and larger ones go towards the maximum.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.log_power = nn.Parameter(torch.zeros(features))

    def forward(self, grid: Tensor) -> Tensor:
        """(n, features, h, w), not negative, to (n, features)."""
        power = self.log_power.exp()[:, None]
        # The gradient of a power is infinite at zero, where clipped features often are.
        mean = grid.flatten(2).clamp(min=1e-4).pow(power).mean(-1, keepdim=True)
        pooled: Tensor = mean.pow(1 / power)[..., 0]
        return pooled


class ImageEncoder(nn.Module):
    """Pixels (n, size, size, 3) uint8 to unit rows (n, dim); all the arithmetic is in here.

    Batch norms keep the statistics they came with, in training too.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, source: ImageNetwork, dim: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.size = source.size
        self.network = source.network
        self.pool = PowerPool(source.features)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(source.features, dim)
        self.register_buffer("mean", torch.tensor(source.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(source.std)[:, None, None], persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed a batch of prepared pixels."""
        return self.project(self.features(pixels))

    def features(self, pixels: Tensor) -> Tensor:
        """What the network and the pooling make of the pixels: (n, features)."""
        planes = pixels.permute(0, 3, 1, 2).to(self.mean.dtype)
        features: Tensor = self.network((planes - self.mean) / self.std)
        return features if features.ndim == 2 else self.pool(features)

    def project(self, features: Tensor) -> Tensor:
        """Features (n, features) to unit rows (n, dim)."""
        return functional.normalize(self.head(self.dropout(features)), dim=-1)

    def train(self, mode: bool = True) -> "ImageEncoder":
        """Switch to training, all but the network's dropout and batch statistics."""
        super().train(mode)
        self.network.eval()
        return self


class DualEncoder(nn.Module):
    """The two encoders and the learned scale of their dot products."""

    def __init__(self, image: ImageEncoder, text: TextEncoder) -> None:
        super().__init__()
        self.image = image
        self.text = text
        self.log_scale = nn.Parameter(torch.tensor(FIRST_LOGIT_SCALE).log())

    def logit_scale(self) -> Tensor:
        """What a dot product is multiplied with before the softmax."""
        return self.log_scale.exp().clamp(max=MOST_LOGIT_SCALE)


@dataclass(frozen=True)
class CaptionBatch:
    """Token ids (n, t), lengths (n,), and for each caption the row of its photo, `owner` (n,).

    `meaning` (n, m) are unit sentence vectors that soften the targets, where there are any.
    """

    ids: Tensor
    lengths: Tensor
    owner: Tensor
    meaning: Tensor | None = None
