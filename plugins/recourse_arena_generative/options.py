"""Options of solvers, checked."""

from __future__ import annotations

__all__ = ["check_options"]

import math
from collections.abc import Mapping

from recourse_arena import ArenaError, unknown


def check_options(
    solver: str,
    *,
    whole: Mapping[str, object] | None = None,
    above: Mapping[str, object] | None = None,
    least: Mapping[str, object] | None = None,
    share: Mapping[str, object] | None = None,
    constraints: str = "keep",
) -> None:
    """Raise what is wrong with the options of a solver.

    Arguments:
        solver: Its name.
        whole: Options that are whole numbers from 1 to 1,000,000.
        above: Options that are numbers above 0.
        least: Options that are numbers of at least 0.
        share: Options that are numbers from 0 to 1, neither of them.
        constraints: `keep` or `ignore`.

    Raises:
        ArenaError: With the option, what was expected and what came.

    Example:
        >>> check_options("revise", whole={"steps": 0})
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: solver revise: steps must be a whole number from 1 to 1000000, got 0
    """
    for name, value in (whole or {}).items():
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10**6:
            raise ArenaError(f"solver {solver}: {name} must be a whole number from 1 to 1000000, got {value!r}")
    numbers = (
        (above, "a number above 0", lambda value: 0 < value < math.inf),
        (least, "a number of at least 0", lambda value: 0 <= value < math.inf),
        (share, "a number between 0 and 1", lambda value: 0 < value < 1),
    )
    for options, expected, fine in numbers:
        for name, value in (options or {}).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not fine(value):
                raise ArenaError(f"solver {solver}: {name} must be {expected}, got {value!r}")
    if constraints not in ("keep", "ignore"):
        raise unknown(f"constraints of solver {solver}", str(constraints), ("keep", "ignore"))
