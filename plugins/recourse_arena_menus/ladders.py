"""Ladders: the moves of each actionable feature that shared actions are made of."""

from __future__ import annotations

__all__ = ["Ladder", "Ladders"]

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import ClusterRule, Direction, Feature, FeatureTable, Kind, Menu, Move, OneCluster, Problem

Rung = tuple[Move, float]
"""A move and its amount."""

_SKEWED = 2.0
"""Third standardised moment from which a number's rungs follow accepted people's values, rather than a ruler."""


@dataclass(frozen=True)
class Ladder:
    """The moves of one feature: the strongest ones down first, then to leave it, then the strongest ones up last.

    Where a number may be moved by an amount and to a bound, amounts are next to leaving it and bounds beyond them.
    Moves of a category are in alphabetical order of the levels' names, behind to leave it.

    Arguments:
        column: The feature.
        moves: What each rung does, codes of `Move`, int8 `(rungs,)`.
        amounts: How much, or to what, in double precision `(rungs,)`; 0 where the feature is left.
        home: The rung that leaves the feature as it is.
        ordered: Whether neighbouring rungs are alike; those of categories are not.
    """

    column: int
    moves: Tensor
    amounts: Tensor
    home: int
    ordered: bool = True

    def __len__(self) -> int:
        return len(self.moves)

    @classmethod
    def between(cls, column: int, down: Sequence[Rung], up: Sequence[Rung]) -> Ladder:
        """Return the ladder of moves down, from the strongest, and of moves up, to the strongest."""
        rungs = [*down, (Move.LEAVE, 0.0), *up]
        moves = torch.tensor([int(move) for move, _ in rungs], dtype=torch.int8)
        amounts = torch.tensor([amount for _, amount in rungs], dtype=torch.float64)
        return cls(column, moves, amounts, len(down))


@dataclass(frozen=True)
class Ladders:
    """The ladders of all features that may be acted upon; an action is a rung of each, `(..., ladders)` whole numbers.

    Arguments:
        features: All features.
        ladders: A ladder for each actionable feature that has more than one value in the feasible range.
    """

    features: FeatureTable
    ladders: tuple[Ladder, ...]

    @classmethod
    def of(cls, problem: Problem, rungs: int = 30, *, bounds: bool = False) -> Ladders:
        """Return the ladders of a problem.

        Numbers have about `rungs` amounts each way they may move: every whole number where there are no more, else
        evenly spaced over the feasible range; where they are skewed, they lead from the median refused person to
        quantiles of accepted people's values. Whole numbers of which there are few and that may move one way only, and
        ordinals, become at least or at most each value; categories, and binaries that may go both ways, are set to it.

        With `bounds`, all other numbers may become at least or at most a value, too, about `rungs` of them: evenly
        spaced, or where they are skewed quantiles of accepted people's values. A number that may go both ways has
        both: neither asks anybody to give up what they have beyond the bound, as setting it would.
        """
        accepted = problem.decisions.accepts(problem.training.x)
        made = [
            _ladder(problem, j, feature, accepted, rungs, bounds)
            for j, feature in enumerate(problem.features)
            if problem.features.actionable[j]
        ]
        return cls(problem.features, tuple(ladder for ladder in made if len(ladder) > 1))

    def __len__(self) -> int:
        return len(self.ladders)

    @cached_property
    def widths(self) -> Tensor:
        """How many rungs each ladder has, long `(ladders,)`."""
        return torch.tensor([len(ladder) for ladder in self.ladders], dtype=torch.int64)

    @cached_property
    def home(self) -> Tensor:
        """The action that leaves everything, long `(ladders,)`."""
        return torch.tensor([ladder.home for ladder in self.ladders], dtype=torch.int64)

    @cached_property
    def ordered(self) -> Tensor:
        """Whether neighbouring rungs are alike, bool `(ladders,)`."""
        return torch.tensor([ladder.ordered for ladder in self.ladders], dtype=torch.bool)

    def spelt(self, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Return the moves, int8, and amounts, in double precision, of `actions`: `(..., features)` each."""
        shape = (*actions.shape[:-1], len(self.features))
        moves, amounts = torch.zeros(shape, dtype=torch.int8), torch.zeros(shape, dtype=torch.float64)
        for place, ladder in enumerate(self.ladders):
            moves[..., ladder.column] = ladder.moves[actions[..., place]]
            amounts[..., ladder.column] = ladder.amounts[actions[..., place]]
        return moves, amounts

    def menu(self, actions: Tensor, rule: ClusterRule | None = None) -> Menu:
        """Return the menu of `actions` `(actions, ladders)` or `(clusters, actions, ladders)`."""
        moves, amounts = self.spelt(actions if actions.ndim == 3 else actions[None])
        return Menu(moves, amounts, rule or OneCluster())


def _ladder(problem: Problem, column: int, feature: Feature, accepted: Tensor, rungs: int, bounds: bool) -> Ladder:
    lower, upper = float(problem.box.lower[column]), float(problem.box.upper[column])
    up, down = feature.direction is not Direction.DOWN, feature.direction is not Direction.UP
    both = up and down
    if feature.kind is Kind.CATEGORICAL or (feature.kind is Kind.BINARY and both):
        values = [float(code) for code in feature.alphabetical] if feature.levels else [0.0, 1.0]
        inside = [value for value in values if lower <= value <= upper]
        ladder = Ladder.between(column, [], [(Move.SET, value) for value in inside] if len(inside) > 1 else [])
        return replace(ladder, ordered=False)
    few = feature.whole and upper - lower <= rungs
    if feature.kind in (Kind.ORDINAL, Kind.BINARY) or (few and not both):
        values = torch.arange(_ceil(lower), _floor(upper) + 1).double().tolist()
        most, least = _to(Move.AT_MOST, values[:-1]), _to(Move.AT_LEAST, values[1:])
    else:
        more, less = _amounts(problem, column, accepted, rungs)
        most, least = _to(Move.ADD, [-amount for amount in reversed(less)]), _to(Move.ADD, more)
        if bounds:
            low, high = _bounds(problem, column, accepted, rungs)
            most, least = _to(Move.AT_MOST, low) + most, least + _to(Move.AT_LEAST, high)
    return Ladder.between(column, most if down else [], least if up else [])


def _to(move: Move, amounts: Sequence[float]) -> list[Rung]:
    return [(move, amount) for amount in amounts]


def _amounts(problem: Problem, column: int, accepted: Tensor, rungs: int) -> tuple[list[float], list[float]]:
    """Return what may be added and taken away, ascending each."""
    whole = bool(problem.features.whole[column])
    span = float(problem.box.upper[column] - problem.box.lower[column])
    values = problem.training.x[:, column].double()
    few = whole and span <= rungs
    if few or not _skewed(values):
        return (_tidy(_even(span, rungs, whole), span, whole),) * 2
    middle = values[~accepted].quantile(0.5)
    away = values[accepted] - middle
    sides = [side[side > 0] for side in (away, -away)]
    more, less = (_quantiles(side, rungs) if len(side) else None for side in sides)
    more, less = (more if more is not None else less), (less if less is not None else more)
    even = _even(span, rungs, whole)
    return tuple(_tidy(even if side is None else side, span, whole) for side in (more, less))  # type: ignore[return-value]


def _bounds(problem: Problem, column: int, accepted: Tensor, rungs: int) -> tuple[list[float], list[float]]:
    """Return the values that a number may have to be at most, and at least, ascending each."""
    whole = bool(problem.features.whole[column])
    lower, upper = float(problem.box.lower[column]), float(problem.box.upper[column])
    values, span = problem.training.x[:, column].double(), upper - lower
    if _skewed(values) and not (whole and span <= rungs) and bool(accepted.any()):
        found = _quantiles(values[accepted].clamp(lower, upper), rungs)
    else:
        found = torch.cat([torch.tensor([lower], dtype=torch.float64), lower + _even(span, rungs, whole)])
    low, high = _rounded(found, span, whole, up=False), _rounded(found, span, whole, up=True)
    return low[(low >= lower) & (low < upper)].tolist(), high[(high > lower) & (high <= upper)].tolist()


def _skewed(values: Tensor) -> bool:
    spread = values - values.mean()
    return abs(float((spread**3).mean() / (spread**2).mean().clamp(min=1e-12) ** 1.5)) >= _SKEWED


def _even(span: float, rungs: int, whole: bool) -> Tensor:
    """Return about so many amounts up to a feasible range, evenly spaced; all whole ones where these are no more."""
    if whole and span <= rungs:
        return torch.arange(1, int(span) + 1, dtype=torch.float64)
    return span * torch.arange(1, rungs + 1, dtype=torch.float64) / rungs


def _quantiles(side: Tensor, rungs: int) -> Tensor:
    """Return about so many amounts: quantiles of how far accepted people are, the rest of those of distinct amounts."""
    found = side.quantile(torch.linspace(0, 1, rungs, dtype=torch.float64), interpolation="nearest").unique()
    distinct = side.unique()
    rest = torch.linspace(0, 1, max(1, rungs - len(found)), dtype=torch.float64)
    more = distinct.quantile(rest, interpolation="nearest")
    return torch.cat([found, more]).unique()


def _tidy(amounts: Tensor, span: float, whole: bool) -> list[float]:
    """Return distinct amounts that are not more than the feasible range, rounded up, ascending."""
    found = _rounded(amounts, span, whole, up=True, most=span)
    return found[(found > 0) & (found <= span)].tolist()


def _rounded(amounts: Tensor, span: float, whole: bool, *, up: bool, most: float = math.inf) -> Tensor:
    """Return distinct amounts up to `most`, rounded to a thousandth of the power of ten above the feasible range.

    Actions are published in words.
    """
    finest = 10.0 ** (_floor(math.log10(span)) - 2) if span > 0 else 1.0
    step = max(1.0, finest) if whole else finest
    steps = (amounts / step - 1e-6).ceil() if up else (amounts / step + 1e-6).floor()
    if math.isfinite(most):
        steps = steps.clamp(min=0, max=_floor(most / step))
    # Dividing by a whole number leaves the decimals that people would write.
    return (steps * step if step >= 1 else steps / round(1 / step)).unique()


def _ceil(value: float) -> int:
    return -int(-value // 1)


def _floor(value: float) -> int:
    return int(value // 1)
