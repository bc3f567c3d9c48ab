"""Runs a command that can have no socket, and can write to the named folders only.

`python confined.py FOLDER... -- COMMAND ARGUMENT...`. Linux's kernel ends a process that asks for
a socket (seccomp), and refuses writes elsewhere (Landlock). Elsewhere Python refuses sockets.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from no_sockets import forbid_sockets

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION, _PATH_BENEATH, _NO_NEW_PRIVILEGES = 1, 1, 38
_WRITES = 1 << 1 | sum(1 << bit for bit in range(4, 15))
"""Writing, removing and making of every kind, moving to another folder, and cutting short."""
_FILE_WRITES = 1 << 1 | 1 << 14


def can_forbid_writes() -> bool:
    """Tell whether this kernel has Landlock with all of those rights: Linux 6.2 or newer."""
    if sys.platform != "linux":
        return False
    return int(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)) >= 3


def forbid_writes(folders: Sequence[Path]) -> None:
    """Forbid this process and its children to write outside the folders, but to `/dev/null`."""
    libc = ctypes.CDLL(None, use_errno=True)
    rules = libc.syscall(_CREATE_RULESET, struct.pack("Q", _WRITES), 8, 0)
    for place in (*folders, Path(os.devnull)):
        handle = os.open(place, os.O_PATH)
        rights = _WRITES if place.is_dir() else _FILE_WRITES
        beneath = struct.pack("=Qi", rights, handle)
        if libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, beneath, 0):
            raise OSError(ctypes.get_errno(), "the kernel took no rule", str(place))
        os.close(handle)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(_RESTRICT_SELF, rules, 0):
        raise OSError(ctypes.get_errno(), "the kernel took no rules")
    os.close(rules)


if __name__ == "__main__":
    end = sys.argv.index("--")
    forbid_sockets()
    if can_forbid_writes():
        forbid_writes([Path(folder) for folder in sys.argv[1:end]])
    os.execv(sys.argv[end + 1], sys.argv[end + 1 :])
