"""A model bundle: a folder with two ONNX graphs, a tokenizer, a card and a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from photoseek.errors import BundleError
from photoseek.files import sha256_of, write_atomically
from photoseek.manifest import ImageInput, LikelyRule, Manifest, RecallReport, TextInput
from photoseek.resources import resource_path

__all__ = ["CARD_FILE", "MANIFEST_FILE", "MODEL_FILES", "ModelBundle", "write_manifest"]

IMAGE_ENCODER_FILE = "image_encoder.onnx"
TEXT_ENCODER_FILE = "text_encoder.onnx"
TOKENIZER_FILE = "tokenizer.json"
MODEL_FILES = (IMAGE_ENCODER_FILE, TEXT_ENCODER_FILE, TOKENIZER_FILE)
MANIFEST_FILE = "manifest.json"
CARD_FILE = "MODEL_CARD.md"


@dataclass(frozen=True)
class ModelBundle:
    """A bundle on disk whose files are those its manifest names."""

    path: Path
    manifest: Manifest = field(repr=False)

    @classmethod
    def open(cls, path: Path | str) -> ModelBundle:
        """Open and verify a bundle; `BundleError` says what is missing, damaged or unknown."""
        folder = Path(path)
        manifest_path = folder / MANIFEST_FILE
        try:
            text = manifest_path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
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
            file = self.path / name
            # A name with a folder in it could lead out of the bundle.
            if Path(name).name != name or name not in listed:
                raise BundleError(f"{self.path}: {MANIFEST_FILE} does not list {name!r} properly")
            try:
                digest = sha256_of(file)
            except OSError as error:
                raise BundleError(
                    f"the model bundle's {file} cannot be read ({error.strerror}); "
                    "reinstall Photoseek, or name another bundle"
                ) from error
            if digest != listed[name]:
                raise BundleError(
                    f"the model bundle's {file} is damaged: its digest is not the one in "
                    f"{MANIFEST_FILE}; reinstall Photoseek, or name another bundle"
                )
        if self.manifest.model_id != _model_id(listed):
            raise BundleError(f"{self.path}: the model id is not the digest of the model's files")


def write_manifest(
    directory: Path,
    *,
    name: str,
    embedding_dim: int,
    image: ImageInput,
    text: TextInput,
    likely: LikelyRule | None = None,
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
        recall=recall,
        training=dict(training or {}),
    )
    write_atomically(directory / MANIFEST_FILE, manifest.to_json().encode())
    return manifest


def _model_id(files: Mapping[str, str]) -> str:
    """Digest what decides an embedding; the model card may be reworded without a new index."""
    lines = "".join(f"{files[name]}  {name}\n" for name in MODEL_FILES)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
