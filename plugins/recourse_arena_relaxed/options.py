"""What options of solvers may be."""

from __future__ import annotations

__all__ = ["CONSTRAINTS", "UNITS", "choice", "halves", "number", "whole"]

import math

from recourse_arena import ArenaError, unknown

CONSTRAINTS = ("keep", "ignore")
"""Whether what people can act on, and how far, is kept, or ignored as in what was published."""
UNITS = ("range", "sd")
"""What distances between columns are measured in."""


def whole(solver: str, **options: int) -> None:
    """Raise if an option is no whole number of at least 1.

    Example:
        >>> whole("probe", steps=0)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver probe: steps must be a whole number of at least 1, got 0
    """
    for option, value in options.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ArenaError(f"solver {solver}: {option} must be a whole number of at least 1, got {value!r}")


def number(solver: str, *, least: float = 0.0, below: float = math.inf, **options: float) -> None:
    """Raise if an option is no number of at least `least` and below `below`.

    Example:
        >>> number("probe", below=1, target=0.35)
        >>> number("probe", below=1, target=2)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver probe: target must be a number from 0 to below 1, got 2
    """
    for option, value in options.items():
        fine = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value < below
        if not fine:
            range_ = f"of at least {least:g}" if below == math.inf else f"from {least:g} to below {below:g}"
            raise ArenaError(f"solver {solver}: {option} must be a number {range_}, got {value!r}")


def choice(solver: str, option: str, value: object, of: tuple[str, ...]) -> None:
    """Raise if an option is none of several words."""
    if value not in of:
        raise unknown(f"{option} of solver {solver}", str(value), of)


def halves(price: float, count: int) -> list[float]:
    """Return `count` prices, each half of the one before, and 0 at last; 0 alone where the first is 0.

    Example:
        >>> halves(1.0, 3), halves(0.0, 3)
        ([1.0, 0.5, 0.25, 0.0], [0.0])
    """
    return [*(price / 2**number for number in range(count)), 0.0] if price > 0 else [0.0]
