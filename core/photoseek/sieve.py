"""Sifts photos by what filters ask, and tells which are the newest; any thread may ask."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from photoseek.conditions import matching
from photoseek.database import Catalogue
from photoseek.embedding_index import Snapshot
from photoseek.facts import PhotoFacts
from photoseek.filters import Filter
from photoseek.records import FilterChoices

__all__ = ["Sieve"]


class Sieve:
    """Holds the facts of a catalogue's photos, and takes in what is new whenever it is asked."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._seen_edits = 0
        self._facts = PhotoFacts(())
        self._placed: tuple[Snapshot, PhotoFacts, NDArray[np.intp]] | None = None

    def choices(self) -> FilterChoices:
        """Return what a filter can ask for: the cameras, lenses, formats and keywords there are."""
        with self._lock:
            return self._current_facts().choices()

    def passing(self, snapshot: Snapshot, wanted: Filter) -> NDArray[np.bool_]:
        """Return `(n,)` which rows of a snapshot a filter lets through."""
        with self._lock:
            facts = self._current_facts()
            placed = self._placed
            if placed is None or placed[0] is not snapshot or placed[1] is not facts:
                placed = self._placed = (snapshot, facts, facts.places_of(snapshot.ids))
        # The place of those without facts, -1, leads to the end.
        return np.append(matching(facts, wanted), False).take(placed[2])

    def newest_places(self, ids: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return `(n,)` the places of these photos in the order of their dates, the last first."""
        with self._lock:
            facts = self._current_facts()
        places = facts.places_of(ids)
        dates = np.where(places >= 0, facts.dates[places], 0) if len(facts.ids) else places
        return np.lexsort((ids, dates))[::-1]

    def _current_facts(self) -> PhotoFacts:
        """Take in what is new; the caller holds the lock."""
        # The count first: an edit that comes between the two is seen again, never missed.
        edits = self._catalogue.edits()
        if edits != self._seen_edits:
            self._facts, self._seen_edits = PhotoFacts(()), edits
        self._facts = self._facts.grown(self._catalogue.fact_rows(self._facts.last_id))
        return self._facts
