"""The dual encoder: photos and phrases become unit vectors in one space."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from photoseek_training.ensemble import side_by_side
from photoseek_training.image_encoders import ImageNetwork
from photoseek_training.text_encoders import TextEncoder

FIRST_LOGIT_SCALE = 14.0
MOST_LOGIT_SCALE = 100.0


class PowerPool(nn.Module):
    """A power mean over the grid with a learned exponent for each feature (Radenovic 2018).

    An exponent of 1 is the plain average, and larger ones go towards the maximum. In training,
    the share `dropping` of the cells is left out (Chen et al. 2021).
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.dropping = 0.0
        self.log_power = nn.Parameter(torch.zeros(features))

    def forward(self, grid: Tensor) -> Tensor:
        """(n, features, h, w), not negative, to (n, features)."""
        power = self.log_power.exp()[:, None]
        # The gradient of a power is infinite at zero, where clipped features often are.
        logarithms = grid.flatten(2).float().clamp(min=1e-4).log()
        # Powers by way of logarithms, which onnxruntime has in half the time.
        powers = (logarithms * power).exp()
        if self.training and self.dropping:
            kept = torch.rand(len(grid), 1, powers.shape[-1], device=grid.device) >= self.dropping
            mean = (powers * kept).sum(-1, keepdim=True) / kept.sum(-1, keepdim=True).clamp(min=1)
        else:
            mean = powers.mean(-1, keepdim=True)
        pooled: Tensor = (mean.log() / power).exp()[..., 0]
        return pooled


class ImageMember(nn.Module):
    """One member's own part of the image encoder: grid of the early blocks to rows (n, dim).

    The head starts as the projection that the network came with, where that has as many numbers.
    """

    def __init__(self, source: ImageNetwork, dim: int, dropout: float) -> None:
        super().__init__()
        self.network = copy.deepcopy(source.network)
        self.pool = PowerPool(source.features)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(source.features, dim)
        start = source.projection
        if start is not None and start.weight.shape == self.head.weight.shape:
            with torch.no_grad():
                self.head.weight.copy_(start.weight)
                self.head.bias.zero_()

    def features(self, early: Tensor) -> Tensor:
        """What the network and the pooling make of the early blocks' output: (n, features)."""
        features: Tensor = self.network(early)
        return features if features.ndim == 2 else self.pool(features)

    def project(self, features: Tensor) -> Tensor:
        """Features (n, features) to unit rows (n, dim)."""
        return functional.normalize(self.head(self.dropout(features)).float(), dim=-1)


class ImageEncoder(nn.Module):
    """Pixels (n, size, size, 3) uint8 to unit rows (n, dim); all the arithmetic is in here.

    The members share the network's early blocks. Batch norms keep the statistics they came with,
    in training too.
    """

    members: Sequence[ImageMember]
    mean: Tensor
    std: Tensor

    def __init__(
        self, source: ImageNetwork, dim: int, members: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.size = source.size
        self.early = source.early.requires_grad_(False)
        self.members = nn.ModuleList(  # type: ignore[assignment]  # it is not generic
            ImageMember(source, dim // members, dropout) for _ in range(members)
        )
        self.register_buffer("mean", torch.tensor(source.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(source.std)[:, None, None], persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Embed a batch of prepared pixels."""
        early = self._early(pixels)
        return side_by_side([member.project(member.features(early)) for member in self.members])

    def features(self, pixels: Tensor) -> Tensor:
        """What the network makes of the pixels before it is trained: (n, features)."""
        features: Tensor = self.members[0].features(self._early(pixels))
        return features

    def project(self, features: Tensor) -> Tensor:
        """Features of the network before it is trained (n, features) to unit rows (n, dim)."""
        return side_by_side([member.project(features) for member in self.members])

    def tune(self, network: bool, grid_dropping: float = 0.0) -> None:
        """From now on train the members' networks and pooling, or leave them as they are."""
        for member in self.members:
            member.network.requires_grad_(network)
            member.pool.requires_grad_(network)
            member.pool.dropping = grid_dropping

    def train(self, mode: bool = True) -> "ImageEncoder":
        """Switch to training, all but the network's dropout and batch statistics."""
        super().train(mode)
        for network in (self.early, *(member.network for member in self.members)):
            network.eval()
        return self

    def _early(self, pixels: Tensor) -> Tensor:
        planes = pixels.permute(0, 3, 1, 2).to(self.mean.dtype)
        early: Tensor = self.early((planes - self.mean) / self.std)
        return early


class PretrainedView(nn.Module):
    """Each member's linear map of a pretrained encoder's vectors into its space.

    One more view of a photo or of its caption, which the member's own two learn from. It does not
    ship.
    """

    def __init__(self, features: int, dim: int, members: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(features, dim // members) for _ in range(members))
        self.log_scale = nn.Parameter(torch.full((members,), FIRST_LOGIT_SCALE).log())

    def forward(self, vectors: Tensor) -> Tensor:
        """The encoder's vectors (n, features) to unit rows (n, dim)."""
        return side_by_side([functional.normalize(each(vectors), dim=-1) for each in self.maps])

    def logit_scale(self) -> Tensor:
        """What each member's dot product with the view is multiplied with: (members,)."""
        return _scale(self.log_scale)


class DualEncoder(nn.Module):
    """The two encoders, and for each member the learned scale of its dot products.

    Where there are such views, `sentence` is of captions and `clip` of photos.
    """

    def __init__(
        self,
        image: ImageEncoder,
        text: TextEncoder,
        sentence: PretrainedView | None = None,
        clip: PretrainedView | None = None,
    ) -> None:
        super().__init__()
        self.image = image
        self.text = text
        self.log_scale = nn.Parameter(torch.full((len(image.members),), FIRST_LOGIT_SCALE).log())
        self.sentence = sentence
        self.clip = clip

    def logit_scale(self) -> Tensor:
        """What each member's dot product is multiplied with before the softmax: (members,)."""
        return _scale(self.log_scale)


def _scale(logarithm: Tensor) -> Tensor:
    return logarithm.exp().clamp(max=MOST_LOGIT_SCALE)


@dataclass(frozen=True)
class CaptionBatch:
    """Token ids (n, t), lengths (n,), and for each caption the row of its photo, `owner` (n,).

    `meaning` (n, m) are unit sentence vectors that soften the targets, where there are any.
    """

    ids: Tensor
    lengths: Tensor
    owner: Tensor
    meaning: Tensor | None = None

    def to(self, device: torch.device) -> "CaptionBatch":
        """The same on the device."""
        meaning = None if self.meaning is None else self.meaning.to(device)
        return CaptionBatch(
            self.ids.to(device), self.lengths.to(device), self.owner.to(device), meaning
        )
