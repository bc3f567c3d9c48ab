"""Reads the optional photo-text pairs beside Flickr8k that teach words its captions lack."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from photoseek_training.dataset import CaptionedPhoto
from photoseek_training.errors import DatasetError

CLASS_TEMPLATES = (
    "{name}",
    "{article} {name}",
    "a photo of {article} {name}",
    "a close up of {article} {name}",
    "the {name}",
)
WEB_HELD_OUT = 0.1
"""The last tenth of the web captions is never trained on: it measures words beyond Flickr8k."""

_OPENING = re.compile(
    r"^(the|this) (image|picture|photo|photograph) "
    r"(shows|depicts|features|displays|captures|contains|presents|is of|is)( us)?\b[ ,:]*",
    re.IGNORECASE,
)


Photos = tuple[CaptionedPhoto, ...]
ClassesShown = Literal["none", "every second", "all"]
"""Which of ImageNet's classes a model was trained on, in the order of the file names."""


@dataclass(frozen=True)
class ExtraPairs:
    """One photo for each ImageNet class, and web photos with one sentence each; may be empty.

    `class_numbers` are those of the ImageNet photos' classes among all `known_classes`, in the
    order of the file names.
    """

    imagenet: Photos = ()
    class_numbers: tuple[int, ...] = ()
    known_classes: int = 0
    web: Photos = ()
    classes: ClassesShown = "none"


def read_extra_pairs(data: Path, *, hold_out_classes: bool = False) -> ExtraPairs:
    """Read what is trained on of `imagenet-sample/` and `web-captions/` in `data` or beside it.

    With `hold_out_classes`, every second class is left out, so that what the model makes of a
    class name it was never shown can be measured.
    """
    imagenet, web = _read_all(data)
    shown: ClassesShown = "every second" if hold_out_classes else "all"
    numbers = tuple(n for n in range(len(imagenet)) if is_shown(n) or not hold_out_classes)
    return ExtraPairs(
        tuple(imagenet[n] for n in numbers),
        numbers,
        len(imagenet),
        web[: len(web) - _held_out(web)],
        shown if imagenet else "none",
    )


def read_measured_pairs(data: Path) -> ExtraPairs:
    """Read the photos of all ImageNet classes, and the web captions that are never trained on."""
    imagenet, web = _read_all(data)
    return ExtraPairs(imagenet=imagenet, web=web[len(web) - _held_out(web) :])


def is_shown(number: int) -> bool:
    """Tell whether a class is trained on where every second is held out."""
    return number % 2 == 0


def _read_all(data: Path) -> tuple[Photos, Photos]:
    images = _find(data, "imagenet-sample/images")
    captions = _find(data, "web-captions/captions.tsv")
    return (
        () if images is None else read_imagenet_sample(images),
        () if captions is None else read_web_captions(captions.parent),
    )


def _find(data: Path, name: str) -> Path | None:
    return next((root / name for root in (data, data.parent) if (root / name).exists()), None)


def _held_out(web: Photos) -> int:
    return int(len(web) * WEB_HELD_OUT)


def read_imagenet_sample(images: Path) -> Photos:
    """Photos named `n01440764_tench.jpg`, each with its class name in short phrases."""
    pairs = []
    for path in sorted(images.glob("n*_*.jpg")):
        name = path.stem.partition("_")[2].replace("_", " ").lower()
        pairs.append(CaptionedPhoto(path, class_phrases(name)))
    return tuple(pairs)


def class_phrases(name: str) -> tuple[str, ...]:
    """How a person may write what a photo of the class of this name shows, the bare name first."""
    article = "an" if name[0] in "aeiou" else "a"
    return tuple(template.format(name=name, article=article) for template in CLASS_TEMPLATES)


def read_web_captions(folder: Path) -> Photos:
    """Photos with the first sentence of their description, without "The image shows"."""
    file, pairs = folder / "captions.tsv", []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        name, separator, text = line.partition("\t")
        if not separator:
            raise DatasetError(f"{file}, line {number}: no tab between the photo and its text")
        path = folder / "images" / name
        sentence = _OPENING.sub("", re.split(r"(?<=[.!?])\s", text.strip())[0])
        if number > 1 and sentence and path.is_file():
            pairs.append(CaptionedPhoto(path, (sentence,)))
    return tuple(pairs)
