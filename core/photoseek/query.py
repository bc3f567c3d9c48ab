"""What a person searches for: phrases and photos, wanted or not."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from photoseek.errors import QueryError
from photoseek.filters import Filter
from photoseek.phrases import read_phrase
from photoseek.typed_paths import typed_photo
from photoseek.understood import DateTaken, PhotoTaken, Understood

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Query"]


@dataclass(frozen=True)
class Query:
    """Phrases and photos to look for together, and phrases that a photo should not show.

    `images` are files or opened photos from anywhere; `photo_ids` are photos of the library. Words
    that the model does not know are put right where that is plain, but not if `as_typed`. Only
    photos that `filter` lets through are found; a filter alone finds them newest first, and
    `newest_first` puts the likely matches in that order too. `understood` says what of the typed
    text became something else than a phrase.
    """

    phrases: tuple[str, ...] = ()
    images: tuple[Path | Image.Image, ...] = ()
    without: tuple[str, ...] = ()
    photo_ids: tuple[int, ...] = ()
    as_typed: bool = False
    filter: Filter = field(default_factory=Filter)
    newest_first: bool = False
    understood: tuple[Understood, ...] = ()

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

        Unless `as_typed`, "no people" is a minus too, a date narrows the photos down ("dogs in June
        2020"), and the path of a photo stands for the photo; `QueryError` says what a web address
        or the path of a folder is good for. What is in quotes is always searched for as words.
        """
        wanted = filter or Filter()
        photo = None if as_typed else typed_photo(text)
        if photo is not None:
            taken = (PhotoTaken(text.strip(), photo),)
            images = (*images, photo)
            return cls((), images, (), photo_ids, as_typed, wanted, newest_first, taken)
        read = read_phrase(text, as_typed=as_typed)
        if read.without and not (read.phrase or images or photo_ids):
            raise QueryError(
                "this only names what the photo should not show; say also what the photo should "
                "show, for example: dog -beach"
            )
        for item in read.understood:
            if isinstance(item, DateTaken):
                wanted = _narrowed(wanted, item)
        phrases = (read.phrase,) if read.phrase else ()
        return cls(
            phrases,
            images,
            read.without,
            photo_ids,
            as_typed,
            wanted,
            newest_first,
            read.understood,
        )


def _narrowed(wanted: Filter, date: DateTaken) -> Filter:
    """Let through what lies within both a filter's dates and those of a phrase."""
    after = max(filter(None, (wanted.after, date.after)), default=None)
    before = min(filter(None, (wanted.before, date.before)), default=None)
    if after and before and before <= after:
        raise QueryError(
            f"'{date.typed}' and the dates of the filter have no day in common; take one of them "
            "away"
        )
    return dataclasses.replace(wanted, after=after, before=before)
