"""Whole numbers around relaxed solutions: the nearest, those farther from the factual, and those nearer to it."""

from __future__ import annotations

__all__ = ["roundings"]

import torch
from torch import Tensor

from recourse_arena_convex.tables.terrain import Terrain


def roundings(terrain: Terrain, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows of people `(new rows,)` and of whole numbers around `values`, `(new rows, features)`."""
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
