"""Two models side by side: one is built while the other answers, then they change places."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bundles import make_colour_bundle
from drawing import draw_photo
from photoseek import BundleError, Encoder, Library, LibraryError, ModelBundle, Progress

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")
FIRST, SECOND = "colours-0", "colours of 24"
ADD = """
import sys
from photoseek import Library, ModelBundle
directory, first, second = sys.argv[1:]
with Library.open(directory, bundle=ModelBundle.open(first)) as library:
    library.add_model(ModelBundle.open(second))
    library.update(lambda progress: print(progress.beside, progress.done, flush=True))
"""


@pytest.fixture(autouse=True)
def shipped(colour_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The colour model is the one that comes with Photoseek here."""
    monkeypatch.setattr(ModelBundle, "shipped", classmethod(lambda cls: colour_bundle))


@pytest.fixture
def second(tmp_path: Path) -> ModelBundle:
    """A model whose vectors have another length than the first's."""
    return ModelBundle.open(make_colour_bundle(tmp_path / "second bundle", dim=24))


@pytest.fixture
def library(tmp_path: Path, colour_folder: Path) -> Library:
    """A library of six photos, opened as a person does: without naming a model."""
    library = Library.open(tmp_path / "library")
    library.add_folder(colour_folder)
    library.update()
    return library


@pytest.fixture
def both(library: Library, second: ModelBundle) -> Library:
    library.add_model(second)
    assert library.update().beside == 6
    return library


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Collect by which model how many photos are embedded at a time."""
    batches: list[tuple[str, int]] = []
    encode = Encoder.encode_pixels

    def noting(self: Encoder, pixels):  # type: ignore[no-untyped-def]
        batches.append((self.bundle.manifest.name, len(pixels)))
        return encode(self, pixels)

    monkeypatch.setattr(Encoder, "encode_pixels", noting)
    return batches


def rows(library: Library, model: str) -> list[tuple[int, int, bytes]]:
    """Return a model's embeddings as they lie in the file."""
    with closing(sqlite3.connect(library.directory / "library.db")) as database:
        return database.execute(
            "SELECT seq, photo_id, vector FROM embeddings e JOIN models m ON m.id = e.model "
            "WHERE m.name = ? ORDER BY seq",
            (model,),
        ).fetchall()


def states(library: Library) -> list[tuple[str, bool, int, int]]:
    return [(m.name, m.in_use, m.embedded, m.lacking) for m in library.models()]


def found(library: Library) -> list[str]:
    return [library.search(colour, top_k=1)[0].photo.path.stem for colour in COLOURS]


def test_a_library_keeps_the_model_that_it_is_first_read_with(
    library: Library, colour_bundle: ModelBundle
) -> None:
    (model,) = library.models()
    assert (model.id, model.name) == (colour_bundle.manifest.model_id, FIRST)
    assert (model.in_use, model.kept, model.whole) == (True, True, True)
    assert model.bundle_bytes == sum(file.stat().st_size for file in colour_bundle.path.iterdir())
    assert model.embedding_bytes == 6 * 48 * 2


def test_a_second_model_embeds_beside_the_first_without_touching_it(
    library: Library, second: ModelBundle, embedded: list[tuple[str, int]]
) -> None:
    photos, before = library.photos(library.browse().tolist()), rows(library, FIRST)
    scores = [hit.score for hit in library.search("red")]
    meanwhile: list[tuple[str, list[float]]] = []

    def search(progress: Progress) -> None:
        if progress.beside:
            meanwhile.append((progress.beside, [hit.score for hit in library.search("red")]))

    library.add_model(second)
    assert states(library) == [(FIRST, True, 6, 0), (SECOND, False, 0, 6)]
    report = library.update(on_progress=search)
    assert (report.unchanged, report.added, report.changed, report.beside) == (6, 0, 0, 6)
    assert embedded == [(SECOND, 6)]
    assert meanwhile == [(SECOND, scores), (SECOND, scores)]
    assert rows(library, FIRST) == before
    assert library.photos(library.browse().tolist()) == photos
    assert [hit.score for hit in library.search("red")] == scores
    assert states(library) == [(FIRST, True, 6, 0), (SECOND, False, 6, 0)]
    assert library.models() == library.info().models


def test_the_switch_is_one_step_and_lasts(both: Library) -> None:
    first = [hit.score for hit in both.search("red")]
    both.use_model(both.models()[1].id)
    assert both.bundle.manifest.name == both.info().model_name == SECOND
    assert found(both) == list(COLOURS)
    assert [hit.score for hit in both.search("red")] != first
    both.close()
    with Library.open(both.directory) as again:
        assert states(again) == [(SECOND, True, 6, 0), (FIRST, False, 6, 0)]
        assert found(again) == list(COLOURS)


def test_switching_back_embeds_nothing_again(
    both: Library, embedded: list[tuple[str, int]]
) -> None:
    first, other = (model.id for model in both.models())
    before, scores = rows(both, FIRST), [hit.score for hit in both.search("red")]
    both.use_model(other)
    assert both.update().beside == 0
    both.use_model(first)
    assert [hit.score for hit in both.search("red")] == scores
    assert rows(both, FIRST) == before
    assert embedded == []


def test_a_model_that_lacks_photos_takes_over_only_when_told_to(
    library: Library, second: ModelBundle
) -> None:
    library.add_model(second)
    new = second.manifest.model_id
    with pytest.raises(LibraryError, match="has 6 of 6 photos left to embed"):
        library.use_model(new)
    assert library.bundle.manifest.name == FIRST
    library.use_model(new, incomplete=True)
    assert library.search("red") == []
    assert library.info().pending == 6
    library.update()
    assert found(library) == list(COLOURS)


def test_photos_that_come_later_are_embedded_by_both_and_counted_until_then(
    both: Library, colour_folder: Path, embedded: list[tuple[str, int]]
) -> None:
    draw_photo(colour_folder / "white.jpg", "white")
    shutil.copy(colour_folder / "red.jpg", colour_folder / "red again.jpg")
    (colour_folder / "blue.jpg").rename(colour_folder / "sea.jpg")
    (colour_folder / "green.jpg").unlink()
    stop_before_the_second: list[str] = []
    report = both.update(
        on_progress=lambda progress: stop_before_the_second.append(progress.stage),
        cancelled=lambda: "finishing" in stop_before_the_second,
    )
    assert (report.added, report.moved, report.beside) == (2, 1, 0)
    both.update()
    assert embedded == [(FIRST, 1), (SECOND, 1)]
    assert states(both) == [(FIRST, True, 7, 0), (SECOND, False, 7, 0)]
    both.use_model(both.models()[1].id)
    assert both.search("white", top_k=1)[0].photo.path.name == "white.jpg"
    assert both.search("blue", top_k=1)[0].photo.path.name == "sea.jpg"


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_model_killed_while_it_embeds_goes_on_where_it_was(
    tmp_path: Path,
    colour_bundle: ModelBundle,
    second: ModelBundle,
    embedded: list[tuple[str, int]],
) -> None:
    for place in range(100):
        colour = COLOURS[place % 6]
        draw_photo(tmp_path / "many" / f"{place}-{colour}.jpg", colour, size=(64 + place, 64))
    with Library.open(tmp_path / "library") as library:
        library.add_folder(tmp_path / "many")
        library.update()
        before = rows(library, FIRST)
    process = subprocess.Popen(
        [sys.executable, "-c", ADD, tmp_path / "library", colour_bundle.path, second.path],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == f"{SECOND} 32":
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    embedded.clear()
    with Library.open(tmp_path / "library") as library:
        _, other = library.models()
        assert 32 <= other.embedded < 100
        assert other.lacking == 100 - other.embedded
        hits = library.search("red", top_k=17)
        assert all(hit.photo.path.stem.endswith("red") for hit in hits)
        assert library.update().beside == other.lacking
        assert sum(count for _, count in embedded) == other.lacking
        assert rows(library, FIRST) == before
        library.use_model(other.id)
        hits = library.search("red", top_k=17)
        assert all(hit.photo.path.stem.endswith("red") for hit in hits)


def test_a_drive_that_is_away_keeps_the_second_model_from_being_whole(
    library: Library, second: ModelBundle, colour_folder: Path
) -> None:
    before = rows(library, FIRST)
    away = colour_folder.rename(colour_folder.with_name("away"))
    library.add_model(second)
    report = library.update()
    assert (report.offline, report.beside) == (6, 0)
    assert rows(library, FIRST) == before
    with pytest.raises(LibraryError, match="6 of 6 photos left"):
        library.use_model(second.manifest.model_id)
    away.rename(colour_folder)
    assert library.update().beside == 6
    library.use_model(second.manifest.model_id)
    assert found(library) == list(COLOURS)


def test_a_photo_that_goes_while_the_second_model_embeds_stays_found_by_the_first(
    library: Library, second: ModelBundle, colour_folder: Path
) -> None:
    library.add_model(second)

    def meddle(progress: Progress) -> None:
        if progress.beside:
            (colour_folder / "red.jpg").unlink(missing_ok=True)
            draw_photo(colour_folder / "blue.jpg", "white")

    assert library.update(on_progress=meddle).beside == 4
    assert found(library) == list(COLOURS)
    assert states(library) == [(FIRST, True, 6, 0), (SECOND, False, 4, 2)]
    library.update()
    assert states(library) == [(FIRST, True, 5, 0), (SECOND, False, 5, 0)]


def test_the_old_model_can_be_removed(both: Library) -> None:
    first, other = both.models()
    with pytest.raises(LibraryError, match="in use"):
        both.remove_model(first.id)
    both.use_model(other.id)
    both.remove_model(first.id)
    assert states(both) == [(SECOND, True, 6, 0)]
    assert rows(both, FIRST) == []
    assert [path.name for path in (both.directory / "models").iterdir()] == [other.id]
    assert found(both) == list(COLOURS)
    both.update()
    assert states(both) == [(SECOND, True, 6, 0)]


def test_the_folder_that_a_model_came_from_is_not_needed_any_more(
    both: Library, second: ModelBundle, colour_folder: Path
) -> None:
    shutil.rmtree(second.path)
    draw_photo(colour_folder / "white.jpg", "white")
    assert both.update().beside == 1
    both.use_model(second.manifest.model_id)
    both.close()
    with Library.open(both.directory) as again:
        assert found(again) == list(COLOURS)


def test_a_lost_model_is_told_and_can_be_added_again(
    both: Library, second: ModelBundle, colour_folder: Path
) -> None:
    first, other = both.models()
    kept = both.directory / "models" / other.id
    shutil.rmtree(kept)
    draw_photo(colour_folder / "white.jpg", "white")
    report = both.update()
    assert report.added == 1
    assert len(report.problems) == 1
    assert str(kept) in report.problems[0]
    assert "photoseek model add" in report.problems[0]
    assert [model.kept for model in both.models()] == [True, False]
    with pytest.raises(BundleError, match="missing or damaged"):
        both.use_model(other.id, incomplete=True)
    assert both.bundle.manifest.model_id == first.id
    both.add_model(second)
    assert both.update().beside == 1
    both.use_model(other.id)
    assert found(both) == list(COLOURS)


def test_a_damaged_model_in_use_is_told_when_the_library_opens(both: Library) -> None:
    first, other = both.models()
    both.use_model(other.id)
    both.close()
    (both.directory / "models" / other.id / "text_encoder.onnx").write_bytes(b"damaged")
    with pytest.raises(BundleError, match=f"models.{other.id} is missing or damaged"):
        Library.open(both.directory)
    with Library.open(both.directory, bundle=ModelBundle.shipped()) as library:
        library.use_model(first.id)
    with Library.open(both.directory) as library:
        assert found(library) == list(COLOURS)


def test_a_lost_copy_of_the_shipped_model_is_made_again(library: Library) -> None:
    library.close()
    shutil.rmtree(library.directory / "models")
    with Library.open(library.directory) as again:
        assert found(again) == list(COLOURS)
        again.update()
        assert again.models()[0].kept


def test_another_process_that_switches_is_followed_at_the_next_search(both: Library) -> None:
    first, other = both.models()
    with Library.open(both.directory) as reader:
        assert found(reader) == list(COLOURS)
        both.use_model(other.id)
        assert found(reader) == list(COLOURS)
        assert reader.bundle.manifest.name == SECOND
        both.remove_model(first.id)
        assert found(reader) == list(COLOURS)


def test_a_library_named_a_model_of_its_own_stays_with_it(
    both: Library, colour_bundle: ModelBundle
) -> None:
    with Library.open(both.directory, bundle=colour_bundle) as reader:
        both.use_model(both.models()[1].id)
        assert found(reader) == list(COLOURS)
        assert reader.bundle.manifest.name == FIRST


def test_the_model_of_a_newer_photoseek_takes_over_when_it_is_whole(
    library: Library, second: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [hit.score for hit in library.search("red")]
    library.close()
    monkeypatch.setattr(ModelBundle, "shipped", classmethod(lambda cls: second))
    with Library.open(library.directory) as newer:
        assert [hit.score for hit in newer.search("red")] == before
        begun: list[str] = []
        newer.update(
            on_progress=lambda progress: begun.append(progress.beside),
            cancelled=lambda: SECOND in begun,
        )
        assert [hit.score for hit in newer.search("red")] == before
        assert newer.update().beside > 0
        assert states(newer) == [(SECOND, True, 6, 0)]
        assert found(newer) == list(COLOURS)
        assert newer.update().unchanged == 6


def test_the_model_of_a_newer_photoseek_leaves_a_chosen_one_in_use(
    both: Library, other_bundle: ModelBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.use_model(both.models()[1].id)
    both.close()
    monkeypatch.setattr(ModelBundle, "shipped", classmethod(lambda cls: other_bundle))
    with Library.open(both.directory) as newer:
        newer.update()
        assert states(newer) == [(SECOND, True, 6, 0), (FIRST, False, 6, 0)]


def test_an_id_in_the_file_never_leads_out_of_the_library(
    both: Library, tmp_path: Path, second: ModelBundle
) -> None:
    both.close()
    shutil.rmtree(both.directory / "backups")  # without which the change would be undone
    outside = f"../../{second.path.name}"
    with closing(sqlite3.connect(both.directory / "library.db")) as database:
        database.execute("UPDATE models SET model_id = ? WHERE name = ?", (outside, SECOND))
        database.commit()
    with Library.open(both.directory) as library:
        for act in (library.use_model, library.remove_model):
            with pytest.raises(LibraryError, match="no model id"):
                act("..")
    assert ModelBundle.open(second.path).path.exists()


@pytest.mark.parametrize("wrong", ["", "no such", "../.."])
def test_an_unknown_id_is_told(both: Library, wrong: str) -> None:
    for act in (both.use_model, both.remove_model):
        with pytest.raises(LibraryError, match=f"the id {wrong}; photoseek model list"):
            act(wrong)


def test_a_model_that_cannot_be_copied_leaves_the_library_as_it_was(
    library: Library, second: ModelBundle
) -> None:
    (library.directory / "models" / f"{second.manifest.model_id}").write_text("in the way")
    with pytest.raises(LibraryError, match="cannot be copied"):
        library.add_model(second)
    assert states(library) == [(FIRST, True, 6, 0)]
