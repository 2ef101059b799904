"""What follows from actions by a spline flow, and how likely that is, with slopes of both: in one pass."""

from __future__ import annotations

__all__ = ["SplineFlow"]

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from recourse_arena import CausalFlow
from recourse_arena_frontier.models.flow_network import FlowNetwork
from recourse_arena_frontier.models.folding import ELU, Folded
from recourse_arena_frontier.models.maps import Spline
from recourse_arena_frontier.models.moving import Moving
from recourse_arena_frontier.models.pieces import BINS, KNOTS, SIZES, Bins, Curve, Place, Slopes


class _Group(NamedTuple):
    """Features whose causes are known once all groups before are.

    Arguments:
        network: Their network, folded; its inputs are all that moves, its outputs parameters as :class:`Bins` has them,
            without the slopes at the ends of splines.
        last: Weights of its last layer, with rows of 0 for those and for what does not move, `(parameters, units)`.
        outputs: Which rows the outputs are.
        places: Places of the features in the order of the groups.
    """

    network: Folded
    last: Tensor
    outputs: Tensor
    places: slice

    @classmethod
    def of(cls, read: FlowNetwork, inputs: Tensor, scale: Tensor, begin: int, like: Tensor) -> _Group:
        """Return the group of the features whose maps were read."""
        columns, count = read.columns, len(read.columns)
        zukos = columns[:, None] * (3 * BINS - 1)
        asked = torch.cat(
            [(zukos + torch.arange(SIZES)).flatten(), (zukos + torch.arange(SIZES, 3 * BINS - 1)).flatten()]
        )
        inner = SIZES * count + torch.arange(count)[:, None] * KNOTS + torch.arange(1, BINS)
        outputs = torch.cat([torch.arange(SIZES * count), inner.flatten()])
        network = Folded.of(read.network.layers, ELU, inputs, asked, like)
        network = replace(network, weights=(network.weights[0] / scale.T, *network.weights[1:]))
        last = like.new_zeros(count * (SIZES + KNOTS), network.weights[-1].shape[1])
        last[outputs[network.moving]] = network.weights[-1]
        return cls(network, last, outputs, slice(begin, begin + count))

    def constants(self, z: Tensor) -> tuple[tuple[Tensor, ...], Bins]:
        """Return what enters each layer while nothing moves, but for what moving units add; and the bins then."""
        *inner, fixed, everything = self.network.constants(z)
        raw = everything.new_zeros(len(self.last), everything.shape[1])
        raw[self.outputs] = everything
        still = raw.clone()
        still[self.outputs[self.network.moving]] = fixed
        return (*inner, still), Bins.of(raw)

    def bins(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Bins, list[Tensor]]:
        """Return the bins after features changed by `change` `(moving, rows)`, and the hidden units behind them."""
        hidden, here = [], change
        for weight, constant in zip(self.network.weights[:-1], constants, strict=False):
            here = ELU.value(torch.addmm(constant, weight, here))
            hidden.append(here)
        return Bins.of(torch.addmm(constants[-1], self.last, here)), hidden

    def back(self, pull: Tensor, hidden: Sequence[Tensor]) -> Tensor:
        """Return slopes along changes `(moving, numbers, rows)` from those along parameters."""
        numbers, last = pull.shape[1:], self.last
        for weight, here in zip((last, *reversed(self.network.weights[1:-1])), reversed(hidden), strict=True):
            pull = (weight.T @ pull.flatten(1)).unflatten(1, numbers) * ELU.slope(here)[:, None]
        return (self.network.weights[0].T @ pull.flatten(1)).unflatten(1, numbers)


class _Known(NamedTuple):
    """What is known of a group after it was worked out."""

    bins: Bins
    curve: Curve
    place: Place
    target: Tensor
    hidden: list[Tensor]


@dataclass(frozen=True)
class SplineFlow:
    """The effects of actions by a causal flow of splines, and the log-density of the same flow.

    Causes go before effects, one group of features after the other. Each spline is worked out once: from the noise
    where a feature follows, else from its value; that gives value, density and the slopes of both.

    Arguments:
        moving: What moves.
        order: Moving features in the order of the groups.
        groups: The groups.
        sd: Scale of the features in that order, `(moving, 1)`.
        whole: The maps of all that moves, for what people add to the log-density that does not move.
    """

    moving: Moving
    order: Tensor
    groups: tuple[_Group, ...]
    sd: Tensor
    whole: FlowNetwork

    @classmethod
    def of(cls, model: CausalFlow, moving: Moving, like: Tensor) -> SplineFlow | None:
        """Return what can be read of a flow; none if it has another form, or other maps."""
        behind = torch.cat([torch.arange(0), *moving.layers])
        rests = torch.ones(len(moving.columns), dtype=torch.bool).index_fill(0, behind, False).nonzero()[:, 0]
        parts = [torch.cat([rests, *moving.layers[:1]]), *moving.layers[1:]]
        order, groups, begin = torch.cat(parts), [], 0
        whole = FlowNetwork.of(model, moving.columns, moving.columns[order], like)
        if whole is None or not isinstance(whole.map, Spline):
            return None
        for part in parts:
            read = FlowNetwork.of(model, moving.columns, moving.columns[part], like)
            if read is None:
                return None
            groups.append(_Group.of(read, moving.columns[order], whole.sd, begin, like))
            begin += len(part)
        return cls(moving, order, tuple(groups), whole.sd, whole)

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return constants of each group, and of what moves its values and noise; what else adds to the log-density."""
        z = self.whole.standardised(factual)
        standing, noise = z[self.whole.columns], []
        tables: list[Tensor] = []
        for group in self.groups:
            mine, bins = group.constants(z)
            here = standing[group.places]
            curve, _ = bins.curve(here, torch.zeros_like(here, dtype=torch.bool))
            noise.append(torch.where(curve.inside > 0, curve.value()[0], here))
            tables += mine
        return (*tables, standing, torch.cat(noise), self.whole.still_density(factual))

    def value(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return all changes `(moving, rows)`, and the log-density `(rows,)`.

        Arguments:
            change: Changes of what is set, 0 elsewhere, `(moving, rows)`.
            follows: Which features follow, bool `(moving, rows)`.
            constants: Those of the person of each row.
        """
        follows = follows[self.order]
        change, known = self._follow(change, follows, constants)
        curve, target = _joined(known)
        noise, log_slope = curve.value()
        noise = torch.where(follows | (curve.inside == 0), target, noise)
        return self._as_before(change), constants[-1] + (log_slope - 0.5 * noise.square()).sum(0)

    def slopes(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor, _Course]:
        """Return all changes `(moving, rows)`, the log-density `(rows,)`, and what pulling back needs."""
        follows = follows[self.order]
        change, known = self._follow(change, follows, constants)
        curve, target = _joined(known)
        at = curve.slopes()
        noise = torch.where(follows | (curve.inside == 0), target, at.noise)
        density = constants[-1] + (at.log_slope - 0.5 * noise.square()).sum(0)
        return self._as_before(change), density, _Course(known, at, noise, follows)

    def pull(self, slopes: Tensor, kept: _Course) -> Tensor:
        """Return slopes `(moving, 2, rows)` of a number and of the log-density along what is set.

        Arguments:
            slopes: Slopes of that number along all that moves, `(moving, rows)`.
            kept: What :meth:`slopes` returned.
        """
        known, at, noise, follows = kept
        own = at.log_slope_along - torch.where(follows, 0.0, noise * at.slope)
        slopes = torch.stack([slopes[self.order], own / self.sd], 1)
        still = torch.zeros_like(slopes)
        still[:, -1] = -noise
        for group, mine in zip(reversed(self.groups), reversed(known), strict=True):
            here = group.places
            by_noise = slopes[here] * (-self.sd[here] / at.slope[here])[:, None]
            by_noise = torch.where(follows[here, None], by_noise, still[here])
            by = at.noise_by[here, :, None] * by_noise[:, None]
            by[:, :, -1] += at.log_slope_by[here]
            slopes = slopes + group.back(mine.bins.back(mine.place, mine.curve, by), mine.hidden)
        return self._as_before(slopes)

    def _follow(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, list[_Known]]:
        """Return changes in the order of the groups, and what is known of each group."""
        *tables, standing, noise, _ = constants
        change, known, size = change[self.order], [], len(tables) // len(self.groups)
        for number, group in enumerate(self.groups):
            here = group.places
            bins, hidden = group.bins(change, tables[number * size : (number + 1) * size])
            target = torch.where(follows[here], noise[here], torch.addcdiv(standing[here], change[here], self.sd[here]))
            curve, place = bins.curve(target, follows[here])
            z = torch.where(curve.inside > 0, curve.number, target)
            change[here] = torch.where(follows[here], (z - standing[here]) * self.sd[here], change[here])
            known.append(_Known(bins, curve, place, target, hidden))
        return change, known

    def _as_before(self, each: Tensor) -> Tensor:
        """Return a table `(moving, ...)` in the order in which features move elsewhere."""
        return torch.empty_like(each).index_copy_(0, self.order, each)


class _Course(NamedTuple):
    """What pulling back needs."""

    known: list[_Known]
    at: Slopes
    noise: Tensor
    follows: Tensor


def _joined(known: Sequence[_Known]) -> tuple[Curve, Tensor]:
    """Return the curves of all groups, and the numbers on them."""
    curve = Curve(*(torch.cat(each) for each in zip(*(one.curve for one in known), strict=True)))
    return curve, torch.cat([one.target for one in known])
