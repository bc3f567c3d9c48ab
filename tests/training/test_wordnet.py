from pathlib import Path

import pytest

from photoseek_training.errors import ModelChoiceError
from photoseek_training.wordnet import Synset, kinds, read_nouns, used_nouns

LINES = """\
  1 This line is of the licence, as all that start with a space.
00000010 03 n 01 thing 0 001 ~ 00000020 n 0000 | all there is
00000020 05 n 02 living_thing 0 organism 1 002 @ 00000010 n 0000 + 00000100 v 0101 | a | in words
00000030 05 n 01 pet 0 002 @ 00000020 n 0000 ;c 00000010 n 0000 | kept at home
00000040 05 n 01 Dog 0 003 @ 00000030 n 0000 @ 00000020 n 0000 ~ 00000050 n 0000 | barks
00000050 05 n 0b a 0 b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 j 0 Rex 0 001 @i 00000040 n 0000 | has 11 names
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data.noun").write_text(LINES, encoding="latin-1")
    monkeypatch.setenv("WNSEARCHDIR", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_nouns_have_their_names_and_what_they_are_kinds_of() -> None:
    nouns = read_nouns()
    assert len(nouns) == 5
    assert nouns["00000020"] == Synset(("living thing", "organism"), ("00000010",))
    assert nouns["00000050"].lemmas[-1] == "Rex"
    assert list(kinds(nouns, "00000050")) == ["00000040", "00000030", "00000020", "00000010"]
    assert list(kinds(nouns, "00000040"))[:2] == ["00000030", "00000020"]
    assert list(kinds(nouns, "00000010")) == []
    assert list(kinds(nouns, "99999999")) == []


def test_a_missing_wordnet_is_named_with_what_to_install(folder: Path) -> None:
    (folder / "data.noun").unlink()
    with pytest.raises(ModelChoiceError, match=f"read in {folder} .*wordnet-base.*WNSEARCHDIR"):
        read_nouns()


def test_used_nouns_are_single_plain_words_that_people_use(folder: Path) -> None:
    index = [
        "  1 This line is of the licence.",
        "giraffe n 1 3 @ ~ #m 1 1 00000040",
        "dog n 7 5 @ ~ 7 1 00000040",
        "hot_dog n 1 1 @ 1 0 00000040",
        "11 n 1 1 @ 1 0 00000040",
        "xyzzyqux n 1 1 @ 1 0 00000040",
    ]
    (folder / "index.noun").write_text("\n".join(index) + "\n", encoding="latin-1")
    assert used_nouns() == ("dog", "giraffe")


@pytest.mark.usefixtures("folder")
def test_a_missing_index_names_the_setting_that_does_without() -> None:
    with pytest.raises(ModelChoiceError, match=r"all nouns come from WordNet.*all_nouns=false"):
        used_nouns()
