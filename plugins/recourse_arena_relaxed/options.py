"""What distances are measured in, and what they weigh."""

from __future__ import annotations

__all__ = ["UNITS", "halves"]

UNITS = ("range", "sd")
"""What distances between columns are measured in."""


def halves(price: float, count: int) -> list[float]:
    """Return `count` prices, each half of the one before, and 0 at last; 0 alone where the first is 0.

    Example:
        >>> halves(1.0, 3), halves(0.0, 3)
        ([1.0, 0.5, 0.25, 0.0], [0.0])
    """
    return [*(price / 2**number for number in range(count)), 0.0] if price > 0 else [0.0]
