"""The report's section on words beyond the captions, and its table of class names."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from photoseek.manifest import Recall
from photoseek_training.class_names import ClassRank
from photoseek_training.page import FOLDER, table
from photoseek_training.recall import summarise
from photoseek_training.report import Measured
from photoseek_training.words import FIRST, NUMBERS, SPELLINGS, Noun, WordsMeasures

CLASS_TABLE = "class_names.md"

Measures = Mapping[str, WordsMeasures]


def words_section(measured: Sequence[Measured], out: Path) -> str:
    """What each bundle makes of words; the rank of each class's photo goes to a page of its own."""
    measures = {bundle.name: bundle.words for bundle in measured if bundle.words is not None}
    captioned = measured[0].recall.photos
    web = next((words.web.photos for words in measures.values() if words.web), 0)
    return f"""## Words beyond the captions

On photos that no bundle was trained on: {captioned:,} of Flickr8k, and {web:,}
of the web (the held-out tenth of web-captions). Phrases are sent as a search sends them, misspelt
words put right, unless it says otherwise.

### Which words are known

Of all words of these captions, in percent: known / put right / unknown, and told as such.

{_compare(measures, _coverage)}

### Misspelt words, and captions from elsewhere

R@1 / R@5 / R@10 in percent. A slip is one letter after a word's first that is left out, put in,
exchanged, or swapped with the next; each caption has one, and some slips make another word.

{_compare(measures, _recalls)}

### Two ways to say it

How many of the first {FIRST} photos they share, on average; with an unknown word, none.

{_compare(measures, _agreement)}

### One word alone

The rank of the first photo whose captions name it / how many of the first {FIRST} they name so.
Captions leave much unsaid: this is the least that was found.

{_noun_table(measures)}

### Names of classes

For the name of each ImageNet class, the rank of that class's one photo among those of all classes.
A bundle that was trained on all classes has no such figure: `train-and-export --hold-out-classes`
makes one that was trained on every second class, to measure the others.

{_class_names(measures, out)}"""


def _compare(measures: Measures, cells: Callable[[WordsMeasures], Mapping[str, str]]) -> str:
    columns = [cells(words) for words in measures.values()]
    rows = [(what, *(column[what] for column in columns)) for what in columns[0]]
    return table(("", *measures), rows)


def _coverage(words: WordsMeasures) -> dict[str, str]:
    shares = {
        where: f"{found.known:.1f} / {found.put_right:.1f} / {found.unknown:.1f}"
        for where, found in words.coverage.items()
    }
    return {"size of the vocabulary": f"{words.vocabulary:,}", **shares}


def _recalls(words: WordsMeasures) -> dict[str, str]:
    recalls = {
        "captions as written": words.slips.as_written,
        "with a slip each, searched as typed": words.slips.as_typed,
        "with a slip each, put right": words.slips.put_right,
    }
    if words.web:
        recalls["web, phrase finds photo"] = words.web.phrase_to_photo
        recalls["web, photo finds caption"] = words.web.photo_to_caption
    return {what: _recall(recall) for what, recall in recalls.items()}


def _agreement(words: WordsMeasures) -> dict[str, str]:
    return {
        f"singular and plural, {len(NUMBERS)} pairs": f"{words.numbers:.1f}",
        f"British and American, {len(SPELLINGS)} pairs": f"{words.spellings:.1f}",
    }


def _noun_table(measures: Measures) -> str:
    def cell(noun: Noun) -> str:
        if not noun.known:
            return "unknown"
        return "-" if noun.first is None else f"{noun.first} / {noun.named_first}"

    rows = [
        (nouns[0].word, f"{nouns[0].trained:,}", f"{nouns[0].named:,}", *map(cell, nouns))
        for nouns in zip(*(words.nouns for words in measures.values()), strict=True)
    ]
    return table(("word", "training captions", "photos", *measures), rows)


def _class_names(measures: Measures, out: Path) -> str:
    ranked = {name: words.class_names for name, words in measures.items() if words.class_names}
    if not ranked:
        return "None of these bundles has one."
    rows = []
    for name, classes in ranked.items():
        for what, shown in (("held out", False), ("trained on", True)):
            ranks = np.array([each.rank for each in classes if each.shown is shown])
            if len(ranks):
                recall = summarise(ranks)
                median = f"{recall.median_rank:g}"
                rows.append((name, what, f"{len(ranks):,}", _recall(recall), median))
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    (out / FOLDER / CLASS_TABLE).write_text(_class_table(ranked), encoding="utf-8")
    summary = table(("bundle", "classes", "number", "R@1 / R@5 / R@10", "median rank"), rows)
    return f"{summary}\n\n[Each class with its rank]({FOLDER}/{CLASS_TABLE})"


def _class_table(ranked: Mapping[str, tuple[ClassRank, ...]]) -> str:
    def cell(ranked: ClassRank) -> str:
        return f"{ranked.rank} (trained on)" if ranked.shown else f"{ranked.rank}"

    rows = [(same[0].name, *map(cell, same)) for same in zip(*ranked.values(), strict=True)]
    return f"""# Names of ImageNet's classes

The rank of each class's photo among those of all classes, for the class's name; 1 is the best.

{table(("class", *ranked), rows)}
"""


def _recall(recall: Recall) -> str:
    return f"{recall.r1:.1f} / {recall.r5:.1f} / {recall.r10:.1f}"
