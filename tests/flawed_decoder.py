"""Gives worker processes a flaw: what they start with does to them what a photo says.

No file is known that does such things to the decoders in use. A photo says it by what follows its
last byte, or, for what happens while its metadata is read, by its comment.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from drawing import draw, draw_photo

__all__ = ["deadly_photo", "flaw_decoder"]

FLAW = """
import ctypes, os, signal, time
from pathlib import Path
from PIL import Image
import photoseek.metadata

opened, described = Image.open, photoseek.metadata.photo_metadata
MARKS = Path(os.environ["FLAW_MARKS"])

def note(word):
    MARKS.joinpath(f"{word}-{os.getpid()}-{time.monotonic_ns()}").touch()

def obey(word):
    if word:
        note(word)
    if word == "CRASH":
        ctypes.string_at(0)
    while word == "FOREVER":
        pass
    while word == "SLEEP":
        time.sleep(1)
    if word == "GREEDY":
        bytearray(100 << 30)
    if word == "LARGE":
        bytearray(700 << 20)
    if word == "TERM":
        os.kill(os.getpid(), signal.SIGTERM)
    if word == "ONCE" and len(list(MARKS.glob("ONCE-*"))) == 1:
        os.kill(os.getpid(), signal.SIGTERM)
    if word == "CHATTY":
        os.write(2, b"complaint\\n" * 100_000)

def open_and_obey(stream, *arguments, **options):
    content = stream.getvalue()
    obey(content.rpartition(b"DO ")[2].decode() if b"DO " in content[-20:] else "")
    return opened(stream, *arguments, **options)

def describe_and_obey(content, kind, info):
    obey(info.get("comment", b"").decode())
    return described(content, kind, info)

Image.open, photoseek.metadata.photo_metadata = open_and_obey, describe_and_obey
"""


def flaw_decoder(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let all workers started from now on have the flaw; return where they note what they did."""
    marks = directory / "marks"
    marks.mkdir(parents=True)
    (directory / "sitecustomize.py").write_text(FLAW)
    path = os.pathsep.join(filter(None, [str(directory), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("FLAW_MARKS", str(marks))
    return marks


def deadly_photo(path: Path, word: str, *, in_metadata: bool = False) -> Path:
    """Draw a photo that has the flawed decoder do something; there is no other fault in it."""
    if in_metadata:
        path.parent.mkdir(parents=True, exist_ok=True)
        draw("red").save(path, quality=95, comment=word.encode())
        return path
    with draw_photo(path, "red").open("ab") as photo:
        photo.write(b"DO " + word.encode())
    return path
