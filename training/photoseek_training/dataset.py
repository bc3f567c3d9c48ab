"""Reads Flickr8k: photos, their captions, and the split into train, dev and test."""

import csv
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from photoseek_training.errors import DatasetError

PHOTO_FOLDERS = (
    "images",
    "Images",
    "Flicker8k_Dataset",
    "Flickr8k_Dataset",
    "Flickr8k_Dataset/Flicker8k_Dataset",
)
CAPTION_FILES = ("captions.txt", "Flickr8k.token.txt")
SPLIT_LISTS = {
    "train": ("train.txt", "Flickr_8k.trainImages.txt"),
    "dev": ("dev.txt", "Flickr_8k.devImages.txt"),
    "test": ("test.txt", "Flickr_8k.testImages.txt"),
}
TEXT_FOLDERS = (".", "Flickr8k_text", "../Flickr8k_text")
SPLIT_SEED = 8000
"""Shuffles the photos where no split lists exist. Fixed, so that figures stay comparable."""

LAYOUTS = (
    "images/ + captions.txt + train.txt, dev.txt, test.txt; Images/ + captions.txt (Kaggle); or "
    "Flicker8k_Dataset/ + Flickr8k.token.txt + Flickr_8k.{train,dev,test}Images.txt (the original)"
)


@dataclass(frozen=True)
class CaptionedPhoto:
    """A photo file and the phrases that people wrote about it."""

    path: Path
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Dataset:
    """The three splits; `notes` says in words what the reader decided or left out."""

    name: str
    train: tuple[CaptionedPhoto, ...]
    dev: tuple[CaptionedPhoto, ...]
    test: tuple[CaptionedPhoto, ...]
    notes: tuple[str, ...] = ()


def read_dataset(data: Path) -> Dataset:
    """Read Flickr8k in any of its three layouts from `data`, or from `data/flickr8k`.

    Where there are no split lists, a fixed shuffle puts an eighth of the photos in dev and an
    eighth in test. Raises DatasetError that names what is missing.
    """
    if not data.is_dir():
        raise DatasetError(f"{data} is not a folder: --data takes the folder that holds Flickr8k")
    root = next(
        (
            root
            for root in (data, data / "flickr8k", data / "Flickr8k")
            if _find_photos(root) and _find_captions(root)
        ),
        None,
    )
    if root is None:
        raise DatasetError(_what_is_missing(data))
    photos, captions_file = _find_photos(root), _find_captions(root)
    assert photos is not None
    assert captions_file is not None
    captions = read_captions(captions_file)
    splits, notes = _read_splits(root, sorted(captions))
    chosen, missing = {}, 0
    for split, names in splits.items():
        chosen[split] = tuple(
            CaptionedPhoto(photos / name, captions[name])
            for name in names
            if name in captions and (photos / name).is_file()
        )
        missing += len(names) - len(chosen[split])
        if not chosen[split]:
            raise DatasetError(
                f"{root}: none of the {len(names)} photos of the {split} split is "
                f"in {photos} with a caption in {captions_file.name}"
            )
    listed = sum(len(names) for names in splits.values())
    if missing > 0.01 * listed:
        raise DatasetError(
            f"{root}: {missing} of the {listed} photos in the splits have no file "
            f"in {photos} or no caption in {captions_file.name}; unpack it again"
        )
    if missing:
        notes += (f"{missing} listed photos have no file or no caption and were left out",)
    return Dataset("Flickr8k", chosen["train"], chosen["dev"], chosen["test"], notes)


def read_captions(file: Path) -> dict[str, tuple[str, ...]]:
    """Captions by photo name, from `image,caption` lines or from `image#number<tab>caption`.

    Only the first comma divides a line of the first kind: captions contain commas.
    """
    captions = defaultdict[str, list[str]](list)
    for name, caption in _caption_lines(file):
        if caption:
            captions[name].append(caption)
    if not captions:
        raise DatasetError(f"{file} holds no captions")
    return {name: tuple(phrases) for name, phrases in captions.items()}


def _caption_lines(file: Path) -> Iterator[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or (number == 1 and line.strip() == "image,caption"):
            continue
        name, separator, caption = line.partition("\t" if "\t" in line else ",")
        if not separator:
            raise DatasetError(f"{file}, line {number}: neither a comma nor a tab after the photo")
        if caption.startswith('"'):
            caption = next(csv.reader([caption]))[0]
        yield name.partition("#")[0].strip(), caption.strip()


def _read_splits(
    root: Path,
    names: Sequence[str],
) -> tuple[Mapping[str, Sequence[str]], tuple[str, ...]]:
    found = {split: _find(root, TEXT_FOLDERS, lists) for split, lists in SPLIT_LISTS.items()}
    if all(found.values()):
        return {
            split: file.read_text(encoding="utf-8").split()
            for split, file in found.items()
            if file is not None
        }, ()
    if any(found.values()):
        absent = [" or ".join(SPLIT_LISTS[split]) for split, file in found.items() if file is None]
        raise DatasetError(f"{root}: some split lists are there, but {', '.join(absent)} is not")
    shuffled = list(names)
    random.Random(SPLIT_SEED).shuffle(shuffled)
    eighth = len(shuffled) // 8
    if not eighth:
        raise DatasetError(f"{root}: {len(shuffled)} captioned photos are too few to split")
    note = f"no split lists: photos shuffled with seed {SPLIT_SEED}, an eighth each dev and test"
    return {
        "train": shuffled[2 * eighth :],
        "dev": shuffled[:eighth],
        "test": shuffled[eighth : 2 * eighth],
    }, (note,)


def _find_photos(root: Path) -> Path | None:
    folders = (root / name for name in reversed(PHOTO_FOLDERS))
    return next((folder for folder in folders if folder.is_dir()), None)


def _find_captions(root: Path) -> Path | None:
    return _find(root, TEXT_FOLDERS, CAPTION_FILES)


def _find(root: Path, folders: Sequence[str], names: Sequence[str]) -> Path | None:
    files = (root / folder / name for folder in folders for name in names)
    return next((file for file in files if file.is_file()), None)


def _what_is_missing(data: Path) -> str:
    for root in (data, data / "flickr8k"):
        photos, captions = _find_photos(root), _find_captions(root)
        if photos is not None:
            return (
                f"{root} has the photos ({photos.name}/) but no captions: "
                f"{' or '.join(CAPTION_FILES)} is missing"
            )
        if captions is not None:
            return (
                f"{root} has the captions ({captions.name}) but no photos: a folder "
                f"{', '.join(PHOTO_FOLDERS[:3])} is missing"
            )
    return f"{data} holds no Flickr8k; it is read as {LAYOUTS}"
