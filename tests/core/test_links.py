"""Links in and to folders: each real photo is listed once, by its own name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from drawing import draw_photo
from photoseek import Library, Query
from photoseek.filters import Filter
from photoseek.scanner import scan_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links there need a right")


def paths(library: Library) -> set[str]:
    found = library.photos(library.browse().tolist())
    return {str(photo.path.relative_to(photo.folder)) for photo in found}


@pytest.mark.parametrize("link", ["aa", "zz"])
def test_a_link_to_a_folder_does_not_take_its_place(
    library: Library, tmp_path: Path, link: str
) -> None:
    folder = tmp_path / "photos"
    photo = draw_photo(folder / "real" / "red.jpg", "red")
    (folder / link).symlink_to("real")
    library.add_folder(folder)
    library.update()
    assert paths(library) == {"real/red.jpg"}
    hits = library.search(Query.parse("red", filter=Filter(folder=folder / "real")))
    assert [hit.photo.path for hit in hits] == [photo]
    assert library.explain(photo).status == "found"
    assert library.explain(folder / link / "red.jpg").status == "found"
    # The same change, told by the name of either.
    draw_photo(folder / "real" / "blue.jpg", "blue")
    for _ in range(2):
        library.update(places=[folder / link / "blue.jpg"])
        assert paths(library) == {"real/red.jpg", "real/blue.jpg"}
    library.update(places=[folder / "real" / "blue.jpg"])
    report = library.update()
    assert (report.unchanged, report.added, report.removed, report.offline) == (2, 0, 0, 0)
    assert library.folders()[0].online


def test_a_link_to_a_photo_is_not_a_second_one(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    photo = draw_photo(folder / "real" / "red.jpg", "red")
    (folder / "album").mkdir()
    (folder / "album" / "best.jpg").symlink_to(photo)
    outside = draw_photo(tmp_path / "outside" / "blue.jpg", "blue")
    for name in ("one.jpg", "two.jpg"):
        (folder / "album" / name).symlink_to(outside)
    library.add_folder(folder)
    library.update()
    assert paths(library) == {"real/red.jpg", "album/one.jpg"}
    assert library.explain(outside).status == "found"
    library.update(places=[folder / "album" / "best.jpg", folder / "album" / "two.jpg"])
    assert paths(library) == {"real/red.jpg", "album/one.jpg"}


def test_a_link_is_the_folder_that_it_leads_to(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    draw_photo(folder / "sub" / "red.jpg", "red")
    link, inner = tmp_path / "link", tmp_path / "inner"
    link.symlink_to(folder)
    inner.symlink_to(folder / "sub")
    library.add_folder(folder)
    assert library.add_folder(link).path == folder
    assert library.add_folder(inner).path == folder
    library.update()
    assert len(library.folders()) == len(library.browse()) == 1


def test_a_folder_above_the_one_that_a_link_leads_to_takes_its_photos_over(
    library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures" / "photos"
    draw_photo(folder / "red.jpg", "red")
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert library.add_folder(link).path == link
    library.update()
    before = library.browse().tolist()
    library.add_folder(tmp_path / "pictures")
    report = library.update()
    assert (report.unchanged, report.added) == (1, 0)
    assert library.browse().tolist() == before
    assert paths(library) == {"photos/red.jpg"}


def test_a_link_into_another_folder_of_the_library_shows_its_photos_once(
    library: Library, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "a" / "red.jpg", "red")
    draw_photo(tmp_path / "b" / "deep" / "blue.jpg", "blue")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "b" / "deep")
    library.add_folder(tmp_path / "a")
    library.add_folder(tmp_path / "b")
    for _ in range(2):
        library.update()
        assert paths(library) == {"red.jpg", "deep/blue.jpg"}


@pytest.mark.parametrize("inode", [0, 7])
def test_a_drive_that_gives_every_folder_the_same_inode_is_listed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inode: int
) -> None:
    for name in ("a/1.jpg", "a/b/2.jpg", "c/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to("a")
    stat = os.stat

    def same(path, *args, **more):  # type: ignore[no-untyped-def]
        found = stat(path, *args, **more)
        times = {"st_mtime_ns": found.st_mtime_ns, "st_ctime_ns": found.st_ctime_ns}
        return os.stat_result((found[0], inode, *found[2:]), times)

    monkeypatch.setattr(os, "stat", same)
    assert sorted(file.name for file in scan_folder(tmp_path).files) == [
        b"a/1.jpg",
        b"a/b/2.jpg",
        b"c/3.jpg",
    ]


def test_thumbnails_of_another_library_are_no_photos(
    library: Library, open_library: object, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    draw_photo(folder / "red.jpg", "red")
    draw_photo(folder / "thumbnails" / "blue.jpg", "blue")  # only named like them
    other = open_library(folder / "family")  # type: ignore[operator]
    other.add_folder(folder)
    other.update()
    library.add_folder(folder)
    library.update()
    assert paths(library) == {"red.jpg", "thumbnails/blue.jpg"}
    thumbnail = next((folder / "family").rglob("*.jpg"))
    explanation = library.explain(thumbnail)
    assert explanation.status == "excluded"
    assert "another Photoseek library" in explanation.reason
