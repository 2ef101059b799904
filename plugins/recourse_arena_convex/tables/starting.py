"""Points at which steps start: away from the person, or at whole numbers around relaxed solutions."""

from __future__ import annotations

__all__ = ["far_off", "roundings"]

import torch
from torch import Tensor

from recourse_arena_convex.tables.terrain import Terrain

_SHARES = (0.3, 1.0)
"""How far on the way to either end of a number."""


def far_off(terrain: Terrain) -> tuple[Tensor, Tensor]:
    """Return rows of people `(rows,)` with one number on the way to its ends, or there, `(rows, features)`.

    Decisions may rise elsewhere than where the slope points.
    """
    factual = terrain.request.factual
    people, found = [torch.arange(0)], [factual[:0]]
    for column in terrain.moving.any(0).nonzero()[:, 0].tolist():
        for end in (terrain.lower[:, column], terrain.upper[:, column]):
            use = (terrain.moving[:, column] & (end != factual[:, column])).nonzero()[:, 0]
            for share in _SHARES:
                there = factual[use].clone()
                there[:, column] += share * (end - factual[:, column])[use]
                people.append(use)
                found.append(there)
    return torch.cat(people), torch.cat(found)


def roundings(terrain: Terrain, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows of people `(new rows,)` and of whole numbers around `values`, `(new rows, features)`.

    They are the nearest, those farther from the factual, and those nearer to it.
    """
    factual = terrain.request.factual[person]
    change = values - factual
    change = torch.where(change.abs() < 1e-4, 0.0, change)
    away = factual + change.sign() * change.abs().ceil()
    back = factual + change.sign() * change.abs().floor()
    whole = terrain.moving[person] & terrain.request.features.whole
    found = [terrain.snap(person, torch.where(whole, rounded, values)) for rounded in (values.round(), away, back)]
    if not whole.any():
        return person, found[0]
    return person.repeat(len(found)), torch.cat(found)
