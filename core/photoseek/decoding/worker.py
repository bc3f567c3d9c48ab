"""The process that opens untrusted photo files: `python -m photoseek.decoding.worker`.

It answers frames on its standard input with frames on its standard output. What a file does to
a decoder (a crash, endless work, all of the memory) happens here and is noticed by `decoder`.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any, BinaryIO

from blake3 import blake3

from photoseek.decoding.frames import read_frame, write_frame
from photoseek.errors import PhotoError
from photoseek.images import decode_photo, least_side, make_thumbnail, read_metadata, to_pixels
from photoseek.manifest import ImageInput
from photoseek.metadata import pack_metadata

__all__ = ["main"]

MEMORY_LIMIT = 4 << 30
"""Bytes of address space for one worker: room for the largest photo, not for a bomb."""

DIGEST_SIZE = 16
"""Bytes."""

NICENESS = 5
"""Indexing steps back when the person does something else."""


def main() -> None:
    """Serve until the pipe closes; the first argument is the model's image input as JSON."""
    spec = ImageInput(**json.loads(sys.argv[1]))
    warnings.simplefilter("ignore")  # Pillow warns of oddities in files that it reads all the same
    _limit_resources()
    answers = _private_stdout()
    write_frame(answers, {"ready": True})  # from here on, a death is the fault of a file
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        header, payloads = _answer(frame[0], spec)
        write_frame(answers, header, *payloads)


def _answer(request: dict[str, Any], spec: ImageInput) -> tuple[dict[str, object], list[bytes]]:
    path = Path(request["path"])
    try:
        content = path.read_bytes()
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "it needs more memory than one photo gets"
        kind = "unreadable" if isinstance(error, OSError) else "memory"
        return {"failure": f"the file cannot be read ({reason})", "kind": kind}, []
    digest = blake3(content).hexdigest(length=DIGEST_SIZE)
    header: dict[str, object] = {"digest": digest}
    if digest in request["known"]:
        return {**header, "metadata": pack_metadata(read_metadata(content, path.suffix))}, []
    try:
        photo = decode_photo(content, at_least=least_side(spec), suffix=path.suffix)
        pixels, thumbnail = to_pixels(photo.image, spec), make_thumbnail(photo.image)
    except PhotoError as error:
        kind = "memory" if isinstance(error.__cause__, MemoryError) else "damaged"
        return {**header, "failure": error.reason, "kind": kind}, []
    except MemoryError:
        reason = "it needs more memory than Photoseek gives one photo"
        return {**header, "failure": reason, "kind": "memory"}, []
    header |= {"width": photo.width, "height": photo.height, "shape": pixels.shape}
    header["metadata"] = pack_metadata(photo.metadata)
    return header, [pixels.tobytes(), thumbnail]


def _limit_resources() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        # No core file of somebody's photo is left behind.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.nice(NICENESS)


def _private_stdout() -> BinaryIO:
    """Return the pipe for answers; what a decoder prints to standard output cannot enter it."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


if __name__ == "__main__":
    main()
