"""A person's moves in parts: what each part costs at least, and how it is split.

A network is bounded from above by one linear function on each part (as in CROWN), and what is least there under that
function and the most that may be spent is the optimum of a knapsack, which any price of money bounds. Parts where
nobody is accepted, or only at too high a cost, are dropped. A person's moves are few, a network's neurons many: to
split moves closes gaps much sooner than to split neurons as programs do.

References:
    Zhang et al., Efficient neural network robustness certification with general activation functions (NeurIPS 2018).
    Bunel et al., Branch and bound for piecewise linear neural network verification (JMLR 2020), section 5.
"""

from __future__ import annotations

__all__ = ["Parts", "Splitter"]

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena_certified.table.moves import Moves, Network
from recourse_arena_certified.upper_lines import UpperLines

_PRICES = (0.0, *(10**exponent for exponent in np.linspace(-1.5, 1.5, 8)))
"""Prices of money that are tried, on the scale of what a move does to a function for what it costs."""

_SLACK = 1e-9
"""What double precision may be wrong by, relative to 1."""

_NOTHING = torch.empty(0)


@dataclass(frozen=True)
class Parts:
    """Boxes of moves.

    Arguments:
        lower: Least move, `(parts, moves)`.
        upper: Greatest move.
        stays: Whether a category may stay as it is, bool `(parts, features that move)`; true for numbers.
        floor: What each costs at least, the root of the cost not taken, `(parts,)`.
        limits: Least and greatest input of each neuron of each hidden layer, `(parts, neurons)` each.
        slope: What moves do to the linear function above the logit, `(parts, moves)`; nothing before that is known.
    """

    lower: Tensor
    upper: Tensor
    stays: Tensor
    floor: Tensor
    limits: tuple[tuple[Tensor, Tensor], ...] = ()
    slope: Tensor = _NOTHING

    def __len__(self) -> int:
        return len(self.floor)

    def __getitem__(self, some: Tensor | slice) -> Parts:
        limits = tuple((least[some], greatest[some]) for least, greatest in self.limits)
        slope = self.slope[some] if len(self.slope) else self.slope
        return Parts(self.lower[some], self.upper[some], self.stays[some], self.floor[some], limits, slope)

    def joined(self, other: Parts) -> Parts:
        """Return these and others, without what is known of their networks."""
        lower, upper, stays, floor = (
            torch.cat([getattr(self, name), getattr(other, name)]) for name in ("lower", "upper", "stays", "floor")
        )
        return Parts(lower, upper, stays, floor)

    @property
    def undecided(self) -> Tensor:
        """How many neurons may be on either side of 0, `(parts,)`; none where nothing is left to split."""
        found = torch.zeros(len(self), dtype=torch.long)
        for least, greatest in self.limits:
            found = found + ((least < -2 * _SLACK) & (greatest > 2 * _SLACK)).sum(1)
        return torch.where((self.lower == self.upper).all(1), 0, found)


class Splitter:
    """One person's parts.

    Arguments:
        moves: What the person can do.
        network: Weight and bias of each affine layer.
        margin: Least logit.
    """

    def __init__(self, moves: Moves, network: Network, margin: float) -> None:
        effect, start = moves.first_layer(network)
        self.moves, self.margin = moves, margin
        self.layers = [(torch.from_numpy(w), torch.from_numpy(b)) for w, b in [(effect, start), *network[1:]]]
        self.price, self.upper = torch.from_numpy(moves.price), torch.from_numpy(moves.upper)
        self.least = torch.from_numpy(moves.lower)
        self.whole, self.level = torch.from_numpy(moves.whole), torch.from_numpy(moves.sign == 0)
        owners, place = np.unique(moves.owner, return_inverse=True)
        self.place = torch.from_numpy(place)
        self.categorical = moves.features.categorical[torch.from_numpy(owners)]

    def root(self) -> Parts:
        """Return the one part that holds all moves."""
        upper = self.upper[None]
        return Parts(torch.zeros_like(upper), upper, torch.ones(1, len(self.categorical)) > 0, upper.new_zeros(1))

    def bounded(self, parts: Parts, most: float) -> Parts:
        """Return those parts where somebody may be accepted for at most `most`, and what is known of them."""
        most = min(most, float((self.price * self.upper**self.moves.power).sum()) + 1.0)
        lines, limits = UpperLines(len(parts)), []
        for weight, bias in self.layers[:-1]:
            greatest = self._most(parts, *lines.above(weight, bias), most) + _SLACK
            least = -self._most(parts, *lines.above(-weight, -bias), most) - _SLACK
            limits.append((torch.minimum(least, greatest), greatest))
            lines.passed(weight, bias, *limits[-1])
        slope, offset = lines.above(*self.layers[-1])
        floor = torch.maximum(parts.floor, self._floor(parts, slope, offset))
        found = Parts(parts.lower, parts.upper, parts.stays, floor, tuple(limits), slope[:, 0])
        return found[floor <= most]

    def _most(self, parts: Parts, slope: Tensor, offset: Tensor, most: float) -> Tensor:
        """Return what linear functions are never above, `(parts, functions)`, for at most `most`."""
        price, fixed = self._prices(parts)
        found = [
            self._greatest(parts, slope - one * price[:, None]) + one[..., 0] * (most - fixed)[:, None]
            for one in self._multipliers(parts, slope, price)
        ]
        return offset + torch.stack(found).amin(0)

    def _floor(self, parts: Parts, slope: Tensor, offset: Tensor) -> Tensor:
        """Return what each part costs at least where a linear function is at least the margin, `(parts,)`."""
        price, fixed = self._prices(parts)
        short = self.margin - _SLACK - offset
        floor = fixed[:, None] - self._greatest(parts, -price[:, None])
        for one in self._multipliers(parts, slope, price)[1:]:
            under = (short - self._greatest(parts, slope - one * price[:, None])) / one[..., 0] + fixed[:, None]
            floor = torch.maximum(floor, under)
        possible = self._greatest(parts, slope) >= short
        floor = torch.where(possible, floor, torch.inf)[:, 0]
        return floor - _SLACK * floor.abs().nan_to_num(posinf=0.0)

    def _prices(self, parts: Parts) -> tuple[Tensor, Tensor]:
        """Return a linear function that is never above the cost: its slopes `(parts, moves)`, offset `(parts,)`."""
        if self.moves.power == 1:
            return self.price.expand(len(parts), -1), parts.floor * 0
        middle = torch.where(self.level, 0.5, (parts.lower + parts.upper) / 2)  # v ** 2 is v for a level
        fixed = torch.where(self.level, 0.0, -self.price * middle**2).sum(1)
        return 2 * self.price * middle, fixed

    @staticmethod
    def _multipliers(parts: Parts, slope: Tensor, price: Tensor) -> list[Tensor]:
        """Return prices of money to try for each function, `(parts, functions, 1)` each."""
        free = (parts.upper > parts.lower)[:, None]
        each = (slope.abs() * free).sum(-1, keepdim=True) / (price[:, None] * free).sum(-1, keepdim=True).clamp(1e-12)
        return [one * each.clamp(min=1e-9) for one in _PRICES]

    def _greatest(self, parts: Parts, slope: Tensor) -> Tensor:
        """Return the greatest values of linear functions without offset, `(parts, functions)`."""
        ends = torch.maximum(slope * parts.lower[:, None], slope * parts.upper[:, None])
        total = ends[..., ~self.level].sum(-1)
        if not self.level.any():
            return total
        levels = torch.where(parts.upper[:, None] > 0, slope, -torch.inf)[..., self.level]
        start = torch.where(parts.stays, 0.0, -torch.inf).to(slope)[:, None].expand(*slope.shape[:2], -1)
        best = start.scatter_reduce(2, self.place[self.level].expand_as(levels), levels, "amax")
        return total + best[..., self.categorical].sum(-1)

    def halves(self, parts: Parts) -> Parts:
        """Return parts of bounded parts, two for each."""
        chosen = self._importance(parts).argmax(1)
        own, level = self.place == chosen[:, None], self.categorical[chosen]
        lower, first, second = self._number_ends(parts, own)
        some = own & self._better_levels(parts, own)
        keeps = torch.ones_like(parts.stays).scatter(1, chosen[:, None], value=False) | ~level[:, None]
        first = torch.where(level[:, None], torch.where(own & ~some, 0.0, parts.upper), first)
        second = torch.where(level[:, None], torch.where(some, 0.0, parts.upper), second)
        lower = torch.where(level[:, None], parts.lower, lower)
        return self._part(parts.lower, first, parts.stays & keeps, parts.floor).joined(
            self._part(lower, second, parts.stays, parts.floor)
        )

    def _number_ends(self, parts: Parts, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return lower ends of the second half, and upper ends of both, as if a number were split at its middle.

        Who may move up and down moves one way in each half.
        """
        width = torch.where(own, parts.upper - parts.lower, -1.0)
        move = torch.zeros_like(own).scatter(1, width.argmax(1, keepdim=True), value=True)
        both = (own & (parts.upper > 0)).sum(1, keepdim=True) > 1
        middle = (parts.lower + parts.upper) / 2
        below, above = (torch.where(self.whole, middle.floor() + more, middle) for more in (0.0, 1.0))
        lower = torch.where(move & ~both, above, parts.lower)
        first = torch.where(move, torch.where(both, parts.upper, below), torch.where(own & both, 0.0, parts.upper))
        return lower, first, torch.where(move & both, 0.0, parts.upper)

    def _better_levels(self, parts: Parts, own: Tensor) -> Tensor:
        """Return the half of the levels open to a category that do more for the logit, bool `(parts, moves)`."""
        open_ = own & self.level & (parts.upper > 0)
        order = torch.where(open_, parts.slope, -torch.inf).argsort(dim=1, descending=True, stable=True)
        return open_ & (order.argsort(dim=1) < (open_.sum(1, keepdim=True) + 1) // 2)

    def _part(self, lower: Tensor, upper: Tensor, stays: Tensor, floor: Tensor) -> Parts:
        """Return parts without those that hold nothing, where the only level left is taken."""
        upper = torch.where(upper < self.least, 0.0, upper)
        lower = torch.where(lower > 0, torch.maximum(lower, self.least), lower)
        open_ = (self.level & (upper > 0)).to(torch.long)
        levels = torch.zeros_like(stays, dtype=torch.long).scatter_add(1, self.place.expand_as(open_), open_)
        single = (levels == 1) & ~stays & self.categorical
        lower = torch.where((open_ > 0) & single[:, self.place], 1.0, lower)
        return Parts(lower, upper, stays, floor)[(lower <= upper).all(1)]

    def _importance(self, parts: Parts) -> Tensor:
        """Return how much each feature does to what is undecided, `(parts, features that move)`."""
        effect = parts.slope.abs()
        if parts.limits:
            least, greatest = parts.limits[0]
            undecided = ((least < 0) & (greatest > 0)).to(least)
            effect = 0.1 * effect + (undecided * self.layers[1][0].abs().sum(0)) @ self.layers[0][0].abs()
        each = effect * (parts.upper - parts.lower)
        found = each.new_zeros(len(parts), len(self.categorical))
        return found.scatter_reduce(1, self.place.expand_as(each), each, "amax")
