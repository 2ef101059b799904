"""Proof by trying everything: the cheapest action that works, or that there is none."""

from __future__ import annotations

__all__ = ["Exhausted", "try_everything"]

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from recourse_arena.advice.analysis.case import Case
from recourse_arena.models.causal.no_effects import NoEffects

_MOST = 200_000
"""Actions that are tried at most."""
_ROWS = 8192
"""Actions that are looked at together: bounds the memory."""


@dataclass(frozen=True)
class Exhausted:
    """What trying every action of a person has shown, whatever the decision model and the effects are.

    Arguments:
        mask: What the cheapest action that works acts upon, bool `(features,)`; none where no action works.
        values: What it sets that to; the factual elsewhere, `(features,)`; none likewise.
        cost: Its weighted cost, below which no action works; infinite where none does.
        count: How many actions there are: as many were ruled out or cost no less.
    """

    mask: Tensor | None
    values: Tensor | None
    cost: float
    count: int

    @property
    def impossible(self) -> bool:
        """Whether it is proved that no action works."""
        return self.mask is None


def try_everything(case: Case, *, most: int = _MOST) -> Exhausted | None:
    """Return the cheapest action that works, or the proof that there is none; none where not all can be tried.

    All can be tried where every feature that the person can act upon takes whole numbers or levels, and there are at
    most `most` actions. Setting a feature to what it is counts as an action of its own where there are effects: it then
    no longer follows what else is done. Of actions at equal cost the one that acts upon least is returned, of these
    the first by features and values. Plausibility is not asked for.

    Arguments:
        case: The person before the judge.
        most: The most actions that are tried.
    """
    request, factual = case.request, case.factual
    columns = request.actionable[0].nonzero()[:, 0].tolist()
    if not all(request.features.whole[columns]):
        return None
    keep = not isinstance(case.judge.reference, NoEffects)
    widths = [int(request.box.upper[0, j].floor()) - int(request.box.lower[0, j].ceil()) + 1 for j in columns]
    if prod(width + 1 for width in widths) > 2 * most * 2 ** len(columns):  # before any list of values is made
        return None
    options = [_options(case, j, keep=keep) for j in columns]
    count = prod(len(values) + 1 for values in options)
    if count > most:
        return None
    order, cost = _by_cost(case, columns, options, count)
    for numbers in order.split(_ROWS):
        mask, values = _actions(factual, columns, options, numbers)
        good = case.works(mask, values).nonzero()[:, 0]
        if len(good):
            first = int(good[0])
            return Exhausted(mask[first], values[first], float(cost[numbers[first]]), count)
    return Exhausted(None, None, torch.inf, count)


def _options(case: Case, column: int, *, keep: bool) -> Tensor:
    """Return what a feature can be set to, `(any,)`; what it is now only if that is to `keep` it."""
    low, high = case.request.box.lower[0, column].ceil(), case.request.box.upper[0, column].floor()
    values = torch.arange(int(low), int(high) + 1).to(case.factual.dtype)
    return values if keep else values[values != case.factual[column]]


def _by_cost(case: Case, columns: Sequence[int], options: Sequence[Tensor], count: int) -> tuple[Tensor, Tensor]:
    """Return the numbers of all actions from the cheapest on, and the cost of each by number, `(count,)` both."""
    costs, sizes = [], []
    for numbers in torch.arange(count).split(_ROWS):
        mask, values = _actions(case.factual, columns, options, numbers)
        costs.append(case.request.cost(values, mask))
        sizes.append(mask.sum(1))
    cost, size = torch.cat(costs), torch.cat(sizes)
    fewest = size.argsort(stable=True)
    return fewest[cost[fewest].argsort(stable=True)], cost


def _actions(
    factual: Tensor, columns: Sequence[int], options: Sequence[Tensor], numbers: Tensor
) -> tuple[Tensor, Tensor]:
    """Return masks and values `(actions, features)` of actions by number: each feature is left alone, or set."""
    mask = torch.zeros(len(numbers), len(factual), dtype=torch.bool)
    values = factual.repeat(len(numbers), 1)
    rest = numbers
    for column, choices in zip(columns, options, strict=True):
        choice, rest = rest % (len(choices) + 1), rest // (len(choices) + 1)
        mask[:, column] = choice > 0
        values[:, column] = torch.cat([factual[column, None], choices])[choice]
    return mask, values
