"""Finds out, before Qt would abort over it, whether a window can be opened here at all."""

from __future__ import annotations

import ctypes
import os
import sys

__all__ = ["why_no_window"]

SCREENLESS = {"offscreen", "minimal", "vnc", "linuxfb", "eglfs"}

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
}
X11_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""What Qt loads from the system on Linux, and the Debian packages it comes in."""


def why_no_window() -> str:
    """Return a line that says why no window can be opened, and what to do; empty when it can."""
    if not sys.platform.startswith("linux"):
        return ""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    screen = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")
    if not platform and not screen:
        return (
            "there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set); the same "
            "job runs in the terminal: photoseek index FOLDER, then photoseek search PHRASE"
        )
    wanted = dict(LIBRARIES)
    if platform.split(":")[0] not in SCREENLESS and not os.environ.get("WAYLAND_DISPLAY"):
        wanted |= X11_LIBRARIES
    missing = [package for library, package in wanted.items() if not _loads(library)]
    if missing:
        return (
            "a system library that the window needs is missing; on Debian or Ubuntu run: "
            f"sudo apt-get install {' '.join(missing)}"
        )
    return ""


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
