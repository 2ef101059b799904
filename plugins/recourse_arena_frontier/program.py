"""The quadratic programs of one step, two linear constraints each, solved side by side through their dual."""

from __future__ import annotations

__all__ = ["allocate", "solve"]

import torch
from torch import Tensor

from recourse_arena_frontier.rows import padded

_FLAT, _LEAST = 1e-5, 1e-9
"""What is added to curvature, relative and at least: with parallel constraints the dual is linear along a line."""

_HALF, _ONE, _FAR = torch.tensor(0.5), torch.tensor(1.0), torch.tensor(1e30)
"""Numbers as tensors, which arithmetic need not make each time; the last is farther than any step."""

_REST = 1e-5
"""Slope of the dual below which a multiplier rests."""


def solve(
    offset: Tensor, slope: Tensor, lower: Tensor, upper: Tensor, price: float, *, rounds: int, start: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the solutions of `min |y|^2 + price * sum_i max(0, -(offset_i + slope_i y))` within bounds.

    In the dual a multiplier `l_i` in `[0, price]` belongs to each of the two constraints: `y(l)` is half of
    `sum_i l_i slope_i`, moved inside the bounds, and the function of `l` is concave and quadratic in pieces. Each round
    takes Newton's direction, by the formula for two unknowns, and goes along it to the exact maximum, which is at or
    between two of the places where a bound begins or ceases to hold.

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
    here, part = torch.arange(len(multipliers[0]), device=offset.device), (offset, slope, lower, upper)
    now = multipliers
    for _ in range(rounds):
        raw = _unbounded(now, part[1])
        climb = -torch.add(part[0], (part[1] * raw.clamp(part[2], part[3])).sum(1))
        up = climb >= 0
        held = (up & (now >= price)) | (~up & (now <= 0))
        climb = climb.mul_(~held)
        going = (climb.abs() > _REST).any(0)
        left = going.nonzero()[:, 0]
        if not len(left):
            break
        left = padded(left)
        if len(left) < len(here):
            # Most programs are solved by where they begin or by the first round: the others go on alone.
            here = here.index_select(0, left)
            one, two, three, four, now, *known = (
                each.index_select(-1, left) for each in (*part, now, raw, climb, held)
            )
            part = one, two, three, four
            now = _moved(part, now, *known, price=price)
        else:
            now = torch.where(going, _moved(part, now, raw, climb, held, price=price), now)
        multipliers = multipliers.index_copy(1, here, now)
    return _unbounded(multipliers, slope).clamp(lower, upper), multipliers


def _moved(
    part: tuple[Tensor, Tensor, Tensor, Tensor],
    multipliers: Tensor,
    raw: Tensor,
    climb: Tensor,
    held: Tensor,
    *,
    price: float,
) -> Tensor:
    """Return the multipliers after one round of programs, a `part` of all."""
    offset, slope, lower, upper = part
    free = (raw == raw.clamp(lower, upper)).to(raw.dtype)
    direction = _direction(multipliers, climb, held, slope * free, slope, price)
    still = direction == 0
    most = torch.where(still, torch.inf, ((direction > 0) * price - multipliers) / direction).amin(0)
    ahead = (direction * offset).sum(0), (direction * climb).sum(0)
    step = _line_search(raw, _unbounded(direction, slope), *ahead, lower, upper, most)
    return torch.where(still, multipliers, multipliers + step * direction).clamp(0.0, price)


def allocate(offset: Tensor, slope: Tensor, lower: Tensor, upper: Tensor, price: float) -> Tensor:
    """Return the solutions of `min sum_j |y_j| + price * max(0, -(offset + slope y))` within bounds, in closed form.

    That is a fractional knapsack: all changes cost the same, so the one that gains most goes first, as far as it may.

    Arguments:
        offset: `(rows,)`.
        slope: `(features, rows)`.
        lower: Least `y`, `(features, rows)`; may equal `upper`.
        upper: Greatest `y`.
        price: Price of missing the constraint: what gains less than 1 for it is left alone.

    Example:
        >>> column = lambda *numbers: torch.tensor(numbers)[:, None]
        >>> allocate(torch.tensor([-2.0]), column(1.0, 4.0), column(0.0, 0.0), column(9.0, 0.25), 60.0).flatten()
        tensor([1.0000, 0.2500])
    """
    start = torch.zeros_like(slope).clamp(lower, upper)
    gain = slope.abs() * (torch.where(slope > 0, upper, lower) - start).abs()
    gain = torch.where(slope.abs() * price > 1, gain, 0.0)
    order = torch.where(gain > 0, slope.abs(), -1.0).argsort(dim=0, descending=True, stable=True)
    sorted_gain = gain.gather(0, order)
    lacking = -(offset + (slope * start).sum(0))
    before = sorted_gain.cumsum(0) - sorted_gain
    share = ((lacking - before) / sorted_gain.clamp(min=_LEAST)).clamp(0.0, 1.0)
    share = torch.zeros_like(share).scatter(0, order, torch.where(sorted_gain > 0, share, 0.0))
    far = torch.where(slope > 0, upper, lower)
    return torch.where(share < 1, start + share * (far - start), far)


def _unbounded(multipliers: Tensor, slope: Tensor) -> Tensor:
    """Return the point of some multipliers before it is moved inside the bounds."""
    return torch.addcmul(multipliers[0] * slope[0], multipliers[1], slope[1]) * 0.5


def _direction(multipliers: Tensor, climb: Tensor, held: Tensor, free: Tensor, slope: Tensor, price: float) -> Tensor:
    """Return Newton's direction for the multipliers that are not held at an end, `(2, rows)`."""
    own = (free * slope).sum(1).mul_(_HALF)
    both = (free[0] * slope[1]).sum(0).mul_(_HALF)
    own = own + (_FLAT * (own[0] + own[1])).clamp(min=_LEAST)
    alone = climb / own
    newton = torch.addcmul(own.flip(0) * climb, both, climb.flip(0), value=-1)
    newton = newton / torch.addcmul(own[0] * own[1], both, both, value=-1)
    direction = newton.lerp(alone, held.any(0).to(climb.dtype))
    outward = ((direction > 0) & (multipliers >= price)) | ((direction <= 0) & (multipliers <= 0))
    outward = outward.to(climb.dtype)
    return direction.lerp(alone, outward.flip(0)) * (_ONE - outward)


def _line_search(
    raw: Tensor, turn: Tensor, constant: Tensor, climb: Tensor, lower: Tensor, upper: Tensor, most: Tensor
) -> Tensor:
    """Return how far along a direction the dual rises, at most to `most`, `(rows,)`.

    Its slope there is `-constant - 2 sum_j turn_j clip(raw_j + step turn_j)`, which falls in straight pieces.
    """
    kinks = torch.cat([lower - raw, upper - raw]).div_(torch.cat([turn, turn]))
    kinks = torch.minimum(kinks.nan_to_num_(nan=0.0).clamp_(min=0.0), most)
    there = torch.addcmul(raw, kinks[:, None], turn).clamp_(lower, upper)
    rise = torch.sub(-constant, there.mul_(turn).sum(1), alpha=2)
    rising = (rise > 0).to(rise.dtype)
    below, above = (kinks * rising).amax(0), torch.addcmul(kinks, rising, _FAR).amin(0)
    # The slope falls, so that of the last kink before the top is the least of those above 0.
    rise_below = torch.minimum(torch.addcmul(rise, _ONE - rising, _FAR).amin(0), climb)
    rise_above = torch.addcmul(rise, rising, -_FAR).amax(0)
    share = rise_below / (rise_below - rise_above).clamp(min=1e-30)
    step = torch.addcmul(below, share.clamp_(max=1.0), above - below)
    return torch.minimum(step.addcmul_(rising.amin(0), _FAR), most)
