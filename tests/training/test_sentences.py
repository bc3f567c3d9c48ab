from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

from photoseek_training import sentences
from photoseek_training.errors import ModelChoiceError
from photoseek_training.sentences import (
    MPNET_PACKAGES,
    WORD_RMS,
    SentenceEncoder,
    SentenceFiles,
    load_sentence_encoder,
    word_vectors,
)

CPU = torch.device("cpu")
DIM, PAD = 12, 1
WORDS = ("<s>", "<pad>", "dog", "cat", "boat", "a", "on", "beach")


def _settings(kind: str) -> dict[str, Any]:
    return {
        "model_type": kind, "vocab_size": len(WORDS), "hidden_size": DIM, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 40,
        "pad_token_id": PAD,
    }  # fmt: skip


def _files(kind: str) -> SentenceFiles:
    torch.manual_seed(0)
    settings = _settings(kind)
    model = MPNetModel(MPNetConfig(**settings)) if kind == "mpnet" else BertModel(
        BertConfig(**settings)
    )  # fmt: skip
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<s>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    return SentenceFiles(
        json.dumps(settings).encode(), tokenizer.to_str().encode(), save(model.state_dict())
    )


@pytest.mark.parametrize("kind", ["mpnet", "bert"])
def test_a_texts_vector_is_the_mean_of_its_tokens_whatever_stands_beside_it(kind: str) -> None:
    encoder = SentenceEncoder(_files(kind), CPU)
    together = encoder.encode(["dog", "a cat on a beach", "boat on a beach"], "texts")
    assert together.shape == (3, encoder.dim) == (3, DIM)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    alone = [encoder.encode([text], "texts")[0] for text in ("dog", "a cat on a beach")]
    np.testing.assert_allclose(together[:2], alone, atol=1e-5)


def test_word_vectors_keep_the_directions_that_words_differ_most_in() -> None:
    encoder = SentenceEncoder(_files("mpnet"), CPU)
    words = ["<pad>", *WORDS[2:]]
    whole, few = (word_vectors(encoder, words, 1, dim) for dim in (DIM, 3))
    assert (whole.shape, few.shape) == ((7, DIM), (7, 3))
    assert not whole[0].any()
    assert not few[0].any()
    np.testing.assert_allclose(np.sqrt(np.square(few[1:]).mean()), WORD_RMS, rtol=1e-5)
    spread = np.linalg.svd(whole[1:], compute_uv=False)[:3]
    kept = np.linalg.svd(few[1:], compute_uv=False)
    np.testing.assert_allclose(kept / kept[0], spread / spread[0], rtol=1e-3)


def test_mpnet_is_put_together_of_the_pieces_that_its_packages_carry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, packed = _files("mpnet"), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("all-mpnet-base-v2/1_Pooling/config.json", "{}")
        target.writestr("all-mpnet-base-v2/config.json", files.config)
        target.writestr("all-mpnet-base-v2/tokenizer.json", files.tokenizer)
        target.writestr("all-mpnet-base-v2/model.safetensors", files.weights)
    size = -(-len(packed.getvalue()) // len(MPNET_PACKAGES))
    for number, package in enumerate(MPNET_PACKAGES):
        piece = packed.getvalue()[number * size : (number + 1) * size]
        _install(tmp_path, package, f"{package}/input/all.zip.00{number + 1}", piece)
    monkeypatch.syspath_prepend(tmp_path)
    vector = load_sentence_encoder("mpnet", CPU).encode(["dog"], "texts")
    expected = SentenceEncoder(files, CPU).encode(["dog"], "texts")
    np.testing.assert_array_equal(vector, expected)


def _install(folder: Path, package: str, file: str, content: bytes) -> None:
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_bytes(content)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    info = folder / f"{package.replace('-', '_')}-0.0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.0.1\n")
    (info / "RECORD").write_text(f"{file},sha256={digest},{len(content)}\n")


@pytest.mark.parametrize("name", ["minilm", "mpnet"])
def test_an_encoder_that_is_not_installed_is_told_with_how_to(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "MINILM_PACKAGE", "photoseek-has-no-such-package")
    monkeypatch.setattr(sentences, "MPNET_PACKAGES", ("photoseek-has-no-such-package",))
    with pytest.raises(ModelChoiceError, match=r"pip install.* photoseek-has-no-such-package"):
        load_sentence_encoder(name, CPU)
