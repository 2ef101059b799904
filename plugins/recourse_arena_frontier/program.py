"""The quadratic programs of one step, two linear constraints each, solved side by side through their dual."""

from __future__ import annotations

__all__ = ["solve"]

import torch
from torch import Tensor

_FLAT, _LEAST = 1e-5, 1e-9
"""What is added to the curvature, relative and at least: where constraints are parallel the dual is linear somewhere."""


def solve(
    offset: Tensor, slope: Tensor, lower: Tensor, upper: Tensor, price: float, *, rounds: int, start: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the solutions of `min |y|^2 + price * sum_i max(0, -(offset_i + slope_i y))` within bounds.

    In the dual a multiplier `l_i` in `[0, price]` belongs to each of the two constraints: `y(l)` is `sum_i l_i slope_i /
    2` moved inside the bounds, and the function of `l` is concave and quadratic in pieces. Each round takes Newton's
    direction, by the formula for two unknowns, and goes along it to the exact maximum, which is at or between two of
    the places where a bound begins or ceases to hold.

    Arguments:
        offset: `(2, rows)`.
        slope: `(2, features, rows)`, at most about 1 each in norm.
        lower: Least `y`, `(features, rows)`; may equal `upper`.
        upper: Greatest `y`.
        price: Price of missing a constraint.
        rounds: How many rounds.
        start: Multipliers to begin with, `(2, rows)`.

    Returns:
        `y` `(features, rows)` and the multipliers `(2, rows)`.

    References:
        Bertsekas, Projected Newton methods for optimization problems with simple constraints, SIAM J. Control
        Optim. 20 (1982).
    """
    multipliers = start.clamp(0.0, price)
    for _ in range(rounds):
        multipliers = _round(multipliers, offset, slope, lower, upper, price)
    raw = 0.5 * (multipliers[0] * slope[0] + multipliers[1] * slope[1])
    return torch.minimum(torch.maximum(raw, lower), upper), multipliers


def _round(multipliers: Tensor, offset: Tensor, slope: Tensor, lower: Tensor, upper: Tensor, price: float) -> Tensor:
    raw = 0.5 * (multipliers[0] * slope[0] + multipliers[1] * slope[1])
    y = torch.minimum(torch.maximum(raw, lower), upper)
    climb = -(offset + (slope * y).sum(1))
    free = slope * (raw == y)
    direction = _direction(multipliers, climb, free, slope, price)
    ahead = torch.where(direction > 0, price - multipliers, -multipliers) / direction
    most = torch.where(direction == 0, torch.inf, ahead).amin(0)
    turn = 0.5 * (direction[0] * slope[0] + direction[1] * slope[1])
    step = _line_search(raw, turn, (direction * offset).sum(0), (direction * climb).sum(0), lower, upper, most)
    return (multipliers + torch.where(direction == 0, 0.0, step * direction)).clamp(0.0, price)


def _direction(multipliers: Tensor, climb: Tensor, free: Tensor, slope: Tensor, price: float) -> Tensor:
    """Return Newton's direction for the multipliers that are not held at an end, `(2, rows)`."""
    held = ((multipliers <= 0) & (climb <= 0)) | ((multipliers >= price) & (climb >= 0))
    climb = torch.where(held, 0.0, climb)
    own = 0.5 * (free * slope).sum(1)
    both = 0.5 * (free[0] * slope[1]).sum(0)
    own = own + (_FLAT * (own[0] + own[1])).clamp(min=_LEAST)
    alone = climb / own
    newton = (own.flip(0) * climb - both * climb.flip(0)) / (own[0] * own[1] - both * both)
    direction = torch.where(held.any(0), alone, newton)
    outward = ((multipliers <= 0) & (direction < 0)) | ((multipliers >= price) & (direction > 0))
    direction = torch.where(outward.flip(0), alone, direction)
    return torch.where(outward, 0.0, direction)


def _line_search(
    raw: Tensor, turn: Tensor, constant: Tensor, climb: Tensor, lower: Tensor, upper: Tensor, most: Tensor
) -> Tensor:
    """Return how far along a direction the dual rises, at most to `most`, `(rows,)`.

    Its slope there is `-constant - 2 sum_j turn_j clip(raw_j + step turn_j)`, which falls in straight pieces.
    """
    kinks = torch.cat([(lower - raw) / turn, (upper - raw) / turn])
    kinks = torch.minimum(kinks.nan_to_num(nan=0.0).clamp(min=0.0), most)
    there = torch.minimum(torch.maximum(raw + kinks[:, None] * turn, lower), upper)
    rise = -constant - 2 * (turn * there).sum(1)
    rising = rise > 0
    below, place = torch.where(rising, kinks, 0.0).max(0)
    rise_below = torch.where(below > 0, rise.gather(0, place[None])[0], climb)
    above, place = torch.where(rising, torch.inf, kinks).min(0)
    rise_above = rise.gather(0, place[None])[0]
    share = rise_below / (rise_below - rise_above).clamp(min=1e-30)
    return torch.where(above < torch.inf, below + share.clamp(max=1.0) * (above - below), most)
