"""Makes libraries of any size: empty files on disk, and vectors drawn at random for them."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from photoseek import ModelBundle
from photoseek.bundle import MODEL_FILES, write_manifest
from photoseek.database import Catalogue, PhotoFile
from photoseek.records import Metadata
from photoseek.scanner import stamp_of

__all__ = ["MadeLibrary", "narrow_bundle", "unit_rows"]

BATCH = 32
"""Photos to a transaction, as when indexing."""

IN_A_FOLDER = 1000


class MadeLibrary:
    """A library on disk whose photos are all indexed already, as its next update will find."""

    def __init__(self, directory: Path, photos: Path, bundle: ModelBundle) -> None:
        self.directory = directory
        self.photos = photos
        self.bundle = bundle
        self.count = 0
        for folder in (directory, photos):
            folder.mkdir(parents=True)
        manifest = bundle.manifest
        with closing(self._open()) as catalogue:
            catalogue.folders.add(photos)
            catalogue.models.put(
                manifest.model_id, manifest.name, manifest.embedding_dim, shipped=False
            )

    def grow(self, count: int) -> float:
        """Add photos until there are that many; return the seconds that storing them took."""
        seconds = 0.0
        with closing(self._open()) as catalogue:
            (folder,) = catalogue.folders.all()
            for start in range(self.count, count, BATCH):
                numbers = range(start, min(count, start + BATCH))
                vectors = unit_rows(len(numbers), self.bundle.manifest.embedding_dim, start)
                files = [self._file(folder.id, number) for number in numbers]
                started = time.perf_counter()
                with catalogue.transaction():
                    for number, file, vector in zip(numbers, files, vectors, strict=True):
                        self._put(catalogue, file, number, vector)
                seconds += time.perf_counter() - started
        self.count = count
        return seconds

    def disk_bytes(self) -> int:
        """Return what the library takes, without thumbnails and its copy of the model."""
        return sum(file.stat().st_size for file in self.directory.glob("library.db*"))

    def _open(self) -> Catalogue:
        return Catalogue(self.directory / "library.db")

    def _file(self, folder_id: int, number: int) -> PhotoFile:
        name = os.fsencode(f"{number // IN_A_FOLDER:04}{os.sep}IMG_{number:07}.jpg")
        path = os.fsencode(self.photos) + os.fsencode(os.sep) + name
        if number % IN_A_FOLDER == 0:
            Path(os.fsdecode(path)).parent.mkdir()
        handle = os.open(path, os.O_CREAT | os.O_WRONLY)
        status = os.fstat(handle)
        os.close(handle)
        return PhotoFile(folder_id, name, *stamp_of(status))

    def _put(
        self, catalogue: Catalogue, file: PhotoFile, number: int, vector: NDArray[np.float32]
    ) -> None:
        taken = datetime(2000, 1, 1) + timedelta(minutes=10 * number)
        metadata = Metadata(taken, "Canon EOS 80D", "EF-S18-55mm", 1, 48.1, 2.3, format="jpeg")
        # Not that of the empty file, which all would share.
        digest = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()
        photo = catalogue.put_photo(file, digest, 4000, 3000, metadata)
        catalogue.put_embedding(photo, self.bundle.manifest.model_id, vector)


def unit_rows(count: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Draw unit vectors `(count, dim)` float32."""
    rows = np.random.default_rng(seed).standard_normal((count, dim), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def narrow_bundle(bundle: ModelBundle, dim: int, directory: Path) -> ModelBundle:
    """Make of a bundle one whose embeddings are the first `dim` numbers, again of length 1."""
    directory.mkdir(parents=True)
    for name in MODEL_FILES:
        (directory / name).write_bytes((bundle.path / name).read_bytes())
    for graph in ("image_encoder.onnx", "text_encoder.onnx"):
        _narrow(directory / graph, dim)
    manifest = bundle.manifest
    write_manifest(
        directory,
        name=f"{manifest.name}, {dim} numbers",
        embedding_dim=dim,
        image=manifest.image,
        text=manifest.text,
        likely=manifest.likely,
    )
    return ModelBundle.open(directory)


def _narrow(path: Path, dim: int) -> None:
    model = onnx.load(path)
    (output,) = model.graph.output
    whole, output.name = output.name, "narrow"
    output.type.tensor_type.shape.dim[1].dim_value = dim
    model.graph.initializer.append(numpy_helper.from_array(np.arange(dim), "narrow_columns"))
    model.graph.node.extend(
        [
            helper.make_node("Gather", [whole, "narrow_columns"], ["narrow_part"], axis=1),
            helper.make_node("LpNormalization", ["narrow_part"], ["narrow"], axis=1, p=2),
        ]
    )
    onnx.save(model, path)
