from __future__ import annotations

from pathlib import Path

import pytest

from photoseek_training.dataset import read_captions, read_dataset
from photoseek_training.errors import DatasetError
from photoseek_training.shapes import draw_shapes


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    return draw_shapes(tmp_path / "flickr8k", 40, seed=1)


def _names(photos: object) -> list[str]:
    return [photo.path.name for photo in photos]  # type: ignore[attr-defined]


def test_shared_layout_is_read_from_its_folder_and_from_the_parent(shapes: Path) -> None:
    assert read_dataset(shapes) == read_dataset(shapes.parent)
    assert len(read_dataset(shapes).train) == 30
    assert len(read_dataset(shapes).train[0].captions) == 2


def test_kaggle_layout_without_lists_is_split_the_same_way_each_time(shapes: Path) -> None:
    (shapes / "images").rename(shapes / "Images")
    for split in ("train", "dev", "test"):
        (shapes / f"{split}.txt").unlink()
    first = read_dataset(shapes)
    assert first == read_dataset(shapes)
    splits = [set(_names(photos)) for photos in (first.train, first.dev, first.test)]
    assert [len(split) for split in splits] == [30, 5, 5]
    assert not splits[0] & splits[1] | splits[0] & splits[2] | splits[1] & splits[2]
    assert "no split lists" in first.notes[0]


def test_kaggle_layout_uses_the_standard_lists_when_they_are_there(shapes: Path) -> None:
    (shapes / "images").rename(shapes / "Images")
    expected = _names(read_dataset(shapes).test)
    for split in ("train", "dev", "test"):
        (shapes / f"{split}.txt").rename(shapes / f"Flickr_8k.{split}Images.txt")
    assert _names(read_dataset(shapes).test) == expected


def test_original_layout_with_a_sibling_text_folder_is_read(shapes: Path, tmp_path: Path) -> None:
    expected = read_dataset(shapes)
    original = tmp_path / "original"
    text = original / "Flickr8k_text"
    text.mkdir(parents=True)
    (shapes / "images").rename(original / "Flicker8k_Dataset")
    lines = [
        f"{photo.path.name}#{number}\t{caption}"
        for photo in (*expected.train, *expected.dev, *expected.test)
        for number, caption in enumerate(photo.captions)
    ]
    lines.append("2258277193_586949ec62.jpg.1#0\ta photo that the original set does not have")
    (text / "Flickr8k.token.txt").write_text("\n".join(lines), encoding="utf-8")
    for split in ("train", "dev", "test"):
        content = (shapes / f"{split}.txt").read_text(encoding="utf-8")
        (text / f"Flickr_8k.{split}Images.txt").write_text(content, encoding="utf-8")
    found = read_dataset(original)
    assert _names(found.train) == _names(expected.train)
    assert [photo.captions for photo in found.dev] == [photo.captions for photo in expected.dev]


def test_commas_and_quotes_in_captions_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "captions.txt"
    file.write_text(
        'image,caption\na.jpg,A dog , a cat , and a bird .\na.jpg,"A ""big"" dog, running ."\n',
        encoding="utf-8",
    )
    assert read_captions(file) == {
        "a.jpg": ("A dog , a cat , and a bird .", 'A "big" dog, running .')
    }


def test_a_few_lost_photos_are_left_out_and_told(shapes: Path) -> None:
    lost = read_dataset(shapes).train[0].path
    lists = [shapes / f"{split}.txt" for split in ("train", "dev", "test")]
    lists[0].write_text(lists[0].read_text() * 9, encoding="utf-8")  # keeps the loss under 1 %
    other = read_dataset(shapes).train[1].path.name
    lists[0].write_text(lists[0].read_text().replace(lost.name, other) + lost.name + "\n")
    lost.unlink()
    assert "1 listed photos" in read_dataset(shapes).notes[0]


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        ("images", "no photos: a folder images"),
        ("captions.txt", "captions.txt or Flickr8k.token.txt is missing"),
        ("dev.txt", "dev.txt or Flickr_8k.devImages.txt is not"),
    ],
)
def test_what_is_missing_is_named(shapes: Path, removed: str, said: str) -> None:
    (shapes / removed).rename(shapes / "elsewhere")
    with pytest.raises(DatasetError, match=said):
        read_dataset(shapes)


def test_a_folder_of_something_else_tells_the_layouts(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no Flickr8k; it is read as .*Kaggle"):
        read_dataset(tmp_path)
    with pytest.raises(DatasetError, match="is not a folder"):
        read_dataset(tmp_path / "nowhere")


def test_many_lost_photos_are_an_error(shapes: Path) -> None:
    for photo in read_dataset(shapes).train[:5]:
        photo.path.unlink()
    with pytest.raises(DatasetError, match="5 of the 40 photos in the splits have no file"):
        read_dataset(shapes)
