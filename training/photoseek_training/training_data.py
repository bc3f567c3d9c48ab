"""What a model is trained on and chosen by, as the training loop takes it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoseek_training.class_view import ClassView
from photoseek_training.corpus import Corpus
from photoseek_training.pixels import Pixels


@dataclass(frozen=True)
class TrainingData:
    """Train captions (Flickr8k first, then ImageNet classes, then web) and dev, with pixels.

    `classes` is what the image network's classifier makes of the train photos, and `seen`
    (photos, m) CLIP's unit vectors of them, where they teach.
    """

    train: Corpus
    train_pixels: Pixels
    flickr: int
    imagenet: int
    web: int
    dev: Corpus
    dev_pixels: Pixels
    classes: ClassView | None = None
    seen: NDArray[np.float32] | None = None
