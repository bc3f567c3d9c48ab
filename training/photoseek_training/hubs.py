"""Takes hubs out of the embeddings: photos near to most phrases, and phrases near to most photos.

In a space of many dimensions some rows are near to everything and come up for every query
(Radovanovic et al. 2010). Querybank normalisation (Bogolin et al. 2022) takes from each dot product
how near the row is to a bank of queries anyway. Here the banks are of the train data and within the
encoders, and each row carries its own correction, so that a dot product still compares all.

Before that, what all photos have in common is taken from each: rows are from their mean on, for the
rows nearest to the mean are the nearest to most others (Suzuki et al. 2013).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from torch import Tensor, nn
from torch.nn import functional

from photoseek_training.corpus import Corpus
from photoseek_training.embedding import embed_corpus
from photoseek_training.model import DualEncoder, ImageEncoder
from photoseek_training.pixels import Pixels
from photoseek_training.rounding import round_rows
from photoseek_training.text_encoders import TextEncoder

PROTOTYPES = 320
"""How many rows of each kind stand for the train data: they take a fifth of a megabyte."""

PHOTO_SHARE, PHRASE_SHARE = 0.25, 0.75
"""How much of its nearness is taken from a row.

On dev three quarters find most of the very photos and captions that belong together. But photos of
what people photograph most are near to many phrases for good reason: the more is taken from them,
the less alike what else comes first is to what was asked for.
"""

EXTRA_DIMS = 3
"""What a row carries beside its embedding: its correction, room for the other's, and a rest."""

PHRASE_PLACE, PHOTO_PLACE = 0.25, 0.5
"""What a row holds for the other kind's correction to be multiplied with.

The smaller they are, the less is alike in all rows; the larger, the less of a row its own
correction takes, which is divided by the other's.
"""

MOST_CORRECTION = 0.15
"""The largest correction of a phrase that its row has room for: of dev captions it is 0.14."""


class Nearness(nn.Module):
    """How much nearer than usual rows are to a bank of rows of the other kind.

    It is the logarithm of the mean of exp(sharpness * dot product) over the bank, divided by the
    sharpness, a mean that the nearest of the bank weigh most in; of it, the part `share`.
    """

    rows: Tensor
    log_weight: Tensor
    usual: Tensor

    def __init__(self, rows: Tensor, log_weight: Tensor, sharpness: float, share: float) -> None:
        super().__init__()
        self.sharpness, self.share = sharpness, share
        self.register_buffer("rows", rows)
        self.register_buffer("log_weight", log_weight)
        self.register_buffer("usual", torch.zeros(1))

    def forward(self, rows: Tensor) -> Tensor:
        """Rows (n, dim) to (n, 1)."""
        powers = self.sharpness * rows @ self.rows.T + self.log_weight
        return self.share / self.sharpness * torch.logsumexp(powers, -1, keepdim=True) - self.usual


def build_nearness(
    bank: NDArray[np.float32],
    usual: NDArray[np.float32],
    sharpness: float,
    share: float,
    prototypes: int = PROTOTYPES,
) -> Nearness:
    """Nearness to all rows of `bank` (n, dim), for which the means of clusters stand.

    Rows of the kind of `usual` (m, dim) have a mean of none. A cluster counts as if its rows lay
    around their mean in a normal distribution.
    """
    clusters = KMeans(min(prototypes, len(bank)), n_init=1, max_iter=20, random_state=0).fit(bank)
    sizes = np.bincount(clusters.labels_)
    distances = ((bank - clusters.cluster_centers_[clusters.labels_]) ** 2).mean(axis=1)
    variance = np.bincount(clusters.labels_, distances) / sizes
    log_weight = np.log(sizes / len(bank)) + sharpness**2 * variance / 2
    nearness = Nearness(
        round_rows(torch.from_numpy(clusters.cluster_centers_)),
        torch.from_numpy(log_weight.astype(np.float32)),
        sharpness,
        share,
    )
    nearness.usual = nearness(torch.from_numpy(usual)).mean(0)
    return nearness


class CorrectedImage(nn.Module):
    """An image encoder whose rows (n, dim + 3) carry how near they are to phrases in general.

    They are those of `encoder` from `middle` (dim,) on.
    """

    encoder: ImageEncoder
    middle: Tensor
    to_phrases: Nearness

    def __init__(self, encoder: ImageEncoder, middle: Tensor, to_phrases: Nearness) -> None:
        super().__init__()
        self.encoder, self.to_phrases = encoder, to_phrases
        self.register_buffer("middle", middle)

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels (n, size, size, 3) uint8 to unit rows."""
        rows = functional.normalize(self.encoder(pixels) - self.middle, dim=-1)
        own = self.to_phrases(rows)
        place = torch.full_like(own, PHRASE_PLACE)
        return functional.normalize(
            torch.cat([rows, -place, -own / PHOTO_PLACE, torch.zeros_like(own)], -1), dim=-1
        )


class CorrectedText(nn.Module):
    """A text encoder whose rows (n, dim + 3) carry how near they are to photos in general.

    All rows have the same length before they become unit rows, as photos could not be ranked with
    phrases otherwise.
    """

    encoder: TextEncoder
    to_photos: Nearness

    def __init__(self, encoder: TextEncoder, to_photos: Nearness) -> None:
        super().__init__()
        self.encoder, self.to_photos = encoder, to_photos

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Ids (n, t) and lengths (n,) to unit rows."""
        rows = self.encoder(ids, lengths)
        own = self.to_photos(rows) / PHRASE_PLACE
        rest = ((MOST_CORRECTION / PHRASE_PLACE) ** 2 - own**2).clamp(min=0).sqrt()
        place = torch.full_like(own, PHOTO_PLACE)
        return functional.normalize(torch.cat([rows, own, place, rest], -1), dim=-1)


class CorrectedEncoder(nn.Module):
    """The pair of a dual encoder's encoders, both corrected."""

    def __init__(self, image: CorrectedImage, text: CorrectedText) -> None:
        super().__init__()
        self.image, self.text = image, text


def correct_hubs(
    model: DualEncoder, train: Corpus, pixels: Pixels, sharpness: float
) -> CorrectedEncoder:
    """The model, on the CPU, with banks of all its train photos and captions."""
    photos, phrases = embed_corpus(model, train, pixels, None, torch.device("cpu"))
    middle = photos.mean(axis=0)
    photos -= middle
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    to_phrases = build_nearness(phrases, photos, sharpness, PHOTO_SHARE)
    return CorrectedEncoder(
        CorrectedImage(model.image, torch.from_numpy(middle), to_phrases),
        CorrectedText(model.text, build_nearness(photos, phrases, sharpness, PHRASE_SHARE)),
    )
