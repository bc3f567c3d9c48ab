"""What holds for any tree, manifest and query: the scanner, the manifest and the query by property.

The opener's properties are in `test_hostile_photos.py`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photoseek.errors import BundleError, QueryError
from photoseek.manifest import (
    ImageInput,
    LikelyRule,
    Manifest,
    Recall,
    RecallReport,
    TextInput,
)
from photoseek.photo_names import why_skipped
from photoseek.query import Query
from photoseek.scanner import scan_folder, scan_places

# The scanner

NAMES = st.binary(min_size=1, max_size=20).filter(
    lambda name: not set(name) & {0, ord("/")} and name not in (b".", b"..")
)
PHOTOS = st.builds(
    lambda stem, ending: stem + ending, NAMES, st.sampled_from([b".jpg", b".HEIC", b".txt", b""])
)
FOLDERS = NAMES | st.sampled_from([b"@eaDir", b".hidden", b"System Volume Information", b"a.jpg"])
Tree = set[tuple[tuple[bytes, ...], bytes]]
TREES = st.sets(
    st.tuples(st.lists(FOLDERS, max_size=3).map(tuple), PHOTOS), min_size=1, max_size=12
)


def make(tree: Tree, root: Path) -> list[bytes]:
    """Make the files of a tree that have room for each other; return their paths below it."""
    made = []
    for folders, name in sorted(tree):
        path = os.fsencode(root)
        try:
            for part in folders:
                path = os.path.join(path, part)  # noqa: PTH118 -- names are bytes
                os.makedirs(path, exist_ok=True)  # noqa: PTH103
            with open(os.path.join(path, name), "xb") as stream:  # noqa: PTH118, PTH123
                stream.write(b"123")
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            continue
        made.append(b"/".join((*folders, name)))
    return made


@pytest.mark.skipif(sys.platform != "linux", reason="names there are not just bytes")
@settings(max_examples=60)
@given(TREES)
def test_a_scan_lists_exactly_what_no_rule_skips(
    tree: Tree,
) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        made = make(tree, folder)
        scan = scan_folder(folder)
        paths = {name: folder / os.fsdecode(name) for name in made}
        wanted = {name for name, path in paths.items() if why_skipped(path, folder) is None}
        assert {file.name for file in scan.files} == wanted
        assert len(scan.files) == len(wanted)
        assert {file.file_size for file in scan.files} <= {3}
        assert scan.unreadable == []
        looked = scan_places(folder, list(paths.values()))
        assert {file.name for file in looked.files} == wanted


# The manifest

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
POSITIVE = st.integers(1, 2**31)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RECALLS = st.builds(Recall, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
PRINTABLE = st.text(max_size=20).filter(str.isprintable)
LIKELY = st.none() | st.builds(LikelyRule, NUMBERS, st.floats(1e-6, 1e6, exclude_min=True), NUMBERS)
MANIFESTS = st.builds(
    Manifest,
    model_id=TEXTS,
    name=PRINTABLE,
    embedding_dim=st.integers(1, 1 << 16),
    image=st.builds(
        ImageInput,
        st.integers(1, 4096),
        st.sampled_from(["squash", "crop", "pad"]),
        st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos"]),
        TEXTS,
        st.sampled_from(["uint8", "float32"]),
    ),
    text=st.builds(
        TextInput,
        st.integers(1, 4096),
        TEXTS,
        st.sampled_from(["int64", "int32"]),
        st.none() | TEXTS,
    ),
    files=st.dictionaries(TEXTS, TEXTS, max_size=4),
    likely=LIKELY,
    likely_by_photo=LIKELY,
    recall=st.none() | st.builds(RecallReport, TEXTS, POSITIVE, POSITIVE, RECALLS, RECALLS),
    training=st.dictionaries(TEXTS, JSON, max_size=3),
)


@given(MANIFESTS)
def test_any_manifest_survives_a_round_trip(manifest: Manifest) -> None:
    assert Manifest.from_json(manifest.to_json()) == manifest


def refused(read: Callable[[], Manifest]) -> bool:
    """Tell whether a manifest was refused with a line of words, and not in another way."""
    try:
        read()
    except BundleError as error:
        return "\n" not in str(error) and bool(str(error))
    return False


@given(MANIFESTS, st.data())
def test_a_manifest_with_any_value_put_anywhere_is_read_as_it_is_or_refused(
    manifest: Manifest, data: st.DataObject
) -> None:
    values = json.loads(manifest.to_json())
    place = values
    while True:
        key = data.draw(st.sampled_from(sorted(place)) if place else st.just("extra"))
        if isinstance(place.get(key), dict) and data.draw(st.booleans()):
            place = place[key]
            continue
        break
    place[key] = data.draw(JSON)
    text = json.dumps(values)
    assert refused(lambda: Manifest.from_json(text)) or (
        json.loads(Manifest.from_json(text).to_json())
        == {"likely": None, "likely_by_photo": None, "recall": None, "training": {}, **values}
    )


@given(TEXTS | JSON.map(json.dumps))
def test_what_is_no_manifest_is_refused_in_a_line(text: str) -> None:
    assert refused(lambda: Manifest.from_json(text))


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_a_manifest_that_nests_without_end_is_refused(bracket: str) -> None:
    assert refused(lambda: Manifest.from_json(bracket * 100_000))


# The query

TYPED = st.lists(st.sampled_from(["dog", "-", '"', " ", "-cat"])).map("".join)


@given(st.text(max_size=60) | TYPED)
def test_anything_typed_is_a_query_or_asks_for_words(text: str) -> None:
    try:
        query = Query.parse(text)
    except QueryError:
        # Nothing was typed, or only what is not wanted, or quotes around nothing.
        assert text.strip()[:1] in ("", *"-‐‑‒–—−\"'“”„‟«»‘’‚‛")
        return
    assert query.is_compared
    assert all(phrase == " ".join(phrase.split()) for phrase in query.phrases)
    assert all(word.strip() for word in query.without)


WORDS = st.text("abcdé-犬", min_size=1, max_size=6).filter(lambda word: not word.startswith("-"))


@given(st.lists(WORDS, min_size=1, max_size=5), st.lists(WORDS, max_size=3))
def test_wanted_and_unwanted_words_are_told_apart_in_any_order(
    wanted: list[str], unwanted: list[str]
) -> None:
    query = Query.parse(" ".join([*(f"-{word}" for word in unwanted), *wanted]))
    assert query == Query.parse(" ".join([*wanted, *(f'-"{word}"' for word in unwanted)]))
    assert query.phrases == (" ".join(wanted),)
    assert query.without == tuple(unwanted)


@given(st.lists(st.text("abcdé犬", min_size=1, max_size=6), min_size=1, max_size=5))
def test_plain_words_are_searched_for_word_for_word(words: list[str]) -> None:
    assert Query.parse("  ".join(words)).phrases == (" ".join(words),)
