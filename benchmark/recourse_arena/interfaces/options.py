"""What can be tuned about a solver, and between which values."""

from __future__ import annotations

__all__ = ["Choice", "Range", "Space"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from recourse_arena.base.errors import ArenaError


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, both included.

    Arguments:
        low: The smallest.
        high: The largest.
        log: Whether equal factors count as equally far apart, for values that span orders of magnitude.
        whole: Whether only whole numbers are meant.

    Raises:
        ArenaError: If the bounds are not finite and ascending, not above 0 with `log`, or not whole with `whole`.

    Example:
        >>> 0.01 in Range(1e-3, 1e-1, log=True)
        True
        >>> 2.5 in Range(1, 8, whole=True)
        False
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ArenaError(f"expected two finite bounds, the lower one first, got {self}")
        if self.log and self.low <= 0:
            raise ArenaError(f"expected a lower bound above 0 on a logarithmic scale, got {self}")
        if self.whole and (self.low != int(self.low) or self.high != int(self.high)):
            raise ArenaError(f"expected whole numbers as bounds, got {self}")

    def __contains__(self, value: object) -> bool:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high and (not self.whole or value == int(value))  # type: ignore


@dataclass(frozen=True)
class Choice:
    """One of several values, in no order.

    Arguments:
        values: At least two: words, numbers, or true and false.

    Raises:
        ArenaError: If there are fewer, one of them twice, or one that cannot be written as an option.

    Example:
        >>> "drop" in Choice(("refuse", "drop"))
        True
    """

    values: tuple[str | float | bool, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        if len(set(self.values)) < max(2, len(self.values)):
            raise ArenaError(f"expected two different values or more, got {self}")
        if not all(isinstance(value, (str, int, float)) for value in self.values):
            raise ArenaError(f"expected words, numbers, or true and false, got {self}")

    def __contains__(self, value: object) -> bool:
        return value in self.values


Space: TypeAlias = Mapping[str, Range | Choice]
"""What each option of a solver may be."""
