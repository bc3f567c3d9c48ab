"""Whatever a model bundle holds, it is refused in one line, and hurts nobody."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bundles import make_colour_bundle
from photoseek import BundleError, Library, LibraryError, ModelBundle
from photoseek import model_trial as trial
from photoseek.bundle import MANIFEST_FILE, MODEL_FILES, write_manifest
from photoseek.decoding import command
from photoseek.manifest import Manifest

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="has no such files")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make_colour_bundle(tmp_path / "bundle", shift=5)


def refusal(bundle: Path, seconds: float = 60) -> str:
    with pytest.raises(BundleError) as caught:
        trial.require_tried(ModelBundle.open(bundle), seconds=seconds)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).isprintable()
    return str(caught.value)


def seal(bundle: Path, **changes: Any) -> None:
    """Write a manifest that is right for the files as they are, but for the changes."""
    old = ModelBundle(bundle, Manifest.from_json((bundle / MANIFEST_FILE).read_text())).manifest
    new = replace(old, **changes)
    write_manifest(
        bundle, name=new.name, embedding_dim=new.embedding_dim, image=new.image, text=new.text
    )


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(3 << 30)


@on_posix
@pytest.mark.parametrize("make", [make_pipe, make_endless, make_huge, Path.mkdir])
@pytest.mark.parametrize("name", [MANIFEST_FILE, *MODEL_FILES])
def test_what_is_no_ordinary_file_is_not_read(
    bundle: Path, name: str, make: Callable[[Path], None]
) -> None:
    (bundle / name).unlink()
    make(bundle / name)
    refusal(bundle)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("embedding_dim", 1 << 70),
        ("embedding_dim", 100_000_000),
        ("text.context_length", 1 << 70),
        ("image.size", 1 << 40),
        ("likely.mean", 10**400),
        ("name", "a \x1b[31mred\x1b[0m name"),
        ("name", "two\nlines"),
        ("name", "x" * 10_000),
        ("name", ["x"] * 10_000),
        ("format_version", "\x1b]0;title\x07" * 1000),
        ("files.\x1b[2J", "ab"),
        ("files.notes.txt", "ab"),
    ],
)
def test_a_value_out_of_range_is_refused_without_being_repeated_at_length(
    bundle: Path, place: str, value: object
) -> None:
    values = json.loads((bundle / MANIFEST_FILE).read_text())
    *room, name = place.split(".", 1)
    (values[room[0]] if room else values)[name] = value
    (bundle / MANIFEST_FILE).write_text(json.dumps(values))
    assert len(refusal(bundle)) < 400 + len(str(bundle))


def test_a_number_too_large_for_a_float_is_refused(bundle: Path) -> None:
    text = (bundle / MANIFEST_FILE).read_text()
    (bundle / MANIFEST_FILE).write_text(text.replace('"std": 0.4', '"std": 1e999'))
    assert "is no number" in refusal(bundle)


def test_lists_within_lists_without_end_are_refused(bundle: Path) -> None:
    values = json.loads((bundle / MANIFEST_FILE).read_text())
    text = json.dumps(values).replace('"training": {}', f'"training": {"[" * 900}{"]" * 900}')
    (bundle / MANIFEST_FILE).write_text(text.replace('"name": "', '"name": 1, "x": "'))
    refusal(bundle)


def edit(bundle: Path, graph: str, change: Callable[[onnx.GraphProto], None]) -> None:
    model = onnx.load(bundle / graph)
    change(model.graph)
    (bundle / graph).write_bytes(model.SerializeToString())
    seal(bundle)


def never_ending(graph: onnx.GraphProto) -> None:
    """Have the rows depend on a number that is counted up for ever."""
    body = helper.make_graph(
        [
            helper.make_node("Add", ["count", "one"], ["more"]),
            helper.make_node("Identity", ["go_on"], ["again"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("count", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("more", TensorProto.FLOAT, []),
        ],
        [numpy_helper.from_array(np.array(1, np.float32), "one")],
    )
    graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    graph.initializer.append(numpy_helper.from_array(np.array(0, np.float32), "zero"))
    last = graph.node[-1]
    last.input[0] = "endless"
    loop = helper.make_node("Loop", ["", "yes", "zero"], ["counted"], body=body)
    add = helper.make_node("Add", ["rolled", "counted"], ["endless"])
    graph.node.insert(len(graph.node) - 1, loop)
    graph.node.insert(len(graph.node) - 1, add)


@pytest.mark.parametrize("graph", ["image_encoder.onnx", "text_encoder.onnx"])
def test_a_graph_without_end_is_ended(bundle: Path, graph: str) -> None:
    edit(bundle, graph, never_ending)
    assert "does not come to an end" in refusal(bundle, seconds=8)


def test_a_library_whose_model_never_ends_is_refused_before_it_is_searched(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(bundle, "text_encoder.onnx", never_ending)
    opened = ModelBundle.open(bundle)
    fingerprint = trial._fingerprint(opened.manifest)
    monkeypatch.setattr(trial, "_passed", {fingerprint})  # as if made by somebody's own program
    with Library.open(tmp_path / "library", bundle=opened) as library:
        library.add_model(opened)
        library.use_model(opened.manifest.model_id, incomplete=True)
    monkeypatch.setattr(trial, "_passed", set())
    monkeypatch.setattr(trial, "SECONDS", 8)
    with pytest.raises(BundleError, match="does not come to an end"):
        Library.open(tmp_path / "library")


def test_a_graph_that_is_none_is_refused(bundle: Path) -> None:
    (bundle / "image_encoder.onnx").write_bytes(b"none at all")
    seal(bundle)
    assert "cannot be loaded" in refusal(bundle)


def test_a_length_of_rows_that_the_graphs_do_not_have_is_refused(bundle: Path) -> None:
    seal(bundle, embedding_dim=40)
    assert "manifest.json says (1, 40)" in refusal(bundle)


def test_an_input_that_the_graphs_do_not_have_is_refused(bundle: Path) -> None:
    text = ModelBundle.open(bundle).manifest.text
    seal(bundle, text=replace(text, input_name="words"))
    assert "cannot be run" in refusal(bundle)


def test_rows_that_are_not_of_length_one_are_refused(bundle: Path) -> None:
    def leave_as_it_is(graph: onnx.GraphProto) -> None:
        graph.node[-1].op_type = "Identity"
        del graph.node[-1].attribute[:]

    edit(bundle, "image_encoder.onnx", leave_as_it_is)
    assert "no row of length 1" in refusal(bundle)


def test_a_tokenizer_that_ends_the_process_is_refused(bundle: Path) -> None:
    values = json.loads((bundle / "tokenizer.json").read_text())
    charsmap = base64.b64encode(b"\xff\xff\xff\x7f" + b"\x00" * 12).decode()
    values["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": charsmap}
    (bundle / "tokenizer.json").write_text(json.dumps(values))
    seal(bundle)
    refusal(bundle)


def test_weights_in_another_file_are_refused_however_that_is_written(bundle: Path) -> None:
    model = onnx.load(bundle / "image_encoder.onnx")
    (order,) = (item for item in model.graph.initializer if item.name == "order")
    (bundle / "weights.bin").write_bytes(order.raw_data)
    onnx.external_data_helper.set_external_data(order, "weights.bin")
    order.ClearField("raw_data")
    plain = model.SerializeToString()
    entry = b"\x0a\x08location\x12\x0bweights.bin"
    assert entry in plain
    for written in (
        b"\x12\x0bweights.bin\x0a\x08location",  # the value before its key
        b"\x8a\x00\x08location\x12\x0aweight.bin",  # a field's number in more bytes than it takes
    ):
        graph = plain.replace(entry, written)
        (bundle / "image_encoder.onnx").write_bytes(graph)
        (bundle / "weight.bin").write_bytes(order.raw_data or (bundle / "weights.bin").read_bytes())
        seal(bundle)
        refusal(bundle)


def test_a_model_is_tried_once(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_passed", set())
    trial.require_tried(ModelBundle.open(bundle))
    monkeypatch.setattr(trial, "_passed", set())  # another process, later
    monkeypatch.setattr(trial, "trial_command", lambda: ["no such program"])
    trial.require_tried(ModelBundle.open(bundle))
    seal(bundle, embedding_dim=40)  # other promises of the same files are tried anew
    with pytest.raises(BundleError, match="no process can be started"):
        trial.require_tried(ModelBundle.open(bundle))


def test_the_shipped_model_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_passed", set())
    monkeypatch.setattr(trial, "trial_command", lambda: ["no such program"])
    trial.require_tried(ModelBundle.shipped())


def test_trying_a_model_leaves_nothing_in_the_temporary_folder(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(trial, "_passed", set())
    edit(bundle, "text_encoder.onnx", never_ending)
    refusal(bundle, seconds=1)
    assert list((tmp_path / "temporary").iterdir()) == []


@on_posix
def test_no_link_is_followed_below_the_models_of_a_library(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "manifest.json").write_text("theirs")
    library = open_library()
    own = library.bundle.manifest.model_id
    (library.directory / "models").mkdir()
    (library.directory / "models" / own).symlink_to(outside)
    with pytest.raises(LibraryError, match="is a link"):
        library.add_model(library.bundle)
    (library.directory / "models" / own).unlink()
    (library.directory / "models").rmdir()
    (library.directory / "models").symlink_to(outside)
    with pytest.raises(LibraryError, match="is a link"):
        library.add_model(library.bundle)
    assert [path.name for path in outside.iterdir()] == ["manifest.json"]
    assert (outside / "manifest.json").read_text() == "theirs"


def test_only_a_models_own_files_are_deleted_with_it(
    open_library: Callable[..., Library], other_bundle: ModelBundle
) -> None:
    library = open_library()
    library.update()
    library.add_model(other_bundle)
    folder = library.directory / "models" / other_bundle.manifest.model_id
    (folder / "diary.txt").write_text("mine")
    library.remove_model(other_bundle.manifest.model_id)
    assert [path.name for path in folder.iterdir()] == ["diary.txt"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="takes UTF-8 names only")
def test_a_library_below_a_path_that_is_not_utf_8_can_be_searched(
    tmp_path: Path, colour_bundle: ModelBundle, colour_folder: Path
) -> None:
    place = os.fsencode(tmp_path) + b"/caf\xe9"
    with Library.open(Path(os.fsdecode(place)), bundle=colour_bundle) as library:
        library.add_folder(colour_folder)
        library.update()
    with Library.open(Path(os.fsdecode(place))) as library:
        assert library.search("red", top_k=1)[0].photo.path.name == "red.jpg"


def test_a_name_with_escape_codes_in_a_library_is_printed_without_them(
    tmp_path: Path, open_library: Callable[..., Library]
) -> None:
    library = open_library()
    library.update()
    library._catalogue.models._connection.run("UPDATE models SET name = ?", "\x1b[2Jred")
    (model,) = library.models()
    assert model.name == " [2Jred"


def test_the_trial_says_what_it_found_to_whoever_starts_it(bundle: Path, tmp_path: Path) -> None:
    words: list[str | Path] = [sys.executable, "-m", "photoseek.model_trial_worker", "60"]
    words += [bundle, tmp_path]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "passed\n")


@pytest.mark.parametrize("entry", ["photoseek.cli", "photoseek_desktop.app"])
def test_a_frozen_app_tries_a_model_instead_of_opening_a_window(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert command.trial_command() == [sys.executable, command.TRIAL_FLAG]
    code = f"import sys, {entry} as entry; sys.exit(entry.main(sys.argv[1:]))"
    words: list[str | Path] = [sys.executable, "-c", code, command.TRIAL_FLAG]
    done = subprocess.run(
        [*words, "60", bundle, tmp_path], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "passed\n")
