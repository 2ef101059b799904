"""Whole-number features: relaxed in a first search, held at nearby whole numbers in the next ones."""

from __future__ import annotations

__all__ = ["distinct", "moves", "roundings"]

import torch
from torch import Tensor

from recourse_arena_frontier.descent import leading
from recourse_arena_frontier.rows import Rows

_BRANCHED = 3
"""Features that are rounded both ways in all combinations; others go to the nearest whole number."""

_STEPS = (-2, -1, 1, 2)
"""Moves along one whole-number feature."""


def distinct(rows: Rows, y: Tensor, merit: Tensor, most: int) -> Tensor:
    """Return the `most` best rows of each person by merit, of those alike in set and nearest whole numbers the best."""
    nearest = torch.where(rows.acted & rows.world.whole, rows.values(y).round(), 0.0)
    keys = torch.cat([rows.person[None].to(y.dtype), rows.acted.to(y.dtype), nearest])
    alike = keys.unique(dim=1, return_inverse=True)[1]
    best = leading(alike, merit, 1)
    best = best[rows.person[best].argsort(stable=True)]
    best = best.sort().values
    return best[leading(rows.person[best], merit[best], most)]


def roundings(rows: Rows, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows and points `(actionable, new rows)` with whole numbers around the points `y`.

    The features farthest from a whole number are rounded down and up, in all combinations; and all stay as they are.
    """
    whole, values = rows.whole, rows.factual + y * rows.unit
    doubt = torch.where(whole, (values - values.round()).abs(), -1.0)
    place = doubt.argsort(dim=0, descending=True, stable=True).argsort(dim=0)
    branched = whole & (place < _BRANCHED)
    found, points = [], []
    for code in range(2**_BRANCHED):
        up = (code >> place.clamp(max=_BRANCHED)) & 1
        rounded = torch.where(branched, values.floor() + up, values.round())
        point = rows.clamp(torch.where(whole, (rounded - rows.factual) / rows.unit, y))
        found.append((code < 2 ** branched.sum(0)).nonzero()[:, 0])
        points.append(point[:, found[-1]])
    found.append(torch.arange(len(rows), device=y.device))
    points.append(rows.clamp(torch.where(whole, 0.0, y)))
    return torch.cat(found), torch.cat(points, 1)


def moves(rows: Rows, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows and points `(actionable, new rows)` with one whole number moved from the points `y`.

    Each goes one and two steps down and up, and back to the factual.
    """
    step, whole = 1 / rows.unit, rows.whole
    found, points = [rows.person[:0]], [y[:, :0]]
    for column in range(len(y)):
        for target in (*(y[column] + count * step[column] for count in _STEPS), torch.zeros_like(y[column])):
            point = y.clone()
            point[column] = target
            point = rows.clamp(point)
            moved = (point - y)[column].abs() > 0.5 * step[column]
            found.append((moved & whole[column]).nonzero()[:, 0])
            points.append(point[:, found[-1]])
    return torch.cat(found), torch.cat(points, 1)
