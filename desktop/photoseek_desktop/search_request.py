"""What the person is looking for, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from photoseek import Correction, Filter, Query
from photoseek.understood import DateTaken, Understood

if TYPE_CHECKING:
    from PIL import Image
    from PySide6.QtGui import QImage

__all__ = ["QueryPhoto", "Results", "SearchRequest"]


@dataclass(frozen=True, eq=False)
class QueryPhoto:
    """An example photo: from outside (`image`, upright RGB) or from the library (`photo_id`)."""

    name: str
    thumbnail: QImage = field(repr=False)
    image: Image.Image | None = field(default=None, repr=False)
    photo_id: int | None = None


@dataclass(frozen=True)
class SearchRequest:
    """What the person asks for; false when it is nothing, and everything is to be shown.

    With `as_typed`, the phrase is nothing but words; with `newest_first`, the likely matches come
    by date.
    """

    phrase: str = ""
    photos: tuple[QueryPhoto, ...] = ()
    as_typed: bool = False
    filter: Filter = field(default_factory=Filter)
    newest_first: bool = False

    def __bool__(self) -> bool:
        return self.is_compared or bool(self.filter)

    @property
    def is_compared(self) -> bool:
        """Whether photos are compared with something, beyond being filtered."""
        return bool(self.phrase.strip() or self.photos)

    def to_query(self) -> Query:
        """Return core's query; `QueryError` when the phrase only says what is not wanted."""
        images = tuple(photo.image for photo in self.photos if photo.image is not None)
        ids = tuple(photo.photo_id for photo in self.photos if photo.photo_id is not None)
        return Query.parse(
            self.phrase,
            images=images,
            photo_ids=ids,
            as_typed=self.as_typed,
            filter=self.filter,
            newest_first=self.newest_first,
        )


@dataclass(frozen=True)
class Results:
    """The answer to a request: all photos, best (or newest) first.

    `ids` is `(n,)` int64. The first `likely` are likely matches, if `tells_likely`: not every
    model can say. `understood` says what was made of the phrase; with `is_compared` the photos are
    compared with something, with `is_filtered` only those that pass a filter are here. With
    `all_unknown` the request is a phrase without a word that the model
    knows: then there are no ids, because their order would mean nothing.
    """

    request: SearchRequest
    ids: NDArray[np.int64]
    likely: int = 0
    tells_likely: bool = False
    unknown_words: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    all_unknown: bool = False
    understood: tuple[Understood, ...] = ()
    is_compared: bool = False
    is_filtered: bool = False

    @property
    def is_dated(self) -> bool:
        """Whether the only filter is a date in the phrase."""
        dated = any(isinstance(item, DateTaken) for item in self.understood)
        return dated and not self.request.filter
