"""Random crops, mirror images, colours and mixtures of a batch of photos."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


def augment(
    pixels: NDArray[np.uint8],
    random: np.random.Generator,
    *,
    least_side: float,
    mirroring: bool,
    size: int | None = None,
    device: torch.device | None = None,
) -> Tensor:
    """Crop each photo to `least_side`..1 of its sides, and mirror half, if asked.

    (n, side, side, 3) uint8 to (n, size, size, 3) uint8 on the device; without `size`, to the side
    they come with. The crop's sides are drawn apart, which varies the aspect.
    """
    count, side = pixels.shape[:2]
    size = size or side
    photos = torch.from_numpy(np.array(pixels)).to(device)
    sides = np.rint(side * random.uniform(least_side, 1, (count, 2))).astype(int)
    corners = (random.random((count, 2)) * (side - sides + 1)).astype(int)
    mirrored = np.less(random.random(size=(count,)), 0.5 if mirroring else 0.0)
    if least_side == 1 and size == side:
        flipped = torch.from_numpy(mirrored).to(device)[:, None, None, None]
        return torch.where(flipped, photos.flip(2), photos)
    batch = photos.new_empty((count, size, size, 3))
    for row, ((height, width), (top, left)) in enumerate(zip(sides, corners, strict=True)):
        crop = photos[row, top : top + height, left : left + width].permute(2, 0, 1)[None].float()
        whole = functional.interpolate(crop, (size, size), mode="bilinear", align_corners=False)[0]
        batch[row] = (whole.flip(-1) if mirrored[row] else whole).round().byte().permute(1, 2, 0)
    return batch


def vary_colours(pixels: Tensor, random: np.random.Generator, most: float) -> Tensor:
    """Change each photo's brightness, contrast and saturation by up to the share `most`.

    (n, size, size, 3) uint8 in, float32 from 0 to 255 out.
    """
    drawn = random.uniform(1 - most, 1 + most, (3, len(pixels), 1, 1, 1)).astype(np.float32)
    brightness, contrast, saturation = torch.from_numpy(drawn).to(pixels.device)
    photos = pixels.float() * brightness
    mean = photos.mean((1, 2, 3), keepdim=True)
    photos = torch.lerp(mean, photos, contrast)
    grey = photos.mean(-1, keepdim=True)
    return torch.lerp(grey, photos, saturation).clamp(0, 255)


def mix(pixels: Tensor, random: np.random.Generator, share: float) -> Tensor:
    """Lay over a share of the photos another one, by up to a half (Zhang et al. 2018).

    By chance it can be the same one, which leaves it as it is.

    (n, size, size, 3) in, float32 from 0 to 255 out.
    """
    count = len(pixels)
    weights = np.where(random.random(count) < share, random.uniform(0, 0.5, count), 0)
    other = torch.from_numpy(random.permutation(count)).to(pixels.device)
    weight = torch.from_numpy(weights.astype(np.float32)).to(pixels.device)[:, None, None, None]
    photos = pixels.float()
    return torch.lerp(photos, photos[other], weight)
