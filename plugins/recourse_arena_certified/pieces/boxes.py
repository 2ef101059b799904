"""Boxes of changes: what each costs at least, and how it is split; all pieces and boxes side by side.

A network is bounded from above by one linear function on each box (as in CROWN). What must be met there, that function
and a plane that touches the ball of what is plausible, makes a program with two constraints besides bounds; any two
multipliers bound its cost from below. A person's changes are few and a network's neurons many: to split changes settles
what is far from the optimum much sooner than to split neurons. What remains near it is left to :mod:`.corner`.

References:
    Zhang et al., Efficient neural network robustness certification with general activation functions (NeurIPS 2018).
    Bunel et al., Branch and bound for piecewise linear neural network verification (JMLR 2020), section 5.
"""

from __future__ import annotations

__all__ = ["Boxes", "Splitter"]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena_certified.pieces.piece import Piece
from recourse_arena_certified.upper_lines import UpperLines

_SLACK = 1e-9
"""What double precision may be wrong by, relative to 1."""

_TURNS = 3
"""How often the multipliers of both constraints are found in turn."""


@dataclass(frozen=True)
class Boxes:
    """Boxes of changes.

    Arguments:
        piece: Which piece each is of, `(boxes,)`.
        lower: Least change, `(boxes, changes)`.
        upper: Greatest change.
        floor: What each costs at least, `(boxes,)`.
        limits: Least and greatest input of each neuron of each hidden layer, `(boxes, neurons)` each.
    """

    piece: Tensor
    lower: Tensor
    upper: Tensor
    floor: Tensor
    limits: tuple[tuple[Tensor, Tensor], ...] = ()

    def __len__(self) -> int:
        return len(self.floor)

    def __getitem__(self, some: Tensor | slice) -> Boxes:
        limits = tuple((least[some], greatest[some]) for least, greatest in self.limits)
        return Boxes(self.piece[some], self.lower[some], self.upper[some], self.floor[some], limits)

    def joined(self, other: Boxes) -> Boxes:
        """Return these and others, without what is known of their networks."""
        names = ("piece", "lower", "upper", "floor")
        piece, lower, upper, floor = (torch.cat([getattr(self, name), getattr(other, name)]) for name in names)
        return Boxes(piece, lower, upper, floor)

    @property
    def undecided(self) -> Tensor:
        """How many neurons may be on either side of 0, `(boxes,)`."""
        found = torch.zeros(len(self), dtype=torch.long)
        for least, greatest in self.limits:
            found = found + ((least < 0) & (greatest > 0)).sum(1)
        return found


class Splitter:
    """One person's boxes.

    Arguments:
        pieces: The person's pieces, at least one.
        price: Weighted cost of a squared change by one data unit, `(changes,)`.
        network: Weight and bias of each affine layer.
        margin: Least logit.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        price: np.ndarray,
        network: Sequence[tuple[np.ndarray, np.ndarray]],
        margin: float,
    ) -> None:
        self.margin, self.price = margin, torch.from_numpy(price)
        self.layers = [(torch.from_numpy(w).double(), torch.from_numpy(b).double()) for w, b in network]
        effect, start, noise, silence, lower, upper = (
            torch.from_numpy(np.stack([getattr(piece, name) for piece in pieces]))
            for name in ("effect", "start", "noise", "silence", "lower", "upper")
        )
        weight, bias = self.layers[0]
        self.first = weight @ effect, start @ weight.T + bias
        self.noise, self.silence, self.lower, self.upper = noise, silence, lower, upper
        self.radius = torch.tensor([piece.radius for piece in pieces], dtype=torch.double)
        self.plausible = bool(self.radius.isfinite().any())
        if self.plausible:
            self.back = torch.linalg.pinv(noise)
            self.middle = -(self.back @ silence[..., None])[..., 0]
        self.dearest = float((self.price * torch.maximum(lower**2, upper**2)).sum(1).max()) + 1.0
        """More than any action costs."""

    def root(self) -> Boxes:
        """Return a box for each piece."""
        return Boxes(torch.arange(len(self.lower)), self.lower, self.upper, self.lower.new_zeros(len(self.lower)))

    def bounded(self, boxes: Boxes, most: float) -> Boxes:
        """Return those boxes where somebody may be accepted for at most `most`, and what is known of them."""
        lines, limits = UpperLines(len(boxes)), []
        layers = [(self.first[0][boxes.piece], self.first[1][boxes.piece]), *self.layers[1:]]
        for weight, bias in layers[:-1]:
            greatest = self._most(boxes, *lines.above(weight, bias), most) + _SLACK
            least = -self._most(boxes, *lines.above(-weight, -bias), most) - _SLACK
            limits.append((torch.minimum(least, greatest), greatest))
            lines.passed(weight, bias, *limits[-1])
        slope, offset = lines.above(*layers[-1])
        floor = torch.maximum(boxes.floor, self._floor(boxes, slope[:, 0], self.margin - _SLACK - offset[:, 0]))
        return Boxes(boxes.piece, boxes.lower, boxes.upper, floor, tuple(limits))[floor <= most]

    def _most(self, boxes: Boxes, slope: Tensor, offset: Tensor, most: float) -> Tensor:
        """Return what linear functions are never above in boxes, `(boxes, functions)`, for at most `most`."""
        inside = torch.maximum(slope * boxes.lower[:, None], slope * boxes.upper[:, None]).sum(-1)
        inside = torch.minimum(inside, most**0.5 * (slope**2 / self.price).sum(-1).sqrt())
        if self.plausible:
            ball = (slope @ self.back[boxes.piece]).norm(dim=-1) * self.radius[boxes.piece, None]
            inside = torch.minimum(inside, (slope @ self.middle[boxes.piece, :, None])[..., 0] + ball + _SLACK)
        return offset + inside

    def _floor(self, boxes: Boxes, slope: Tensor, short: Tensor) -> Tensor:
        """Return what each box costs at least where a linear function is at least `short`, `(boxes,)`."""
        possible = torch.maximum(slope * boxes.lower, slope * boxes.upper).sum(1) >= short
        none = torch.zeros_like(slope)
        first = self._multiplier(boxes, none, slope, short)
        best = self._dual(boxes, first[:, None] * slope, first * short)
        for _ in range(_TURNS if self.plausible else 0):
            plane, least = self._tangent(boxes, first[:, None] * slope)
            second = self._multiplier(boxes, first[:, None] * slope, plane, least)
            pull = second[:, None] * plane
            first = self._multiplier(boxes, pull, slope, short)
            dual = self._dual(boxes, first[:, None] * slope + pull, first * short + second * least)
            best = torch.maximum(best, dual)
            possible &= torch.maximum(plane * boxes.lower, plane * boxes.upper).sum(1) >= least
        best = best - _SLACK * best.abs()
        return torch.where(possible, best, torch.inf)

    def _tangent(self, boxes: Boxes, pull: Tensor) -> tuple[Tensor, Tensor]:
        """Return a plane that touches the ball of the noise on the side of where a linear function pulls.

        Its slopes times a change are at least a number wherever the noise is within the ball.
        """
        noise, silence = self.noise[boxes.piece], self.silence[boxes.piece]
        away = (noise @ self._change(boxes, pull)[..., None])[..., 0] + silence
        away = away / away.norm(dim=1, keepdim=True).clamp(1e-12)
        return -(away[:, None] @ noise)[:, 0], (away * silence).sum(1) - self.radius[boxes.piece] - _SLACK

    def _change(self, boxes: Boxes, pull: Tensor) -> Tensor:
        """Return where cost less a linear function is least."""
        return (pull / (2 * self.price)).clamp(boxes.lower, boxes.upper)

    def _dual(self, boxes: Boxes, pull: Tensor, earned: Tensor) -> Tensor:
        """Return the least cost less a linear function, and what constraints add."""
        change = self._change(boxes, pull)
        return (self.price * change**2 - pull * change).sum(1) + earned

    def _multiplier(self, boxes: Boxes, pull: Tensor, slope: Tensor, least: Tensor) -> Tensor:
        """Return the multiplier of one constraint, `slope` times the change at least `least`, besides a given pull.

        The change grows with the multiplier along the slope, linearly between kinks where one of them meets a bound.
        """
        ends = torch.cat([boxes.lower, boxes.upper], 1)
        twice = torch.cat([slope, slope], 1)
        kinks = (2 * self.price.repeat(2) * ends - pull.repeat(1, 2)) / torch.where(twice == 0, torch.inf, twice)
        kinks = torch.cat([torch.zeros_like(least)[:, None], kinks.clamp(min=0)], 1).sort(1).values
        change = ((pull[:, None] + kinks[..., None] * slope[:, None]) / (2 * self.price)).clamp(
            boxes.lower[:, None], boxes.upper[:, None]
        )
        reached = (change * slope[:, None]).sum(-1)
        after = (reached < least[:, None]).sum(1).clamp(max=kinks.shape[1] - 1)
        before = (after - 1).clamp(min=0)
        low, high = (kinks.gather(1, i[:, None])[:, 0] for i in (before, after))
        at_low, at_high = (reached.gather(1, i[:, None])[:, 0] for i in (before, after))
        share = ((least - at_low) / (at_high - at_low).clamp(min=1e-15)).clamp(0, 1)
        return low + share * (high - low)

    def halves(self, boxes: Boxes) -> Boxes:
        """Return two boxes for each bounded one."""
        width = boxes.upper - boxes.lower
        slope = self.first[0][boxes.piece].abs()
        effect = slope.sum(1) * 1e-3
        if boxes.limits:
            least, greatest = boxes.limits[0]
            open_ = ((least < 0) & (greatest > 0)).to(least)
            following = self.layers[1][0].abs().sum(0)
            effect = effect + ((open_ * following)[:, None] @ slope)[:, 0]
        chosen = torch.nn.functional.one_hot((effect * width).argmax(1), width.shape[1]).bool()
        middle = (boxes.lower + boxes.upper) / 2
        first = Boxes(boxes.piece, boxes.lower, torch.where(chosen, middle, boxes.upper), boxes.floor)
        return first.joined(Boxes(boxes.piece, torch.where(chosen, middle, boxes.lower), boxes.upper, boxes.floor))
