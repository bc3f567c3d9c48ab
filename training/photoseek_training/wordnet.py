"""Reads WordNet's nouns: which there are, what else a thing is called, and of what kinds it is."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from photoseek_training.errors import ModelChoiceError

FOLDER_VARIABLE = "WNSEARCHDIR"
"""WordNet's own name for where its files are."""

USUAL_FOLDER = Path("/usr/share/wordnet")


@dataclass(frozen=True)
class Synset:
    """Words that mean one thing, the most usual first, and the offsets of its hypernyms."""

    lemmas: tuple[str, ...]
    hypernyms: tuple[str, ...]


Nouns = Mapping[str, Synset]
"""Synsets by offset, which is also what ImageNet numbers its classes by, after an `n`."""


def read_nouns() -> Nouns:
    """All nouns of the installed WordNet 3.0; ModelChoiceError tells how to install it."""
    lines = _lines("data.noun", "kinds of ImageNet's classes", "class_kinds")
    return dict(_synset(line) for line in lines)


def used_nouns() -> tuple[str, ...]:
    """All nouns of one plain word that people use (wordfreq counts them), the most used first.

    ModelChoiceError tells how to install WordNet.
    """
    from wordfreq import zipf_frequency  # loads its tables at import

    words = (line.partition(" ")[0] for line in _lines("index.noun", "all nouns", "all_nouns"))
    used = {
        word: frequency
        for word in words
        if word.isascii() and word.isalpha() and (frequency := zipf_frequency(word, "en"))
    }
    return tuple(sorted(used, key=lambda word: (-used[word], word)))


def _lines(name: str, what: str, setting: str) -> list[str]:
    """Those of one of WordNet's files but for the licence, whose lines start with a space."""
    folder = Path(os.environ.get(FOLDER_VARIABLE, USUAL_FOLDER))
    try:
        text = (folder / name).read_text(encoding="latin-1")
    except OSError as error:
        raise ModelChoiceError(
            f"{what} come from WordNet, which cannot be read in {folder} "
            f"({error.strerror}): install what Debian calls wordnet-base, name its folder in "
            f"{FOLDER_VARIABLE}, or choose --set {setting}=false"
        ) from error
    return [line for line in text.splitlines() if line and not line.startswith(" ")]


def _synset(line: str) -> tuple[str, Synset]:
    """One line of data.noun, as WordNet's manual page wndb(5) describes it."""
    fields = iter(line.partition("|")[0].split())
    offset, _lexicographer, _part_of_speech, count = (next(fields) for _ in range(4))
    lemmas = [(next(fields), next(fields))[0].replace("_", " ") for _ in range(int(count, 16))]
    pointers = [tuple(next(fields) for _ in range(4)) for _ in range(int(next(fields)))]
    hypernyms = (target for symbol, target, _, _ in pointers if symbol in ("@", "@i"))
    return offset, Synset(tuple(lemmas), tuple(hypernyms))


def kinds(nouns: Nouns, offset: str) -> Iterator[str]:
    """The offsets of all that a thing is one of, the nearest first; none where it is not known."""
    seen, level = {offset}, [offset]
    while level:
        above = [kind for thing in level if thing in nouns for kind in nouns[thing].hypernyms]
        level = [kind for kind in dict.fromkeys(above) if kind not in seen]
        seen.update(level)
        yield from level
