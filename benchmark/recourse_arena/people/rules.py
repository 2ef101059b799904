"""Rules between the features of one person: linear inequalities, and levels that ask for others."""

from __future__ import annotations

__all__ = ["AtMost", "Implies", "Rule"]

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from recourse_arena.base.errors import ArenaError

if TYPE_CHECKING:
    from torch import Tensor

_SLACK = 1e-5
"""By how much a sum may be above its limit, relative to the size of its terms: they are in single precision."""


@dataclass(frozen=True)
class AtMost:
    """A weighted sum of numbers is at most a limit.

    Arguments:
        terms: Factor of each feature, by name.
        limit: The limit.

    Example:
        >>> str(AtMost({"satisfactory_trades": 1.0, "total_trades": -1.0}))
        'satisfactory_trades - total_trades <= 0'
    """

    terms: Mapping[str, float]
    limit: float = 0.0

    def __post_init__(self) -> None:
        numbers = [*self.terms.values(), self.limit]
        if not self.terms or not all(math.isfinite(number) for number in numbers) or 0.0 in self.terms.values():
            raise ArenaError("a rule needs features with factors other than 0, and a limit, all of them numbers")
        object.__setattr__(self, "terms", dict(self.terms))

    def __str__(self) -> str:
        words = ""
        for name, factor in self.terms.items():
            size = name if abs(factor) == 1 else f"{abs(factor):g} {name}"
            words += (" - " if factor < 0 else " + " if words else "") + size
        return f"{words.removeprefix(' ') if words.startswith(' -') else words} <= {self.limit:g}"

    @property
    def names(self) -> tuple[str, ...]:
        """The features it is about."""
        return tuple(self.terms)

    def levels_of(self, name: str) -> tuple[int, ...]:
        """Return the codes of a feature that it names: none, for it is about numbers."""
        return ()

    def kept(self, columns: Mapping[str, Tensor]) -> Tensor:
        """Return who keeps it, bool `(...,)`, of features `(...,)` by name."""
        parts = [factor * columns[name].double() for name, factor in self.terms.items()]
        size = sum((part.abs() for part in parts[1:]), parts[0].abs())
        return sum(parts[1:], parts[0]) <= self.limit + _SLACK * (size + abs(self.limit))


@dataclass(frozen=True)
class Implies:
    """Whoever has one of some levels of a feature has one of some levels of another.

    Arguments:
        feature: The feature that asks.
        levels: Its codes that ask.
        other: The feature that is asked for.
        allowed: Its codes that are allowed then.
        words: What it says, for people; made from names and codes if empty.
    """

    feature: str
    levels: tuple[int, ...]
    other: str
    allowed: tuple[int, ...]
    words: str = ""

    def __post_init__(self) -> None:
        if self.feature == self.other or not self.levels or not self.allowed:
            raise ArenaError("a rule between levels needs two features, levels of the one and levels of the other")

    def __str__(self) -> str:
        return self.words or f"{self.feature} in {list(self.levels)} asks for {self.other} in {list(self.allowed)}"

    @property
    def names(self) -> tuple[str, ...]:
        """The features it is about."""
        return self.feature, self.other

    def levels_of(self, name: str) -> tuple[int, ...]:
        """Return the codes of a feature that it names."""
        return self.levels if name == self.feature else self.allowed

    def kept(self, columns: Mapping[str, Tensor]) -> Tensor:
        """Return who keeps it, bool `(...,)`, of features `(...,)` by name."""
        asks, has = (
            sum((columns[name] == code for code in codes[1:]), columns[name] == codes[0])
            for name, codes in ((self.feature, self.levels), (self.other, self.allowed))
        )
        return ~asks.bool() | has.bool()


Rule: TypeAlias = AtMost | Implies
"""A rule that the counterfactual of a person must keep, unless the person breaks it already."""
