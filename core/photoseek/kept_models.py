"""Keeps whole bundles in the library's own folder, so that no index outlives its model."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from photoseek.bundle import MANIFEST_FILE, ModelBundle
from photoseek.errors import BundleError, LibraryError

__all__ = ["KeptModels"]


class KeptModels:
    """Copies of bundles, each in a folder named by its model id.

    Copies, because a library must be searchable when the folder that a model came from is moved
    away, or when an update of Photoseek brings another one.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def has(self, model_id: str) -> bool:
        """Tell whether a model lies here, whole or not."""
        return (self._path(model_id) / MANIFEST_FILE).is_file()

    def open(self, model_id: str) -> ModelBundle:
        """Open and verify a model; `BundleError` where it is missing or damaged."""
        path = self._path(model_id)
        try:
            bundle = ModelBundle.open(path)
        except BundleError as error:
            raise _unusable(path) from error
        if bundle.manifest.model_id != model_id:
            raise _unusable(path)
        return bundle

    def keep(self, bundle: ModelBundle) -> None:
        """Copy a bundle here, in place of one of the same id; `LibraryError` if that fails."""
        path = self._path(bundle.manifest.model_id)
        if path.exists() and path.samefile(bundle.path):
            return
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            part.mkdir(parents=True, exist_ok=True)
            for name in (*bundle.manifest.files, MANIFEST_FILE):
                shutil.copyfile(bundle.path / name, part / name)
            shutil.rmtree(path, ignore_errors=True)
            part.rename(path)
        except OSError as error:
            raise LibraryError(
                f"the model {bundle.path} cannot be copied to {self.directory} "
                f"({error.strerror}); see that the model is there, and that the library can be "
                "written and has room"
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def remove(self, model_id: str) -> None:
        """Delete a model's files; what cannot be deleted is only room."""
        shutil.rmtree(self._path(model_id), ignore_errors=True)

    def size(self, model_id: str) -> int:
        """Return the bytes of a model's files; 0 where they are missing."""
        return sum(file.stat().st_size for file in self._path(model_id).glob("*"))

    def _path(self, model_id: str) -> Path:
        # It comes from a file that anyone may have written, and must not lead out of the folder.
        if not re.fullmatch(r"[0-9a-f]{16}", model_id):
            raise LibraryError(f"{model_id!r} is no model id: 16 digits or letters from a to f")
        return self.directory / model_id


def _unusable(path: Path) -> BundleError:
    return BundleError(
        f"this library's model in {path} is missing or damaged; add it again (photoseek model add "
        f"BUNDLE), or use another one (photoseek model use ID)"
    )
