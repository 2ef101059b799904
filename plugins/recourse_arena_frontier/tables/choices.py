"""Which levels to have: the choices that look cheapest with what numbers must add."""

from __future__ import annotations

__all__ = ["choices"]

import torch
from torch import Tensor

from recourse_arena_frontier.descent import leading
from recourse_arena_frontier.tables.candidates import first_of_alike
from recourse_arena_frontier.tables.numbers import Numbers
from recourse_arena_frontier.tables.options import Ladder
from recourse_arena_frontier.tables.terrain import Terrain

_CHEAPEST = 128
"""Choices that are looked at since they are cheap."""

_WIDTH, _ROUNDS = 6, 5
"""How many of the best choices are extended by one more level, and how often."""


def choices(terrain: Terrain, numbers: Numbers, ladder: Ladder, most: int) -> tuple[Tensor, Tensor]:
    """Return rows of one person and one choice of levels each: no change, and at most `most` others.

    The cheapest choices are looked at; then, again and again, all that differ in one level from one of the best so far.
    What a choice is worth is its weighted cost and what numbers must add to it, along the slope of the logit there.

    Arguments:
        terrain: The people.
        numbers: What can be moved beside.
        ladder: The options of features with levels.
        most: How many choices a person is to have.

    Returns:
        Indices of people `(rows,)`, ascending, and people with their new levels `(rows, features)`.
    """
    person, values = ladder.cheapest(terrain, _CHEAPEST)
    guess = numbers.estimated(terrain, person, values)
    extended = torch.zeros_like(person, dtype=torch.bool)
    for _ in range(_ROUNDS if ladder.columns else 0):
        best = leading(person, guess, _WIDTH)
        best = best[~extended[best]]
        if not len(best):
            break
        extended[best] = True
        people, near = _neighbours(ladder, person[best], values[best])
        together = torch.cat([person, people]), torch.cat([values, near])
        fresh = first_of_alike(*together)
        fresh = fresh[len(person) :]  # what was there before repeats nothing
        person, values = (torch.cat([old, new[fresh]]) for old, new in zip((person, values), together, strict=True))
        extended = torch.cat([extended, torch.zeros_like(fresh, dtype=torch.bool)])
        guess = torch.cat([guess, numbers.estimated(terrain, *(each[fresh] for each in together))])
    still = (values == terrain.request.factual[person]).all(1)
    guess = torch.where(terrain.keeps_rules(person, values), guess, torch.inf)
    rows = leading(person, torch.where(still, -torch.inf, guess), most + 1)
    rows = rows[guess[rows].isfinite() | still[rows]]
    return person[rows], values[rows]


def _neighbours(ladder: Ladder, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return people and values with one level exchanged for another that is allowed."""
    people, found = [person[:0]], [values[:0]]
    for place, column in enumerate(ladder.columns):
        for option in range(ladder.values[place].shape[1]):
            value = ladder.values[place][person, option]
            rows = (ladder.costs[place][person, option].isfinite() & (value != values[:, column])).nonzero()[:, 0]
            there = values[rows]
            there[:, column] = value[rows]
            people.append(person[rows])
            found.append(there)
    return torch.cat(people), torch.cat(found)
