"""A library of an older Photoseek is brought up to date, and what it lacks is read at leisure."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from drawing import draw_photo
from photoseek import Library, LibraryError
from photoseek.database.schema import SCHEMA_VERSION

VERSIONS = {
    int(path.stem.removeprefix("library_v")): path
    for path in sorted(Path(__file__).parent.glob("library_v*.sql"))
}
TABLES = ("folders", "photos", "models", "embeddings")


@pytest.fixture
def make_old(tmp_path: Path, open_library: Callable[..., Library]) -> Callable[[int], Path]:
    """Make a closed library as a past version had it: a dated red photo, a green, a broken one."""

    def make(version: int) -> Path:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = "2001:02:03 04:05:06"
        draw_photo(tmp_path / "photos" / "red.jpg", "red", exif=exif.tobytes())
        draw_photo(tmp_path / "photos" / "green.png", "green")
        (tmp_path / "photos" / "broken.jpg").write_text("no photo")
        library = open_library(tmp_path / "new")
        library.add_folder(tmp_path / "photos")
        library.update()
        library.close()
        directory = tmp_path / "old"
        directory.mkdir()
        with closing(sqlite3.connect(directory / "library.db")) as old:
            old.executescript(VERSIONS[version].read_text())
            old.execute("ATTACH ? AS new", (str(tmp_path / "new" / "library.db"),))
            for table in TABLES:
                columns = ", ".join(row[1] for row in old.execute(f"PRAGMA table_info({table})"))
                old.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")
            old.commit()
        return directory

    return make


@pytest.fixture
def old_library(make_old: Callable[[int], Path]) -> Path:
    """A closed library as version 1 had it."""
    return make_old(1)


def test_each_past_version_has_its_tables_here() -> None:
    assert list(VERSIONS) == list(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_library_is_upgraded_and_a_copy_of_it_kept(
    make_old: Callable[[int], Path], open_library: Callable[..., Library], version: int
) -> None:
    old_library = make_old(version)
    library = open_library(old_library)
    assert library.search("red", top_k=1)[0].photo.path.name == "red.jpg"
    assert [failure.path.name for failure in library.info().failures] == ["broken.jpg"]
    with closing(sqlite3.connect(old_library / f"library.db.v{version}")) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (version,)
        assert kept.execute("SELECT count(*) FROM photos").fetchone() == (3,)
    assert not list(old_library.glob("*.part"))


def test_metadata_is_filled_in_at_the_next_update_without_embedding_again(
    old_library: Path, open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library(old_library)
    before = library.browse().tolist()
    photos = {photo.path.name: photo for photo in library.photos(before)}
    assert photos["red.jpg"].dated_by_file

    def refuse(*_: object) -> None:
        raise AssertionError("a known photo was embedded again")

    monkeypatch.setattr(library.encoder, "encode_pixels", refuse)
    report = library.update()
    assert (report.unchanged, report.added, report.changed) == (3, 0, 0)
    photos = {photo.path.name: photo for photo in library.photos(before)}
    assert photos["red.jpg"].metadata.taken == datetime(2001, 2, 3, 4, 5, 6)
    assert photos["green.png"].metadata.format == "png"
    assert sorted(library.browse().tolist()) == sorted(before)
    monkeypatch.setattr("photoseek.indexer.DecoderPool", refuse)
    assert library.update().unchanged == 3


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgraded_library_has_the_tables_of_a_new_one(
    make_old: Callable[[int], Path],
    open_library: Callable[..., Library],
    tmp_path: Path,
    version: int,
) -> None:
    old_library = make_old(version)
    open_library(old_library).close()
    tables = []
    for directory in (old_library, tmp_path / "new"):
        with closing(sqlite3.connect(directory / "library.db")) as database:
            tables.append(set(database.execute("SELECT type, name, sql FROM sqlite_master")))
    assert tables[0] == tables[1]


def test_the_model_of_an_old_library_is_kept_from_its_next_update_on(
    old_library: Path, open_library: Callable[..., Library]
) -> None:
    library = open_library(old_library)
    (model,) = library.models()
    assert (model.kept, model.in_use, model.embedded, model.lacking) == (False, False, 2, 0)
    library.update()
    (model,) = library.models()
    assert (model.name, model.kept, model.in_use, model.lacking) == ("colours-0", True, True, 0)


def test_an_old_library_that_cannot_be_copied_stays_as_it_is(
    old_library: Path, open_library: Callable[..., Library]
) -> None:
    (old_library / "library.db.v1").mkdir()
    with pytest.raises(LibraryError, match="cannot be written before"):
        open_library(old_library)
    with closing(sqlite3.connect(old_library / "library.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
