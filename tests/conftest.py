"""What all tests share: a tiny colour model, drawn photos, and no state of the person's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bundles import make_colour_bundle
from drawing import draw_photo
from photoseek.bundle import ModelBundle
from photoseek.library import Library

# Windows open in memory, with no screen, unless the person asks for another place.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A loaded machine is slow, which no test is about; where CI is set, each run tries the same.
settings.register_profile(
    "photoseek",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("photoseek")


@pytest.fixture(scope="session")
def colour_bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """A model whose space is colour: "red" is nearest to a red photo, by construction."""
    return ModelBundle.open(make_colour_bundle(tmp_path_factory.mktemp("colours")))


@pytest.fixture(scope="session")
def other_bundle(tmp_path_factory: pytest.TempPathFactory) -> ModelBundle:
    """Another colour model with another id, whose embeddings must not mix with the first's."""
    return ModelBundle.open(make_colour_bundle(tmp_path_factory.mktemp("others"), shift=1))


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep which models were tried, for this run and the processes that it starts."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("settings"))


@pytest.fixture(autouse=True)
def own_library_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test, and every process that it starts, away from the person's library."""
    directory = tmp_path / "default library"
    monkeypatch.setenv("PHOTOSEEK_LIBRARY", str(directory))
    return directory


@pytest.fixture
def open_library(tmp_path: Path, colour_bundle: ModelBundle) -> Iterator[Callable[..., Library]]:
    """Open `tmp_path/library`, or the directory given, with the colour model; closed at the end."""
    opened: list[Library] = []

    def open_(directory: Path | None = None, bundle: ModelBundle = colour_bundle) -> Library:
        opened.append(Library.open(directory or tmp_path / "library", bundle=bundle))
        return opened[-1]

    yield open_
    for library in opened:
        library.close()


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    """An empty library with the colour model."""
    return open_library()


@pytest.fixture
def colour_folder(tmp_path: Path) -> Path:
    """A folder of six photos of one colour each, named for it: `red.jpg` and so on."""
    folder = tmp_path / "photos"
    for colour in ("red", "green", "blue", "yellow", "purple", "orange"):
        draw_photo(folder / f"{colour}.jpg", colour)
    return folder
