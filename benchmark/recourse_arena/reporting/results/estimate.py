"""A mean over people, with its interval."""

from __future__ import annotations

__all__ = ["Estimate"]

from typing import NamedTuple


class Estimate(NamedTuple):
    """A share, or a difference of shares, with its 95 % interval and the number of people it rests on."""

    value: float
    low: float
    high: float
    people: int
