"""The grid's arithmetic against a slow, obvious twin that places tile after tile."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize

from photoseek_desktop.grid_layout import GridLayout, Section
from photoseek_desktop.main_window import first_size

LAYOUTS = [
    GridLayout(900, 180, 8, 20, (Section(0, 47, 0),)),
    GridLayout(900, 180, 8, 20, (Section(0, 7, 56), Section(7, 30, 56)), 8),
    GridLayout(300, 320, 8, 20, (Section(0, 3, 56), Section(3, 2, 56))),
    GridLayout(1000, 96, 8, 20, (Section(0, 1, 10),)),
]


def place_one_by_one(layout: GridLayout) -> list[QRect]:
    """Put tiles side by side, a new line when one is full and when a section begins."""
    rects = []
    y = layout.top
    for section in layout.sections:
        y += section.header
        for number in range(section.count):
            column = number % layout.columns
            x = layout.margin + column * (layout.side + layout.gap)
            rects.append(QRect(x, y, layout.side, layout.side))
            if column == layout.columns - 1 or number == section.count - 1:
                y += layout.side + layout.gap
    return rects


@pytest.mark.parametrize("layout", LAYOUTS)
def test_tiles_lie_where_the_twin_puts_them(layout: GridLayout) -> None:
    assert [layout.tile_rect(row) for row in range(layout.count)] == place_one_by_one(layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "area", [QRect(0, 0, 900, 400), QRect(100, 250, 300, 300), QRect(0, 5000, 9, 9)]
)
def test_rows_in_an_area_are_those_that_touch_it(layout: GridLayout, area: QRect) -> None:
    expected = [r for r, rect in enumerate(place_one_by_one(layout)) if rect.intersects(area)]
    assert layout.rows_in(area) == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_row_at_a_point_is_the_tile_under_it_or_none(layout: GridLayout) -> None:
    for row, rect in enumerate(place_one_by_one(layout)):
        assert layout.row_at(rect.center()) == row
        assert layout.row_at(rect.bottomRight() + QPoint(3, 3)) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_moving_up_and_down_stays_in_the_column_where_it_can(layout: GridLayout) -> None:
    rects = place_one_by_one(layout)
    for row, rect in enumerate(rects):
        below = sorted({other.top() for other in rects if other.top() > rect.top()})
        line = [r for r, other in enumerate(rects) if other.top() == (below or [rect.top()])[0]]
        same = [r for r in line if rects[r].left() == rect.left()]
        assert layout.row_above(row, -1) == (same or line[-1:])[0]


def test_a_million_photos_are_laid_out_at_once() -> None:
    layout = GridLayout(1000, 180, 8, 20, (Section(0, 1_000_000, 0),))
    assert layout.row_at(layout.tile_rect(999_999).center()) == 999_999
    assert len(layout.rows_in(QRect(0, 9_000_000, 1000, 700))) <= 30


@pytest.mark.parametrize(("width", "height"), [(1366, 728), (683, 364), (800, 600)])
def test_the_first_window_fits_its_screen(width: int, height: int) -> None:
    size = first_size(QSize(width, height))
    assert size.width() <= width
    assert size.height() < height


def test_the_first_window_on_a_large_screen_has_its_own_size() -> None:
    assert first_size(QSize(2560, 1400)) == QSize(1180, 800)
