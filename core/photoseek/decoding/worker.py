"""The process that opens untrusted photo files: `python -m photoseek.decoding.worker`.

It answers frames on its standard input with frames on its standard output. What a file does to
a decoder (a crash, endless work, all of the memory) happens here and is noticed by `process`.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from blake3 import blake3
from PIL import Image

from photoseek.decoding.frames import read_frame, write_frame
from photoseek.decoding.limits import Limits
from photoseek.decoding.outcomes import FailureKind
from photoseek.errors import PhotoError
from photoseek.files import read_whole
from photoseek.images import decode_photo, least_side, make_thumbnail, read_metadata, to_pixels
from photoseek.manifest import ImageInput
from photoseek.metadata import merge, pack_metadata
from photoseek.metadata.sidecars import MOST_SIDECAR_BYTES
from photoseek.photo.opening import opened
from photoseek.raw import RAW_SUFFIXES, can_read_raw
from photoseek.records import NOT_DOWNLOADED, Metadata

__all__ = ["main"]

DIGEST_SIZE = 16
"""Bytes."""

MOST_FILE_BYTES = 2 << 30
"""No camera writes larger photos."""

LARGE_FILE = 64 << 20
"""From here on a file has to begin like a photo before it is read."""

HEAD = 64
BYTES_FOR_PIXEL = 8
"""What a decoder and Pillow may take for each pixel together."""

STRIP = 64
"""Rows of a picture that are sent at a time, so that it is not held twice."""

_BEGINNINGS = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"BM",
    b"\0\0\0\x0cjP  ",
    b"\xff\x4f\xff\x51",
)
_KINDS: dict[str, FailureKind] = {
    "not_a_photo": "unsupported",
    "unsupported": "unsupported",
    "too_large": "too_large",
    "memory": "memory",
    "unreadable": "unreadable",
    "no_reader": "no_reader",
}
"""What a photo's opener says, as indexing decides by it; all else is damage."""

_TOO_MUCH_MEMORY = "it needs more memory than Photoseek gives one photo"


class _Refused(Exception):  # noqa: N818 -- no error: an answer that ends the work on a file
    """A file that is not opened, and why."""

    def __init__(self, reason: str, kind: FailureKind) -> None:
        super().__init__(reason)
        self.reason, self.kind = reason, kind


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the pipe closes: `background` or `foreground`, and the lifeline's number."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    warnings.simplefilter("ignore")  # Pillow warns of oddities in files that it reads all the same
    if len(given) > 1:
        _end_with_parent(int(given[1]))
    limits = Limits(background=given[0] == "background")
    answers = _private_stdout()
    write_frame(answers, {"ready": True})  # from here on, a death is the fault of a file
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        request, payloads = frame
        limits.begin_photo(request["memory"], request["seconds"])
        _serve(request, payloads, answers)


def _serve(request: dict[str, Any], payloads: list[bytes], answers: BinaryIO) -> None:
    content = b""
    try:
        content, suffix = _content(request, payloads)
        write_frame(answers, {"stage": "read"})
        _ANSWERS[request["kind"]](request, content, suffix, answers)
    except _Refused as refused:
        write_frame(answers, {"failure": refused.reason, "kind": refused.kind})
    except PhotoError as error:
        write_frame(answers, {"failure": error.reason, "kind": _kind(error, request, content)})
    except MemoryError:
        write_frame(answers, {"failure": _TOO_MUCH_MEMORY, "kind": "memory"})


def _answer_index(request: dict[str, Any], content: bytes, suffix: str, answers: BinaryIO) -> None:
    digest = _digest(content)
    if digest in request["known"]:
        packed = None
        if request["describe"]:
            packed = pack_metadata(_with_sidecars(read_metadata(content, suffix), request))
        write_frame(answers, {"digest": digest, "metadata": packed})
        return
    spec = ImageInput(**request["spec"])

    def describe() -> bool:
        # From here on a death is the fault of the metadata, and costs only that.
        write_frame(answers, {"stage": "pixels"})
        return bool(request["describe"])

    photo = decode_photo(content, at_least=least_side(spec), suffix=suffix, describe=describe)
    pixels, thumbnail = to_pixels(photo.image, spec), make_thumbnail(photo.image)
    metadata = _with_sidecars(photo.metadata, request) if request["describe"] else photo.metadata
    header = {"digest": digest, "width": photo.width, "height": photo.height}
    header |= {"shape": pixels.shape, "metadata": pack_metadata(metadata)}
    write_frame(answers, header, pixels.tobytes(), thumbnail)


def _with_sidecars(metadata: Metadata, request: dict[str, Any]) -> Metadata:
    """Merge in what the files beside the photo say; one that cannot be read is left out."""
    found = []
    for path in map(Path, request["sidecars"]):
        with contextlib.suppress(OSError):  # it is gone, too large, or no ordinary file
            found.append((path.name, read_whole(path, MOST_SIDECAR_BYTES)))
    return merge(metadata, found)


def _answer_pixels(request: dict[str, Any], content: bytes, suffix: str, answers: BinaryIO) -> None:
    spec = ImageInput(**request["spec"])
    photo = decode_photo(content, at_least=least_side(spec), suffix=suffix, describe=_never)
    pixels = to_pixels(photo.image, spec)
    write_frame(answers, {"shape": pixels.shape}, pixels.tobytes())


def _answer_picture(
    request: dict[str, Any], content: bytes, suffix: str, answers: BinaryIO
) -> None:
    """Send the photo scaled down to about `at_least`, as RGB."""
    side = request["at_least"]
    image = decode_photo(content, at_least=side, suffix=suffix, describe=_never).image
    scale = side / max(1, min(image.size))
    if scale < 1:
        # A panorama stays within what a frame may hold.
        image.thumbnail((min(image.width, side * 32), min(image.height, side * 32)))
    write_frame(answers, {"size": image.size}, image.tobytes())


def _answer_view(request: dict[str, Any], content: bytes, suffix: str, answers: BinaryIO) -> None:
    """Send the photo as the window paints it, fitted into `box` or with at most `most` pixels."""
    photo = decode_photo(content, at_least=request["at_least"], suffix=suffix, describe=_never)
    del content
    image = photo.image
    if request["box"] is not None:
        image.thumbnail(tuple(request["box"]), Image.Resampling.BICUBIC)
    factor = 1
    while image.width * image.height > request["most"] * factor * factor:
        factor += 1
    image = image.reduce(factor) if factor > 1 else image
    width, height = image.size
    header = {"width": photo.width, "height": photo.height, "size": (width, height)}
    write_frame(answers, {**header, "follows": 4 * width * height})
    for top in range(0, height, STRIP):
        strip = image.crop((0, top, width, min(height, top + STRIP)))
        answers.write(strip.convert("RGBA").tobytes("raw", "BGRA"))
    answers.flush()


def _answer_thumbnail(
    request: dict[str, Any], content: bytes, suffix: str, answers: BinaryIO
) -> None:
    """Send a thumbnail of the photo with this digest, or nothing where another file has come."""
    if _digest(content) != request["digest"]:
        write_frame(answers, {"changed": True})
        return
    photo = decode_photo(content, suffix=suffix, describe=_never)
    write_frame(answers, {"changed": False}, make_thumbnail(photo.image))


_ANSWERS = {
    "index": _answer_index,
    "pixels": _answer_pixels,
    "picture": _answer_picture,
    "view": _answer_view,
    "thumbnail": _answer_thumbnail,
}


def _never() -> bool:
    return False


def _content(request: dict[str, Any], payloads: list[bytes]) -> tuple[bytes, str]:
    """Return the file's bytes and the ending of its name; or those that came with the request."""
    if payloads:
        return payloads[0], ""
    path = Path(request["path"])
    try:
        return _read(path, request), path.suffix
    except FileNotFoundError as error:
        raise _Refused("the file does not exist", "unreadable") from error
    except PermissionError as error:
        raise _Refused("no permission to read the file", "unreadable") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _Refused(f"the file cannot be read ({reason})", "unreadable") from error


def _read(path: Path, request: dict[str, Any]) -> bytes:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise _Refused("this is a folder, not a photo", "unsupported")
    if not request["fetch"]:
        from photoseek.placeholders import is_away

        if is_away(status):
            raise _Refused(NOT_DOWNLOADED, "not_downloaded")
    # A pipe that took the file's place must not be waited for.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise _Refused("this is a device or a pipe, not a photo", "unsupported")
        if status.st_size > MOST_FILE_BYTES:
            raise _Refused("the file is larger than any photo", "too_large")
        if status.st_size > LARGE_FILE and not _begins_like_a_photo(file.peek(HEAD), path.suffix):
            raise _Refused("not a photo in a format that Photoseek reads", "unsupported")
        if status.st_size > request["memory"] // 2:
            raise _Refused(_TOO_MUCH_MEMORY, "memory")
        return file.read()


def _begins_like_a_photo(head: bytes, suffix: str) -> bool:
    return head.startswith(_BEGINNINGS) or head[4:8] == b"ftyp" or suffix.lower() in RAW_SUFFIXES


def _kind(error: PhotoError, request: dict[str, Any], content: bytes) -> FailureKind:
    """Return why a photo could not be opened, as code decides by it."""
    if isinstance(error.__cause__, MemoryError):
        return "memory"
    if Path(request.get("path") or "").suffix.lower() in RAW_SUFFIXES and not can_read_raw():
        return "no_reader"
    kind = _KINDS.get(error.kind, "damaged")
    if kind == "damaged" and not request["alone"] and _is_large(content, request["memory"]):
        return "memory"  # libraries call it damage too; with more memory that turns out
    return kind


def _is_large(content: bytes, memory: int) -> bool:
    """Tell whether a photo claims so many pixels that there may not be the memory for them."""
    with contextlib.suppress(Exception), opened(content) as image:
        return image.width * image.height * BYTES_FOR_PIXEL > memory
    return False


def _digest(content: bytes) -> str:
    """Return what tells these bytes from others: BLAKE3, six times as fast as BLAKE2."""
    return blake3(content).hexdigest(length=DIGEST_SIZE)


def _end_with_parent(lifeline: int) -> None:
    """End this process when its parent has gone, however that went, even in mid-decode.

    The parent holds the other end of this pipe. The system sends a signal when that is closed,
    which ends a decoder that lets no Python run; the thread does the same on other systems.
    """
    if sys.platform != "win32":
        import fcntl

        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
            flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
            fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)

    def wait() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _private_stdout() -> BinaryIO:
    """Return the pipe for answers; what a decoder prints to standard output cannot enter it."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


if __name__ == "__main__":
    main()
