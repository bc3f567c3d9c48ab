"""Processes that index, search, watch, exclude, forget and close one library in random order."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from drawing import draw_photo
from photoseek import ModelBundle

__all__ = ["share_library"]

_SCRIPT = """
import random, sys, traceback
from pathlib import Path
from photoseek import Library, LibraryBusyError, ModelBundle

bundle, directory, photos = ModelBundle.open(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
chance = random.Random(int(sys.argv[4]))

def watch(library):
    for _ in range(3):
        library.update(places=[chance.choice([photos / "a", photos / "b"])])
        library.search("red")

ACTIONS = {
    "add": lambda library: library.add_folder(chance.choice([photos, photos / "a"])),
    "update": lambda library: library.update(),
    "watch": watch,
    "search": lambda library: library.search("blue -red"),
    "info": lambda library: library.info(),
    "exclude": lambda library: library.exclude("*-green.jpg"),
    "include": lambda library: [library.include(name) for name in library.exclusions()],
    "forget": lambda library: library.forget_missing(),
    "browse": lambda library: library.photos(library.browse().tolist()),
}
library = None
for line in sys.stdin:
    for name in chance.choices([*ACTIONS, "close", "close"], k=4):
        try:
            if library is None:
                library = Library.open(directory, bundle=bundle)
                if library.recovery:
                    print(name, library.recovery, flush=True)
            if name == "close":
                library.close()
                library = None
            else:
                ACTIONS[name](library)
        except LibraryBusyError:
            pass
        except Exception as error:
            if "is not among the patterns" not in str(error):
                print(name, "".join(traceback.format_exception_only(error)).strip(), flush=True)
    print("done", flush=True)
"""


def share_library(folder: Path, bundle: ModelBundle, *, rounds: int, processes: int) -> list[str]:
    """Let processes use one library at once; return what went wrong, in a line each.

    In each round they all do four things each while photos come and go. After it, the file must be
    sound. Nobody may see another error than that somebody else is updating.
    """
    photos, library = folder / "photos", folder / "shared"
    chance = random.Random(rounds)
    for name in "ab":
        for place in range(4):
            draw_photo(photos / name / f"{place}-red.jpg", "red", size=(64 + place, 64))
    workers = [_start(bundle, library, photos, seed) for seed in range(processes)]
    faults: list[str] = []
    try:
        for number in range(rounds):
            for worker in workers:
                _send(worker)
            _change_photos(photos, number, chance)
            for worker in workers:
                faults += [f"round {number}: {line}" for line in _answers(worker)]
            faults += [f"round {number}: {line}" for line in _unsound(library / "library.db")]
    finally:
        for worker in workers:
            _, errors = worker.communicate()
            faults += errors.splitlines()[-1:]
    return faults


def _start(bundle: ModelBundle, library: Path, photos: Path, seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _SCRIPT, bundle.path, library, photos, seed]
    return subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _send(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def _answers(worker: subprocess.Popen[str]) -> list[str]:
    assert worker.stdout is not None
    lines: list[str] = []
    while (line := worker.stdout.readline()) != "done\n":
        if not line:
            return [*lines, "the process ended"]
        lines.append(line.rstrip())
    return lines


def _change_photos(photos: Path, number: int, chance: random.Random) -> None:
    for name in "ab":
        colour = chance.choice(["blue", "green", "red"])
        draw_photo(photos / name / f"{number}-{colour}.jpg", colour, size=(70 + number % 50, 64))
        old = sorted((photos / name).glob("*.jpg"))
        if len(old) > 10:
            chance.choice(old).unlink()


def _unsound(path: Path) -> list[str]:
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=20)) as database:
        verdicts = [row[0] for row in database.execute("PRAGMA integrity_check")]
    return [] if verdicts == ["ok"] else verdicts
