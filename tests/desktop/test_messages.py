"""The window's sentences: counts are told whole and honestly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from photoseek import Explanation, LibraryInfo, Progress, QueryError, UpdateReport
from photoseek_desktop import messages
from photoseek_desktop.search_request import QueryPhoto, Results, SearchRequest


def info(photos: int, searchable: int, failed: int, pending: int, offline: int) -> LibraryInfo:
    return LibraryInfo(
        directory=Path("library"),
        photos=photos,
        searchable=searchable,
        failed=failed,
        pending=pending,
        offline=offline,
        folders=(),
        failures=(),
        model_id="id",
        model_name="name",
        recall=None,
        provider="CPU",
        fallback=None,
        database_bytes=0,
        backup_bytes=0,
        thumbnail_bytes=0,
    )


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ((1, 1, 0, 0, 0), "1 photo searchable"),
        ((8091, 8091, 0, 0, 0), "8,091 photos searchable"),
        (
            (12044, 12031, 13, 0, 5000),
            "12,031 of 12,044 searchable · 13 could not be read · 5,000 offline",
        ),
        ((10, 4, 0, 6, 0), "4 of 10 searchable · 6 not read yet"),
    ],
)
def test_coverage(state: tuple[int, int, int, int, int], line: str) -> None:
    assert messages.coverage_line(info(*state)) == line


def test_progress() -> None:
    progress = Progress("embedding", 3210, 8091, 3)
    assert messages.progress_line(progress, 96.4) == (
        "Reading photos: 3,210 of 8,091 · 96 a second · 50 seconds left · 3 could not be read"
    )
    assert messages.progress_line(Progress("scanning", 0, 0, 0), None) == "Looking for new photos…"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "a few seconds"), (62, "60 seconds"), (600, "10 minutes"), (9000, "2.5 hours")],
)
def test_duration(seconds: float, words: str) -> None:
    assert messages.duration(seconds) == words


def test_report() -> None:
    report = UpdateReport(10, 1, 2, 0, 0, 7, 3, 0, cancelled=True, seconds=1.0)
    assert messages.report_line(report) == (
        "Stopped; press F5 to go on · 1 photo added · 2 photos read again · "
        "3 photos could not be read"
    )
    nothing = UpdateReport(10, 0, 0, 0, 0, 10, 0, 0, cancelled=False, seconds=1.0)
    assert messages.report_line(nothing) == ""


def test_results_without_a_measure_for_likely_make_no_claim() -> None:
    results = Results(
        SearchRequest("dog"), np.arange(5), likely=0, tells_likely=False, is_compared=True
    )
    assert messages.results_line(results) == "5 photos, closest first"


def test_explanation_says_where_a_photo_stands() -> None:
    explanation = Explanation(
        Path("a.jpg"), "found", "it is searchable", 4512, 8091, 0.1, -0.3, likely=False
    )
    assert messages.explanation_text(explanation).split("\n") == [
        "This photo is in the library and can be found.",
        "For this search it is number 4,512 of 8,091.",
        "Its score lies 0.3 deviations below what is usual here for this search.",
        "That is too little for a likely match.",
    ]
    missing = Explanation(Path("a.jpg"), "not indexed", "its folder is not in the library; add it")
    assert messages.explanation_text(missing) == (
        "This file is not in the library: its folder is not in the library."
    )


def test_request_becomes_cores_query() -> None:
    photo = QueryPhoto("a.jpg", QImage(), photo_id=7)
    query = SearchRequest("dog -beach", (photo,)).to_query()
    assert (query.phrases, query.without, query.photo_ids) == (("dog",), ("beach",), (7,))
    assert SearchRequest("", (photo,)).to_query().phrases == ()
    assert SearchRequest("-sea", (photo,)).to_query().without == ("sea",)
    assert SearchRequest("photo album", (photo,)).to_query().phrases == ("photo album",)
    assert not SearchRequest("  ")
    with pytest.raises(QueryError):
        SearchRequest("-sea").to_query()


def test_long_lines_of_a_tooltip_are_broken() -> None:
    name = "a" * 200
    lines = messages.wrapped(f"{name}\nshort\n/a folder/{'b ' * 100}").split("\n")
    assert max(map(len, lines)) <= 80
    assert "".join(lines[:3]) == name
    assert "short" in lines


def test_dates_name_the_century() -> None:
    assert messages.with_whole_year("M/d/yy") == "M/d/yyyy"
    assert messages.with_whole_year("dd.MM.yyyy") == "dd.MM.yyyy"
