"""Where everything in the grid lies: square tiles in sections, worked out without a widget."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect

__all__ = ["GridLayout", "Section"]


@dataclass(frozen=True)
class Section:
    """Consecutive rows under a header; a header of height 0 is not shown."""

    first: int
    count: int
    header: int


@dataclass(frozen=True)
class GridLayout:
    """Tiles of equal size, as many abreast as fit, spread over the whole width.

    Everything is arithmetic: a million photos are laid out as fast as ten. All coordinates are
    content coordinates in logical pixels, before scrolling.
    """

    width: int
    tile: int
    gap: int
    margin: int
    sections: tuple[Section, ...]
    top: int = 0

    @property
    def columns(self) -> int:
        """Tiles abreast, at least 1."""
        return max(1, (self.width - 2 * self.margin + self.gap) // (self.tile + self.gap))

    @property
    def side(self) -> int:
        """Side of a tile after it has taken its share of the width left over."""
        room = self.width - 2 * self.margin - (self.columns - 1) * self.gap
        return max(1, min(room // self.columns, 2 * self.tile))

    @property
    def pitch(self) -> int:
        """Distance from one line of tiles to the next."""
        return self.side + self.gap

    @property
    def count(self) -> int:
        """Number of tiles in all sections."""
        return sum(section.count for section in self.sections)

    @property
    def height(self) -> int:
        """Height of the whole content."""
        last = len(self.sections) - 1
        return self._top(last + 1) + self.margin if last >= 0 else 0

    def tile_rect(self, row: int) -> QRect:
        """Return where a row's tile lies."""
        top = self.top
        for section in self.sections:
            if row < section.first + section.count:
                line, column = divmod(row - section.first, self.columns)
                return QRect(
                    self.margin + column * self.pitch,
                    top + section.header + line * self.pitch,
                    self.side,
                    self.side,
                )
            top += self._section_height(section)
        return QRect()

    def header_rect(self, number: int) -> QRect:
        """Return where the header of a section lies, across the whole width."""
        section = self.sections[number]
        width = self.width - 2 * self.margin
        return QRect(self.margin, self._top(number), width, section.header)

    def row_at(self, point: QPoint) -> int | None:
        """Return the row whose tile is under a point."""
        for row in self.rows_in(QRect(point.x(), point.y(), 1, 1)):
            if self.tile_rect(row).contains(point):
                return row
        return None

    def rows_in(self, area: QRect) -> list[int]:
        """Return the rows whose tiles touch `area`, in order."""
        return [row for first, last in self.runs_in(area) for row in range(first, last + 1)]

    def runs_in(self, area: QRect) -> list[tuple[int, int]]:
        """Return the rows whose tiles touch `area` as runs (first, last), a run a line."""
        runs = []
        left = max(0, (area.left() - self.margin + self.gap) // self.pitch)
        right = min(self.columns - 1, (area.right() - self.margin) // self.pitch)
        for number, section in enumerate(self.sections):
            top = self._top(number) + section.header
            first_line = max(0, (area.top() - top + self.gap) // self.pitch)
            last_line = min((area.bottom() - top) // self.pitch, self._lines(section) - 1)
            for line in range(first_line, last_line + 1):
                first = line * self.columns + left
                last = min(line * self.columns + right, section.count - 1)
                if first <= last:
                    runs.append((section.first + first, section.first + last))
        return runs

    def row_above(self, row: int, lines: int) -> int:
        """Return the row `lines` lines up (negative: down) in about the same column."""
        rect = self.tile_rect(row)
        x = rect.center().x()
        number = self._line_of(row) - lines
        first, last = self._line(min(max(number, 0), self._line_count() - 1))
        return min(first + (x - self.margin) // self.pitch, last)

    def _lines(self, section: Section) -> int:
        return -(-section.count // self.columns)

    def _line_count(self) -> int:
        return sum(map(self._lines, self.sections))

    def _line_of(self, row: int) -> int:
        above = 0
        for section in self.sections:
            if row < section.first + section.count:
                return above + (row - section.first) // self.columns
            above += self._lines(section)
        return above - 1

    def _line(self, number: int) -> tuple[int, int]:
        """Return the first and last row of a line counted over all sections."""
        for section in self.sections:
            lines = self._lines(section)
            if number < lines:
                first = section.first + number * self.columns
                end = section.first + section.count
                return first, min(first + self.columns, end) - 1
            number -= lines
        return 0, -1

    def _section_height(self, section: Section) -> int:
        return section.header + self._lines(section) * self.pitch

    def _top(self, number: int) -> int:
        return self.top + sum(map(self._section_height, self.sections[:number]))
