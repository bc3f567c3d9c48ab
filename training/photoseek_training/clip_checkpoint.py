"""Reads a CLIP from disk as transformers or as open_clip keeps it, and tells what it wants."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor

from photoseek.manifest import ImageInput, TextInput
from photoseek_training.errors import ExportError

if TYPE_CHECKING:
    from transformers import CLIPModel

_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)
"""OpenAI's, which both libraries take where a checkpoint names none."""

_FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""Pillow's filters by number, as transformers stores them."""

_TRANSFORMERS_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")

# What may stand in open_clip's configuration without changing what is computed from a photo or a
# phrase. Anything else makes it another architecture than the one that is read here.
_MODEL_KEYS = {
    "embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "custom_text", "init_logit_scale",
}  # fmt: skip
_VISION_KEYS = {
    "image_size", "layers", "width", "patch_size", "head_width", "mlp_ratio", "patch_dropout",
}  # fmt: skip
_TEXT_KEYS = {
    "context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio", "hf_tokenizer_name",
}  # fmt: skip


@dataclass(frozen=True)
class ClipCheckpoint:
    """A CLIP on the CPU in float32, with its tokenizer and its preprocessing.

    `mean` and `std` are of RGB values from 0 to 1.
    """

    name: str
    layout: Literal["transformers", "open_clip"]
    model: "CLIPModel"
    tokenizer: Tokenizer
    image: ImageInput
    text: TextInput
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def vision_config(self) -> Any:
        """The shape of the photos' transformer."""
        return self.model.config.vision_config

    @property
    def text_config(self) -> Any:
        """The shape of the phrases' transformer."""
        return self.model.config.text_config

    @property
    def dim(self) -> int:
        """Components of an embedding."""
        return int(self.model.config.projection_dim or 0)


def read_clip(folder: Path) -> ClipCheckpoint:
    """Read the checkpoint in a folder; ExportError says what is missing, or not a CLIP's."""
    if any((folder / name).is_file() for name in _TRANSFORMERS_WEIGHTS):
        layout: Literal["transformers", "open_clip"] = "transformers"
        model = _read_transformers(folder)
        image, mean, std = _transformers_preprocessing(folder, model.config.vision_config)
    elif (folder / "open_clip_config.json").is_file():
        layout = "open_clip"
        config = _read_json(folder / "open_clip_config.json")
        model = _read_open_clip(folder, config.get("model_cfg", config))
        vision: Any = model.config.vision_config
        image, mean, std = _open_clip_preprocessing(
            folder, config.get("preprocess_cfg", {}), vision.image_size
        )
    else:
        raise ExportError(
            f"{folder} holds no CLIP: neither config.json and model.safetensors, as transformers "
            "saves it, nor open_clip_config.json and weights, as open_clip does"
        )
    model.train(False)
    tokenizer = _read_tokenizer(folder, model)
    phrases: Any = model.config.text_config
    text = TextInput(phrases.max_position_embeddings, "ids", "int64", "lengths")
    return ClipCheckpoint(folder.resolve().name, layout, model, tokenizer, image, text, mean, std)


# transformers


def _read_transformers(folder: Path) -> "CLIPModel":
    from transformers import CLIPModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    kind = _read_json(folder / "config.json").get("model_type")
    if kind != "clip":
        raise ExportError(f"{folder / 'config.json'} is of the model type {kind!r}, not 'clip'")
    try:
        loaded: Any = CLIPModel.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
    except Exception as error:  # transformers raises what its readers meet
        raise ExportError(f"{folder} cannot be read as a CLIP ({_one_line(error)})") from error
    model, info = loaded
    lacking = sorted(info["missing_keys"])
    if lacking:
        raise ExportError(f"{folder} lacks the weights {lacking[0]} and {len(lacking) - 1} more")
    return model  # type: ignore[no-any-return]


def _transformers_preprocessing(
    folder: Path, vision: Any
) -> tuple[ImageInput, tuple[float, ...], tuple[float, ...]]:
    file = folder / "preprocessor_config.json"
    settings = _read_json(file) if file.is_file() else {}
    if not settings and (folder / "processor_config.json").is_file():
        file = folder / "processor_config.json"
        settings = _read_json(file).get("image_processor", {})
    side = vision.image_size
    size, crop = (settings.get(key, side) for key in ("size", "crop_size"))
    size = {"shortest_edge": size} if isinstance(size, int) else size
    crop = crop if isinstance(crop, int) else crop.get("height")
    cropped = settings.get("do_center_crop", True)
    if cropped and size.get("shortest_edge") == crop == side:
        mode: Literal["crop", "squash"] = "crop"
    elif not cropped and size.get("height") == size.get("width") == side:
        mode = "squash"
    else:
        raise ExportError(
            f"{file} brings photos to the encoder's {side} x {side} pixels in a way that a bundle "
            "does not know: only the short side scaled and the middle cut out, or both sides scaled"
        )
    if abs(settings.get("rescale_factor", 1 / 255) * 255 - 1) > 1e-6:
        raise ExportError(f"{file} does not scale values from 0 to 255 to 0 to 1")
    filter_ = settings.get("resample", 3)
    normalized = settings.get("do_normalize", True)
    return (
        _image_input(side, mode, _FILTERS.get(filter_, str(filter_)), file),
        tuple(settings.get("image_mean", _MEAN)) if normalized else (0.0,) * 3,
        tuple(settings.get("image_std", _STD)) if normalized else (1.0,) * 3,
    )


# open_clip


def _read_open_clip(folder: Path, config: Mapping[str, Any]) -> "CLIPModel":
    from transformers import CLIPConfig, CLIPModel

    vision, text = config["vision_cfg"], config["text_cfg"]
    for settings, known in (
        (config, _MODEL_KEYS),
        (vision, _VISION_KEYS),
        (text, _TEXT_KEYS),
    ):
        others = sorted(key for key in settings if key not in known and settings[key])
        if others or not isinstance(vision["layers"], int):
            raise ExportError(
                f"{folder / 'open_clip_config.json'} describes no plain CLIP with a vision "
                f"transformer ({', '.join(others) or 'its layers are those of a ResNet'})"
            )
    act = "quick_gelu" if config.get("quick_gelu") else "gelu"
    heads = vision["width"] // vision.get("head_width", 64)
    model = CLIPModel(
        CLIPConfig(
            projection_dim=config["embed_dim"],
            vision_config={
                "image_size": vision["image_size"],
                "patch_size": vision["patch_size"],
                **_tower(vision, heads, act, config),
            },
            text_config={
                "max_position_embeddings": text.get("context_length", 77),
                "vocab_size": text.get("vocab_size", 49408),
                "bos_token_id": None,
                "eos_token_id": 2,  # which makes the end the highest id, as open_clip has it
                **_tower(text, text["heads"], act, config),
            },
        )
    )
    file, weights = _open_clip_weights(folder)
    try:
        model.load_state_dict(_as_transformers(weights))
    except (RuntimeError, KeyError) as error:
        raise ExportError(
            f"{file} does not hold the weights of its configuration ({_one_line(error)})"
        ) from error
    return model


def _tower(
    settings: Mapping[str, Any], heads: int, act: str, config: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "hidden_size": settings["width"],
        "intermediate_size": int(settings["width"] * settings.get("mlp_ratio", 4.0)),
        "num_hidden_layers": settings["layers"],
        "num_attention_heads": heads,
        "hidden_act": act,
        "layer_norm_eps": 1e-5,
        "projection_dim": config["embed_dim"],
    }


def _open_clip_weights(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    from safetensors.torch import load_file

    files = sorted(
        file for kind in ("safetensors", "bin", "pt") for file in folder.glob(f"*.{kind}")
    )
    if not files:
        raise ExportError(f"{folder} holds no weights: a .safetensors, .bin or .pt file")
    file = next((file for file in files if file.suffix == ".safetensors"), files[0])
    try:
        if file.suffix == ".safetensors":
            weights = load_file(file)
        else:
            weights = torch.load(file, map_location="cpu", weights_only=True)
            weights = weights.get("state_dict", weights)
    except Exception as error:  # each reader has its own kinds
        raise ExportError(f"{file} cannot be read as weights ({_one_line(error)})") from error
    return file, {re.sub(r"^module\.", "", key): value.float() for key, value in weights.items()}


_RENAMED = (
    (r"^text\.", ""),
    (r"^positional_embedding$", "text_model.embeddings.position_embedding.weight"),
    (r"^token_embedding\.", "text_model.embeddings.token_embedding."),
    (r"^ln_final\.", "text_model.final_layer_norm."),
    (r"^transformer\.resblocks\.", "text_model.encoder.layers."),
    (r"^visual\.class_embedding$", "vision_model.embeddings.class_embedding"),
    (r"^visual\.positional_embedding$", "vision_model.embeddings.position_embedding.weight"),
    (r"^visual\.conv1\.", "vision_model.embeddings.patch_embedding."),
    (r"^visual\.ln_pre\.", "vision_model.pre_layrnorm."),
    (r"^visual\.ln_post\.", "vision_model.post_layernorm."),
    (r"^visual\.transformer\.resblocks\.", "vision_model.encoder.layers."),
    (r"\.ln_(\d)\.", r".layer_norm\1."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
    (r"\.attn\.out_proj\.", ".self_attn.out_proj."),
)
_PROJECTIONS = {"text_projection": "text_projection", "visual.proj": "visual_projection"}


def _as_transformers(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename open_clip's weights (OpenAI's own names) to those of transformers' CLIPModel."""
    renamed: dict[str, Tensor] = {}
    for key, value in weights.items():
        name = key
        for pattern, replacement in _RENAMED:
            name = re.sub(pattern, replacement, name)
        if name in _PROJECTIONS:
            renamed[f"{_PROJECTIONS[name]}.weight"] = value.T
        elif ".attn.in_proj_" in name:
            stem, kind = name.split(".attn.in_proj_")
            for part, third in zip("qkv", value.chunk(3), strict=True):
                renamed[f"{stem}.self_attn.{part}_proj.{kind}"] = third
        else:
            renamed[name] = value
    return renamed


def _open_clip_preprocessing(
    folder: Path, settings: Mapping[str, Any], side: int
) -> tuple[ImageInput, tuple[float, ...], tuple[float, ...]]:
    file = folder / "open_clip_config.json"
    modes: dict[str, Literal["crop", "squash"]] = {"shortest": "crop", "squash": "squash"}
    mode = settings.get("resize_mode", "shortest")
    if mode not in modes:
        raise ExportError(
            f"{file} brings photos to the encoder's size by {mode!r}; a bundle cannot"
        )
    image = _image_input(side, modes[mode], settings.get("interpolation", "bicubic"), file)
    return image, tuple(settings.get("mean", _MEAN)), tuple(settings.get("std", _STD))


# Both


def _image_input(
    side: int, mode: Literal["crop", "squash"], interpolation: str, file: Path
) -> ImageInput:
    if interpolation not in _FILTERS.values():
        raise ExportError(
            f"{file} scales photos by {interpolation!r}, which a bundle does not know"
        )
    return ImageInput(side, mode, interpolation, "pixels", "uint8")  # type: ignore[arg-type]


def _read_tokenizer(folder: Path, model: "CLIPModel") -> Tokenizer:
    file = folder / "tokenizer.json"
    if file.is_file():
        try:
            tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise ExportError(
                f"{file} cannot be read as a tokenizer ({_one_line(error)})"
            ) from error
    elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        from transformers import CLIPTokenizer

        tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer
    else:
        raise ExportError(
            f"{folder} holds no tokenizer: tokenizer.json, or vocab.json and merges.txt"
        )
    text: Any = model.config.text_config
    end = tokenizer.encode("a").ids[-1:]
    ends = max(tokenizer.get_vocab().values()) if text.eos_token_id == 2 else text.eos_token_id
    if end != [ends] or tokenizer.get_vocab_size() > text.vocab_size:
        raise ExportError(
            f"the tokenizer in {folder} does not fit its model: a phrase must end in the token "
            f"{ends}, and all ids lie below {text.vocab_size}"
        )
    return tokenizer


def _read_json(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{file} cannot be read ({_one_line(error)})") from error
    if not isinstance(values, dict):
        raise ExportError(f"{file} does not hold an object")
    return values


def _one_line(error: Exception) -> str:
    """Another library's message, which may go on for pages."""
    return " ".join(str(error).split())[:300]
