"""One update after another of a folder that people and accidents change."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bundles import COLOURS
from drawing import draw_photo
from photoseek import Library, ModelBundle, Progress, UpdateReport

SIX = ["blue", "green", "orange", "purple", "red", "yellow"]


def counts(report: UpdateReport) -> dict[str, int]:
    """Return the report's counts that are not zero, less `found`."""
    names = ("added", "changed", "moved", "removed", "unchanged", "failed", "offline")
    return {name: count for name in names if (count := getattr(report, name))}


def photos(library: Library) -> dict[str, int]:
    """Return the ids of all photos by their path below the folder that the library covers."""
    found = library.photos(library.browse().tolist())
    return {str(photo.path.relative_to(photo.folder)): photo.id for photo in found}


def best(library: Library, phrase: str) -> str:
    return library.search(phrase, top_k=1)[0].photo.path.name


def age(path: Path) -> None:
    """Make the file's time an hour older: a change that needs no waiting."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns - 3_600_000_000_000))


@pytest.fixture
def indexed(library: Library, colour_folder: Path) -> Library:
    library.add_folder(colour_folder)
    assert counts(library.update()) == {"added": 6}
    return library


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect how many photos each batch that goes to the image encoder holds."""
    from photoseek import Encoder

    batches: list[int] = []
    encode = Encoder.encode_pixels

    def counting(self: Encoder, pixels):  # type: ignore[no-untyped-def]
        batches.append(len(pixels))
        return encode(self, pixels)

    monkeypatch.setattr(Encoder, "encode_pixels", counting)
    return batches


@pytest.mark.parametrize("colour", SIX)
def test_each_colour_finds_its_photo_first(indexed: Library, colour: str) -> None:
    assert best(indexed, colour) == f"{colour}.jpg"


def test_nothing_new_opens_nothing(indexed: Library, opened: list[int]) -> None:
    before = photos(indexed)
    assert counts(indexed.update()) == {"unchanged": 6}
    assert (photos(indexed), opened) == (before, [])


def test_a_new_photo_is_the_only_one_opened(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    draw_photo(colour_folder / "deep" / "er" / "white.png", "white")
    assert counts(indexed.update()) == {"added": 1, "unchanged": 6}
    assert opened == [1]
    assert best(indexed, "white") == "white.png"


def test_a_changed_photo_is_read_again_and_gets_a_new_id(
    indexed: Library, colour_folder: Path
) -> None:
    before = photos(indexed)["red.jpg"]
    draw_photo(colour_folder / "red.jpg", "white", size=(80, 80))
    assert counts(indexed.update()) == {"changed": 1, "unchanged": 5}
    assert best(indexed, "white") == "red.jpg"
    assert best(indexed, "red") != "red.jpg"
    assert photos(indexed)["red.jpg"] != before
    assert len(photos(indexed)) == 6


def test_a_touched_photo_keeps_its_id_and_embedding(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    before = photos(indexed)
    age(colour_folder / "red.jpg")
    assert counts(indexed.update()) == {"changed": 1, "unchanged": 5}
    assert (photos(indexed), opened) == (before, [])
    assert counts(indexed.update()) == {"unchanged": 6}


def test_a_moved_and_a_renamed_photo_keep_id_and_embedding(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    before = photos(indexed)
    (colour_folder / "trips").mkdir()
    (colour_folder / "red.jpg").rename(colour_folder / "trips" / "red.jpg")
    (colour_folder / "blue.jpg").rename(colour_folder / "sea.jpg")
    assert counts(indexed.update()) == {"moved": 2, "unchanged": 4}
    after = photos(indexed)
    assert after["trips/red.jpg"] == before["red.jpg"]
    assert after["sea.jpg"] == before["blue.jpg"]
    assert opened == []
    assert best(indexed, "blue") == "sea.jpg"


def test_a_copy_gets_its_own_entry_without_being_embedded(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    shutil.copy(colour_folder / "red.jpg", colour_folder / "red again.jpg")
    assert counts(indexed.update()) == {"added": 1, "unchanged": 6}
    assert opened == []
    top = indexed.search("red", top_k=2)
    assert {hit.photo.path.name for hit in top} == {"red.jpg", "red again.jpg"}
    assert top[0].score == top[1].score


def test_two_photos_that_swap_names_are_both_found(indexed: Library, colour_folder: Path) -> None:
    red, blue, aside = (colour_folder / name for name in ("red.jpg", "blue.jpg", "aside"))
    red.rename(aside)
    blue.rename(red)
    aside.rename(blue)
    age(red)
    age(blue)
    report = indexed.update()
    assert (report.failed, len(photos(indexed))) == (0, 6)
    assert best(indexed, "red") == "blue.jpg"
    assert best(indexed, "blue") == "red.jpg"
    assert indexed.info().searchable == 6


@pytest.mark.parametrize("kept_as", ["a first.jpg", "zz last.jpg"])
def test_an_edited_photo_and_its_original_under_a_new_name_are_both_found(
    indexed: Library, colour_folder: Path, kept_as: str
) -> None:
    (colour_folder / "red.jpg").rename(colour_folder / kept_as)
    draw_photo(colour_folder / "red.jpg", "white")
    indexed.update()
    assert len(photos(indexed)) == 7
    assert best(indexed, "red") == kept_as
    assert best(indexed, "white") == "red.jpg"


def test_a_deleted_photo_is_forgotten_with_its_thumbnail(
    indexed: Library, colour_folder: Path
) -> None:
    gone = photos(indexed)["red.jpg"]
    (colour_folder / "red.jpg").unlink()
    assert counts(indexed.update()) == {"removed": 1, "unchanged": 5}
    assert best(indexed, "red") != "red.jpg"
    assert indexed.photos([gone]) == []
    assert indexed.thumbnail(gone) is None
    assert len(list((indexed.directory / "thumbnails").rglob("*.jpg"))) == 5


def test_a_thumbnail_stays_while_a_copy_of_its_photo_does(
    indexed: Library, colour_folder: Path
) -> None:
    shutil.copy(colour_folder / "red.jpg", colour_folder / "copy.jpg")
    indexed.update()
    (colour_folder / "red.jpg").unlink()
    indexed.update()
    assert (indexed.directory / "thumbnails").exists()
    assert len(list((indexed.directory / "thumbnails").rglob("*.jpg"))) == 6


def test_a_renamed_folder_added_under_its_new_name_keeps_ids_and_embeddings(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    before = photos(indexed)
    renamed = colour_folder.rename(colour_folder.with_name("pictures"))
    indexed.add_folder(renamed)
    assert counts(indexed.update()) == {"moved": 6}
    assert (photos(indexed), opened) == (before, [])
    assert {photo.folder for photo in indexed.photos(indexed.browse().tolist())} == {renamed}


def lose_folder(folder: Path) -> None:
    folder.rename(folder.with_name("unplugged"))


def empty_folder(folder: Path) -> None:
    folder.rename(folder.with_name("unplugged"))
    folder.mkdir()


@pytest.mark.parametrize("accident", [lose_folder, empty_folder])
def test_a_vanished_folder_keeps_its_photos_and_comes_back_without_reading_them(
    indexed: Library,
    colour_folder: Path,
    opened: list[int],
    accident: Callable[[Path], None],
) -> None:
    before = photos(indexed)
    accident(colour_folder)
    for _ in range(2):  # it stays so, however often one looks
        assert indexed.update().offline == 6
        assert photos(indexed) == before
        (hit, *_) = indexed.search("red", top_k=1)
        assert (hit.photo.path.name, hit.photo.offline) == ("red.jpg", True)
        (folder,) = indexed.folders()
        assert not folder.online
        assert folder.reason
        assert indexed.info().offline == 6
        assert indexed.thumbnail(before["red.jpg"])

    shutil.rmtree(colour_folder, ignore_errors=True)
    colour_folder.with_name("unplugged").rename(colour_folder)
    assert counts(indexed.update()) == {"unchanged": 6}
    assert (photos(indexed), opened) == (before, [])
    assert indexed.folders()[0].online
    assert not indexed.search("red", top_k=1)[0].photo.offline


def test_photos_that_are_gone_go_when_the_person_says_so(
    indexed: Library, colour_folder: Path
) -> None:
    lose_folder(colour_folder)
    indexed.update()
    colour_folder.mkdir()
    draw_photo(colour_folder / "white.jpg", "white")
    assert indexed.forget_missing() == 6
    assert photos(indexed) == {}
    assert indexed.folders()[0].online
    assert counts(indexed.update()) == {"added": 1}


def test_one_folder_offline_leaves_the_other_as_it_is(
    indexed: Library, colour_folder: Path, tmp_path: Path
) -> None:
    draw_photo(tmp_path / "more" / "white.jpg", "white")
    indexed.add_folder(tmp_path / "more")
    indexed.update()
    lose_folder(colour_folder)
    draw_photo(tmp_path / "more" / "black.jpg", "black")
    assert counts(indexed.update()) == {"added": 1, "unchanged": 1, "offline": 6}
    assert best(indexed, "black") == "black.jpg"
    assert best(indexed, "red") == "red.jpg"


def test_a_parent_folder_added_later_takes_its_photos_over(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    before = photos(indexed)
    draw_photo(colour_folder.parent / "elsewhere" / "white.jpg", "white")
    indexed.add_folder(colour_folder.parent)
    assert [folder.path for folder in indexed.folders()] == [colour_folder.parent]
    assert counts(indexed.update()) == {"added": 1, "unchanged": 6}
    assert opened == [1]
    after = photos(indexed)
    assert {name: after[f"photos/{name}"] for name in before} == before


def test_a_folder_inside_another_is_already_covered(indexed: Library, colour_folder: Path) -> None:
    draw_photo(colour_folder / "inner" / "white.jpg", "white")
    assert indexed.add_folder(colour_folder / "inner").path == colour_folder
    assert indexed.add_folder(colour_folder).path == colour_folder
    assert len(indexed.folders()) == 1
    assert counts(indexed.update()) == {"added": 1, "unchanged": 6}


def test_folders_that_only_share_the_start_of_a_name_are_two(
    indexed: Library, colour_folder: Path
) -> None:
    neighbour = colour_folder.with_name("photos of mine")
    draw_photo(neighbour / "white.jpg", "white")
    indexed.add_folder(neighbour)
    assert len(indexed.folders()) == 2
    assert counts(indexed.update()) == {"added": 1, "unchanged": 6}


def test_an_unreadable_photo_does_not_shift_its_neighbours(
    library: Library, colour_folder: Path
) -> None:
    for place in range(40):  # bad files in every batch, between the good ones
        name = f"{SIX[place % 6]}-{place}.jpg"
        if place % 5:
            draw_photo(colour_folder / name, SIX[place % 6], size=(90 + place, 64))
        else:
            (colour_folder / name).write_bytes(b"\xff\xd8\xff" + bytes(place))
    library.add_folder(colour_folder)
    report = library.update()
    assert (report.added, report.failed) == (38, 8)
    for colour in SIX:
        hits = library.search(colour, top_k=3)
        assert all(hit.photo.path.name.startswith(colour) for hit in hits)


def test_an_unreadable_file_is_recorded_and_tried_again_only_when_it_changes(
    indexed: Library, colour_folder: Path
) -> None:
    letter = colour_folder / "letter.jpg"
    letter.write_text("Dear all")
    assert counts(indexed.update()) == {"failed": 1, "unchanged": 6}
    (failure,) = indexed.info().failures
    assert failure.path == letter
    assert failure.reason == "not a photo in a format that Photoseek reads"
    assert counts(indexed.update()) == {"unchanged": 7}
    draw_photo(letter, "white")
    assert counts(indexed.update()) == {"changed": 1, "unchanged": 6}
    assert indexed.info().failures == ()


def test_a_photo_that_becomes_unreadable_is_no_longer_found(
    indexed: Library, colour_folder: Path
) -> None:
    (colour_folder / "red.jpg").write_bytes(b"")
    assert counts(indexed.update()) == {"failed": 1, "unchanged": 5}
    assert best(indexed, "red") != "red.jpg"
    info = indexed.info()
    assert (info.photos, info.searchable, info.failed, info.pending) == (6, 5, 1, 0)


def test_a_drive_that_goes_away_while_it_is_read_takes_no_embedding_with_it(
    indexed: Library, colour_folder: Path
) -> None:
    before = photos(indexed)
    age(colour_folder / "red.jpg")

    def unplug(progress: Progress) -> None:
        if progress.stage == "embedding":
            (colour_folder / "red.jpg").unlink(missing_ok=True)

    assert counts(indexed.update(on_progress=unplug)) == {"failed": 1, "unchanged": 5}
    assert photos(indexed) == before
    assert best(indexed, "red") == "red.jpg"
    draw_photo(colour_folder / "red.jpg", "red")
    assert counts(indexed.update()) == {"changed": 1, "unchanged": 5}
    assert photos(indexed) == before


def test_a_cancelled_update_keeps_what_is_done_and_the_next_does_the_rest(
    library: Library, tmp_path: Path, opened: list[int]
) -> None:
    for place in range(100):
        draw_photo(tmp_path / "many" / f"{place}.jpg", SIX[place % 6], size=(64 + place, 64))
    library.add_folder(tmp_path / "many")
    done = [0]
    report = library.update(
        on_progress=lambda progress: done.append(progress.done), cancelled=lambda: done[-1] >= 32
    )
    assert report.cancelled
    assert 32 <= report.added < 100
    assert len(photos(library)) == report.added == library.info().searchable
    opened.clear()
    rest = library.update()
    assert (rest.added, rest.unchanged) == (100 - report.added, report.added)
    assert sum(opened) == rest.added


def test_an_update_cancelled_while_scanning_forgets_nothing(
    indexed: Library, colour_folder: Path
) -> None:
    (colour_folder / "red.jpg").unlink()
    report = indexed.update(cancelled=lambda: True)
    assert (report.cancelled, report.removed, report.offline) == (True, 0, 0)
    assert len(photos(indexed)) == 6
    assert not any(photo.offline for photo in indexed.photos(indexed.browse().tolist()))


def test_progress_counts_up_to_the_total_and_names_its_stages(
    library: Library, colour_folder: Path
) -> None:
    (colour_folder / "bad.jpg").write_bytes(b"bad")
    library.add_folder(colour_folder)
    seen: list[Progress] = []
    library.update(on_progress=seen.append)
    assert list(dict.fromkeys(p.stage for p in seen)) == ["scanning", "embedding", "finishing"]
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].failed) == (7, 7, 1)


def test_another_model_reads_all_photos_anew_and_leaves_the_firsts_embeddings(
    indexed: Library,
    open_library: Callable[..., Library],
    other_bundle: ModelBundle,
    opened: list[int],
) -> None:
    before, scores = photos(indexed), [hit.score for hit in indexed.search("red")]
    other = open_library(bundle=other_bundle)
    info = other.info()
    assert (info.photos, info.searchable, info.pending) == (6, 0, 6)
    assert other.search("red") == []
    other.update()
    assert opened == [6]
    assert photos(other) == before
    for colour in SIX:
        assert best(other, colour) == f"{colour}.jpg"
        assert best(indexed, colour) == f"{colour}.jpg"
    assert [hit.score for hit in indexed.search("red")] == scores
    assert indexed.info().searchable == other.info().searchable == 6
    again = open_library()
    assert counts(again.update()) == {"unchanged": 6}


def test_a_copy_of_a_photo_that_only_another_model_has_read_is_read_too(
    indexed: Library,
    open_library: Callable[..., Library],
    other_bundle: ModelBundle,
    colour_folder: Path,
) -> None:
    shutil.copy(colour_folder / "red.jpg", colour_folder / "a copy.jpg")
    other = open_library(bundle=other_bundle)
    other.update()
    info = other.info()
    assert (info.photos, info.searchable, info.pending) == (7, 7, 0)


def test_duplicates_that_were_found_together_all_become_searchable_for_another_model(
    library: Library,
    open_library: Callable[..., Library],
    other_bundle: ModelBundle,
    colour_folder: Path,
) -> None:
    for place in range(5):
        shutil.copy(colour_folder / "red.jpg", colour_folder / f"red {place}.jpg")
    library.add_folder(colour_folder)
    library.update()
    other = open_library(bundle=other_bundle)
    other.update()
    assert (library.info().searchable, other.info().searchable) == (11, 11)


def test_originals_are_left_exactly_as_they_were(
    library: Library, colour_folder: Path, open_library: Callable[..., Library]
) -> None:
    (colour_folder / "bad.jpg").write_bytes(b"bad")
    (colour_folder / "red.jpg").chmod(0o444)

    def state() -> dict[str, tuple[bytes, int, int, int]]:
        return {
            str(path): (
                path.read_bytes() if path.is_file() else b"",
                path.stat().st_mtime_ns,
                path.stat().st_ctime_ns,
                path.stat().st_mode,
            )
            for path in (colour_folder, *sorted(colour_folder.rglob("*")))
        }

    before = state()
    library.add_folder(colour_folder)
    library.update()
    library.search("red")
    for photo_id in library.browse().tolist():
        library.thumbnail(photo_id)
    shutil.rmtree(library.directory / "thumbnails")
    assert library.thumbnail(int(library.browse()[0]))
    library.explain(colour_folder / "red.jpg", "red")
    library.remove_folder(colour_folder)
    assert state() == before


def test_a_place_that_could_not_be_listed_keeps_its_photos(
    library: Library, colour_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for colour in COLOURS:  # so that one lost photo is far from a fifth
        draw_photo(colour_folder / "many" / f"{colour}.jpg", colour)
    draw_photo(colour_folder / "locked" / "white.jpg", "white", size=(50, 50))
    library.add_folder(colour_folder)
    library.update()
    listing = os.scandir

    def refuse(path):  # type: ignore[no-untyped-def]
        if os.fsencode(path).endswith(b"locked"):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = library.update()
    assert (report.removed, report.offline) == (0, 1)
    assert library.info().failures[0].path == colour_folder / "locked"
    assert library.info().failures[0].reason == "cannot be listed (Permission denied)"
    monkeypatch.undo()
    assert counts(library.update()) == {"unchanged": 15}
    assert library.info().failures == ()


def test_an_update_of_some_places_looks_at_nothing_else(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    new = draw_photo(colour_folder / "new" / "white.jpg", "white")
    draw_photo(colour_folder / "unseen.jpg", "black")
    (colour_folder / "red.jpg").unlink()
    report = indexed.update(places=[colour_folder / "new", new, colour_folder / "red.jpg"])
    assert counts(report) == {"added": 1, "removed": 1}
    assert (report.found, opened) == (1, [1])
    assert set(photos(indexed)) == {f"{name}.jpg" for name in SIX if name != "red"} | {
        "new/white.jpg"
    }


def test_a_move_between_two_places_keeps_id_and_embedding(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    before = photos(indexed)["red.jpg"]
    (colour_folder / "red.jpg").rename(colour_folder / "rose.jpg")
    report = indexed.update(places=[colour_folder / "red.jpg", colour_folder / "rose.jpg"])
    assert (counts(report), opened) == ({"moved": 1}, [])
    assert photos(indexed)["rose.jpg"] == before


def test_a_copy_found_at_a_place_borrows_the_embedding_from_elsewhere(
    indexed: Library, colour_folder: Path, opened: list[int]
) -> None:
    copy = Path(shutil.copy(colour_folder / "red.jpg", colour_folder / "copy.jpg"))
    assert counts(indexed.update(places=[copy])) == {"added": 1}
    assert opened == []


def test_a_place_in_a_folder_that_is_empty_now_shows_a_drive_that_has_gone(
    indexed: Library, colour_folder: Path
) -> None:
    gone = [colour_folder / f"{name}.jpg" for name in SIX]
    for photo in gone:
        photo.unlink()
    assert counts(indexed.update(places=gone[:1]))["offline"] == 6
    assert len(photos(indexed)) == 6


def test_places_outside_the_library_and_in_folders_left_out_add_nothing(
    indexed: Library, colour_folder: Path, tmp_path: Path
) -> None:
    outside = draw_photo(tmp_path / "outside" / "white.jpg", "white")
    hidden = draw_photo(colour_folder / "@eaDir" / "white.jpg", "white")
    own = draw_photo(indexed.directory / "thumbnails" / "white.jpg", "white")
    assert counts(indexed.update(places=[outside, hidden, own])) == {}


def test_a_place_below_an_offline_folder_makes_the_whole_folder_be_looked_at(
    indexed: Library, colour_folder: Path
) -> None:
    colour_folder.rename(colour_folder.with_name("unplugged"))
    assert counts(indexed.update()) == {"offline": 6}
    colour_folder.with_name("unplugged").rename(colour_folder)
    assert counts(indexed.update(places=[colour_folder / "red.jpg"])) == {"unchanged": 6}
