"""`library.db` of one folder: put right at opening, read by all, written by one at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import filelock

from photoseek.database.catalogue import Catalogue
from photoseek.database.opening import FILE_NAME, LOCK_NAME, LOG_ENDINGS, check_files
from photoseek.database.presence import PRESENCE_NAME, Presence
from photoseek.database.recovery import find_damage, is_new, replace
from photoseek.errors import LibraryBusyError, LibraryDamagedError, LibraryError
from photoseek.files import inside, remove_parts

__all__ = ["LibraryFile"]

LOCK_SECONDS = 10.0
"""How long a process waits for another one that is putting the same library right."""

_WRITTEN = ("backups", "models", "thumbnails")
"""The folders in which a writer makes files, beside its own."""


class LibraryFile:
    """The file, with a connection to read it by; `recovery` says in one line how it was put right.

    `LibraryError` where it cannot be opened, `LibraryDamagedError` where it cannot be replaced.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._path = directory / FILE_NAME
        self._lock = filelock.FileLock(directory / LOCK_NAME, timeout=0)
        self._presence = Presence(directory / PRESENCE_NAME)
        try:
            check_files(directory)
            self._enter()
            self.recovery = self._put_right()
            self.catalogue = Catalogue(self._path)
        except OSError as error:
            self._presence.leave()
            raise LibraryError(
                f"the library {directory} cannot be used ({error.strerror})"
            ) from error
        except BaseException:
            self._presence.leave()
            raise

    def close(self) -> None:
        """Close the file."""
        self.catalogue.close()
        self._presence.leave()

    def size(self) -> int:
        """Return the bytes of the file and its log."""
        total = 0
        for ending in ("", *LOG_ENDINGS):
            with contextlib.suppress(OSError):
                total += self._path.with_name(FILE_NAME + ending).stat().st_size
        return total

    @contextmanager
    def writer(self) -> Iterator[Catalogue]:
        """Hold the one right to write, with a connection of its own.

        So searches do not queue behind a transaction, and the reading connection's data version
        tells them that something has changed, whoever changed it. `LibraryBusyError` where another
        process or thread has that right.
        """
        self._take_lock()
        try:
            if is_new(self.directory):  # SQLite would make an empty one
                raise LibraryDamagedError(
                    f"the library file {self._path} is gone; close the library everywhere and "
                    "open it again to have it restored"
                )
            self._clear()
            with closing(Catalogue(self._path)) as catalogue:
                yield catalogue
        finally:
            self._lock.release()

    def _put_right(self) -> str | None:
        """Make the file where there is none yet, replace it where it is damaged."""
        damage = find_damage(self.directory)
        if damage is None and not is_new(self.directory):
            return None
        self._presence.leave()
        try:
            with self._lock.acquire(timeout=LOCK_SECONDS), self._presence.alone():
                # Another process may have put it right in the meantime.
                damage = find_damage(self.directory)
                must = damage is not None or is_new(self.directory)
                done = replace(self.directory, damage) if must else None
        except (filelock.Timeout, TimeoutError) as error:
            state = damage or "is being made"
            raise LibraryDamagedError(
                f"the library {self._path} {state}, and another Photoseek is using it; close that "
                "one and open the library again"
            ) from error
        except OSError as error:
            if damage is None:
                raise self._not_writable(error) from error
            raise LibraryDamagedError(
                f"the library {self._path} {damage} and cannot be replaced ({error.strerror}); "
                "your photos are untouched: free some space, make its folder writable, and open "
                "it again"
            ) from error
        self._enter()
        return done

    def _enter(self) -> None:
        try:
            self._presence.enter()
        except TimeoutError as error:
            raise LibraryBusyError(
                f"another Photoseek is putting the library {self.directory} right; try again when "
                "that one has finished"
            ) from error

    def _clear(self) -> None:
        """Delete what killed processes have left unfinished."""
        remove_parts(self.directory)
        for name in _WRITTEN:
            with contextlib.suppress(LibraryError):  # a link; whoever needs the folder says so
                remove_parts(inside(self.directory, name))

    def _take_lock(self) -> None:
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise LibraryBusyError(
                f"another Photoseek is updating the library {self.directory}; searching works, "
                "and it can be updated when the other one has finished"
            ) from error
        except OSError as error:
            raise self._not_writable(error) from error

    def _not_writable(self, error: OSError) -> LibraryError:
        return LibraryError(
            f"the library folder {self.directory} cannot be written ({error.strerror}); make "
            "it writable, or choose another with --library"
        )
