"""Names beyond its own that an ImageNet class goes by: of the same thing, and of its kinds.

People search for a dog or for food more often than for a Norwich terrier or for guacamole.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from photoseek_training.wordnet import Nouns, kinds

MOST_CLASSES = 0.15
"""The share of all classes that the largest named kind holds: dogs are an eighth of ImageNet's."""

NAMES_OF_CLASS, NAMES_OF_KIND = 3, 2
"""How many of WordNet's names are taken; the later ones are hardly used."""


@dataclass(frozen=True)
class Kind:
    """What all of some `classes`, given by their places, can be called."""

    names: tuple[str, ...]
    classes: tuple[int, ...]

    def logits(self, of_classes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, classes) to (n,): of the sum of the classes' probabilities."""
        logits: NDArray[np.float32] = np.logaddexp.reduce(of_classes[:, list(self.classes)], axis=1)
        return logits


def name_kinds(offsets: Sequence[str], nouns: Nouns, known: Callable[[str], bool]) -> list[Kind]:
    """The kinds of classes of these WordNet offsets that have names of `known` words."""
    members = defaultdict[str, list[int]](list)
    for place, offset in enumerate(offsets):
        for kind in kinds(nouns, offset):
            members[kind].append(place)
    named = (
        Kind(names_of(kind, nouns, known, NAMES_OF_KIND), tuple(classes))
        for kind, classes in members.items()
        if len(classes) <= MOST_CLASSES * len(offsets)
    )
    return [kind for kind in named if kind.names]


def names_of(offset: str, nouns: Nouns, known: Callable[[str], bool], most: int) -> tuple[str, ...]:
    """The first names of `known` words, in lower case; none where the offset is not."""
    lemmas = nouns[offset].lemmas if offset in nouns else ()
    return tuple(name for lemma in lemmas if known(name := lemma.lower()))[:most]
