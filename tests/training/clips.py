"""Draws tiny CLIPs with random weights, as transformers saves them and as open_clip does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers.pre_tokenizers import ByteLevel
from torch import Tensor, nn
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

CONTEXT = 16
SIDE = 32
DIM = 24
MERGES = ["d o", "do g</w>", "t h", "th e</w>", "a n", "an d</w>", "r u", "ru n", "run s</w>"]
MEAN, STD = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]


def make_tokenizer() -> CLIPTokenizer:
    """A byte-pair tokenizer of CLIP's kind that knows few merges; the end token is the last."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += [merge.replace(" ", "") for merge in MERGES] + ["<|startoftext|>", "<|endoftext|>"]
    merges = [tuple(merge.split()) for merge in MERGES]
    return CLIPTokenizer(
        vocab={word: place for place, word in enumerate(words)},
        merges=merges,  # type: ignore[arg-type]
        model_max_length=CONTEXT,
    )


@torch.no_grad()
def make_noisy(model: nn.Module, seed: int) -> None:
    """Give every weight a random value large enough to matter."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.15)


def save_transformers(folder: Path, *, act: str = "quick_gelu", old_end: bool = False) -> CLIPModel:
    """Save a tiny CLIP with transformers; `old_end` names the end token as early ones did."""
    tokenizer = make_tokenizer()
    shape: dict[str, Any] = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_act": act}
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": 2 if old_end else tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        **shape,
    }
    vision = {"hidden_size": 48, "intermediate_size": 96, "image_size": SIDE, "patch_size": 8}
    config = CLIPConfig(text_config=text, vision_config=vision | shape, projection_dim=DIM)
    torch.manual_seed(0)
    model = CLIPModel(config)
    model.train(False)
    make_noisy(model, seed=1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessor(
        size={"shortest_edge": SIDE},
        crop_size={"height": SIDE, "width": SIDE},
        image_mean=MEAN,
        image_std=STD,
    ).save_pretrained(folder)
    return model


class OpenClip(nn.Module):
    """The model as OpenAI published it and open_clip keeps it, in PyTorch's own attention."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.zeros(CONTEXT, 32))
        self.text_projection = nn.Parameter(torch.zeros(32, DIM))
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.token_embedding = nn.Embedding(words, 32)
        self.transformer = _Transformer(32, heads=4)
        self.ln_final = nn.LayerNorm(32)
        self.visual = _Vision()

    def encode_text(self, ids: Tensor) -> Tensor:
        """Embed ids (n, CONTEXT) padded with 0, pooled at the highest id."""
        states = self.token_embedding(ids) + self.positional_embedding
        mask = torch.full((CONTEXT, CONTEXT), float("-inf")).triu(1)
        states = self.ln_final(self.transformer(states, mask))
        pooled: Tensor = states[torch.arange(len(ids)), ids.argmax(-1)] @ self.text_projection
        return pooled


class _Vision(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.class_embedding = nn.Parameter(torch.zeros(48))
        self.positional_embedding = nn.Parameter(torch.zeros((SIDE // 8) ** 2 + 1, 48))
        self.proj = nn.Parameter(torch.zeros(48, DIM))
        self.conv1 = nn.Conv2d(3, 48, 8, 8, bias=False)
        self.ln_pre, self.ln_post = nn.LayerNorm(48), nn.LayerNorm(48)
        self.transformer = _Transformer(48, heads=4)

    def forward(self, planes: Tensor) -> Tensor:
        patches = self.conv1(planes).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(planes), 1, -1)
        states = self.ln_pre(torch.cat([first, patches], 1) + self.positional_embedding)
        pooled: Tensor = self.ln_post(self.transformer(states, None)[:, 0]) @ self.proj
        return pooled


class _Transformer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(width, heads) for _ in range(2))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        for block in self.resblocks:
            states = block(states, mask)
        return states


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, 4 * width))
        self.mlp.add_module("gelu", nn.GELU())
        self.mlp.add_module("c_proj", nn.Linear(4 * width, width))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        normal = self.ln_1(states)
        states = states + self.attn(normal, normal, normal, need_weights=False, attn_mask=mask)[0]
        out: Tensor = states + self.mlp(self.ln_2(states))
        return out


def save_open_clip(folder: Path, changes: dict[str, Any] | None = None) -> OpenClip:
    """Save a tiny CLIP as open_clip does on its hub; `changes` go into its model_cfg."""
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    model = OpenClip(len(tokenizer)).eval()
    make_noisy(model, seed=2)
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    config = {
        "embed_dim": DIM,
        "vision_cfg": {
            "image_size": SIDE, "layers": 2, "width": 48, "patch_size": 8, "head_width": 12
        },
        "text_cfg": {
            "context_length": CONTEXT, "vocab_size": len(tokenizer), "width": 32, "heads": 4,
            "layers": 2,
        },
        **(changes or {}),
    }  # fmt: skip
    settings = {"model_cfg": config, "preprocess_cfg": {"mean": MEAN, "std": STD}}
    (folder / "open_clip_config.json").write_text(json.dumps(settings))
    return model
