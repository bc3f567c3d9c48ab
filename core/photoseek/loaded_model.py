"""One model in memory: its encoder, and the library's embeddings by it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from photoseek.bundle import ModelBundle
from photoseek.database import Catalogue
from photoseek.embedding_index import EmbeddingIndex, Snapshot
from photoseek.encoder import Encoder
from photoseek.errors import QueryError
from photoseek.expansion import expand
from photoseek.query import Query
from photoseek.ranking import combine
from photoseek.records import Correction

if TYPE_CHECKING:
    from photoseek.decoding.opener import PhotoOpener

__all__ = ["LoadedModel"]


class LoadedModel:
    """What a search needs of a model; a search that began with it ends with it."""

    def __init__(
        self, bundle: ModelBundle, catalogue: Catalogue, opener: Callable[[], PhotoOpener]
    ) -> None:
        self.bundle = bundle
        self.encoder = Encoder(bundle, opener=opener)
        self._catalogue = catalogue
        self._index = EmbeddingIndex(bundle.manifest.embedding_dim)
        self._reading = threading.Lock()
        self._seen_version = -1
        self._last_added = self._last_removed = 0
        self._current = self._index.snapshot()

    def snapshot(self) -> Snapshot:
        """Take in what this or another process has added or removed, and return the rows."""
        with self._reading:
            version = self._catalogue.data_version()
            if version != self._seen_version:
                manifest = self.bundle.manifest
                for changes in self._catalogue.embedding_changes(
                    manifest.model_id, manifest.embedding_dim, self._last_added, self._last_removed
                ):
                    self._last_added, self._last_removed = changes.last_added, changes.last_removed
                    if changes.anew:
                        self._index.clear()
                    self._index.remove(changes.removed)
                    self._index.add(changes.ids, changes.vectors)
                self._current, self._seen_version = self._index.snapshot(), version
            return self._current

    def put_right(self, query: Query) -> tuple[Query, tuple[Correction, ...]]:
        """Return the query with known words in place of some unknown ones, and which they are."""
        if query.as_typed:
            return query, ()
        correct = self.encoder.tokenizer.correct
        phrases = [correct(phrase) for phrase in query.phrases]
        without = [correct(phrase) for phrase in query.without]
        corrected = dataclasses.replace(
            query,
            phrases=tuple(item.phrase for item in phrases),
            without=tuple(item.phrase for item in without),
        )
        corrections = (made for item in (*phrases, *without) for made in item.corrections)
        return corrected, tuple(dict.fromkeys(corrections))

    def knows_any(self, phrase: str) -> bool:
        """Tell whether the model knows at least one word of a phrase."""
        return self.encoder.tokenizer.knows_any(phrase)

    def embed(self, query: Query) -> tuple[NDArray[np.float32], tuple[str, ...], int]:
        """Return the query's vector `(dim,)` and the words in it that the model does not know.

        The number is 0, or how many words were read of a phrase that is too long. `QueryError`
        where the model knows none of them, `PhotoError` where a photo cannot be read.
        """
        phrases = [phrase for phrase in (*query.phrases, *query.without) if phrase.strip()]
        tokenizer = self.encoder.tokenizer
        unknown = [word for phrase in phrases for word in tokenizer.unknown_words(phrase)]
        wanted = [phrase for phrase in query.phrases if tokenizer.knows_any(phrase)]
        if not (wanted or query.images or query.photo_ids):
            words = ", ".join(f"'{word}'" for word in unknown) or "these signs"
            raise QueryError(f"the model does not know {words}; try other English words")
        unwanted = [phrase for phrase in query.without if tokenizer.knows_any(phrase)]
        rows = [*self.encoder.encode_text(wanted), *self._photo_rows(query)]
        vector = combine(np.stack(rows), self.encoder.encode_text(unwanted))
        cut = max((tokenizer.words_before_cut(phrase) for phrase in phrases), default=0)
        return vector, tuple(dict.fromkeys(unknown)), cut

    def _photo_rows(self, query: Query) -> list[NDArray[np.float32]]:
        """Return a row `(dim,)` for each photo in the query, helped by those nearest to it.

        Photos differ more in how near they are to a photo than to a phrase. The rows are as long as
        makes a photo in a query decide as much as a phrase beside it does.
        """
        if not query.by_photo:
            return []
        snapshot = self.snapshot()
        kept = snapshot.vectors_of(query.photo_ids)
        if len(kept) < len(set(query.photo_ids)):
            raise QueryError("the photo to search by is no longer in the library")
        photos = [*self.encoder.encode_images(query.images), *kept]
        phrases, by_photo = self.bundle.manifest.likely, self.bundle.manifest.likely_by_photo
        length = np.float32(phrases.std / by_photo.std if phrases and by_photo else 1)
        return [length * expand(snapshot, photo) for photo in photos]
