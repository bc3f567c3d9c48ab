"""Photos that crash their decoder, keep it busy for ever or take all memory, in a whole library.

No such file is known for the decoders in use, so the worker process gets a flaw: what it starts
with (`sitecustomize`) does to it what a photo says, in the middle of opening that photo.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import Library
from photoseek.decoding.pool import DecoderPool

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is limited on Linux alone"
)

FLAW = """
import ctypes
from PIL import Image

opened = Image.open

def open_and_obey(stream, *arguments, **options):
    content = stream.getvalue()
    if content.endswith(b"CRASH"):
        ctypes.string_at(0)
    while content.endswith(b"FOREVER"):
        pass
    if content.endswith(b"GREEDY"):
        bytearray(100 << 30)
    return opened(stream, *arguments, **options)

Image.open = open_and_obey
"""

REASONS = {
    "CRASH": "the file made the image decoder crash",
    "FOREVER": "opening it took longer than 5 seconds",
    "GREEDY": "it needs more memory than Photoseek gives one photo",
}


@pytest.fixture(autouse=True)
def flawed_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flaw").mkdir()
    (tmp_path / "flaw" / "sitecustomize.py").write_text(FLAW)
    path = os.pathsep.join(filter(None, [str(tmp_path / "flaw"), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setattr("photoseek.indexer.DecoderPool", partial(DecoderPool, time_limit=5))


def test_a_deadly_photo_loses_only_itself_and_is_tried_again_when_it_changes(
    library: Library,
    many_photos: Callable[[Path, int], Path],
    tmp_path: Path,
) -> None:
    deadly = tmp_path / "deadly"
    for command in REASONS:
        with draw_photo(deadly / f"{command}.jpg", "red").open("ab") as photo:
            photo.write(command.encode())
    library.add_folder(deadly)
    library.add_folder(many_photos(tmp_path / "photos", 40))
    report = library.update()
    assert (report.added, report.failed) == (40, 3)
    reasons = {failure.path.stem: failure.reason for failure in library.info().failures}
    assert reasons == REASONS
    assert library.info().searchable == 40
    draw_photo(deadly / "CRASH.jpg", "red", "blue")
    report = library.update()
    assert (report.changed, report.unchanged, report.failed) == (1, 40, 2)
    assert library.info().searchable == 41
