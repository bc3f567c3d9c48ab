"""The pages name only what exists: links, files, make targets, commands and their options."""

from __future__ import annotations

import contextlib
import io
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from photoseek.arguments import command_parser

ROOT = Path(__file__).parents[1]
FOLDERS = (
    *(".ci", ".github", "core", "desktop", "docs"),
    *("packaging", "resources", "tests", "training"),
)
PAGES = sorted(
    [
        *(ROOT / name for name in ("CONTRIBUTING.md", "README.md", "SECURITY.md")),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "training/NOTES.md",
    ]
)
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
OURS = re.compile(rf"(?:{'|'.join(map(re.escape, FOLDERS))})/.*|.+\.(?:md|py|sh)|Makefile")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@cache
def paths() -> frozenset[str]:
    """Return every file and folder of the checkout, such as `core/photoseek`."""
    inside = (path for name in FOLDERS for path in (ROOT / name, *(ROOT / name).rglob("*")))
    return frozenset(
        path.relative_to(ROOT).as_posix()
        for path in (*ROOT.glob("*"), *inside)
        if "__pycache__" not in path.parts
    )


@cache
def make_targets() -> frozenset[str]:
    return frozenset(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


@cache
def programs() -> frozenset[str]:
    """Return the commands that installing the project brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return frozenset({*project["scripts"], *project["gui-scripts"]})


def code_lines(text: str) -> Iterator[str]:
    """Yield the code in a page: lines of its fences without comments, and its spans."""
    for block in FENCE.findall(text):
        for line in block.splitlines():
            yield re.sub(r"(^|\s)#.*", "", line).strip()
    for span in SPAN.findall(FENCE.sub("", text)):
        yield " ".join(span.split())


def anchors(page: Path) -> set[str]:
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def wrong_links(page: Path) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def is_wrong_path(word: str) -> bool:
    """Return whether a word looks like a file or folder of the checkout, and is none."""
    name = word.rstrip("/")
    if not OURS.fullmatch(word) or name in paths():
        return False
    return not any(fnmatch(path, name) or path.endswith(f"/{name}") for path in paths())


def help_of(words: list[str]) -> str | None:
    """Return the help of a command such as `["model", "add"]`, or None where there is none."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            command_parser().parse_args([*words, "--help"])
        except SystemExit as end:
            return said.getvalue() if end.code == 0 else None
    return None


def is_wrong_command(line: str) -> bool:
    """Return whether a line runs a command, or gives it an option, that does not exist."""
    program, *words = line.split() or [""]
    if program == "make":
        return bool(words) and words[0] not in make_targets()
    if program != "photoseek":
        return program.startswith("photoseek-") and program not in programs()
    command = words[: 2 if words[:1] == ["model"] else 1]
    shown = help_of([word for word in command if not word.startswith("-")])
    return shown is None or not set(OPTION.findall(line)) <= set(OPTION.findall(shown))


def wrong_names(page: Path) -> list[str]:
    """Return every link, path and command of a page that does not exist."""
    lines = list(code_lines(page.read_text(encoding="utf-8")))
    return [
        *wrong_links(page),
        *(word for line in lines for word in line.split() if is_wrong_path(word)),
        *(line for line in lines if is_wrong_command(line)),
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_only_what_exists(page: Path) -> None:
    assert wrong_names(page) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "[a page](no-such-page.md)",
        "[a heading](#no-such-heading)",
        "`no_such_module.py`",
        "`core/photoseek/no_such_room/`",
        "`tests/core/test_no_such_*.py`",
        "`make no-such-target`",
        "`photoseek no-such-command`",
        "`photoseek model no-such-command`",
        "`photoseek search --no-such-option dog`",
        "`photoseek-no-such-program`",
        "```sh\nphotoseek no-such-command  # finds nothing\n```",
    ],
)
def test_a_wrong_name_is_found(wrong: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{wrong}\n")
    assert wrong_names(page)


def test_right_names_pass(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n\n[Here](#a-page), [there](page.md#a-page) and [away](https://example.org).\n"
        "`ranking.py`, `core/photoseek/`, `tests/core/test_*.py`, `make test`, `library.db`,\n"
        "`photoseek`, `photoseek --version`, `photoseek model add BUNDLE`, `photoseek-desktop`\n\n"
        '```sh\nphotoseek search "a dog" --top-k 5   # with photoseek no-such-command\n```\n'
    )
    assert wrong_names(page) == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_number_and_its_parts_on_one_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    title, *parts = HEADING.findall(text)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower().replace("'", "")).strip("-")
    number, _, name = slug.partition("-")
    assert page.stem == f"{int(number):04}-{name}"
    assert parts == ["Context", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 60


def test_no_two_decisions_share_a_number() -> None:
    numbers = [page.stem[:4] for page in DECISIONS]
    assert len(set(numbers)) == len(numbers) > 0
