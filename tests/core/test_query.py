"""What a person types becomes a query."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoseek.errors import QueryError
from photoseek.query import Query


@pytest.mark.parametrize(
    ("text", "phrase", "without"),
    [
        ("dog", "dog", ()),
        ("a dog on a beach", "a dog on a beach", ()),
        ("dog -beach", "dog", ("beach",)),
        ("-beach dog -cat", "dog", ("beach", "cat")),
        ('dog -"palm tree" running', "dog running", ("palm tree",)),
        ("black-and-white", "black-and-white", ()),
        ("dog - cat", "dog - cat", ()),
        ("  dog \t\n cat ", "dog cat", ()),
        ("Straße -Hund", "Straße", ("Hund",)),
        ('dog -""', "dog", ()),
        ("dog --beach", "dog", ("-beach",)),
        ("犬 -海", "犬", ("海",)),
    ],
)
def test_a_minus_at_the_start_of_a_word_leaves_it_out(
    text: str, phrase: str, without: tuple[str, ...]
) -> None:
    query = Query.parse(text)
    assert query.phrases == (phrase,)
    assert query.without == without


@pytest.mark.parametrize("text", ["", "   ", "\n\t", '-""'])
def test_nothing_typed_is_nothing_to_search_for(text: str) -> None:
    with pytest.raises(QueryError, match="nothing to search for"):
        Query.parse(text)


def test_only_what_is_unwanted_asks_for_what_is_wanted() -> None:
    with pytest.raises(QueryError, match="say also what the photo should show"):
        Query.parse("-beach")


def test_a_query_needs_a_phrase_or_a_photo() -> None:
    for phrases, without in (((), ()), (("", " "), ()), ((), ("beach",))):
        with pytest.raises(QueryError, match="nothing to search for"):
            Query(phrases, without=without)
    assert Query(images=(Path("cat.jpg"),)).images
    assert Query(photo_ids=(3,)).photo_ids == (3,)
    assert Query(phrases=("", "dog")).phrases == ("", "dog")
