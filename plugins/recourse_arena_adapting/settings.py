"""Options of solvers: what they may be, and what is said where they are not."""

from __future__ import annotations

__all__ = ["CONSTRAINTS", "one_of", "share", "whole", "yes_or_no"]

from collections.abc import Iterable

from recourse_arena import ArenaError, unknown

CONSTRAINTS = ("keep", "ignore")
"""Whether a method keeps what a person asks for, or ignores it as its authors' own does."""


def whole(solver: str, option: str, value: object, least: int, most: int) -> int:
    """Return an option that is a whole number within bounds.

    Raises:
        ArenaError: If it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ArenaError(f"solver {solver}: {option} must be a whole number from {least} to {most}, got {value!r}")
    return value


def share(solver: str, option: str, value: object, most: float = 1.0) -> float:
    """Return an option that is a number from 0 to `most`.

    Raises:
        ArenaError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise ArenaError(f"solver {solver}: {option} must be a number from 0 to {most:g}, got {value!r}")
    return float(value)


def yes_or_no(solver: str, option: str, value: object) -> bool:
    """Return an option that is true or false.

    Raises:
        ArenaError: If it is neither.
    """
    if not isinstance(value, bool):
        raise ArenaError(f"solver {solver}: {option} must be true or false, got {value!r}")
    return value


def one_of(solver: str, option: str, value: object, known: Iterable[str]) -> str:
    """Return an option that is one of some words.

    Raises:
        ArenaError: If it is none of them.
    """
    if value not in (words := tuple(known)):
        raise unknown(f"{option} of solver {solver}", str(value), words)
    return str(value)
