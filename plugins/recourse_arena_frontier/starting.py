"""Where searches start: as one is, where others alike ended, and as accepted people are."""

from __future__ import annotations

__all__ = ["Guess", "Starts", "draw_donors"]

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator, Tensor

from recourse_arena import Problem
from recourse_arena_frontier.descent import Descent, distance, merit, paid, size
from recourse_arena_frontier.models.world import World
from recourse_arena_frontier.rows import Rows, padded

_DONORS, _AT_ONCE = 64, 8192
"""Accepted training people, and how many rows look at some of them at once."""

_WIDTH = 64
_BATCH, _RATE, _EPOCHS = 512, 3e-3, 50
"""Training of the guess."""


def draw_donors(problem: Problem, draws: Generator) -> Tensor:
    """Return some accepted training people, `(donors, features)`."""
    accepted = problem.training.x[problem.decisions.accepts(problem.training.x)]
    return accepted[torch.randperm(len(accepted), generator=draws)[:_DONORS].to(accepted.device)]


@dataclass(frozen=True)
class Guess:
    """A regression of where searches end: a network of two hidden layers of ReLU units.

    It sees the person in standard deviations, their logit, what is acted upon and the log of its weights; it gives the
    change of each actionable feature in standard deviations.

    Arguments:
        weights: Weight and bias of each layer, by name.
    """

    weights: Mapping[str, Tensor]

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return changes `(actionable, rows)` for `inputs` `(numbers, rows)`."""
        here = inputs
        for layer in range(3):
            here = torch.addmm(self.weights[f"bias{layer}"], self.weights[f"weight{layer}"], here)
            here = torch.relu(here) if layer < 2 else here
        return here

    @classmethod
    def fitted(cls, inputs: Tensor, targets: Tensor, draws: Generator) -> Guess:
        """Return the regression of `targets` `(actionable, rows)` on `inputs` `(numbers, rows)`, by absolute error."""
        sizes = (len(inputs), _WIDTH, _WIDTH, len(targets))
        weights: dict[str, Tensor] = {}
        for layer, (before, after) in enumerate(pairwise(sizes)):
            weights[f"weight{layer}"] = torch.randn(after, before, generator=draws) * (2 / before) ** 0.5
            weights[f"bias{layer}"] = torch.zeros(after, 1)
        weights = {name: each.to(inputs).requires_grad_() for name, each in weights.items()}
        guess, optimizer = cls(weights), torch.optim.Adam(list(weights.values()), lr=_RATE)
        steps = 1 + _EPOCHS * inputs.shape[1] // _BATCH
        for step in range(steps):
            rows = torch.randint(inputs.shape[1], (_BATCH,), generator=draws).to(inputs.device)
            for group in optimizer.param_groups:
                group["lr"] = _RATE * (1 - step / steps)
            optimizer.zero_grad()
            with torch.enable_grad():
                (guess(inputs[:, rows]) - targets[:, rows]).abs().mean().backward()
            optimizer.step()
        return cls({name: each.detach() for name, each in weights.items()})


@dataclass(frozen=True)
class Starts:
    """Starting points of searches.

    Arguments:
        world: The models.
        donors: Accepted training people, `(donors, features)`.
        mean: Mean of each feature over training people, `(features, 1)`.
        sd: Standard deviation of each feature, `(features, 1)`.
        guess: The regression; none while it is being learnt.
    """

    world: World
    donors: Tensor
    mean: Tensor
    sd: Tensor
    guess: Guess | None = None

    def state(self) -> dict[str, Tensor]:
        """Return what was drawn and learnt."""
        return {"donors": self.donors, **(self.guess.weights if self.guess else {})}

    def inputs(self, rows: Rows) -> Tensor:
        """Return what the regression sees, `(numbers, rows)`."""
        weight = -2 * (rows.unit / self.sd[self.world.actionable]).log()
        parts = ((rows.everything - self.mean) / self.sd, rows.logit[None], rows.acted.to(weight), weight)
        return torch.cat(parts)

    def first(self, rows: Rows) -> Tensor:
        """Return the factual, and where searches are guessed to end, `(starts, actionable, rows)`."""
        still = torch.zeros_like(rows.lower)
        if self.guess is None or not len(rows):
            return still[None]
        filled = rows[padded(torch.arange(len(rows), device=still.device))]
        change = self.guess(self.inputs(filled))[:, : len(rows)]
        return torch.stack([still, rows.clamp(change * rows.reach)])

    def donated(self, rows: Rows, descent: Descent, count: int, near: int | None = None) -> Tensor:
        """Return as many points as accepted people are, `(starts, actionable, rows)`.

        They are dealt into groups: of each group, the one whose values promise most to `descent` when taken over.
        Values outside the box are moved to its edge. With `near`, only so many of a group are looked at: those whose
        values are cheapest to take over.
        """
        every = rows[padded(torch.arange(len(rows), device=rows.person.device))]
        scale = every.slopes(every.clamp(torch.zeros_like(every.lower))).scale
        starts = []
        for group in self.donors.tensor_split(min(count, len(self.donors))) if len(self.donors) else ():
            best, least = torch.zeros_like(every.lower), torch.full_like(every.lower[0], torch.inf)
            points = _points(every, group[:, self.world.actionable], near)
            for some in points.split(max(1, _AT_ONCE // max(len(every), 1)), 1):
                y, promise = self._nearest(every, some, scale, descent)
                best, least = torch.where(promise < least, y, best), torch.minimum(promise, least)
            starts.append(best[:, : len(rows)])
        return torch.stack(starts) if starts else torch.zeros_like(rows.lower)[None][:0]

    def _nearest(self, rows: Rows, points: Tensor, scale: Tensor, descent: Descent) -> tuple[Tensor, Tensor]:
        """Return the one of `points` `(actionable, points, rows)` that promises most to each row, and its merit."""
        looked, y, here = points.shape[1], points.flatten(1), torch.arange(len(rows), device=points.device)
        many = here.repeat(looked)
        every = rows[many] if looked > 1 else rows
        missed = distance(every.margins(y), scale[:, many], descent.aim)
        promise = merit(y, missed, descent.penalty * size(y, missed)).unflatten(0, (looked, -1))
        least, which = promise.min(0)
        place = which * len(rows) + here
        return y[:, place], least


def _points(rows: Rows, donors: Tensor, near: int | None) -> Tensor:
    """Return the points `(actionable, donors, rows)` nearest to donors; with `near`, only so many: the cheapest."""
    y = rows.points(donors.T[:, :, None])
    if near is None or near >= len(donors):
        return y
    cheapest = paid(y).argsort(dim=0, stable=True)[:near]
    return y.gather(1, cheapest.expand(len(y), -1, -1))
