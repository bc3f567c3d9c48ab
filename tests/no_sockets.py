"""Runs pytest where no socket can be had: `python no_sockets.py PYTEST_ARGUMENT...`.

Python's audit hook refuses them in this process and all that it starts; on Linux the kernel also
ends a process whose libraries, such as Qt or onnxruntime, ask for one by themselves.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import tempfile
from pathlib import Path

_HOOK = """
import sys

def _refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(f"a socket: {event} {arguments}")

sys.addaudithook(_refuse)
"""

_SOCKET_CALL = {"x86_64": 41, "aarch64": 198}
_NO_NEW_PRIVILEGES, _SET_FILTER, _BY_FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _END_PROCESS = 0x7FFF0000, 0x80000000


def forbid_sockets() -> None:
    """Forbid them here and, through the environment and the kernel, in every child."""
    folder = Path(tempfile.mkdtemp())
    (folder / "sitecustomize.py").write_text(_HOOK)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    exec(_HOOK, {})
    call = _SOCKET_CALL.get(platform.machine())
    if sys.platform == "linux" and call is not None:
        _forbid_in_kernel(call)


def _forbid_in_kernel(call: int) -> None:
    steps = [(_LOAD, 0, 0, 0), (_IF_EQUAL, 0, 1, call)]
    steps += [(_RETURN, 0, 0, _END_PROCESS), (_RETURN, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SET_FILTER, _BY_FILTER, program):
        raise OSError(ctypes.get_errno(), "the kernel took no filter")


if __name__ == "__main__":
    forbid_sockets()
    import pytest

    sys.exit(pytest.main(sys.argv[1:]))
