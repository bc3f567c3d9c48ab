"""Tries a model from elsewhere in a process of its own before this process loads it.

A tokenizer or a graph can abort the process that loads it, run without end, or take all memory. The
shipped model is known; what another has passed once is remembered among the person's settings, not
in the library, which may come from whoever made the model.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path

import appdirs

from photoseek.bundle import MODEL_FILES, ModelBundle
from photoseek.decoding.command import trial_command
from photoseek.errors import BundleError
from photoseek.files import read_whole, write_atomically
from photoseek.manifest import Manifest

__all__ = ["require_tried"]

SECONDS = 30.0
BYTES_A_SECOND = 50e6
"""A large model is given more time: it is copied, and both of its graphs are made ready."""

MOST_REMEMBERED = 100
MOST_MESSAGE = 300
"""Letters of a trial's own words that an error repeats."""

_passed: set[str] = set()
"""Fingerprints of what has passed since this process began: models are opened again and again."""


def require_tried(bundle: ModelBundle, *, seconds: float = SECONDS) -> ModelBundle:
    """Return the bundle if it works within limits; otherwise raise `BundleError` in one line."""
    fingerprint = _fingerprint(bundle.manifest)
    if fingerprint in _passed:
        return bundle
    if fingerprint != _fingerprint(ModelBundle.shipped_manifest()):
        remembered = _remembered()
        if fingerprint not in remembered:
            _try(bundle, seconds)
            _remember([*remembered, fingerprint])
    _passed.add(fingerprint)
    return bundle


def _fingerprint(manifest: Manifest) -> str:
    """Digest what decides how a model runs: its files, and what its manifest says of them."""
    digests = [manifest.files[name] for name in MODEL_FILES]
    values = (digests, manifest.embedding_dim, manifest.image, manifest.text)
    return hashlib.sha256(repr(values).encode()).hexdigest()


def _try(bundle: ModelBundle, seconds: float) -> None:
    # Imported late: a search by the shipped model needs neither.
    import subprocess
    import tempfile

    size = sum((bundle.path / name).stat().st_size for name in MODEL_FILES)
    seconds += size / BYTES_A_SECOND
    try:
        # Made here: a process that is ended leaves its folder behind.
        with tempfile.TemporaryDirectory(prefix="photoseek-") as folder:
            done = subprocess.run(
                [
                    *trial_command(),
                    str(int(seconds) + 1),
                    os.fspath(bundle.path.absolute()),
                    folder,
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # No module is imported from the current folder, nor from the bundle's.
                env={**os.environ, "PYTHONSAFEPATH": "1"},
                timeout=seconds,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise _unfit(bundle, "it does not come to an end") from error
    except OSError as error:
        raise _unfit(bundle, f"no process can be started ({error.strerror})") from error
    answer = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == 0 and answer == "passed":
        return
    if answer.startswith("refused "):
        words = answer.removeprefix("refused ")[:MOST_MESSAGE]
        raise _unfit(bundle, "".join(c if c.isprintable() else " " for c in words))
    raise _unfit(bundle, "it ended the process that loaded it, or asked for too much memory")


def _unfit(bundle: ModelBundle, reason: str) -> BundleError:
    logging.getLogger("photoseek.encoding").info("a model was tried and refused: %s", reason)
    return BundleError(
        f"the model in {bundle.path} was tried in a process of its own and does not work: "
        f"{reason}; use another bundle"
    )


def _memory_file() -> Path:
    return Path(appdirs.user_config_dir("photoseek", appauthor=False)) / "tried_models.txt"


def _remembered() -> list[str]:
    try:
        return read_whole(_memory_file(), MOST_REMEMBERED * 100).decode("ascii").split()
    except (OSError, ValueError):
        return []


def _remember(fingerprints: list[str]) -> None:
    file = _memory_file()
    if not file.is_absolute():  # no home is known
        return
    with contextlib.suppress(OSError):  # it is then tried again the next time
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{line}\n" for line in fingerprints[-MOST_REMEMBERED:])
        write_atomically(file, lines.encode(), durable=False)
