"""Keeps whole bundles in the library's own folder, so that no index outlives its model."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

from photoseek.bundle import CARD_FILE, MANIFEST_FILE, MODEL_FILES, MOST_FILE_BYTES, ModelBundle
from photoseek.errors import BundleError, LibraryError
from photoseek.files import inside, open_new, open_ordinary, part_of, remove_parts
from photoseek.model_trial import require_tried

__all__ = ["KeptModels"]

_NAMES = (*MODEL_FILES, CARD_FILE, MANIFEST_FILE)
"""Only these are ours to delete."""


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
        """Open, verify and try a model; `BundleError` where it is missing, damaged or unfit."""
        path = self._path(model_id)
        try:
            bundle = ModelBundle.open(path)
        except BundleError as error:
            raise _unusable(path) from error
        if bundle.manifest.model_id != model_id:
            raise _unusable(path)
        return require_tried(bundle)

    def keep(self, bundle: ModelBundle) -> None:
        """Copy a bundle here, in place of one of the same id; `LibraryError` if that fails."""
        path = self._path(bundle.manifest.model_id)
        if path.exists() and path.samefile(bundle.path):
            return
        require_tried(bundle)
        part = part_of(path)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            remove_parts(self.directory)
            part.mkdir()
            for name in (*bundle.manifest.files, MANIFEST_FILE):
                _copy(bundle.path / name, part / name)
            self.remove(bundle.manifest.model_id)
            part.rename(path)
        except OSError as error:
            raise LibraryError(
                f"the model {bundle.path} cannot be copied to {self.directory} "
                f"({error.strerror}); see that the model is there, and that the library can be "
                "written and has room"
            ) from error
        finally:
            _delete(part)

    def remove(self, model_id: str) -> None:
        """Delete a model's files, and none beside them; what cannot be deleted is only room."""
        _delete(self._path(model_id))

    def size(self, model_id: str) -> int:
        """Return the bytes of a model's files; 0 where they are missing."""
        total, path = 0, self._path(model_id)
        for name in _NAMES:
            with contextlib.suppress(OSError):
                total += (path / name).lstat().st_size
        return total

    def _path(self, model_id: str) -> Path:
        # It comes from a file that anyone may have written, and must not lead out of the folder.
        if not re.fullmatch(r"[0-9a-f]{16}", model_id):
            raise LibraryError(
                f"{model_id[:40]!r} is no model id: 16 digits or letters from a to f"
            )
        return inside(self.directory.parent, self.directory.name, model_id)


def _copy(source: Path, target: Path) -> None:
    with open_ordinary(source, MOST_FILE_BYTES) as original, open_new(target) as copy:
        shutil.copyfileobj(original, copy)


def _delete(folder: Path) -> None:
    for name in _NAMES:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _unusable(path: Path) -> BundleError:
    return BundleError(
        f"this library's model in {path} is missing or damaged; add it again (photoseek model add "
        f"BUNDLE), or use another one (photoseek model use ID)"
    )
