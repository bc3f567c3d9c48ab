"""What the window remembers lies beside the library, which may come from somebody else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from photoseek_desktop.known_libraries import KnownLibraries
from photoseek_desktop.photo_grid import LARGEST_TILE, SMALLEST_TILE
from photoseek_desktop.settings import DEFAULT_TILE, FILE, Settings
from photoseek_desktop.theme import ThemeChoice

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="has no such files")


def test_what_was_set_is_there_the_next_time(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.theme, settings.tile, settings.info = ThemeChoice.DARK, 200, True
    settings.geometry = QByteArray(b"\x00\x01 \n=%")
    settings.last_folder = str(tmp_path / "50 % = [ü]\n#")
    settings.save()
    again = Settings(tmp_path)
    assert (again.theme, again.tile, again.info) == (ThemeChoice.DARK, 200, True)
    assert again.geometry == settings.geometry
    assert again.last_folder == str(tmp_path / "50 % = [ü]\n#")


def test_two_windows_keep_what_the_other_has_set(tmp_path: Path) -> None:
    first, second = Settings(tmp_path), Settings(tmp_path)
    first.tile = 200
    first.save()
    second.info = True
    second.save()
    assert (Settings(tmp_path).tile, Settings(tmp_path).info) == (200, True)


@pytest.mark.parametrize(
    ("line", "tile"),
    [
        ("tile=99999999999", DEFAULT_TILE),
        ("tile=999", LARGEST_TILE),
        ("tile=0", SMALLEST_TILE),
        ("tile=-5", DEFAULT_TILE),
        ("tile=٣٣٣", DEFAULT_TILE),
        ("tile=", DEFAULT_TILE),
        ("tile=@Variant(\\0\\0\\0\\x7f)", DEFAULT_TILE),
    ],
)
def test_a_tile_out_of_range_is_no_tile(tmp_path: Path, line: str, tile: int) -> None:
    (tmp_path / FILE).write_text(f"[General]\n{line}\n", encoding="utf-8")
    assert Settings(tmp_path).tile == tile


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 1000)


@on_posix
@pytest.mark.parametrize("make", [make_pipe, make_endless, make_noise, Path.mkdir])
def test_what_is_no_settings_file_counts_as_never_set(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / FILE)
    make(tmp_path / "libraries.ini")
    settings = Settings(tmp_path)
    assert (settings.theme, settings.tile) == (ThemeChoice.SYSTEM, DEFAULT_TILE)
    settings.tile = 200
    settings.save()
    known = KnownLibraries(tmp_path)
    assert known.recent == (tmp_path,)
    known.remember(tmp_path / "other")


@on_posix
def test_no_settings_are_written_through_a_link(tmp_path: Path) -> None:
    library, target = tmp_path / "library", tmp_path / "target"
    library.mkdir()
    target.write_text("[General]\ntile=200\n")
    for name in (FILE, "libraries.ini"):
        (library / name).symlink_to(target)
    settings = Settings(library)
    assert settings.tile == DEFAULT_TILE
    settings.tile = 250
    settings.save()
    KnownLibraries(library).remember(tmp_path / "other")
    assert target.read_text() == "[General]\ntile=200\n"
    assert (library / FILE).is_symlink()
    assert (library / "libraries.ini").is_symlink()


def test_a_list_of_libraries_makes_nobody_open_what_is_none(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "letter.txt").write_text("mine")
    KnownLibraries(tmp_path / "home").remember(documents)
    assert KnownLibraries(tmp_path / "home").last == tmp_path / "home"
    (documents / "library.db").touch()
    assert KnownLibraries(tmp_path / "home").last == documents


@pytest.mark.parametrize("path", ["//server/share", "\\\\server\\share", "relative", ""])
def test_no_path_to_another_machine_is_taken_from_a_file(tmp_path: Path, path: str) -> None:
    (tmp_path / FILE).write_text(f"last_folder={path}\n")
    (tmp_path / "libraries.ini").write_text(f"recent1={path}\n")
    assert "server" not in Settings(tmp_path).last_folder
    assert KnownLibraries(tmp_path).recent == (tmp_path,)
