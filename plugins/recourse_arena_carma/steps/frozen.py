"""What training asks of the frozen models, with what actions cannot reach worked out once for each person."""

from __future__ import annotations

__all__ = ["Frozen", "Outlook"]

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from recourse_arena import Box, FoldedFlow, Problem
from recourse_arena_carma.people import causal_flow


class Outlook(NamedTuple):
    """What becomes of people who act; features are rows. Or slopes along each of it.

    Arguments:
        change: How far actionable features have moved, `(actionable, people)`.
        wanted: What they were wanted to be, `(actionable, people)`.
        log_density: Of the counterfactual, in nats, `(people,)`.
        logit: Log odds of a positive decision, `(people,)`.
    """

    change: Tensor
    wanted: Tensor
    log_density: Tensor
    logit: Tensor


class Frozen:
    """Flow and classifier as functions of shifts of actionable features, and the slopes of both.

    Arguments:
        problem: The problem.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.classifier, self.features = problem.classifier, len(problem.features)
        self.flow = FoldedFlow.of(causal_flow(problem), problem.features.actionable)
        columns = self.flow.columns
        self.actionable = columns[self.flow.settable]
        self.box = Box(problem.box.lower[columns, None], problem.box.upper[columns, None])
        self.whole = problem.features.whole[columns, None]
        self.scale, self._rounds = self.flow.scale, bool(self.whole.any())
        self.affine = sum(len(stage.network.outputs) for stage in self.flow.stages) == 2 * len(columns)

    def constants(self, x: Tensor) -> Tensor:
        """Return what is needed of people `x`: a row each, `(people, numbers)`."""
        return torch.cat([x, self.flow.constants(x).T], 1)

    def __call__(self, constants: Tensor, acted: Tensor, shift: Tensor) -> tuple[Outlook, Any]:
        """Return what becomes of people, and what slopes need.

        Everything actionable is recomputed, chosen or not: a feature that was left out this time gets a gradient
        that says what acting on it would have done.

        Arguments:
            constants: Of each person, `(people, numbers)`.
            acted: What each acts upon, bool `(actionable, people)`: their values are moved into the box.
            shift: How far noise is shifted, `(actionable, people)`.
        """
        x, numbers = constants[:, : self.features], constants[:, self.features :].T.contiguous()
        acted, shift = (self._among_moving(each) for each in (acted, shift))
        ahead = self._affine if self.affine else self._any
        change, wanted, density, kept = ahead(numbers, acted, shift)
        moved = x.index_add(1, self.flow.columns, change.T).requires_grad_()
        with torch.enable_grad():
            logit = self.classifier.logit(moved)
        change, wanted = self._actionable(change), self._actionable(wanted)
        return Outlook(change, wanted, density, logit.detach()), (kept, moved, logit)

    def back(self, pull: Outlook, kept: Any) -> Tensor:
        """Return the slopes along the shift `(actionable, people)`, from those along all that became of people."""
        kept, moved, logit = kept
        change = torch.autograd.grad(logit, moved, pull.logit)[0].T[self.flow.columns]
        change += self._among_moving(pull.change)
        back = self._affine_back if self.affine else self._any_back
        return self._actionable(back(change, self._among_moving(pull.wanted), pull.log_density, kept))

    def _settled(self, wanted: Tensor, acted: Tensor, places: slice) -> tuple[Tensor, Tensor]:
        """Return values of what is acted upon moved into the box, and where that changes with what is wanted."""
        lower, upper = self.box.lower[places], self.box.upper[places]
        within = torch.minimum(torch.maximum(wanted, lower), upper)
        nearest = Box(lower, upper).snap(within, self.whole[places]) if self._rounds else within
        return torch.where(acted, nearest, wanted), (within == wanted) | ~acted

    def _actionable(self, rows: Tensor) -> Tensor:
        return rows if len(rows) == len(self.actionable) else rows[self.flow.settable]

    def _among_moving(self, rows: Tensor) -> Tensor:
        if len(self.actionable) == len(self.flow.columns):
            return rows
        return rows.new_zeros(len(self.flow.columns), rows.shape[1]).index_copy(0, self.flow.settable, rows)

    def _any(self, numbers: Tensor, acted: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor, Any]:
        """Return change, wanted values and log-density by autograd."""

        def feasible(wanted: Tensor, places: slice) -> Tensor:
            settled, passes = self._settled(wanted.detach(), acted[places], places)
            return torch.where(passes, wanted + (settled - wanted).detach(), settled)

        with torch.enable_grad():
            start = shift[self.flow.settable].detach().requires_grad_()
            after, wanted, density = self.flow.shifted(numbers, start, feasible)
            found = after - self.flow.split(numbers)[1], wanted, density
        change, wanted, density = (each.detach() for each in found)
        return change, wanted, density, (start, found)

    def _any_back(self, change: Tensor, wanted: Tensor, density: Tensor, kept: Any) -> Tensor:
        start, found = kept
        return self._among_moving(torch.autograd.grad(found, start, (change, wanted, density))[0])

    def _affine(self, numbers: Tensor, acted: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor, Any]:
        """Return change, wanted values and log-density of a flow whose maps are affine, given their causes.

        A map is `u = z exp(a) + b`, where zuko bends the log slope `a = s / (1 + |s| / 6.9)`.
        """
        density, factual, noise, others = self.flow.split(numbers)
        (offset, sd), u = self.scale, noise + shift
        change, wanted, kept = torch.empty_like(u), torch.empty_like(u), []
        for stage, constants in zip(self.flow.stages, others, strict=True):
            here, known = stage.places, change[: stage.places.start]
            parameters, hidden = stage.network(known, constants) if len(known) else (constants[-1], [])
            b, s = parameters[0::2], parameters[1::2]
            bent = (s.abs() * _BEND).add_(1)
            a = s / bent
            scale = a.exp()
            z = (u[here] - b).div_(scale)
            wish = (z * sd[here]).add_(offset[here])
            settled, passes = self._settled(wish, acted[here], here)
            lies = (settled - offset[here]).div_(sd[here])
            ends = (lies * scale).add_(b)
            density = density + (a - ends.square().mul_(0.5)).sum(0)
            change[here], wanted[here] = settled - factual[here], wish
            kept.append((hidden, bent, scale, z, passes, lies, ends))
        return change, wanted, density, kept

    def _affine_back(self, change: Tensor, wanted: Tensor, density: Tensor, kept: Sequence[Any]) -> Tensor:
        """Return slopes along the shift of all that moves, from those along what :meth:`_affine` returned."""
        sd, found = self.scale[1], torch.empty_like(change)
        for stage, parts in zip(reversed(self.flow.stages), reversed(kept), strict=True):
            here, (hidden, bent, scale, z, passes, lies, ends) = stage.places, parts
            along = ends * -density
            settled = change[here] + (along * scale).div_(sd[here])
            wish = torch.where(passes, settled, 0.0).add_(wanted[here]).mul_(sd[here])
            noise = wish.div_(scale)
            found[here] = noise
            if here.start:
                by_scale = (along * lies - noise * z).mul_(scale).add_(density)
                slopes = torch.stack([along - noise, by_scale.div_(bent.square())], 1).flatten(0, 1)
                change[: here.start] += stage.network.back(slopes, hidden)
        return found


_BEND = -1 / torch.tensor(1e-3).log().item()
"""Of zuko's affine maps: log slopes stay below 6.9, so that slopes stay above a thousandth."""
