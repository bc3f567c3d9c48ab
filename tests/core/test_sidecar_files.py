"""Which files beside a photo describe it, and what a change of one of them leads to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import Library
from photoseek.scanner import scan_folder
from photoseek.sidecar_files import is_sidecar_name

PHOTO = "IMG_20190304_050607.jpg"


def sidecars_of(folder: Path, photo: str) -> list[str]:
    found = scan_folder(folder).sidecars.get(photo.encode(), ())
    return [path.decode() for path in found]


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("a.jpg", "a.xmp"),
        ("a.jpg", "a.jpg.xmp"),
        ("a.JPG", "A.XMP"),
        ("a.nef", "a.xmp"),
        ("a.jpg", "a.jpg.json"),
        ("a.jpg", "a.jpg.supplemental-metadata.json"),
        (PHOTO, f"{PHOTO}.supplemental-meta.json"),
        (PHOTO, f"{PHOTO}.s.json"),
        (PHOTO, f"{PHOTO}..json"),
        ("a.jpg", "a.json"),
        ("a(1).jpg", "a.jpg(1).json"),
        ("a(2).jpg", "a.jpg.supplemental-metadata(2).json"),
        ("a-edited.jpg", "a.jpg.json"),
        ("a-edited.jpg", "a.jpg.supplemental-metadata.json"),
        ("x" * 47 + ".jpg", "x" * 46 + ".json"),
    ],
)
def test_a_sidecar_is_found_by_the_names_that_programs_give_it(
    tmp_path: Path, photo: str, sidecar: str
) -> None:
    (tmp_path / photo).touch()
    (tmp_path / "b.jpg").touch()
    (tmp_path / sidecar).write_text("x")
    assert is_sidecar_name(sidecar.encode())
    assert sidecars_of(tmp_path, photo) == [sidecar]
    assert sidecars_of(tmp_path, "b.jpg") == []


@pytest.mark.parametrize(
    "other", ["b.xmp", "a.jpg.txt", "metadata.json", "a(1).jpg.json", "a1.xmp"]
)
def test_files_of_other_photos_describe_nothing_here(tmp_path: Path, other: str) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / other).write_text("x")
    (file,) = scan_folder(tmp_path).files
    assert (file.beside, scan_folder(tmp_path).sidecars) == (0, {})


def test_the_stamp_tells_each_change_of_a_sidecar(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    stamps = []

    def note() -> None:
        (file,) = scan_folder(tmp_path).files
        stamps.append(file.beside)

    note()
    (tmp_path / "a.xmp").write_text("one")
    note()
    (tmp_path / "a.xmp").write_text("another")
    note()
    (tmp_path / "a.jpg.json").write_text("{}")
    note()
    (tmp_path / "a.xmp").unlink()
    note()
    assert len(set(stamps)) == 5
    (tmp_path / "a.jpg.json").unlink()
    note()
    assert stamps[-1] == stamps[0] == 0


def takeout(day: int) -> str:
    return json.dumps({"title": "red.jpg", "photoTakenTime": {"timestamp": f"{86400 * day}"}})


@pytest.mark.parametrize("watched", [False, True])
def test_a_sidecar_that_comes_changes_or_goes_is_read_without_embedding_the_photo_again(
    library: Library, colour_folder: Path, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    library.add_folder(colour_folder)
    library.update()
    sidecar = colour_folder / "red.jpg.supplemental-metadata.json"
    monkeypatch.setattr("photoseek.encoder.Encoder.encode_pixels", None)
    before = library.search("red", top_k=1)[0].photo

    def update() -> int:
        places = [sidecar] if watched else None
        assert library.update(places=places).changed == 1
        assert library.update(places=places).changed == 0
        photo = library.search("red", top_k=1)[0].photo
        assert photo.id == before.id
        return photo.date.year

    sidecar.write_text(takeout(20))
    assert update() == 1970
    sidecar.write_text(takeout(12_000))
    assert update() == 2002
    sidecar.unlink()
    assert update() == before.date.year


def test_a_new_photo_is_read_with_its_sidecar(library: Library, tmp_path: Path) -> None:
    draw_photo(tmp_path / "photos" / "red.jpg", "red")
    (tmp_path / "photos" / "red.json").write_text(takeout(12_000))
    library.add_folder(tmp_path / "photos")
    library.update()
    assert library.search("red", top_k=1)[0].photo.date.year == 2002
