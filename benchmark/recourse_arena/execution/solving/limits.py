"""What a step of a run may take."""

from __future__ import annotations

__all__ = ["Limits", "parsed_memory"]

import re
from dataclasses import dataclass

from recourse_arena.base.errors import ArenaError

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


@dataclass(frozen=True)
class Limits:
    """Limits of a step of a run: preparing a solver, or a cell.

    Arguments:
        timeout: Seconds it may take; none for any number.
        memory: Bytes its process may hold; none for any number.
    """

    timeout: float | None = None
    memory: int | None = None

    def __post_init__(self) -> None:
        if self.timeout is not None and (type(self.timeout) not in (int, float) or not 0 < self.timeout < float("inf")):
            raise ArenaError(f"timeout: expected seconds above 0, got {self.timeout!r}")
        if self.memory is not None and (type(self.memory) is not int or self.memory <= 0):
            raise ArenaError(f"memory: expected bytes above 0, got {self.memory!r}")

    def __bool__(self) -> bool:
        return self.timeout is not None or self.memory is not None


def parsed_memory(text: str) -> int:
    """Return the bytes that a text such as `4GB` or `512 MiB` says.

    Example:
        >>> parsed_memory("1.5GB"), parsed_memory("2 MiB")
        (1500000000, 2097152)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text.lower())
    if not found or found[2] not in _UNITS:
        raise ArenaError(f"memory: expected a size such as 4GB or 512MiB, got {text!r}")
    return int(float(found[1]) * _UNITS[found[2]])
