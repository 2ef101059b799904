"""The last polish: one feature elsewhere, another as far as is needed, as long as that gets cheaper."""

from __future__ import annotations

__all__ = ["polish"]

import torch
from torch import Tensor

from recourse_arena_convex.tables.terrain import Terrain

_HALVINGS = 14
"""Steps of the search for how far the other feature must go."""

_STEPS = (-2, -1, 1, 2)
"""Moves along one whole number."""

_BETTER = 1e-6
"""Relative decrease of the cost that counts as one."""


def polish(terrain: Terrain, person: Tensor, values: Tensor, rounds: int) -> Tensor:
    """Return cheaper values that pass, `(rows, features)`, from values that do.

    In each round one feature moves to its neighbours, halfway back or back altogether, a category to each other level;
    then one number goes back as far as the decision stays positive, or on until it is. The cheapest of all is taken.
    """
    values = values.clone()
    going = torch.arange(len(values))
    for _ in range(rounds):
        if not len(going):
            break
        here, cost = values[going], terrain.total(person[going], values[going])
        row, found, price = _cheaper(terrain, person[going], here, cost * (1 - _BETTER))
        order = price.argsort(stable=True)
        order = order[row[order].argsort(stable=True)]
        first = torch.ones(len(order), dtype=torch.bool)
        first[1:] = row[order][1:] != row[order][:-1]
        order = order[first]
        going = going[row[order]]
        values[going] = found[order]
    return values


def _cheaper(terrain: Terrain, person: Tensor, values: Tensor, limit: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return neighbours that pass and cost less than `limit` `(rows,)`: their row, values and cost."""
    row, near = _neighbours(terrain, person, values)
    cost = terrain.total(person[row], near)
    worth = cost - _greatest(terrain, person[row], near) < limit[row]
    row, near, cost = row[worth], near[worth], cost[worth]
    logit, slope = terrain.slopes(person[row], near)
    passed = terrain.passes(person[row], near, logit)
    done = passed & (cost < limit[row])
    rows, found = [row[done]], [near[done]]
    for column in terrain.moving[person].any(0).nonzero()[:, 0].tolist():
        back = torch.where(passed, terrain.parts(person[row], near)[:, column], 0.0)
        use = (terrain.moving[person[row], column] & (cost - back < limit[row])).nonzero()[:, 0]
        kept, repaired = _as_far_as_needed(
            terrain, person[row[use]], near[use], passed[use], slope[use, column], column
        )
        rows.append(row[use][kept])
        found.append(repaired)
    row, near = torch.cat(rows), torch.cat(found)
    cost = terrain.total(person[row], near)
    cheap = cost < limit[row]
    return row[cheap], near[cheap], cost[cheap]


def _greatest(terrain: Terrain, person: Tensor, values: Tensor) -> Tensor:
    parts = torch.where(terrain.moving[person], terrain.parts(person, values), 0.0)
    return parts.amax(1)


def _neighbours(terrain: Terrain, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows `(new rows,)` and values with one feature elsewhere `(new rows, features)`, and as they are."""
    factual, features = terrain.request.factual[person], terrain.request.features
    rows, found = [torch.arange(len(values))], [values]

    def add(column: int, target: Tensor, may: Tensor) -> None:
        there = values.clone()
        there[:, column] = target
        there = terrain.snap(person, there)
        use = (may & (there[:, column] != values[:, column])).nonzero()[:, 0]
        rows.append(use)
        found.append(there[use])

    for column in terrain.moving[person].any(0).nonzero()[:, 0].tolist():
        now, start, may = values[:, column], factual[:, column], terrain.moving[person, column]
        add(column, start, may)
        add(column, (now + start) / 2, may)
        for step in _STEPS if features.whole[column] else ():
            add(column, now + step, may)
    for column in terrain.levels:
        for code in terrain.options(column):
            may = terrain.allowed(column, code)[person]
            add(column, torch.full_like(values[:, column], code), may)
    return torch.cat(rows), torch.cat(found)


def _as_far_as_needed(
    terrain: Terrain, person: Tensor, values: Tensor, passed: Tensor, slope: Tensor, column: int
) -> tuple[Tensor, Tensor]:
    """Return who passes, indices, with one number as near to where it starts as it may be, and their values.

    Those who pass go back towards the factual, the others on to the end where the logit rises.
    """
    end = torch.where(slope > 0, terrain.upper[person, column], terrain.lower[person, column])
    near = torch.where(passed, terrain.request.factual[person, column], values[:, column])
    far = torch.where(passed, values[:, column], end)

    def at(share: Tensor) -> Tensor:
        there = values.clone()
        goal = near + share * (far - near)
        if terrain.request.features.whole[column]:
            goal = near + (far - near).sign() * (goal - near).abs().sub(1e-4).ceil()
        there[:, column] = goal
        return terrain.snap(person, there)

    kept = ((near != far) & ((slope != 0) | passed)).nonzero()[:, 0]
    kept = kept[terrain.passes(person[kept], at(torch.ones_like(near))[kept])]
    person, values, near, far = person[kept], values[kept], near[kept], far[kept]
    least, most = torch.zeros_like(near), torch.ones_like(near)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        enough = terrain.passes(person, at(middle))
        least, most = torch.where(enough, least, middle), torch.where(enough, middle, most)
    return kept, at(most)
