"""The last polish: one feature elsewhere, a number as far as is needed then, as long as that gets cheaper."""

from __future__ import annotations

__all__ = ["polish"]

import torch
from torch import Tensor

from recourse_arena_frontier.descent import leading
from recourse_arena_frontier.tables.options import Ladder
from recourse_arena_frontier.tables.terrain import Terrain

_HALVINGS = 18
"""Steps of the search for how far a number must go: enough for whole numbers up to 250,000."""

_STEPS = (-2, -1, 1, 2)
"""Moves along one whole number."""

_BETTER = 1e-6
"""Relative decrease of the cost that counts as one."""

_TRIED = 24
"""Most neighbours of an action whose numbers are moved: the cheapest."""


def polish(terrain: Terrain, ladder: Ladder, person: Tensor, values: Tensor, rounds: int) -> Tensor:
    """Return cheaper values that pass, `(rows, features)`, from values that do.

    In each round one feature goes to its factual value or half the way, a number one or two steps on, a level to any
    other; and then one number goes back as far as the decision stays positive, or on until it is.
    """
    values = values.clone()
    going = torch.arange(len(values), device=values.device)
    for _ in range(rounds):
        if not len(going):
            break
        here, cost = values[going], terrain.total(person[going], values[going])
        row, found, price = _cheaper(terrain, ladder, person[going], here, cost * (1 - _BETTER))
        best = leading(row, price, 1)
        going = going[row[best]]
        values[going] = found[best]
    return values


def _cheaper(
    terrain: Terrain, ladder: Ladder, person: Tensor, values: Tensor, limit: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return neighbours that pass and cost less than `limit` `(rows,)`: their row, values and cost."""
    row, near = _neighbours(terrain, ladder, person, values)
    parts = terrain.parts(person[row], near)
    numbers = list(terrain.numbers)
    largest = parts[:, numbers].amax(1) if numbers else torch.zeros_like(parts[:, 0])
    least = terrain.total(person[row], near) - largest
    worth = (least < limit[row]).nonzero()[:, 0]
    worth = worth[leading(row[worth], least[worth], _TRIED)]
    row, near = row[worth], near[worth]
    passed = terrain.passes(person[row], near)
    rows, found = [row[passed]], [near[passed]]
    for column in numbers:
        use, repaired = _as_far_as_needed(terrain, person[row], near, passed, limit[row], column)
        rows.append(row[use])
        found.append(repaired)
    row, near = torch.cat(rows), torch.cat(found)
    cost = terrain.total(person[row], near)
    cheap = cost < limit[row]
    return row[cheap], near[cheap], cost[cheap]


def _neighbours(terrain: Terrain, ladder: Ladder, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows `(new rows,)` and values with one feature elsewhere `(new rows, features)`, and as they are."""
    factual, whole = terrain.request.factual[person], terrain.request.features.whole
    rows, found = [torch.arange(len(values), device=values.device)], [values]

    def add(column: int, target: Tensor, may: Tensor) -> None:
        there = values.clone()
        there[:, column] = target
        there = terrain.snapped(person, there)
        use = (may & (there[:, column] != values[:, column])).nonzero()[:, 0]
        rows.append(use)
        found.append(there[use])

    for column in terrain.numbers:
        now, start, may = values[:, column], factual[:, column], terrain.may(column)[person]
        add(column, start, may)
        add(column, (now + start) / 2, may)
        for step in _STEPS if whole[column] else ():
            add(column, now + step, may)
    for place, column in enumerate(ladder.columns):
        for option in range(ladder.values[place].shape[1]):
            may = ladder.costs[place][person, option].isfinite()
            add(column, ladder.values[place][person, option], may)
    return torch.cat(rows), torch.cat(found)


def _as_far_as_needed(
    terrain: Terrain, person: Tensor, values: Tensor, passed: Tensor, limit: Tensor, column: int
) -> tuple[Tensor, Tensor]:
    """Return which rows pass with one number as near to the factual as it may be, and their values.

    Those who pass go back towards the factual; the others go on, to either end, as far as `limit` can pay for.
    """
    factual, now = terrain.request.factual[person, column], values[:, column]
    rest = terrain.total(person, values) - terrain.parts(person, values)[:, column].double()
    room = ((limit - rest).clamp(min=0.0) / terrain.price[person, column].double()).to(values.dtype)
    room = room if terrain.power == 1 else room.double().sqrt().to(values.dtype)
    may = terrain.may(column)[person]
    kept, ended = [], []
    for sign, end in ((-1.0, terrain.lower[person, column]), (1.0, terrain.upper[person, column])):
        reached = torch.minimum(torch.maximum(end, factual - room), factual + room)
        near, far = torch.where(passed, factual, now), torch.where(passed, now, reached)
        use = (may & ((far - near) * sign > 0)).nonzero()[:, 0]
        rows, there = _bisected(terrain, person[use], values[use], near[use], far[use], column)
        kept.append(use[rows])
        ended.append(there)
    return torch.cat(kept), torch.cat(ended)


def _bisected(
    terrain: Terrain, person: Tensor, values: Tensor, near: Tensor, far: Tensor, column: int
) -> tuple[Tensor, Tensor]:
    """Return which rows pass with a number at `far`, and values with it as near to `near` as passes still."""
    whole = bool(terrain.request.features.whole[column])

    def at(share: Tensor) -> Tensor:
        there = values[rows].clone()
        goal = near[rows] + share * (far - near)[rows]
        if whole:
            goal = near[rows] + (far - near)[rows].sign() * (goal - near[rows]).abs().sub(1e-4).ceil()
        there[:, column] = goal
        return terrain.snapped(person[rows], there)

    rows = torch.arange(len(values), device=values.device)
    rows = rows[terrain.passes(person, at(torch.ones_like(near)))]
    least, most = torch.zeros_like(near[rows]), torch.ones_like(near[rows])
    for _ in range(_HALVINGS if len(rows) else 0):
        middle = (least + most) / 2
        enough = terrain.passes(person[rows], at(middle))
        least, most = torch.where(enough, least, middle), torch.where(enough, middle, most)
    return rows, at(most)
