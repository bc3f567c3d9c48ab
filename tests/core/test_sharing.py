"""One library in several processes at once; `python -m stress` tries the same for longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from command import start_held_update
from drawing import draw_photo
from photoseek import FolderError, Library, LibraryBusyError, ModelBundle
from stress.sharing import share_library

OpenLibrary = Callable[..., Library]


def test_processes_share_a_library_without_a_fault(
    tmp_path: Path, colour_bundle: ModelBundle
) -> None:
    assert share_library(tmp_path, colour_bundle, rounds=3, processes=2) == []


def test_a_folder_is_not_added_amid_an_update_and_breaks_none(
    open_library: OpenLibrary,
    many_photos: Callable[[Path, int], Path],
    tmp_path: Path,
    colour_bundle: ModelBundle,
) -> None:
    child = many_photos(tmp_path / "parent" / "child", 40)
    process = start_held_update(colour_bundle, tmp_path / "library", child)
    library = open_library()
    with pytest.raises(LibraryBusyError):
        library.add_folder(child.parent)
    assert library.add_folder(child).path == child  # which is there already
    _, errors = process.communicate("\n" * 10)
    assert (process.returncode, errors) == (0, "")
    library.add_folder(child.parent)
    assert library.update().unchanged == 40
    assert [folder.path for folder in library.folders()] == [child.parent]


def test_what_a_new_folder_shows_again_is_found_at_once(
    open_library: OpenLibrary, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "parent" / "child" / "red.jpg", "red")
    library = open_library()
    library.add_folder(tmp_path / "parent" / "child")
    library.update()
    library.exclude("/red.jpg")
    assert library.search("red") == []
    library.add_folder(tmp_path / "parent")  # where the pattern means another file
    assert [hit.photo.path.name for hit in library.search("red")] == ["red.jpg"]


def test_a_folder_is_removed_by_whatever_name_it_was_added(
    library: Library, colour_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(colour_folder.parent)
    monkeypatch.setenv("HOME", str(colour_folder.parent))
    for name in ("photos", "./photos/../photos", "~/photos", str(colour_folder)):
        library.add_folder(name)
        library.remove_folder(name)
        assert library.folders() == ()


def test_a_current_folder_that_was_deleted_is_said(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(FolderError, match="current folder has been deleted"):
        library.add_folder("photos")
