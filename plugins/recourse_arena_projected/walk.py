"""Projected gradient steps on the cross-entropy of acceptance, everybody on their own."""

from __future__ import annotations

__all__ = ["walk"]

import torch
from torch import Tensor

from recourse_arena_relaxed import SLACK, Ground, Walk

_TOGETHER = 8
"""Steps after which those who have arrived are left out of what is computed."""


def walk(ground: Ground, start: Tensor, *, steps: int, size: float) -> Walk:
    """Return the best iterates of projected gradient steps from `start` `(rows, columns)`.

    The first legal iterate that is accepted ends a walk. Relaxed iterates that are accepted do not: their slope goes
    on towards legal ones.
    """
    best, values = start.clone(), ground.held.clone()
    arrived = torch.zeros(len(ground), dtype=torch.bool)
    greatest = torch.full_like(start[:, 0], -torch.inf)
    rows, here, place = torch.arange(len(ground)), ground, start
    for number in range(steps + 1):
        if not len(rows):
            break
        place = place.detach().requires_grad_()
        logit = here.logit(place)
        (slope,) = torch.autograd.grad(logit.sum(), place)
        with torch.no_grad():
            place, logit, slope = place.detach(), logit.detach().to(place.dtype), slope.nan_to_num()
            better = (logit > greatest[rows]) & ~arrived[rows]
            greatest[rows[better]], best[rows[better]] = logit[better], place[better]
            near = ((logit >= SLACK) & ~arrived[rows]).nonzero()[:, 0]
            if len(near):
                _arrive(here[near], rows[near], place[near], best, values, arrived)
            place = here.projected(place + size * torch.sigmoid(-logit)[:, None] * here.speed * slope)
            if number % _TOGETHER == _TOGETHER - 1:
                left = (~arrived[rows]).nonzero()[:, 0]
                rows, here, place = rows[left], here[left], place[left]
    return Walk(best, values, arrived)


def _arrive(ground: Ground, rows: Tensor, place: Tensor, best: Tensor, values: Tensor, arrived: Tensor) -> None:
    """Take note of those `rows` whose legal values are accepted."""
    legal = ground.legal(place)
    accepted = ground.accepts(ground.acted | (legal != ground.request.factual), legal)
    there = rows[accepted]
    best[there], values[there], arrived[there] = place[accepted], legal[accepted], True
