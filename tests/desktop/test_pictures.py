"""Pictures are cut to squares, kept within a bound of memory, and scaled for the viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from PIL import Image
from PySide6.QtCore import QObject, QPointF, QSize
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from photoseek.images import make_thumbnail
from photoseek_desktop.lanes import Job
from photoseek_desktop.librarian import Librarian
from photoseek_desktop.photo_view import PhotoView
from photoseek_desktop.query_photo import to_qimage
from photoseek_desktop.thumbnail_cache import ThumbnailCache
from photoseek_desktop.tile_image import make_tile

SIDE = 10
TILE_BYTES = SIDE * SIDE * 4

Then = Callable[[dict[int, QImage | None]], None]


class InstantLibrarian(Librarian):
    """Makes any picture at once, but for photo 13, which has none."""

    def __init__(self) -> None:
        QObject.__init__(self)  # there is no library behind it
        self.asked: list[int] = []

    @property
    def is_open(self) -> bool:
        return True

    def fetch_tiles(
        self, ids: Sequence[int], side: int, then: Then
    ) -> Job[dict[int, QImage | None]]:
        self.asked += ids
        image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        job: Job[dict[int, QImage | None]] = Job(lambda _: {}, then, lambda _: None)
        job.done = True
        then({photo_id: None if photo_id == 13 else image for photo_id in ids})
        return job


def make_cache(librarian: Librarian, most_tiles: int) -> ThumbnailCache:
    cache = ThumbnailCache(librarian, most_tiles * TILE_BYTES)
    cache.set_side(SIDE)
    return cache


@pytest.fixture
def librarian(qapp: object) -> InstantLibrarian:
    return InstantLibrarian()


def test_cache_stays_within_its_bound_and_drops_the_oldest(
    qtbot: QtBot, librarian: InstantLibrarian
) -> None:
    cache = make_cache(librarian, most_tiles=5)
    for photo_id in range(9):
        with qtbot.waitSignal(cache.loaded):
            cache.look_at([photo_id])
        cache.pixmap(0)
    assert cache.byte_count <= 5 * TILE_BYTES
    assert cache.pixmap(0) is not None, "just looked at"
    assert cache.pixmap(1) is None
    assert cache.pixmap(8) is not None


def test_pictures_load_in_the_order_looked_at_and_only_once(
    qtbot: QtBot, librarian: InstantLibrarian
) -> None:
    cache = make_cache(librarian, most_tiles=100)
    cache.look_at(range(50, 90))
    cache.look_at(range(20))
    qtbot.waitUntil(lambda: not cache.busy)
    assert librarian.asked == list(range(20)), "what was scrolled past is not loaded"
    cache.look_at(range(20))
    assert not cache.busy


def test_photo_without_a_picture_is_not_asked_for_again_and_again(
    qtbot: QtBot, librarian: InstantLibrarian
) -> None:
    cache = make_cache(librarian, most_tiles=100)
    cache.look_at([13])
    qtbot.waitUntil(lambda: cache.is_without(13))
    cache.look_at([13])
    assert not cache.busy
    cache.forget_failures()
    cache.look_at([13])
    assert cache.busy


def test_pictures_of_another_size_serve_until_theirs_come(
    qtbot: QtBot, librarian: InstantLibrarian
) -> None:
    cache = make_cache(librarian, most_tiles=100)
    with qtbot.waitSignal(cache.loaded):
        cache.look_at([1])
    with qtbot.waitSignal(cache.side_changed):
        cache.set_side(20)
    old = cache.pixmap(1)
    assert old is not None
    assert old.width() == SIDE
    with qtbot.waitSignal(cache.loaded):
        cache.look_at([1])
    new = cache.pixmap(1)
    assert new is not None
    assert new.width() == 20
    assert cache.byte_count == 20 * 20 * 4


def test_tile_is_the_middle_of_the_photo_with_round_corners() -> None:
    photo = Image.new("RGB", (300, 100), (255, 0, 0))
    photo.paste((0, 0, 255), (100, 0, 200, 100))
    tile = make_tile(make_thumbnail(photo), 90)
    assert tile is not None
    assert (tile.width(), tile.height()) == (90, 90)
    assert tile.pixelColor(0, 0).alpha() < 80
    for x, y in ((45, 45), (6, 45), (84, 45)):
        assert tile.pixelColor(x, y).blue() > 200


@pytest.mark.parametrize("jpeg", [None, b"", b"no jpeg"])
def test_no_tile_without_a_thumbnail(jpeg: bytes | None) -> None:
    assert make_tile(jpeg, 90) is None


@pytest.mark.parametrize("width", [1, 3, 5, 64])
def test_pixels_keep_their_place_on_the_way_to_qt(width: int) -> None:
    photo = Image.new("RGB", (width, 2), (10, 20, 30))
    photo.putpixel((width - 1, 1), (200, 100, 50))
    image = to_qimage(photo)
    assert image.pixelColor(0, 0) == QColor(10, 20, 30)
    assert image.pixelColor(width - 1, 1) == QColor(200, 100, 50)


def test_the_pixel_under_the_pointer_stays_there_when_zooming(qtbot: QtBot) -> None:
    view = PhotoView()
    qtbot.addWidget(view)
    view.resize(400, 400)
    image = QImage(400, 400, QImage.Format.Format_RGB32)
    image.fill(0)
    view.show_photo(QSize(2000, 2000), image)
    at = QPointF(100, 300)
    before = view.photo_point(at)
    view.zoom_in(at)
    view.zoom_in(at)
    after = view.photo_point(at)
    assert (after - before).manhattanLength() < 1
    assert not view.is_fitted
    for _ in range(9):
        view.zoom_out(at)
    assert view.is_fitted
