"""The way back: from accepted actions to cheaper ones, as near to the factual as the decision stays positive."""

from __future__ import annotations

__all__ = ["Actions", "farther", "nearer", "shorter"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena_relaxed.ground import Ground

_HALVINGS = 10
"""Steps of a bisection of all numbers together."""

_SINGLE = 6
"""Steps of a bisection of one whole number."""

_ROUNDS = 2
"""How often each feature is tried to be left alone."""

_EVEN = 1e-3
"""By what share an action may be dearer that does with a feature less."""

_FARTHER = (1.0, 1.02, 1.1, 1.25, 1.5, 2.5, 6.0, 50.0, 1e4)
"""How many times as far as before an action may go that has to be surer than it was."""

_LONGER = (1.0, 1.5, 2.5, 6.0, 50.0, 1e4)
"""How many times as far as before all others go, at most, where one feature does less."""


@dataclass(frozen=True)
class Actions:
    """Accepted actions.

    Arguments:
        mask: Features acted upon, bool `(rows, features)`.
        values: Their values.
        cost: Their weighted cost, `(rows,)`.
    """

    mask: Tensor
    values: Tensor
    cost: Tensor

    def __getitem__(self, rows: Tensor) -> Actions:
        return Actions(self.mask[rows], self.values[rows], self.cost[rows])

    def unless(self, better: Tensor, other: Actions) -> Actions:
        """Return those of `other` where it is `better` `(rows,)`."""
        return Actions(
            torch.where(better[:, None], other.mask, self.mask),
            torch.where(better[:, None], other.values, self.values),
            torch.where(better, other.cost, self.cost),
        )


def nearer(ground: Ground, mask: Tensor, values: Tensor) -> Actions:
    """Return cheaper actions that are accepted, from `mask` and `values` `(rows, features)` that are."""
    ground = ground.holding(values)
    return _together(ground, Actions(mask, values, ground.cost(mask, values)), longer=_LONGER[:1])


def farther(ground: Ground, found: Actions) -> Actions:
    """Return actions in the same direction, as near as they are accepted on this `ground`, or farther than before.

    The cost is infinite where none is accepted.
    """
    return _together(ground.holding(found.values), found, longer=_FARTHER)


def shorter(ground: Ground, found: Actions) -> Actions:
    """Return cheaper actions: features left alone, or whole numbers one nearer, where others can do more for less.

    Features that cost most for what they do come first. Then each whole number is as near as it may be by itself.
    """
    ground = ground.holding(found.values)
    for _ in range(_ROUNDS):
        for column in _dearest_first(ground, found).T:
            found = _less(ground, found, column)
    return _singly(ground, found)


def _less(ground: Ground, found: Actions, column: Tensor) -> Actions:
    """Return actions without one feature of each, `column` `(rows,)`, or with it one nearer, where that is cheaper."""
    here = torch.zeros_like(found.mask).scatter(1, column[:, None], True) & found.mask
    found = _instead(ground, found, here.any(1), found.mask & ~here, found.values)
    whole = here & found.mask & ground.free & ground.request.features.whole
    step = torch.where(whole, (ground.home - found.values).sign(), 0.0)
    return _instead(ground, found, whole.any(1), found.mask, found.values + step)


def _instead(ground: Ground, found: Actions, rows: Tensor, mask: Tensor, values: Tensor) -> Actions:
    """Return actions of `mask` and `values` with other numbers as far as needed, where that is cheaper, for `rows`."""
    use = rows.nonzero()[:, 0]
    if not len(use):
        return found
    before, moved = found[use], (values != found.values)[use]
    part = ground[use]
    tried = _together(part, Actions(mask[use], values[use], before.cost), longer=_LONGER, still=moved)
    fewer = tried.mask.sum(1) < before.mask.sum(1)
    better = tried.cost < torch.where(fewer, before.cost * (1 + _EVEN), before.cost)
    return _put(found, use, before.unless(better, tried))


def _together(ground: Ground, actions: Actions, *, longer: tuple[float, ...], still: Tensor | None = None) -> Actions:
    """Return actions with numbers on the straight line through the factual, as near to it as they are accepted.

    Those `still` stay where they are. The cost is infinite where none is accepted.
    """
    mask, numbers = actions.mask, actions.mask & ground.free
    if still is not None:
        numbers = numbers & ~still
    home = ground.home

    def at(share: Tensor) -> Tensor:
        return ground.away(torch.where(numbers, home + share[:, None] * (actions.values - home), actions.values))

    most, low = torch.full_like(actions.cost, torch.inf), torch.zeros_like(actions.cost)
    for share in longer:
        left = most.isinf().nonzero()[:, 0]
        if not len(left):
            break
        there = at(torch.full_like(low, share))
        accepted = ground[left].accepts(mask[left], there[left])
        most[left[accepted]] = share
        low[left[~accepted]] = share
    rows = most.isfinite().nonzero()[:, 0]
    high = torch.where(most.isfinite(), most, 1.0)
    part, acted = ground[rows], mask[rows]
    for _ in range(_HALVINGS if numbers[rows].any() else 0):
        middle = (low + high) / 2
        enough = torch.zeros_like(numbers[:, 0]).index_put((rows,), part.accepts(acted, at(middle)[rows]))
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    values = at(high)
    cost = torch.where(most.isfinite(), ground.cost(mask, values), torch.inf)
    return Actions(mask, values, cost)


def _singly(ground: Ground, found: Actions) -> Actions:
    """Return actions with each whole number as near to the factual as it is accepted, then all numbers together."""
    whole = found.mask & ground.free & ground.request.features.whole
    for j in whole.any(0).nonzero()[:, 0].tolist():
        rows = whole[:, j].nonzero()[:, 0]
        part, mask, values, home = ground[rows], found.mask[rows], found.values[rows], ground.home[rows, j]
        low, high = torch.zeros_like(home), torch.ones_like(home)
        for _ in range(_SINGLE):
            middle = (low + high) / 2
            there = values.clone()
            there[:, j] = home + middle * (values[:, j] - home)
            enough = part.accepts(mask, part.away(there))
            low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
        values[:, j] = home + high * (values[:, j] - home)
        values = part.away(values)
        found = _put(found, rows, Actions(mask, values, part.cost(mask, values)))
    return _together(ground, found, longer=_LONGER[:1])


def _dearest_first(ground: Ground, found: Actions) -> Tensor:
    """Return the features of each row, `(rows, features)`: what costs most for the log odds that it adds is first."""
    parts = ground.request.unit_cost.per_feature(ground.request.factual, found.values) * ground.request.weights
    full = ground.action_logit(found.mask, found.values)
    ratio = torch.full_like(parts, -torch.inf)
    for j in found.mask.any(0).nonzero()[:, 0].tolist():
        less = found.mask.clone()
        less[:, j] = False
        lost = (full - ground.action_logit(less, found.values)).clamp(min=1e-9)
        ratio[:, j] = torch.where(found.mask[:, j], parts[:, j] / lost, -torch.inf)
    return ratio.argsort(dim=1, descending=True, stable=True)[:, : int(found.mask.sum(1).amax())]


def _put(found: Actions, rows: Tensor, part: Actions) -> Actions:
    """Return actions with those of some rows replaced."""
    return Actions(
        found.mask.index_put((rows,), part.mask),
        found.values.index_put((rows,), part.values),
        found.cost.index_put((rows,), part.cost),
    )
