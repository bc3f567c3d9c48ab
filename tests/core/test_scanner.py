"""The walk over a folder, however it is made."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import tracemalloc
import unicodedata
from pathlib import Path

import pytest

from photoseek.photo_names import why_skipped
from photoseek.scanner import scan_folder

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX file system")


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345")
    return path


def names(folder: Path) -> list[str]:
    return sorted(os.fsdecode(file.name) for file in scan_folder(folder).files)


def test_photos_are_listed_with_size_and_time_below_their_folder(tmp_path: Path) -> None:
    for name in ("a.JPG", "b/c/d.heic", "b/e.Png"):
        touch(tmp_path / name)
    for name in ("f.txt", "g", "b/h.mp4", "jpg", "k.jpg.part"):
        touch(tmp_path / name)
    scan = scan_folder(tmp_path)
    assert names(tmp_path) == ["a.JPG", "b/c/d.heic", "b/e.Png"]
    assert {file.file_size for file in scan.files} == {5}
    (first,) = (file for file in scan.files if file.name == b"a.JPG")
    assert first.modified_ns == (tmp_path / "a.JPG").stat().st_mtime_ns
    assert scan.unreadable == []


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.jpg",
        "._a.jpg",
        ".thumbnails/a.jpg",
        "@eaDir/a.jpg",
        "#recycle/a.jpg",
        "$RECYCLE.BIN/a.jpg",
        "System Volume Information/a.jpg",
        "deep/@eaDir/b/a.jpg",
    ],
)
def test_hidden_files_and_what_systems_leave_behind_are_skipped_and_explained(
    tmp_path: Path, name: str
) -> None:
    path = touch(tmp_path / name)
    assert names(tmp_path) == []
    assert why_skipped(path, tmp_path)


def test_a_folder_that_lies_in_a_hidden_one_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    path = touch(tmp_path / ".private" / "@eaDir" / "a.jpg")
    assert names(path.parent) == ["a.jpg"]
    assert why_skipped(path, path.parent) is None


@posix
def test_link_loops_end_and_each_real_folder_is_listed_once(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    touch(folder / "sub" / "a.jpg")
    (folder / "sub" / "back").symlink_to(folder)
    (folder / "again").symlink_to(folder / "sub")
    (folder / "self.jpg").symlink_to(folder / "self.jpg")
    (folder / "broken.jpg").symlink_to(tmp_path / "nothing.jpg")
    assert len(names(folder)) == 1
    assert names(folder)[0].endswith("a.jpg")


@posix
def test_links_to_folders_and_photos_elsewhere_are_followed(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere" / "a.jpg")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "elsewhere")
    alone = touch(tmp_path / "other" / "b.jpg")
    (tmp_path / "photos" / "c.jpg").symlink_to(alone)
    assert names(tmp_path / "photos") == ["c.jpg", "link/a.jpg"]
    (tmp_path / "photos link").symlink_to(tmp_path / "photos")
    assert names(tmp_path / "photos link") == ["c.jpg", "link/a.jpg"]


@posix
def test_pipes_sockets_and_folders_named_like_photos_are_no_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    monkeypatch.chdir(tmp_path)  # a socket's name may only be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.jpg")
    (tmp_path / "device.jpg").symlink_to("/dev/zero")
    touch(tmp_path / "folder.jpg" / "a.jpg")
    assert names(tmp_path) == ["folder.jpg/a.jpg"]


@posix
@pytest.mark.parametrize(
    "name",
    [
        b" two  spaces .jpg",
        b"new\nline.jpg",
        b"tab\t\r.jpg",
        b"100%_[a]'\"\\*?.jpg",
        "\U0001f600 \u72ac.jpg".encode(),
        "e\u0301 and \u00e9.jpg".encode(),
        b"\xff\xfe not text \x80.jpg",
        b"-n.jpg",
        b"x" * 251 + b".jpg",
    ],
)
def test_odd_names_come_back_as_they_are(tmp_path: Path, name: bytes) -> None:
    path = touch(tmp_path / "sub" / os.fsdecode(name))
    (file,) = scan_folder(tmp_path).files
    assert file.name == b"sub/" + name
    assert (tmp_path / os.fsdecode(file.name)) == path


def test_a_folder_that_is_gone_is_reported(tmp_path: Path) -> None:
    scan = scan_folder(tmp_path / "none")
    assert scan.files == []
    assert [place.path for place in scan.unreadable] == [tmp_path / "none"]
    assert "No such file" in scan.unreadable[0].reason


def test_a_place_that_cannot_be_listed_does_not_stop_the_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/1.jpg", "locked/2.jpg", "z/3.jpg"):
        touch(tmp_path / name)
    listing = os.scandir

    def refuse(path):  # type: ignore[no-untyped-def]
        if os.fsencode(path).endswith(b"locked"):
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    scan = scan_folder(tmp_path)
    assert sorted(file.name for file in scan.files) == [b"a/1.jpg", b"z/3.jpg"]
    assert [place.path for place in scan.unreadable] == [tmp_path / "locked"]


def test_the_walk_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    assert scan_folder(tmp_path, lambda: True).files == []


def test_a_folder_to_leave_out_is_left_out_under_any_name(tmp_path: Path) -> None:
    touch(tmp_path / "library" / "thumbnails" / "a.jpg")
    touch(tmp_path / "b.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "library")
    found = scan_folder(tmp_path, leave_out=tmp_path / "library").files
    assert [file.name for file in found] == [b"b.jpg"]


@posix
def test_deep_paths_are_walked(tmp_path: Path) -> None:
    path = tmp_path.joinpath(*(["d" * 50] * 40))
    touch(path / "a.jpg")
    assert len(scan_folder(tmp_path).files) == 1


@posix
def test_a_folder_without_permission_is_reported_and_the_others_are_read() -> None:
    # Not below pytest's folder, which only its owner may enter.
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        folder.chmod(0o755)
        for name in ("a/1.jpg", "locked/2.jpg", "z/3.jpg"):
            touch(folder / name)
        (folder / "locked").chmod(0)
        person = os.geteuid()
        if person == 0:
            os.seteuid(65534)  # nothing is locked to the administrator
        try:
            scan = scan_folder(folder)
        finally:
            os.seteuid(person)
            (folder / "locked").chmod(0o700)
    assert sorted(file.name for file in scan.files) == [b"a/1.jpg", b"z/3.jpg"]
    assert [(place.path, place.reason) for place in scan.unreadable] == [
        (folder / "locked", "cannot be listed (Permission denied)")
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems take both for one name")
def test_both_unicode_forms_of_a_name_are_two_photos(tmp_path: Path) -> None:
    forms = [unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD")]
    for form in forms:
        touch(tmp_path / form)
    assert sorted(names(tmp_path)) == sorted(forms)


def test_a_folder_of_thousands_takes_little_memory_a_file(tmp_path: Path) -> None:
    count = 20_000
    for number in range(count):
        (tmp_path / f"IMG_{number:05}.jpg").touch()
    tracemalloc.start()
    try:
        files = scan_folder(tmp_path).files
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len({file.name for file in files}) == count
    assert most / count < 400  # bytes, so that a million photos fit
