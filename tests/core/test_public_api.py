"""What `import photoseek` promises to programs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import photoseek
from photoseek import Library, ModelBundle


def python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    assert photoseek.__all__ == sorted(photoseek._HOME)
    for name in photoseek.__all__:
        assert getattr(photoseek, name).__doc__, name
        assert getattr(photoseek, name).__module__ == f"photoseek.{photoseek._HOME[name]}"
    assert set(photoseek.__all__) <= set(dir(photoseek))
    with pytest.raises(AttributeError, match="no attribute 'Camera'"):
        _ = photoseek.Camera


@pytest.mark.parametrize("module", ["onnxruntime", "sqlite3", "PIL", "numpy", "tokenizers"])
def test_importing_photoseek_loads_nothing_heavy(module: str) -> None:
    assert python(f"import photoseek, sys; print({module!r} in sys.modules)") == "False"


def test_a_query_and_the_errors_need_neither_model_nor_database() -> None:
    code = (
        "import sys; from photoseek import Query, PhotoseekError; Query.parse('dog -cat');"
        "print({'onnxruntime', 'sqlite3', 'PIL'} & set(sys.modules))"
    )
    assert python(code) == "set()"


def test_a_search_by_phrase_needs_no_pillow_and_no_decoder(
    tmp_path: Path, colour_bundle: ModelBundle, colour_folder: Path
) -> None:
    with Library.open(tmp_path, bundle=colour_bundle) as library:
        library.add_folder(colour_folder)
        library.update()
    code = (
        "import sys; from photoseek.cli import main; "
        f"main(['search', 'red', '--library', {str(tmp_path)!r}]);"
        "print({'PIL', 'pillow_heif', 'photoseek.decoding.pool', 'importlib.metadata'}"
        " & set(sys.modules))"
    )
    assert python(code).splitlines()[-1] == "set()"


SCRIPT = """
import sys
from photoseek import Library, ModelBundle
print("started")
with Library.open(sys.argv[1], bundle=ModelBundle.open(sys.argv[2])) as library:
    library.add_folder(sys.argv[3])
    report = library.update()
    hits = library.search("red", top_k=2)
    print(report.added, report.failed, hits[0].photo.path.name, hits[0].likely)
"""


def test_a_script_without_a_main_guard_indexes_once(
    tmp_path: Path, colour_folder: Path, colour_bundle: ModelBundle
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script, tmp_path / "library", colour_bundle.path, colour_folder],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["started", "6 0 red.jpg True"]


def test_no_process_and_no_thread_outlives_an_update(library: Library, colour_folder: Path) -> None:
    import threading

    before = threading.active_count()
    library.add_folder(colour_folder)
    library.update()
    assert threading.active_count() == before
