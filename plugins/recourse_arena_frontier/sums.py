"""Rules that limit sums of numbers: how far each of them may go while the sum stays below."""

from __future__ import annotations

__all__ = ["Sums"]

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from recourse_arena_frontier.rows import Rows


_SLIGHT = 1e-4
"""Part of a whole step that rounding may add."""


@dataclass(frozen=True)
class Sums:
    """Limits of sums, for rows of searches.

    Arguments:
        factors: Factor of each actionable feature in each sum, 0 where it is no part of it, `(sums, actionable)`.
        left: What the features of a sum that cannot move leave of its limit, infinite for who need not keep it,
            `(sums, rows)`.
        alone: Whether each feature stops where a sum would pass its limit, instead of taking others along.
    """

    factors: Tensor
    left: Tensor
    alone: bool = True

    def __getitem__(self, rows: Tensor) -> Sums:
        return replace(self, left=self.left.index_select(-1, rows))

    def narrowed(self, rows: Rows, y: Tensor, lower: Tensor, upper: Tensor) -> tuple[Tensor, Tensor]:
        """Return bounds of points `(actionable, rows)` within which all sums stay below their limits.

        What a limit leaves is shared equally among the features of its sum that can move.
        """
        if not self.alone:
            return lower, upper
        values, free = rows.factual + y * rows.unit, (lower < upper).to(y.dtype)
        for factors, left in zip(self.factors, self.left, strict=True):
            room = (left - factors @ values).clamp(min=0.0)
            sharing = ((factors != 0).to(y.dtype) @ free).clamp(min=1.0)
            share = (room / sharing) / (factors.abs()[:, None] * rows.unit)
            upper = torch.where(factors[:, None] > 0, torch.minimum(upper, y + share), upper)
            lower = torch.where(factors[:, None] < 0, torch.maximum(lower, y - share), lower)
        return torch.minimum(lower, upper), upper

    def mended(self, rows: Rows, y: Tensor, lower: Tensor, upper: Tensor, *, whole: bool = False) -> Tensor:
        """Return points `(actionable, rows)` whose sums are below their limits again, where bounds allow that.

        Features of the sum move farther from the factual first, so that what has been moved can stay; only then do
        others go back to it.

        Arguments:
            rows: The rows.
            y: The points.
            lower: Least points.
            upper: Greatest points.
            whole: Whether whole numbers move by whole numbers.
        """
        y = y.clone()
        for factors, left in zip(self.factors, self.left, strict=True):
            for away in (True, False):
                for place in factors.nonzero()[:, 0].tolist():
                    step = (factors @ (rows.factual + y * rows.unit) - left).clamp(min=0.0) / factors[place].abs()
                    if whole and bool(rows.world.whole[place]):
                        step = (step - _SLIGHT).ceil()
                    bounds = lower[place], upper[place]
                    y[place] = _moved(y[place], step / rows.unit[place], -factors[place].sign(), bounds, away=away)
        return y


def _moved(y: Tensor, step: Tensor, sign: Tensor, bounds: tuple[Tensor, Tensor], *, away: bool) -> Tensor:
    """Return changes `(rows,)` after as much of a `step` as leads away from the factual, or back to it."""
    if away:
        end = bounds[1] if sign > 0 else bounds[0]
        return torch.where(y * sign >= 0, y + sign * torch.minimum(step, ((end - y) * sign).clamp(min=0.0)), y)
    return torch.where(y * sign < 0, y + sign * torch.minimum(step, -y * sign), y)
