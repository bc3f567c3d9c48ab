"""Metadata as JSON, for the pipe between a worker process and the program."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from photoseek.records import Metadata

__all__ = ["pack_metadata", "unpack_metadata"]


def pack_metadata(metadata: Metadata) -> dict[str, object]:
    """Return metadata as JSON has it."""
    taken = metadata.taken
    return {**dataclasses.asdict(metadata), "taken": taken.isoformat() if taken else None}


def unpack_metadata(values: Mapping[str, Any]) -> Metadata:
    """Return the metadata that `pack_metadata` was given."""
    taken = values["taken"]
    moment = datetime.fromisoformat(taken) if taken else None
    return Metadata(**{**values, "taken": moment, "keywords": tuple(values["keywords"])})
