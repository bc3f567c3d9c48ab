"""What a person searches for: phrases and photos, wanted or not."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from photoseek.errors import QueryError
from photoseek.filters import Filter

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Query"]

_WITHOUT = re.compile(r'(?:^|(?<=\s))-(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True)
class Query:
    """Phrases and photos to look for together, and phrases that a photo should not show.

    `images` are files or opened photos from anywhere; `photo_ids` are photos of the library. Words
    that the model does not know are put right where that is plain, but not if `as_typed`. Only
    photos that `filter` lets through are found; a filter alone finds them newest first, and
    `newest_first` puts the likely matches in that order too.
    """

    phrases: tuple[str, ...] = ()
    images: tuple[Path | Image.Image, ...] = ()
    without: tuple[str, ...] = ()
    photo_ids: tuple[int, ...] = ()
    as_typed: bool = False
    filter: Filter = field(default_factory=Filter)
    newest_first: bool = False

    def __post_init__(self) -> None:
        if not (self.is_compared or self.filter):
            raise QueryError(
                "nothing to search for; type what the photo shows, for example: "
                "a dog running on a beach"
            )

    @property
    def is_compared(self) -> bool:
        """Whether photos are compared with something, beyond being filtered."""
        return self.by_photo or any(map(str.strip, self.phrases))

    @property
    def by_photo(self) -> bool:
        """Whether a photo is among what is looked for."""
        return bool(self.images or self.photo_ids)

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        images: tuple[Path | Image.Image, ...] = (),
        photo_ids: tuple[int, ...] = (),
        as_typed: bool = False,
        filter: Filter | None = None,  # noqa: A002 -- the field's own name
        newest_first: bool = False,
    ) -> Query:
        """Read what a person types: `dog -beach` wants a dog and no beach.

        A minus counts only at the start of a word, so "black-and-white" is a phrase;
        `-"palm tree"` takes several words. Beside photos, `-beach` alone is enough; otherwise
        `QueryError` when nothing is wanted.
        """
        without = tuple(
            quoted or word for quoted, word in _WITHOUT.findall(text) if (quoted or word).strip()
        )
        phrase = " ".join(_WITHOUT.sub(" ", text).split())
        if without and not (phrase or images or photo_ids):
            raise QueryError("say also what the photo should show, for example: dog -beach")
        phrases = (phrase,) if phrase else ()
        wanted = filter or Filter()
        return cls(phrases, images, without, photo_ids, as_typed, wanted, newest_first)
