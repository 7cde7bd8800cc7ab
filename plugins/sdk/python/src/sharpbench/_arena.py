"""The memory that host and plugin share."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .session import Vector

# A metric must not write these.
READ_ONLY = ("params", "init", "update")


def open_arena(arena: Any, metric: bool) -> dict[str, Vector]:
    """Maps the arena of a Start message and returns its slots by name, in their order. They are views."""
    if arena.WhichOneof("where") == "path":
        fd = os.open(arena.path, os.O_RDWR)
    else:
        fd = arena.fd
    memory = mmap.mmap(fd, arena.bytes, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    return {s.name: _slot(memory, s, arena.bytes, READ_ONLY if metric else ()) for s in arena.slots}


def _slot(memory: mmap.mmap, slot: Any, size: int, read_only: Sequence[str]) -> Vector:
    if slot.offset % 4 or slot.offset + 4 * slot.len > size:
        raise ValueError(f"slot {slot.name!r}: {slot.len} elements at byte {slot.offset} of {size}")
    v: Vector = np.frombuffer(memory, dtype="<f4", count=slot.len, offset=slot.offset)
    if slot.name in read_only:
        v.flags.writeable = False
    return v
