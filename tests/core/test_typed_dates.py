"""Dates are read as people write them, alone and in a phrase."""

from __future__ import annotations

from datetime import datetime

import pytest

from photoseek.errors import QueryError
from photoseek.typed_dates import find_date, parse_date

NOW = datetime(2026, 11, 28, 12)
END = datetime.max


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2024", datetime(2024, 1, 1), datetime(2025, 1, 1)),
        ("2024-5", datetime(2024, 5, 1), datetime(2024, 6, 1)),
        ("2024-12", datetime(2024, 12, 1), datetime(2025, 1, 1)),
        ("2024-02-29", datetime(2024, 2, 29), datetime(2024, 3, 1)),
        ("2024/02/29", datetime(2024, 2, 29), datetime(2024, 3, 1)),
        ("20240229", datetime(2024, 2, 29), datetime(2024, 3, 1)),
        ("2024-02-29T23:59", datetime(2024, 2, 29, 23, 59), datetime(2024, 3, 1)),
        ("2024-02-29 23:59:01", datetime(2024, 2, 29, 23, 59, 1), datetime(2024, 2, 29, 23, 59, 2)),
        ("31.12.2008", datetime(2008, 12, 31), datetime(2009, 1, 1)),
        ("01.02.2024", datetime(2024, 2, 1), datetime(2024, 2, 2)),
        ("5/30/2008", datetime(2008, 5, 30), datetime(2008, 5, 31)),
        ("30/5/2008", datetime(2008, 5, 30), datetime(2008, 5, 31)),
        ("5/5/2008", datetime(2008, 5, 5), datetime(2008, 5, 6)),
        ("05/2008", datetime(2008, 5, 1), datetime(2008, 6, 1)),
        ("june 2008", datetime(2008, 6, 1), datetime(2008, 7, 1)),
        ("May 2019", datetime(2019, 5, 1), datetime(2019, 6, 1)),
        ("Sept. 2019", datetime(2019, 9, 1), datetime(2019, 10, 1)),
        ("30th of May 2008", datetime(2008, 5, 30), datetime(2008, 5, 31)),
        ("May 30, 2008", datetime(2008, 5, 30), datetime(2008, 5, 31)),
        ("winter 2019", datetime(2019, 12, 1), datetime(2020, 3, 1)),
        ("1990s", datetime(1990, 1, 1), datetime(2000, 1, 1)),
        ("today", datetime(2026, 11, 28), datetime(2026, 11, 29)),
        ("last week", datetime(2026, 11, 16), datetime(2026, 11, 23)),
        ("last month", datetime(2026, 10, 1), datetime(2026, 11, 1)),
        ("last summer", datetime(2026, 6, 1), datetime(2026, 9, 1)),
        ("last winter", datetime(2025, 12, 1), datetime(2026, 3, 1)),
        ("last december", datetime(2025, 12, 1), datetime(2026, 1, 1)),
        ("this year", datetime(2026, 1, 1), datetime(2027, 1, 1)),
        ("9999", datetime(9999, 1, 1), END),
        ("9999-12", datetime(9999, 12, 1), END),
        ("9999-12-31", datetime(9999, 12, 31), END),
    ],
)
def test_a_date_is_the_time_from_its_begin_to_its_end(
    text: str, begin: datetime, end: datetime
) -> None:
    interval = parse_date(f" {text} ", NOW)
    assert (interval.begin, interval.end) == (begin, end)


@pytest.mark.parametrize(
    "text",
    [
        *("", "24", "0000", "2024-13", "2023-02-29", "32.1.2024", "2024-01-01T25:00", "soon"),
        *("30 february 2019", "1/2/3", "2024-", "20241301"),
    ],
)
def test_what_is_no_date_is_said(text: str) -> None:
    with pytest.raises(QueryError, match="is not a date"):
        parse_date(text, NOW)


def test_a_date_that_could_be_two_names_both() -> None:
    with pytest.raises(QueryError, match="2008-04-05 or 2008-05-04"):
        parse_date("5/4/2008", NOW)


@pytest.mark.parametrize(
    ("phrase", "typed", "after", "before", "rest"),
    [
        ("2018-2020", "2018-2020", datetime(2018, 1, 1), datetime(2021, 1, 1), ""),
        (
            *("dogs from 2018 to 2020", "from 2018 to 2020"),
            *(datetime(2018, 1, 1), datetime(2021, 1, 1), "dogs"),
        ),
        (
            *("may 2019 – july 2019", "may 2019 – july 2019"),
            *(datetime(2019, 5, 1), datetime(2019, 8, 1), ""),
        ),
        (
            *("between 2018 and 2020 a cat", "between 2018 and 2020"),
            *(datetime(2018, 1, 1), datetime(2021, 1, 1), "a cat"),
        ),
        ("beach since june 2019", "since june 2019", datetime(2019, 6, 1), None, "beach"),
        ("beach after 2019", "after 2019", datetime(2020, 1, 1), None, "beach"),
        ("until 2019 beach", "until 2019", None, datetime(2020, 1, 1), "beach"),
        (
            *("a dog on the beach last summer", "last summer"),
            *(datetime(2026, 6, 1), datetime(2026, 9, 1), "a dog on the beach"),
        ),
        (
            "all my pictures of 2019",
            *("all my pictures of 2019",),
            datetime(2019, 1, 1),
            datetime(2020, 1, 1),
            "",
        ),
        ("dog, 2019", "2019", datetime(2019, 1, 1), datetime(2020, 1, 1), "dog"),
    ],
)
def test_a_date_is_found_in_a_phrase(
    phrase: str, typed: str, after: datetime | None, before: datetime | None, rest: str
) -> None:
    found = find_date(phrase, NOW)
    assert found is not None
    assert (found.typed, found.after, found.before, found.rest) == (typed, after, before, rest)


@pytest.mark.parametrize(
    "phrase",
    [
        *("", "summer", "a dog in may", "IMG_2019", "IMG-20190304-WA0001", "$2019", "2019th"),
        *("1920x1080", "1080", "2031", "2018 and 2020", "cat 2019, dog 2020", "30 february 2019"),
        *("today's news", "f/2.8", "5/4/2008", "2020-2018"),
    ],
)
def test_what_may_be_no_date_or_more_than_one_is_left_alone(phrase: str) -> None:
    assert find_date(phrase, NOW) is None
