"""Keeps copies of a library's file in pieces, so that a new copy writes only what has changed.

A backup is a list of pieces in `backups/`, named by its number and by its own BLAKE3 digest; a
piece is a file in `backups/pieces/` named by its digest. So everything here proves itself when it
is read. `backups/sealed` names the backup that is the library file as it stands: a file that
differs from it was changed by something other than Photoseek, which unseals it before it writes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from blake3 import blake3

from photoseek.files import sync_folder, write_atomically

__all__ = ["Backup", "Backups", "Scope"]

PIECE_SIZE = 1 << 20
"""Bytes; a photo more changes a handful of places in the file, and so about as many pieces."""

KEPT = 3
"""Backups; they share the pieces in which they are the same."""

_LIST_NAME = re.compile(r"(\d{8})-([0-9a-f]{64})\.json")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Scope:
    """What a library covers: all that it takes to read its photos again."""

    folders: tuple[Path, ...] = ()
    exclusions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Backup:
    """One copy: when it was made, its pieces in order, and what the library covered then."""

    name: str
    made: datetime
    pieces: tuple[str, ...]
    scope: Scope


class Backups:
    """The copies of one library file, in `backups` beside it."""

    def __init__(self, library_file: Path) -> None:
        self._file = library_file
        self.directory = library_file.parent / "backups"
        self._pieces = self.directory / "pieces"
        self._seal = self.directory / "sealed"

    def newest_first(self) -> Iterator[Backup]:
        """Yield the backups whose lists are whole; their pieces are proved by `restore`."""
        for name in reversed(self._names()):
            backup = self._read(name)
            if backup is not None:
                yield backup

    def keep(self, scope: Scope, cancelled: Callable[[], bool]) -> Backup | None:
        """Copy the file, which must not change meanwhile; None where cancelled.

        `OSError` where the disk does not take it. Older backups than the last three are dropped.
        """
        self._pieces.mkdir(parents=True, exist_ok=True)
        kept = {entry.name for entry in self._pieces.iterdir()}
        pieces: list[str] = []
        with self._file.open("rb") as file:
            while piece := file.read(PIECE_SIZE):
                if cancelled():
                    return None
                digest = blake3(piece).hexdigest()
                if digest not in kept:
                    write_atomically(self._pieces / digest, piece)
                    kept.add(digest)
                pieces.append(digest)
        made = datetime.now().astimezone()
        content = json.dumps(
            {
                "made": made.isoformat(timespec="seconds"),
                "pieces": pieces,
                "folders": [str(path) for path in scope.folders],
                "exclusions": scope.exclusions,
            }
        ).encode()
        names = self._names()
        number = int(names[-1].partition("-")[0]) + 1 if names else 1
        name = f"{number:08}-{blake3(content).hexdigest()}.json"
        write_atomically(self.directory / name, content)
        self._drop_old(kept)
        return Backup(name, made, tuple(pieces), scope)

    def restore(self, backup: Backup, target: Path) -> bool:
        """Write the copied file to `target`; False, and no file, where a piece is not as it was.

        `OSError` where the disk does not take it.
        """
        try:
            with target.open("wb") as file:
                for name in backup.pieces:
                    try:
                        piece = (self._pieces / name).read_bytes()
                    except OSError:
                        piece = b""
                    if blake3(piece).hexdigest() != name:
                        target.unlink()
                        # Or the next backup would count on it.
                        (self._pieces / name).unlink(missing_ok=True)
                        return False
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return True

    def size(self) -> int:
        """Return the bytes of all backups; pieces that they share count once, as they lie there."""
        total = 0
        for path in self.directory.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # another process drops old ones meanwhile
                total += path.stat().st_size if path.is_file() else 0
        return total

    # The seal

    def sealed(self) -> Backup | None:
        """Return the backup that the library file should equal; None when it was written since."""
        try:
            return self._read(self._seal.read_text())
        except (OSError, UnicodeDecodeError):
            return None

    def seal(self, backup: Backup) -> None:
        """Vouch that the library file is this backup, bit for bit."""
        write_atomically(self._seal, backup.name.encode())

    def unseal(self) -> None:
        """Vouch for nothing: the library file is about to change."""
        try:
            self._seal.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        # After a power failure a seal that came back would call a sound file damaged.
        sync_folder(self.directory)

    def matches(self, backup: Backup) -> bool:
        """Tell whether the library file is this backup, bit for bit: it is read once."""
        with self._file.open("rb") as file:
            whole = all(blake3(file.read(PIECE_SIZE)).hexdigest() == name for name in backup.pieces)
            return whole and not file.read(1)

    # What lies in the folder

    def _names(self) -> list[str]:
        """Return the names of the lists, oldest first."""
        try:
            names = [path.name for path in self.directory.iterdir()]
        except OSError:
            return []
        return sorted(name for name in names if _LIST_NAME.fullmatch(name))

    def _read(self, name: str) -> Backup | None:
        """Return a backup's list; None where it is gone or not as it was written."""
        match = _LIST_NAME.fullmatch(name)
        try:
            content = (self.directory / name).read_bytes() if match else b""
        except OSError:
            return None
        if match is None or blake3(content).hexdigest() != match[2]:
            return None
        values = json.loads(content)
        if not all(_DIGEST.fullmatch(piece) for piece in values["pieces"]):
            return None  # a name that could lead out of this folder
        return Backup(
            name,
            datetime.fromisoformat(values["made"]),
            tuple(values["pieces"]),
            Scope(tuple(map(Path, values["folders"])), tuple(values["exclusions"])),
        )

    def _drop_old(self, kept: set[str]) -> None:
        """Delete all but the newest backups, and the pieces that only those had."""
        names = self._names()
        for name in names[:-KEPT]:
            (self.directory / name).unlink(missing_ok=True)
        needed = {piece for backup in self.newest_first() for piece in backup.pieces}
        for piece in kept - needed:
            (self._pieces / piece).unlink(missing_ok=True)
