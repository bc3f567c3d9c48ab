"""What a person types becomes a query."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import DateTaken, Filter, LeftOut, PhotoTaken
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
        ("dog - cat", "dog", ("cat",)),
        ("dog - the cat", "dog", ("cat",)),
        ("t-shirt –red", "t-shirt", ("red",)),
        ("dog −beach", "dog", ("beach",)),
        ("  dog \t\n cat ", "dog cat", ()),
        ("Straße -Hund", "Straße", ("Hund",)),
        ('dog -""', "dog", ()),
        ("dog --beach", "dog", ("beach",)),
        ("street -'red bus'", "street", ("red bus",)),
        ("street -“red bus”", "street", ("red bus",)),
        ("a „red bus“", "a red bus", ()),
        ("kids' toys and a dog's bone", "kids' toys and a dog's bone", ()),
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


YEAR_2019 = Filter(after=datetime(2019, 1, 1), before=datetime(2020, 1, 1))


@pytest.mark.parametrize(
    ("text", "phrases", "wanted"),
    [
        ("2019", (), YEAR_2019),
        ("photos from 2019", (), YEAR_2019),
        ("a dog in 2019", ("a dog",), YEAR_2019),
        ("2019 -people beach", ("beach",), YEAR_2019),
        ("june 2020", (), Filter(after=datetime(2020, 6, 1), before=datetime(2020, 7, 1))),
        ("dogs before 2010", ("dogs",), Filter(before=datetime(2010, 1, 1))),
    ],
)
def test_a_date_in_a_phrase_narrows_it_down_and_is_told(
    text: str, phrases: tuple[str, ...], wanted: Filter
) -> None:
    query = Query.parse(text)
    assert (query.phrases, query.filter) == (phrases, wanted)
    (told,) = query.understood
    assert isinstance(told, DateTaken)
    assert (told.after, told.before) == (wanted.after, wanted.before)
    assert told.typed in text


@pytest.mark.parametrize("text", ['"2019" poster', "IMG_2019", "1920x1080", "12 dogs", "2019x"])
def test_what_is_quoted_or_no_date_stays_a_phrase(text: str) -> None:
    query = Query.parse(text)
    assert query.phrases == (text.replace('"', ""),)
    assert (query.filter, query.understood) == (Filter(), ())


def test_as_typed_takes_nothing_for_more_than_words() -> None:
    for text in ("photos from 2019", "beach with no people", "dog - cat", "https://example.org/a"):
        query = Query.parse(text, as_typed=True)
        assert (query.phrases, query.without, query.understood) == ((text,), (), ())


def test_a_date_in_a_phrase_and_a_filter_hold_together() -> None:
    since_june = Filter(after=datetime(2019, 6, 1), camera="canon")
    wanted = Query.parse("dog 2019", filter=since_june).filter
    assert wanted == Filter(after=datetime(2019, 6, 1), before=datetime(2020, 1, 1), camera="canon")
    with pytest.raises(QueryError, match="no day in common"):
        Query.parse("dog 2018", filter=since_june)


@pytest.mark.parametrize(
    ("text", "phrase", "without"),
    [
        ("beach no people", "beach", "people"),
        ("a cat without glasses on a sofa", "a cat on a sofa", "glasses"),
        ("street without cats or dogs", "street", "cats or dogs"),
        ("a man without a hat riding a horse", "a man riding a horse", "hat"),
        ("dog not blurry", "dog", "blurry"),
        ("a beach with nobody", "a beach", "people"),
        ("city but no cars", "city", "cars"),
    ],
)
def test_words_that_mean_a_minus_are_one_and_are_told(text: str, phrase: str, without: str) -> None:
    query = Query.parse(text)
    assert (query.phrases, query.without) == ((phrase,), (without,))
    (told,) = query.understood
    assert isinstance(told, LeftOut)
    assert told.phrase == without


@pytest.mark.parametrize("text", ["a no parking sign", '"no people"', "not at night", "a knot"])
def test_other_words_with_no_in_them_are_words(text: str) -> None:
    query = Query.parse(text)
    assert (query.phrases, query.without) == ((text.replace('"', ""),), ())


@pytest.mark.parametrize("text", ["no people", "without a dog", "- beach"])
def test_words_that_only_leave_out_ask_for_what_is_wanted(text: str) -> None:
    with pytest.raises(QueryError, match="say also what the photo should show"):
        Query.parse(text)


def test_the_path_of_a_photo_stands_for_the_photo(tmp_path: Path) -> None:
    photo = draw_photo(tmp_path / "my dog.jpg", "red")
    for text in (str(photo), f'"{photo}"', photo.as_uri(), f" {photo}\n"):
        query = Query.parse(text)
        assert (query.phrases, query.images) == ((), (photo,))
        assert query.understood == (PhotoTaken(text.strip(), photo),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://example.org/a.jpg", "opens no connections"),
        ("www.example.org/a.jpg", "opens no connections"),
        ("{folder}", "is a folder"),
        ("{folder}/none.jpg", "there is no file"),
        ("file:///none", "there is no file"),
        ("C:\\Users\\me\\dog.jpg", "there is no file"),
        ("\\\\server\\photos\\dog.jpg", "another computer"),
        ("file://server/photos/dog.jpg", "another computer"),
    ],
)
def test_an_address_or_path_that_is_no_photo_says_what_to_do(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(QueryError, match=words):
        Query.parse(text.format(folder=tmp_path))


@pytest.mark.parametrize("text", ["/dog", "either/or", "~ dog", "/" + "x" * 5000, "/a\0b", "./ -a"])
def test_what_only_begins_like_a_path_is_a_phrase(text: str) -> None:
    assert Query.parse(text).phrases
