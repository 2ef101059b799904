"""Rules about sums of numbers: moves that stay below the limit, or that take others along."""

from __future__ import annotations

__all__ = ["mended", "narrowed", "sums"]

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import AtMost

if TYPE_CHECKING:
    from recourse_arena_convex.tables.terrain import Terrain

_SLIGHT = 1e-6
"""Excess over a limit that is none, relative to the size of the terms."""


def sums(terrain: Terrain) -> list[tuple[Tensor, float, list[tuple[int, float]]]]:
    """Return who keeps each such rule `(people,)`, its limit, and its columns with their factors."""
    features = terrain.request.features
    return [
        (terrain.keeps[:, number], rule.limit, [(features.index(name), f) for name, f in rule.terms.items()])
        for number, rule in enumerate(features.rules)
        if isinstance(rule, AtMost)
    ]


def narrowed(terrain: Terrain, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Return bounds `(rows, features)` within which sums stay below their limits, whoever else moves.

    What is left of a limit is shared among those that can be moved.
    """
    lower, upper = terrain.lower[person], terrain.upper[person]
    for keeps, limit, terms in sums(terrain):
        left = (limit - _sum(values, terms)).clamp(min=0.0)
        sharing = sum(terrain.moving[person, j].to(values.dtype) for j, _ in terms).clamp(min=1.0)  # type: ignore[union-attr]
        for j, factor in terms:
            end, bound = values[:, j] + left / sharing / factor, upper if factor > 0 else lower
            nearer = torch.minimum(bound[:, j], end) if factor > 0 else torch.maximum(bound[:, j], end)
            bound[:, j] = torch.where(keeps[person], nearer, bound[:, j])
    return torch.minimum(lower, values), torch.maximum(upper, values)


def mended(terrain: Terrain, person: Tensor, values: Tensor, *, whole: bool) -> Tensor:
    """Return values `(rows, features)` whose sums are below their limits again, where they can be.

    Other numbers of the rule move farther from the factual first, so that what has been moved can stay; only then does
    it go back itself.

    Arguments:
        terrain: The people.
        person: The person of each row, `(rows,)`.
        values: The values.
        whole: Whether whole numbers move by whole numbers.
    """
    rules = sums(terrain)
    values = values.clone() if rules else values
    for keeps, limit, terms in rules * min(2, len(rules)):  # to mend one may break another
        for away in (True, False):
            for j, factor in terms:
                excess = _sum(values, terms) - limit
                size = sum(((values[:, k] * f).abs() for k, f in terms), torch.full_like(excess, abs(limit)))
                wrong = keeps[person] & terrain.moving[person, j] & (excess > _SLIGHT * size)
                values[:, j] = _moved(terrain, person, values, j, factor, excess, wrong, away, whole)
    return values


def _moved(
    terrain: Terrain,
    person: Tensor,
    values: Tensor,
    j: int,
    factor: float,
    excess: Tensor,
    wrong: Tensor,
    away: bool,
    whole: bool,
) -> Tensor:
    """Return a column `(rows,)` that moves as far as an excess asks for, away from the factual or back to it."""
    here, factual, sign = values[:, j], terrain.request.factual[person, j], -1.0 if factor > 0 else 1.0
    end = (terrain.lower if factor > 0 else terrain.upper)[person, j]
    behind = (here - factual) * sign < 0
    end = end if away else factual
    step = excess / abs(factor)
    if whole and terrain.request.features.whole[j]:
        step = (step - 1e-4).ceil()
    step = torch.minimum(step, (end - here) * sign)
    return torch.where(wrong & (behind != away) & (step > 0), here + sign * step, here)


def _sum(values: Tensor, terms: list[tuple[int, float]]) -> Tensor:
    return torch.stack([factor * values[:, j] for j, factor in terms]).sum(0)
