"""One model in memory: its encoder, and the library's embeddings by it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence

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

__all__ = ["LoadedModel"]


class LoadedModel:
    """What a search needs of a model; a search that began with it ends with it."""

    def __init__(self, bundle: ModelBundle, catalogue: Catalogue) -> None:
        self.bundle = bundle
        self.encoder = Encoder(bundle)
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

    def embed(self, query: Query) -> tuple[NDArray[np.float32], tuple[str, ...]]:
        """Return the query's vector `(dim,)` and the words in it that the model does not know.

        `QueryError` where it knows none of them, `PhotoError` where a photo cannot be read.
        """
        phrases = [phrase for phrase in (*query.phrases, *query.without) if phrase.strip()]
        tokenizer = self.encoder.tokenizer
        unknown = [word for phrase in phrases for word in tokenizer.unknown_words(phrase)]
        wanted = [phrase for phrase in query.phrases if tokenizer.knows_any(phrase)]
        if not (wanted or query.images or query.photo_ids):
            words = ", ".join(f"'{word}'" for word in unknown) or "these signs"
            raise QueryError(f"the model does not know {words}; try other words")
        unwanted = [phrase for phrase in query.without if tokenizer.knows_any(phrase)]
        photos = [*self.encoder.encode_images(query.images), *self._vectors_of(query.photo_ids)]
        snapshot, weight = self.snapshot(), self._photo_weight()
        rows = [
            *self.encoder.encode_text(wanted),
            *(weight * expand(snapshot, photo) for photo in photos),
        ]
        vector = combine(np.stack(rows), self.encoder.encode_text(unwanted))
        return vector, tuple(dict.fromkeys(unknown))

    def _photo_weight(self) -> np.float32:
        """Return what makes a photo in a query decide as much as a phrase beside it does.

        Photos differ more in how near they are to a photo than to a phrase.
        """
        phrases, photos = self.bundle.manifest.likely, self.bundle.manifest.likely_by_photo
        return np.float32(phrases.std / photos.std if phrases and photos else 1)

    def _vectors_of(self, photo_ids: Sequence[int]) -> NDArray[np.float32]:
        if not photo_ids:
            return np.empty((0, self.bundle.manifest.embedding_dim), np.float32)
        vectors = self.snapshot().vectors_of(photo_ids)
        if len(vectors) < len(set(photo_ids)):
            raise QueryError("the photo to search by is no longer in the library")
        return vectors
