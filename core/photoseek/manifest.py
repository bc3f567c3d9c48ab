"""What a model bundle says of itself: every fact about the model that the program needs."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from photoseek.errors import BundleError

__all__ = [
    "FORMAT_VERSION",
    "ImageInput",
    "LikelyRule",
    "Manifest",
    "Recall",
    "RecallReport",
    "TextInput",
]

FORMAT_VERSION = 1

MOST = {"embedding_dim": 1 << 16, "image.size": 4096, "text.context_length": 4096}
"""More is no model but a mistake, or an attempt to take all memory."""

MOST_NAME_LETTERS = 200
MOST_WHOLE = 1 << 53
"""The largest whole number up to which floats hold each."""
MOST_SHOWN = 60
"""Letters of a wrong value that an error repeats."""


@dataclass(frozen=True)
class ImageInput:
    """How a photo becomes the image encoder's input.

    "squash" scales each side by itself; "crop" scales the short side and cuts the middle out, as
    CLIP does; "pad" scales the long side and fills up with white. Both dtypes take
    `(n, size, size, 3)` RGB with values 0 to 255; all further arithmetic (scaling, mean and
    deviation) is in the graph.
    """

    size: int
    resize_mode: Literal["squash", "crop", "pad"]
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"]
    input_name: str
    input_dtype: Literal["uint8", "float32"]


@dataclass(frozen=True)
class TextInput:
    """How a phrase becomes the text encoder's input: `(n, length)` ids and, if named, lengths."""

    context_length: int
    input_name: str
    input_dtype: Literal["int64", "int32"]
    lengths_input: str | None


@dataclass(frozen=True)
class LikelyRule:
    """Where likely matches end, measured on the dev split.

    `mean` and `std` describe the scores of photos that do not belong to a query; a photo is
    likely when its standardised score reaches `threshold` (see `photoseek.ranking`).
    """

    mean: float
    std: float
    threshold: float


@dataclass(frozen=True)
class Recall:
    """Recall at 1, 5 and 10 in percent, and the median rank (1 is best)."""

    r1: float
    r5: float
    r10: float
    median_rank: float


@dataclass(frozen=True)
class RecallReport:
    """Retrieval measured on the bundle as shipped, both ways."""

    dataset: str
    photos: int
    captions: int
    phrase_to_photo: Recall
    photo_to_caption: Recall


@dataclass(frozen=True)
class Manifest:
    """`manifest.json`: identity, inputs, digests and measured quality of one bundle.

    `model_id` is a digest over the model's files; `files` maps each file name to its sha256;
    `likely` is for phrases and `likely_by_photo` for queries with a photo among them, as photos are
    nearer to photos than phrases are; without it `likely` is for both. `training` is free
    provenance (command, seed, data, versions).
    """

    model_id: str
    name: str
    embedding_dim: int
    image: ImageInput
    text: TextInput
    files: Mapping[str, str]
    likely: LikelyRule | None = None
    likely_by_photo: LikelyRule | None = None
    recall: RecallReport | None = None
    training: Mapping[str, object] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def likely_rule(self, *, by_photo: bool) -> LikelyRule | None:
        """Return the rule for a query, with a photo in it or without; None where none is known."""
        return (self.likely_by_photo if by_photo else None) or self.likely

    def to_json(self) -> str:
        """Return the manifest as indented JSON that `from_json` reads back unchanged."""
        return json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read a manifest; `BundleError` names the first field that is missing or unknown."""
        try:
            values = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            raise BundleError(f"manifest.json is not valid JSON ({error})") from error
        if not isinstance(values, dict):
            raise BundleError("manifest.json does not hold an object")
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise BundleError(
                f"the model bundle has format version {_shown(version)}, and this Photoseek reads "
                f"version {FORMAT_VERSION}; update Photoseek, or use another bundle"
            )
        try:
            manifest: Manifest = _read(cls, values, "manifest.json")
        except RecursionError as error:
            raise BundleError("manifest.json holds lists within lists without end") from error
        _check_ranges(manifest)
        return manifest


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _shown(value: object) -> str:
    """Return a value as a sentence can hold it: on one line, and not endless."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def _check_ranges(manifest: Manifest) -> None:
    # It is printed and shown; a terminal would obey what is not printable in it.
    if not manifest.name.isprintable() or len(manifest.name) > MOST_NAME_LETTERS:
        raise BundleError(
            f"manifest.json: name must be printable and have at most {MOST_NAME_LETTERS} letters"
        )
    for name, value in (
        ("embedding_dim", manifest.embedding_dim),
        ("image.size", manifest.image.size),
        ("text.context_length", manifest.text.context_length),
    ):
        if value < 1:
            raise BundleError(f"manifest.json: {name} must be at least 1, not {_shown(value)}")
        if value > MOST[name]:
            raise BundleError(
                f"manifest.json: {name} must be at most {MOST[name]}, not {_shown(value)}"
            )
    for name, rule in (("likely", manifest.likely), ("likely_by_photo", manifest.likely_by_photo)):
        if rule is not None and rule.std <= 0:
            raise BundleError(f"manifest.json: {name}.std must be above 0, not {rule.std}")


def _read(kind: Any, value: object, where: str) -> Any:
    """Return `value` as `kind`, checked; dataclasses, unions, literals, mappings and scalars."""
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, where)
    if origin is Literal:
        options = typing.get_args(kind)
        if value not in options:
            known = ", ".join(map(str, options))
            raise BundleError(f"{where} is {_shown(value)}; this Photoseek knows {known}")
        return value
    if origin is types.UnionType:
        inner = next(option for option in typing.get_args(kind) if option is not type(None))
        return None if value is None else _read(inner, value, where)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise BundleError(f"{where} is not an object")
        item_kind = typing.get_args(kind)[1]
        return {
            key: _read(item_kind, item, f"{where}.{_shown(key)}") for key, item in value.items()
        }
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > MOST_WHOLE:
            raise BundleError(f"{where} is {_shown(value)}, which is too large")
        return float(value)
    if kind is not object and type(value) is not kind:
        raise BundleError(f"{where} is {_shown(value)}, which is not {kind.__name__}")
    return value


def _read_dataclass(kind: Any, value: object, where: str) -> Any:
    if not isinstance(value, dict):
        raise BundleError(f"{where} is not an object")
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise BundleError(f"{where} has the unknown field {_shown(unknown[0])}")
    arguments = {}
    for item in dataclasses.fields(kind):
        if item.name in value:
            inner = f"{where}: {item.name}" if where.endswith(".json") else f"{where}.{item.name}"
            arguments[item.name] = _read(hints[item.name], value[item.name], inner)
        elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
            raise BundleError(f"{where} lacks the field {item.name!r}")
    return kind(**arguments)
