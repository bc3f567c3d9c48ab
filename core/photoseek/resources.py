"""Finds the data files that ship with Photoseek: the model bundle and the icons."""

from __future__ import annotations

from pathlib import Path

__all__ = ["resource_path"]


def resource_path(relative: str) -> Path:
    """Return where a shipped file lies, in an installed wheel or in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "_resources"
    root = installed if installed.is_dir() else package.parents[1] / "resources"
    return root / relative
