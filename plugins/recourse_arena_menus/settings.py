"""Options of the solvers here."""

from __future__ import annotations

__all__ = ["whole"]

from recourse_arena import ArenaError


def whole(solver: str, option: str, value: object, least: int, most: int) -> int:
    """Return an option that is a whole number within bounds.

    Raises:
        ArenaError: If it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ArenaError(f"solver {solver}: {option} must be a whole number from {least} to {most}, got {value!r}")
    return value
