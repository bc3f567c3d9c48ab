"""What SECURITY.md promises of files that somebody else has made: bundles and libraries."""

from __future__ import annotations

import ast
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest

import photoseek
from bundles import make_colour_bundle
from photoseek import BundleError, Library, LibraryError, ModelBundle
from photoseek.bundle import write_manifest
from photoseek.paths import path_below

SOURCES = Path(photoseek.__file__).parents[2]
UNPICKLERS = {"pickle", "_pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "cloudpickle"}
RUNNERS = {"eval", "exec", "allow_pickle"}


def used_names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
            yield from (keyword.arg or "" for keyword in node.keywords)
        elif isinstance(node, ast.keyword):
            yield node.arg or ""


def test_no_code_can_come_out_of_a_file() -> None:
    for package in ("core/photoseek", "desktop/photoseek_desktop"):
        files = sorted((SOURCES / package).rglob("*.py"))
        assert files
        for path in files:
            assert not set(used_names(path)) & (UNPICKLERS | RUNNERS), path


WATCHED = """
import os, sys
from pathlib import Path
hook = '''
import os, sys
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
def end(event, arguments):
    writes = event == "open" and (arguments[2] or 0) & WRITES
    if writes and os.environ["PHOTOS"] in str(arguments[0]):
        os._exit(78)
    if event == "pickle.find_class":
        os._exit(77)
sys.addaudithook(end)
'''
hooks, library, bundle, os.environ["PHOTOS"] = sys.argv[1:]
Path(hooks, "sitecustomize.py").write_text(hook)
os.environ["PYTHONPATH"] = hooks + os.pathsep + os.environ.get("PYTHONPATH", "")
exec(hook)
if library == "unpickles":
    import pickle
    pickle.loads(pickle.dumps(Path))
if library == "writes":
    open(Path(os.environ["PHOTOS"], "red.jpg"), "r+b")
from photoseek import Library, ModelBundle
with Library.open(library, bundle=ModelBundle.open(bundle)) as library:
    library.add_folder(os.environ["PHOTOS"])
    assert library.update().added == 6
    assert library.search("red", top_k=1)[0].photo.path.stem == "red"
"""


@pytest.mark.parametrize(("library", "ends"), [("library", 0), ("unpickles", 77), ("writes", 78)])
def test_nothing_is_unpickled_and_no_photo_opened_for_writing_while_photos_are_read_and_found(
    tmp_path: Path, colour_bundle: ModelBundle, colour_folder: Path, library: str, ends: int
) -> None:
    code = tmp_path / "code.py"
    code.write_text(WATCHED)
    (tmp_path / "hooks").mkdir()
    before = {path: (path.stat(), path.read_bytes()) for path in colour_folder.iterdir()}
    done = subprocess.run(
        [sys.executable, code, tmp_path / "hooks", library, colour_bundle.path, colour_folder],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ends, done.stderr
    for path, (status, content) in before.items():
        now = path.stat()
        assert (now.st_mtime_ns, now.st_mode) == (status.st_mtime_ns, status.st_mode)
        assert path.read_bytes() == content


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return make_colour_bundle(tmp_path / "bundle")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_out_of_a_bundle_is_refused_though_its_digest_is_right(copied: Path) -> None:
    outside = copied.parent / "outside.json"
    (copied / "tokenizer.json").rename(outside)
    (copied / "tokenizer.json").symlink_to(outside)
    with pytest.raises(BundleError, match="is a link, which may lead out"):
        ModelBundle.open(copied)
    linked = copied.parent / "linked"
    shutil.copyfile(outside, copied / "copy.json")
    (copied / "tokenizer.json").unlink()
    (copied / "copy.json").rename(copied / "tokenizer.json")
    linked.symlink_to(copied)
    assert ModelBundle.open(linked).manifest.name == "colours-0"


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin"])
def test_weights_in_another_file_are_refused_as_no_digest_covers_them(
    copied: Path, location: str
) -> None:
    before = ModelBundle.open(copied).manifest
    model = onnx.load(copied / "image_encoder.onnx")
    (order,) = (item for item in model.graph.initializer if item.name == "order")
    (copied / location).write_bytes(order.raw_data)
    onnx.external_data_helper.set_external_data(order, location)
    order.ClearField("raw_data")
    (copied / "image_encoder.onnx").write_bytes(model.SerializeToString())
    dim, image, text = before.embedding_dim, before.image, before.text
    write_manifest(copied, name="x", embedding_dim=dim, image=image, text=text)
    with pytest.raises(BundleError, match="keeps weights in another file"):
        ModelBundle.open(copied)


ESCAPES = [b"../secret.jpg", b"a/../../secret.jpg", b"/etc/secret.jpg", b".."]


@pytest.mark.parametrize("name", ESCAPES)
def test_a_library_cannot_name_a_photo_outside_its_folders(
    open_library: Callable[..., Library], colour_folder: Path, name: bytes
) -> None:
    library = open_library()
    library.add_folder(colour_folder)
    library.update()
    library.close()
    secret = colour_folder.parent / "secret.jpg"
    shutil.copyfile(colour_folder / "red.jpg", secret)
    with sqlite3.connect(library.directory / "library.db") as database:
        database.execute("UPDATE photos SET name = ? WHERE name = ?", (name, b"red.jpg"))
    database.close()
    shutil.rmtree(library.directory / "backups")  # without which the change would be undone
    planted = open_library(library.directory)
    with pytest.raises(LibraryError, match="where it does not lie"):
        planted.search("red", top_k=6)
    assert secret.exists()


@pytest.mark.parametrize("name", [b"a.jpg", b"a/b..jpg", b"..a/b.jpg", b"a/..b/\xff.jpg"])
def test_names_that_only_look_odd_stay(name: bytes, tmp_path: Path) -> None:
    assert path_below(tmp_path, name).is_relative_to(tmp_path)
