"""Single photos for whoever waits: pictures, thumbnails, query photos, and hostile ones."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawing import difference, draw_photo, picture
from flawed_decoder import deadly_photo, flaw_decoder
from photo_files import png
from photoseek import Library, PhotoError, Query
from photoseek.decoding.machine import MemoryShares, Room
from photoseek.decoding.opener import PhotoOpener
from photoseek.decoding.process import Patience
from photoseek.encoder import Encoder
from photoseek.images import open_photo, to_pixels
from photoseek.manifest import ImageInput

SPEC = ImageInput(32, "squash", "bilinear", "pixels", "uint8")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")


@pytest.fixture
def opener() -> Iterator[PhotoOpener]:
    opener = PhotoOpener()
    yield opener
    opener.close()


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return flaw_decoder(tmp_path / "flaw", monkeypatch)


def viewed(opener: PhotoOpener, path: Path, **options: int | tuple[int, int]) -> Image.Image:
    """Return what the window would paint."""
    rooms: list[tuple[tuple[int, int], bytearray]] = []

    def make_room(width: int, height: int) -> memoryview:
        rooms.append(((width, height), bytearray(4 * width * height)))
        return memoryview(rooms[-1][1])

    opener.view(path, make_room, **{"most": 10**8, **options})  # type: ignore[arg-type]
    size, content = rooms[-1]
    return Image.frombytes("RGBA", size, bytes(content), "raw", "BGRA")


def test_pictures_are_those_that_core_makes_in_its_own_process(
    opener: PhotoOpener, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    picture((900, 600)).save(path)
    expected = open_photo(path, at_least=320)
    assert np.array_equal(np.asarray(opener.image(path, at_least=320)), np.asarray(expected))
    assert np.array_equal(opener.encoder_pixels(path, SPEC), to_pixels(expected, SPEC))
    assert np.array_equal(opener.encoder_pixels(path.read_bytes(), SPEC), to_pixels(expected, SPEC))


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_view_fits_its_box_upright_and_is_never_scaled_up(
    opener: PhotoOpener, tmp_path: Path, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path, small = tmp_path / "a.jpg", tmp_path / "small.jpg"
    picture((1200, 800)).save(path, quality=95, exif=exif)
    picture((120, 80)).save(small, quality=95)
    fitted = viewed(opener, path, box=(300, 300))
    assert fitted.size == ((300, 200) if orientation == 1 else (200, 300))
    assert fitted.getchannel("A").getextrema() == (255, 255)
    assert difference(fitted, open_photo(path)) < 4
    assert viewed(opener, small, box=(300, 300)).size == (120, 80)
    assert viewed(opener, path).size == ((1200, 800) if orientation == 1 else (800, 1200))
    assert viewed(opener, path, most=250_000).size in ((600, 400), (400, 600))


def test_files_that_are_no_photos_say_why(opener: PhotoOpener, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("Dear friend")
    wrong = {
        tmp_path / "none.jpg": "unreadable",
        tmp_path: "unsupported",
        tmp_path / "text.jpg": "unsupported",
    }
    for path, kind in wrong.items():
        with pytest.raises(PhotoError) as raised:
            opener.image(path, at_least=64)
        assert raised.value.kind == kind
        assert raised.value.path == path
    with pytest.raises(PhotoError):
        opener.image(b"", at_least=64)


@linux
def test_a_crafted_query_photo_is_an_error_and_the_next_one_is_opened(
    marks: Path, colour_bundle: object, tmp_path: Path
) -> None:
    encoder = Encoder(colour_bundle)  # type: ignore[arg-type]
    for word in ("CRASH", "GREEDY", "TERM"):
        with pytest.raises(PhotoError, match=word):
            encoder.encode_images([deadly_photo(tmp_path / f"{word}.jpg", word)])
    assert encoder.encode_images([draw_photo(tmp_path / "good.jpg", "red")]).shape == (1, 48)


@linux
def test_a_photo_that_keeps_its_decoder_busy_is_given_up(marks: Path, tmp_path: Path) -> None:
    opener = PhotoOpener(patience=Patience(cpu=1, clock=2))
    try:
        for word in ("FOREVER", "SLEEP"):
            with pytest.raises(PhotoError) as raised:
                opener.image(deadly_photo(tmp_path / f"{word}.jpg", word), at_least=64)
            assert raised.value.kind == "timeout"
    finally:
        opener.close()


@linux
def test_a_photo_whose_decoder_somebody_else_ended_is_opened(
    marks: Path, opener: PhotoOpener, tmp_path: Path
) -> None:
    assert opener.image(deadly_photo(tmp_path / "a.jpg", "ONCE"), at_least=64).size == (96, 64)


@linux
def test_a_bomb_is_refused_within_the_memory_of_all(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png(30_000, 16_000, 8, 2, (b"IDAT", b"")))
    shares = MemoryShares(Room(workers=1, share=100 << 20, whole=200 << 20))
    opener = PhotoOpener(shares=shares)
    try:
        with pytest.raises(PhotoError):
            viewed(opener, bomb, box=(800, 600))
    finally:
        opener.close()


@linux
def test_closing_is_heard_at_once_by_who_waits(marks: Path, tmp_path: Path) -> None:
    opener, kinds = PhotoOpener(), list[str]()

    def wait() -> None:
        try:
            opener.image(deadly_photo(tmp_path / "a.jpg", "FOREVER"), at_least=64)
        except PhotoError as error:
            kinds.append(error.kind)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not any(marks.iterdir()):
        time.sleep(0.01)
    opener.close()
    waiting.join(15)
    assert kinds == ["stopped"]
    with pytest.raises(PhotoError):
        opener.image(draw_photo(tmp_path / "b.jpg", "red"), at_least=64)


def test_one_process_stays_for_the_next_photo(opener: PhotoOpener, tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "a.jpg", "red")
    workers = set()
    for _ in range(3):
        opener.image(path, at_least=64)
        (worker,) = opener._idle
        assert worker._child is not None
        workers.add(worker._child._process.pid)
    assert len(workers) == 1


def test_a_lost_thumbnail_is_not_made_of_another_photo(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    path = draw_photo(folder / "a.jpg", "red")
    library.add_folder(folder)
    library.update()
    photo_id = int(library.browse()[0])
    (thumbnail,) = (library.directory / "thumbnails").glob("*/*.jpg")
    thumbnail.unlink()
    assert library.thumbnail(photo_id)
    assert thumbnail.exists()
    thumbnail.unlink()
    draw_photo(path, "blue")
    assert library.thumbnail(photo_id) is None
    assert not thumbnail.exists()


def test_a_file_that_a_cloud_drive_has_not_fetched_is_not_viewed(
    opener: PhotoOpener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flaw").mkdir()
    (tmp_path / "flaw" / "sitecustomize.py").write_text(
        "import photoseek.placeholders as them; them.is_away = lambda status: True"
    )
    path = os.pathsep.join(filter(None, [str(tmp_path / "flaw"), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    photo = draw_photo(tmp_path / "a.jpg", "red")
    with pytest.raises(PhotoError) as raised:
        viewed(opener, photo, box=(80, 80))
    assert raised.value.kind == "not_downloaded"
    # Who searches by a file wants it fetched.
    assert opener.image(photo, at_least=64).size == (96, 64)


def test_a_query_of_a_path_and_an_image_finds_the_same(
    library: Library, colour_folder: Path
) -> None:
    library.add_folder(colour_folder)
    library.update()
    path = colour_folder / "red.jpg"
    by_path = library.search(Query(images=(path,)))
    by_image = library.search(Query(images=(Image.open(path),)))
    assert [hit.photo.path for hit in by_path] == [hit.photo.path for hit in by_image]
    assert by_path[0].photo.path == path
