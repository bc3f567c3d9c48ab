"""A folder that is watched and a window that stays open reach nobody, and leave nothing elsewhere.

onnxruntime's telemetry began after nine seconds. So both are followed under the kernel's eyes: for
a minute when a dependency is another one than in the last such run here, otherwise for a quarter.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

from confined import can_forbid_writes
from drawing import draw_photo
from photoseek import Library

RUNNER = Path(__file__).parents[1] / "confined.py"
LAST_FOLLOWED = "photoseek/followed_for_a_minute"
LONG, SHORT = 60, 15
"""Seconds."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals to end a window")


def installed_versions() -> list[str]:
    names = [
        "".join(letter if letter.isalnum() or letter in "-_" else " " for letter in line).split()[0]
        for line in distribution("photoseek").requires or []
        if "extra ==" not in line
    ]
    return sorted({f"{name} {version(name)}" for name in names} | {sys.version})


class Confined:
    """A command that is watched by the kernel, in a world of its own."""

    def __init__(self, root: Path, photos: Path, program: str, *arguments: object) -> None:
        self.home, self.library, self.photos = root / "home", root / "library", root / "photos"
        self.output = root / "output"
        temporary = root / "temporary"
        for folder in (self.home, self.library, temporary):
            folder.mkdir(parents=True)
        shutil.copytree(photos, self.photos)
        # The home may be written to, so that whoever does so is seen.
        command = [sys.executable, RUNNER, self.home, self.library, temporary, "--"]
        command += [Path(sys.executable).with_name(program), *arguments]
        command += ["--library", self.library, self.photos]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                env={**kept, "HOME": str(self.home), "TMPDIR": str(temporary)},
                stdout=output,
                stderr=output,
            )

    def follow(self, seconds: float) -> None:
        with pytest.raises(subprocess.TimeoutExpired):  # ended by the kernel, if it ends itself
            self.process.wait(seconds)

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


@pytest.fixture(scope="module")
def followed(
    tmp_path_factory: pytest.TempPathFactory, photos: Path, pytestconfig: pytest.Config
) -> Iterator[dict[str, Confined]]:
    root = tmp_path_factory.mktemp("followed")
    runs = {
        "watch": Confined(root / "watch", photos, "photoseek", "index", "--watch"),
        "window": Confined(root / "window", photos, "photoseek-desktop"),
    }
    cache = pytestconfig.cache
    assert cache is not None
    versions = installed_versions()
    known = cache.get(LAST_FOLLOWED, None) == versions
    try:
        for run in runs.values():
            run.follow(SHORT / 3)
            draw_photo(run.photos / "new.jpg", "red")
        runs["watch"].follow(SHORT if known else LONG)
        runs["window"].follow(1)
    finally:
        for run in runs.values():
            run.end()
    yield runs
    cache.set(LAST_FOLLOWED, versions)


@pytest.mark.parametrize("name", ["watch", "window"])
def test_it_has_asked_for_no_socket_and_done_its_work(
    followed: dict[str, Confined], name: str
) -> None:
    run = followed[name]
    assert run.process.returncode in (0, 1, -signal.SIGINT), run.output.read_text()
    assert "Traceback" not in run.output.read_text()
    with Library.open(run.library) as library:
        assert library.info().searchable == 9


@pytest.mark.parametrize("name", ["watch", "window"])
def test_it_has_written_nothing_in_the_home_folder(
    followed: dict[str, Confined], name: str
) -> None:
    assert list(followed[name].home.rglob("*")) == []


@pytest.mark.skipif(not can_forbid_writes(), reason="this kernel has no Landlock")
def test_a_write_elsewhere_would_have_been_refused(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    code = (
        "import pathlib, sys; pathlib.Path(sys.argv[1], 'a').touch();"
        "pathlib.Path(sys.argv[2], 'a').touch()"
    )
    command: list[str | Path] = [sys.executable, RUNNER, here, "--"]
    command += [sys.executable, "-c", code, here, there]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "PermissionError" in done.stderr
    assert (list(here.iterdir()), list(there.iterdir())) == ([here / "a"], [])
