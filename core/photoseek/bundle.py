"""A model bundle: a folder with two ONNX graphs, a tokenizer, a card and a manifest."""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from photoseek.errors import BundleError
from photoseek.files import open_ordinary, read_whole, sha256_of, write_atomically
from photoseek.manifest import ImageInput, LikelyRule, Manifest, RecallReport, TextInput
from photoseek.resources import resource_path

__all__ = ["CARD_FILE", "MANIFEST_FILE", "MODEL_FILES", "ModelBundle", "write_manifest"]

IMAGE_ENCODER_FILE = "image_encoder.onnx"
TEXT_ENCODER_FILE = "text_encoder.onnx"
TOKENIZER_FILE = "tokenizer.json"
MODEL_FILES = (IMAGE_ENCODER_FILE, TEXT_ENCODER_FILE, TOKENIZER_FILE)
MANIFEST_FILE = "manifest.json"
CARD_FILE = "MODEL_CARD.md"

MOST_MANIFEST_BYTES = 1 << 20
MOST_FILE_BYTES = 2 << 30
"""As much as an ONNX file can hold."""

_WEIGHTS_ELSEWHERE = b"\x0a\x08location"
"""How an ONNX file begins to say in which other file weights lie: no digest would cover that."""


@dataclass(frozen=True)
class ModelBundle:
    """A bundle on disk whose files are those its manifest names."""

    path: Path
    manifest: Manifest = field(repr=False)

    @classmethod
    def open(cls, path: Path | str) -> ModelBundle:
        """Open and verify a bundle; `BundleError` says what is missing, damaged or unknown."""
        folder = Path(path)
        try:
            text = read_whole(folder / MANIFEST_FILE, MOST_MANIFEST_BYTES).decode()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise BundleError(
                f"{folder} is not a model bundle: its {MANIFEST_FILE} cannot be read ({error}); "
                "reinstall Photoseek, or name another bundle"
            ) from error
        try:
            manifest = Manifest.from_json(text)
        except BundleError as error:
            raise BundleError(f"{folder}: {error}") from error
        bundle = cls(folder, manifest)
        bundle._verify()
        return bundle

    @classmethod
    def shipped(cls) -> ModelBundle:
        """Open the bundle that ships with Photoseek."""
        return cls.open(resource_path("model"))

    @staticmethod
    def shipped_manifest() -> Manifest:
        """Read what ships with Photoseek without looking at the model's files."""
        content = read_whole(resource_path("model") / MANIFEST_FILE, MOST_MANIFEST_BYTES)
        return Manifest.from_json(content.decode())

    @property
    def image_encoder(self) -> Path:
        """Path of the image encoder's graph."""
        return self.path / IMAGE_ENCODER_FILE

    @property
    def text_encoder(self) -> Path:
        """Path of the text encoder's graph."""
        return self.path / TEXT_ENCODER_FILE

    @property
    def tokenizer(self) -> Path:
        """Path of the tokenizer."""
        return self.path / TOKENIZER_FILE

    def _verify(self) -> None:
        listed = self.manifest.files
        for name in sorted({*MODEL_FILES, *listed}):
            # No other name is asked for, and one with a folder in it could lead out of the bundle.
            if name not in listed or name not in {*MODEL_FILES, CARD_FILE}:
                raise BundleError(
                    f"{self.path}: {MANIFEST_FILE} does not list {ascii(name)[:80]} properly"
                )
            self._verify_file(name)
        if self.manifest.model_id != _model_id(listed):
            raise BundleError(f"{self.path}: the model id is not the digest of the model's files")

    def _verify_file(self, name: str) -> None:
        file = self.path / name
        if file.is_symlink():
            raise BundleError(
                f"the model bundle's {file} is a link, which may lead out of the bundle; put the "
                "file itself there"
            )
        try:
            with open_ordinary(file, MOST_FILE_BYTES) as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                elsewhere = name.endswith(".onnx") and _holds(stream, _WEIGHTS_ELSEWHERE)
        except OSError as error:
            raise BundleError(
                f"the model bundle's {file} cannot be read ({error.strerror}); "
                "reinstall Photoseek, or name another bundle"
            ) from error
        if digest != self.manifest.files[name]:
            raise BundleError(
                f"the model bundle's {file} is damaged: its digest is not the one in "
                f"{MANIFEST_FILE}; reinstall Photoseek, or name another bundle"
            )
        if elsewhere:
            raise BundleError(
                f"the model bundle's {file} keeps weights in another file, which cannot be "
                "verified; export it with all of its weights inside"
            )


def write_manifest(
    directory: Path,
    *,
    name: str,
    embedding_dim: int,
    image: ImageInput,
    text: TextInput,
    likely: LikelyRule | None = None,
    likely_by_photo: LikelyRule | None = None,
    recall: RecallReport | None = None,
    training: Mapping[str, object] | None = None,
) -> Manifest:
    """Digest the bundle's files that lie in `directory` and write its manifest beside them."""
    present = (*MODEL_FILES, CARD_FILE) if (directory / CARD_FILE).exists() else MODEL_FILES
    files = {file: sha256_of(directory / file) for file in present}
    manifest = Manifest(
        model_id=_model_id(files),
        name=name,
        embedding_dim=embedding_dim,
        image=image,
        text=text,
        files=files,
        likely=likely,
        likely_by_photo=likely_by_photo,
        recall=recall,
        training=dict(training or {}),
    )
    write_atomically(directory / MANIFEST_FILE, manifest.to_json().encode())
    return manifest


def _holds(stream: BinaryIO, mark: bytes) -> bool:
    if not os.fstat(stream.fileno()).st_size:
        return False  # nothing cannot be mapped
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(mark) >= 0


def _model_id(files: Mapping[str, str]) -> str:
    """Digest what decides an embedding; the model card may be reworded without a new index."""
    lines = "".join(f"{files[name]}  {name}\n" for name in MODEL_FILES)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
