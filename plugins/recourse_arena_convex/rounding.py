"""Whole-number features: relaxed in a first search, held at nearby whole numbers in the next ones."""

from __future__ import annotations

__all__ = ["distinct", "leading", "moves", "roundings"]

import torch
from torch import Tensor

from recourse_arena_convex.landscape import Landscape

_BRANCHED = 3
"""Features that are rounded both ways in all combinations; others go to the nearest whole number."""

_STEPS = (-2, -1, 1, 2)
"""Moves along one whole-number feature."""


def leading(person: Tensor, merit: Tensor, most: int) -> Tensor:
    """Return the rows that are among the `most` best of their person by `merit` `(rows,)`.

    Example:
        >>> leading(torch.tensor([0, 0, 1]), torch.tensor([2.0, 1.0, 3.0]), 1)
        tensor([1, 2])
    """
    rows = merit.argsort(stable=True)
    rows = rows[person[rows].argsort(stable=True)]
    rank = torch.arange(len(rows)) - torch.searchsorted(person[rows], person[rows])
    return rows[rank < most]


def distinct(landscape: Landscape, y: Tensor, merit: Tensor) -> Tensor:
    """Return the rows that are the best by `merit` of those with the same person, set and nearest whole numbers."""
    nearest = torch.where(landscape.acted & landscape.request.features.whole, landscape.values(y).round(), 0.0)
    keys = torch.cat([landscape.person[:, None], landscape.acted, nearest], 1)
    return leading(keys.unique(dim=0, return_inverse=True)[1], merit, 1)


def roundings(landscape: Landscape, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows and points `(new rows, actionable)` with whole numbers around the points `y`.

    The features farthest from a whole number are rounded down and up, in all combinations.
    """
    whole, unit = landscape.whole, landscape.unit
    factual = landscape.request.factual[:, landscape.request.features.actionable]
    values = factual + y * unit
    doubt = torch.where(whole, (values - values.round()).abs(), -1.0)
    place = doubt.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    branched = whole & (place < _BRANCHED)
    rows, points = [], []
    for code in range(2**_BRANCHED):
        up = (code >> place.clamp(max=_BRANCHED)) & 1
        rounded = torch.where(branched, values.floor() + up, values.round())
        point = landscape.clamp(torch.where(whole, (rounded - factual) / unit, y))
        rows.append((code < 2 ** branched.sum(1)).nonzero()[:, 0])
        points.append(point[rows[-1]])
    return torch.cat(rows), torch.cat(points)


def moves(landscape: Landscape, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows and points `(new rows, actionable)` with one whole number moved from the points `y`.

    Each goes one and two steps down and up, and back to the factual.
    """
    step = 1 / landscape.unit
    rows, points = [torch.arange(0)], [y[:0]]
    for column in range(y.shape[1]):
        for target in (*(y[:, column] + count * step[:, column] for count in _STEPS), torch.zeros(len(y))):
            point = y.clone()
            point[:, column] = target
            point = landscape.clamp(point)
            moved = (point - y)[:, column].abs() > 0.5 * step[:, column]
            rows.append((moved & landscape.whole[:, column]).nonzero()[:, 0])
            points.append(point[rows[-1]])
    return torch.cat(rows), torch.cat(points)
