"""How far the logits of two networks can be apart anywhere a person can get to: advice with more to spare lasts.

Whoever has a logit above `e` under one network is accepted by another that is nowhere further away than `e`. Bounds of
each network by itself would be far too wide: what is bounded is the difference, neuron by neuron.

References:
    Paulsen, Wang and Wang, ReluDiff: differential verification of deep neural networks, ICSE 2020.
    Paulsen et al., NeuroDiff: scalable differential verification of neural networks using fine-grained approximation,
    ASE 2020.
    Zhang et al., Efficient neural network robustness certification with general activation functions, NeurIPS 2018:
    lines above and below what a layer gives, followed back to the input.
"""

from __future__ import annotations

__all__ = ["reach", "transfer_bound", "transfers"]

from typing import Any, NamedTuple

import torch
from torch import Tensor

from recourse_arena.base.errors import NotApplicable
from recourse_arena.models.decision.demanding import surplus
from recourse_arena.people.encoding import Encoding
from recourse_arena.problem.model_protocols import AffineLayers
from recourse_arena.problem.request import Request

_SLACK = 1e-9
"""What double precision may be wrong by, relative to the size of what is bounded and 1."""


def transfer_bound(before: Any, after: Any, lower: Tensor, upper: Tensor) -> Tensor:
    """Return what the logits of two ReLU networks are never further apart than, in each person's box, `(people,)`.

    It is sound, rounding included, and wide: a network that was trained again or with few bits is bounded by several
    logits. :func:`transfers` says what it is good for.

    Arguments:
        before: A network.
        after: Another one, of as many layers as wide, on the same features.
        lower: Least value of each feature, in data units, `(people, features)`.
        upper: Greatest value. A category has any level whose code is between both ends.

    Raises:
        NotApplicable: If one is no ReLU network whose layers can be read, or they are of different shapes.

    Example:
        >>> from recourse_arena.models.decision.relu import ReluClassifier
        >>> one, other = ReluClassifier(2, (4,)), ReluClassifier(2, (4,))
        >>> _ = other.load_state_dict(one.state_dict())
        >>> with torch.no_grad():
        ...     _ = other.layers[-1].bias.add_(0.25)
        >>> transfer_bound(one, other, torch.zeros(1, 2), torch.ones(1, 2)).round(decimals=6).tolist()
        [0.25]
    """
    for model in (before, after):
        if not isinstance(model, AffineLayers):
            raise NotApplicable(
                f"how far two models are apart can be bounded for ReLU networks whose layers can be read; "
                f"one is a {type(model).__name__}"
            )
    first, second = before.affine_maps, after.affine_maps
    if [weight.shape for weight, _ in first] != [weight.shape for weight, _ in second]:
        raise NotApplicable("how far two networks are apart can be bounded where their layers are as wide")
    with torch.no_grad():
        both = _Both(_Reach.of(before.encoding, lower.double(), upper.double()))
        for (weight, bias), (other, shifted) in zip(first[:-1], second[:-1], strict=True):
            both.pass_on(_Layer(weight, bias, other, other - weight, shifted - bias))
        (weight, bias), (other, shifted) = first[-1], second[-1]
        last = _Layer(weight, bias, other, other - weight, shifted - bias)
        least, greatest = both.differences(last)
    return torch.maximum(greatest, -least)[:, 0].clamp(min=0.0)


def transfers(before: Any, then: Tensor, bound: Tensor) -> Tensor:
    """Return whose advice is sure to last, bool `(people,)`: the logit is above what may become of it.

    Arguments:
        before: The network under which advice was given.
        then: Who people would be, `(people, features)`, inside the boxes of the bound.
        bound: What :func:`transfer_bound` says, `(people,)`.
    """
    with torch.no_grad():
        return surplus(before, then, exact=True) > bound


def reach(request: Request) -> tuple[Tensor, Tensor]:
    """Return the least and greatest values that people can get to where nothing follows from an action.

    Returns:
        `(people, features)` each, the factual value where somebody cannot or need not act.
    """
    factual, acts = request.factual, request.actionable
    lower, upper = torch.minimum(request.box.lower, factual), torch.maximum(request.box.upper, factual)
    return torch.where(acts, lower, factual), torch.where(acts, upper, factual)


class _Layer(NamedTuple):
    """An affine map of both networks: weight and bias of the first, weight of the second, and what the second adds."""

    weight: Tensor
    bias: Tensor
    other: Tensor
    more: Tensor
    shift: Tensor


class _Lines(NamedTuple):
    """Lines above and below something, slope and offset of each, `(people, neurons)`."""

    above: tuple[Tensor, Tensor]
    below: tuple[Tensor, Tensor]

    def at_most(self, factor: Tensor) -> tuple[Tensor, Tensor]:
        """Return what factors `(people, sums, neurons)` of it become, and what is added to their sums."""
        plus, minus = factor.clamp(min=0), factor.clamp(max=0)
        added = plus @ self.above[1][..., None] + minus @ self.below[1][..., None]
        return plus * self.above[0][:, None] + minus * self.below[0][:, None], added[..., 0]


class _Reach(NamedTuple):
    """Where people can get to, as columns of their encoding in data units, `(people, columns)`."""

    lower: Tensor
    upper: Tensor
    open: Tensor
    """Which columns can be 1, of levels; true for numbers."""
    level: Tensor
    owner: Tensor

    @classmethod
    def of(cls, encoding: Encoding, lower: Tensor, upper: Tensor) -> _Reach:
        lower, upper = lower[:, encoding.owner], upper[:, encoding.owner]
        level = encoding.codes >= 0
        reached = (lower <= encoding.codes) & (encoding.codes <= upper)
        return cls(lower, upper, reached | ~level, level, encoding.owner)

    def most(self, factor: Tensor) -> Tensor:
        """Return what sums with factors `(people or 1, sums, columns)` are at most, `(people, sums)`."""
        numbers = torch.maximum(factor * self.lower[:, None], factor * self.upper[:, None])
        levels = torch.where(self.open[:, None], factor, -torch.inf)
        each = torch.where(self.level, levels, numbers)
        found = each.new_full((*each.shape[:2], int(self.owner.max()) + 1), -torch.inf)
        return found.scatter_reduce(2, self.owner.expand_as(each), each, "amax").sum(-1)


class _Both:
    """Two networks up to some layer: lines around what the first gives, and around how much more the second gives."""

    def __init__(self, reached: _Reach) -> None:
        self._reach = reached
        self._passed: list[tuple[_Layer, _Lines, _Lines]] = []

    def pass_on(self, layer: _Layer) -> None:
        """Pass a layer and the ReLU behind it."""
        none = torch.zeros_like(layer.weight)
        least, greatest = self._ends(layer.weight, none, layer.bias)
        below, above = self.differences(layer)
        first = _Lines(*_around_relu(least, greatest))
        self._passed.append((layer, first, _Lines(*_around_difference(least, greatest, below, above))))

    def differences(self, layer: _Layer) -> tuple[Tensor, Tensor]:
        """Return by how much the second gives more at least and at most, `(people, outputs)` each."""
        return self._ends(layer.more, layer.other, layer.shift)

    def _ends(self, first: Tensor, more: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        return -self._most(-first, -more, -bias), self._most(first, more, bias)

    def _most(self, first: Tensor, more: Tensor, bias: Tensor) -> Tensor:
        """Return what a sum is at most of what the last layer gives, `first`, and the second gives `more`."""
        first, more, offset = first[None], more[None], bias[None]
        for layer, given, difference in reversed(self._passed):
            first, added = given.at_most(first)
            more, again = difference.at_most(more)
            offset = offset + added + again + first @ layer.bias + more @ layer.shift
            first, more = first @ layer.weight + more @ layer.more, more @ layer.other
        found = self._reach.most(first) + offset
        return found + _SLACK * (1 + found.abs())


def _around_relu(least: Tensor, greatest: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return lines above and below the positive part of what lies between two ends."""
    on, off = (least >= 0).to(least), (greatest <= 0).to(least)
    open_ = (1 - on) * (1 - off)
    chord = open_ * greatest / (greatest - least).clamp(min=1e-12)
    lower = torch.maximum(on, open_ * (greatest > -least))
    return (on + chord, -chord * least), (lower, torch.zeros_like(lower))


def _around_difference(
    least: Tensor, greatest: Tensor, below: Tensor, above: Tensor
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return lines, of `d`, above and below `relu(z + d) - relu(z)` with `z` and `d` between two ends each.

    It rises with `d`; with `z` it rises where `d` is above 0, and falls where `d` is below. It lies between 0 and `d`:
    under the chord of `max(d, 0)`, and under its greatest value; the lesser of both in the middle is taken.
    """

    def risen(z: Tensor, d: Tensor) -> Tensor:
        return (z + d).clamp(min=0) - z.clamp(min=0)

    most = torch.where(above > 0, risen(greatest, above), risen(least, above))
    fewest = torch.where(below < 0, risen(greatest, below), risen(least, below))
    same = ((least >= 0) & (least + below >= 0)).to(least)
    width, middle = (above - below).clamp(min=1e-12), (above + below) / 2
    rise, fall = (above / width).clamp(0, 1), (-below / width).clamp(0, 1)
    over = torch.where(below < 0, -rise * below, 0.0)
    under = torch.where(above > 0, -fall * above, 0.0)
    flat = (most <= rise * middle + over) & (same == 0)
    deep = (fewest >= fall * middle + under) & (same == 0)
    return (
        (torch.where(flat, 0.0, torch.maximum(rise, same)), torch.where(flat, most, over * (1 - same))),
        (torch.where(deep, 0.0, torch.maximum(fall, same)), torch.where(deep, fewest, under * (1 - same))),
    )
