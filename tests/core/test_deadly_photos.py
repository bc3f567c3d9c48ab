"""Photos that crash their decoder, keep it busy for ever or take all memory, in a library."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from drawing import draw_photo
from flawed_decoder import deadly_photo, flaw_decoder
from photoseek import Library
from photoseek.decoding.pool import DecoderPool

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is limited on Linux alone"
)

REASONS = {
    "CRASH": "the file made the image decoder crash",
    "FOREVER": "opening it took longer than 2 seconds",
    "GREEDY": "it needs more memory than Photoseek gives one photo",
}


@pytest.fixture(autouse=True)
def flawed_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flaw_decoder(tmp_path / "flaw", monkeypatch)
    monkeypatch.setattr("photoseek.indexer.DecoderPool", partial(DecoderPool, time_limit=2))


def test_a_deadly_photo_loses_only_itself_and_is_tried_again_when_it_changes(
    library: Library,
    many_photos: Callable[[Path, int], Path],
    tmp_path: Path,
) -> None:
    deadly = tmp_path / "deadly"
    for command in REASONS:
        deadly_photo(deadly / f"{command}.jpg", command)
    library.add_folder(deadly)
    library.add_folder(many_photos(tmp_path / "photos", 40))
    report = library.update()
    assert (report.added, report.failed) == (40, 3)
    reasons = {failure.path.stem: failure.reason for failure in library.info().failures}
    assert reasons == REASONS
    assert library.info().searchable == 40
    draw_photo(deadly / "CRASH.jpg", "red", "blue")
    report = library.update()
    # The two others wait for their next try: a second update opens neither.
    assert (report.changed, report.unchanged, report.failed) == (1, 42, 0)
    assert library.info().searchable == 41
