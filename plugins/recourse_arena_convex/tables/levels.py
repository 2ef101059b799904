"""Which levels of categories and binaries to have: the choices that look cheapest with what numbers must add."""

from __future__ import annotations

__all__ = ["choices"]

import torch
from torch import Tensor

from recourse_arena_convex.tables.allocation import allocate
from recourse_arena_convex.tables.terrain import MARGIN, Terrain

_WIDTH = 4
"""Choices kept while features are gone through, as a multiple of those that are returned."""

_SHORT = 1e3
"""What a unit of the logit that nothing reaches counts as, in units of cost."""


def choices(terrain: Terrain, most: int) -> tuple[Tensor, Tensor]:
    """Return rows of one person and one choice of levels each: no change, and at most `most` others.

    A beam search goes through the features. A choice is estimated by its weighted cost, and by what must be added to
    reach a positive decision along the slope of the logit: by numbers, and by the best level alone of each feature
    that is still to come.

    Returns:
        Indices of people `(rows,)` and people with their new levels `(rows, features)`.
    """
    person, values = torch.arange(len(terrain)), terrain.request.factual
    singles = _singles(terrain)
    for place, column in enumerate(terrain.levels):
        person, values = _extended(terrain, column, person, values)
        guess = _estimated(terrain, person, values, singles, list(terrain.levels[place + 1 :]))
        rows = _leading(terrain, person, values, guess, _WIDTH * most)
        person, values = person[rows], values[rows]
    if not terrain.levels:
        return person, values
    guess = _estimated(terrain, person, values, singles, [])
    guess = torch.where(terrain.keeps_rules(person, values), guess, torch.inf)
    rows = _leading(terrain, person, values, guess, most)
    return person[rows], values[rows]


def _extended(terrain: Terrain, column: int, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    people, found = [person[:0]], [values[:0]]
    for code in terrain.options(column):
        rows = terrain.allowed(column, code)[person].nonzero()[:, 0]
        there = values[rows].clone()
        there[:, column] = code
        people.append(person[rows])
        found.append(there)
    return torch.cat(people), torch.cat(found)


def _singles(terrain: Terrain) -> Tensor:
    """Return by how much the best level of each category or binary alone raises the logit, `(people, features)`."""
    factual = terrain.request.factual
    now, best = terrain.logit(factual), torch.zeros_like(factual)
    for column in terrain.levels:
        person, values = _extended(terrain, column, torch.arange(len(factual)), factual)
        gain = terrain.logit(values) - now[person]
        best[:, column] = best[:, column].scatter_reduce(0, person, gain, "amax")
    return best


def _estimated(terrain: Terrain, person: Tensor, values: Tensor, singles: Tensor, rest: list[int]) -> Tensor:
    """Return about what it costs to be accepted with a choice of levels, `(rows,)`."""
    logit, slope = terrain.slopes(person, values)
    lower, upper, factual = terrain.lower[person], terrain.upper[person], terrain.request.factual[person].clone()
    start, columns = values.clone(), list(terrain.levels)
    slope[:, columns] = 0.0
    slope[:, rest] = singles[person][:, rest]
    start[:, columns], factual[:, columns], lower[:, columns], upper[:, columns] = 0.0, 0.0, 0.0, 1.0
    price = terrain.price[person]
    gap = MARGIN - logit
    there, _ = allocate(gap, slope, price, factual, start, lower, upper, terrain.power)
    change = (there - factual).abs()
    added = (price * (change if terrain.power == 1 else change**2)).sum(1)
    short = (gap - (slope * (there - start)).sum(1)).clamp(min=0.0)
    short = torch.where(short > 1e-4 * (1 + gap.abs()), short, 0.0)
    return terrain.total(person, values) + added + _SHORT * short


def _leading(terrain: Terrain, person: Tensor, values: Tensor, guess: Tensor, most: int) -> Tensor:
    """Return the rows of each person without a change of level, and the best of the others, at most `most`."""
    columns = list(terrain.levels)
    still = (values[:, columns] == terrain.request.factual[person][:, columns]).all(1)
    guess = torch.where(still, -torch.inf, guess)
    rows = guess.argsort(stable=True)
    rows = rows[person[rows].argsort(stable=True)]
    rank = torch.arange(len(rows)) - torch.searchsorted(person[rows], person[rows])
    return rows[(rank <= most) & (guess[rows] < torch.inf)]
