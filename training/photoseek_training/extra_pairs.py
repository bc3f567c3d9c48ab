"""Reads the optional photo-text pairs beside Flickr8k that teach words its captions lack."""

import re
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class ExtraPairs:
    """One photo for each ImageNet class, and web photos with one sentence each; may be empty."""

    imagenet: tuple[CaptionedPhoto, ...] = ()
    web: tuple[CaptionedPhoto, ...] = ()


def read_extra_pairs(data: Path, *, hold_out_classes: bool = False) -> ExtraPairs:
    """Read `imagenet-sample/` and `web-captions/` where they lie in `data` or beside it.

    With `hold_out_classes`, every second class (in the order of the file names) is left out, so
    that what the model makes of a class name it was never shown can be measured.
    """
    roots = (data, data.parent)
    imagenet = next(
        (
            root / "imagenet-sample" / "images"
            for root in roots
            if (root / "imagenet-sample" / "images").is_dir()
        ),
        None,
    )
    web = next(
        (
            root / "web-captions"
            for root in roots
            if (root / "web-captions" / "captions.tsv").is_file()
        ),
        None,
    )
    step = 2 if hold_out_classes else 1
    return ExtraPairs(
        () if imagenet is None else read_imagenet_sample(imagenet)[::step],
        () if web is None else training_part(read_web_captions(web)),
    )


def read_imagenet_sample(images: Path) -> tuple[CaptionedPhoto, ...]:
    """Photos named `n01440764_tench.jpg`, each with its class name in short phrases."""
    pairs = []
    for path in sorted(images.glob("n*_*.jpg")):
        name = path.stem.partition("_")[2].replace("_", " ").lower()
        article = "an" if name[0] in "aeiou" else "a"
        pairs.append(
            CaptionedPhoto(
                path,
                tuple(template.format(name=name, article=article) for template in CLASS_TEMPLATES),
            )
        )
    return tuple(pairs)


def read_web_captions(folder: Path) -> tuple[CaptionedPhoto, ...]:
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


def training_part(web: tuple[CaptionedPhoto, ...]) -> tuple[CaptionedPhoto, ...]:
    """All but the last tenth."""
    return web[: len(web) - int(len(web) * WEB_HELD_OUT)]
