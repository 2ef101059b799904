"""Accelerated proximal steps, with a weight of the decision that each person sets for themselves."""

from __future__ import annotations

__all__ = ["search"]

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena_generative import Best, Ground

if TYPE_CHECKING:
    from recourse_arena_cfproto import CFProto

_FIRST, _FACTOR, _MOST = 10.0, 10.0, 1e6


@torch.enable_grad()
def search(solver: CFProto, ground: Ground) -> Best:
    """Return the accepted iterate of least cost of each of the people."""
    best, proto = Best.none(ground), solver.accepted.nearest(ground.factual, solver.prototypes)
    pull = torch.full_like(best.score, _FIRST)
    low, high = torch.zeros_like(pull), torch.full_like(pull, torch.inf)
    for _ in range(solver.rounds):
        hit = _descend(solver, ground, proto, pull, best)
        low, high = torch.where(hit, low, pull), torch.where(hit, pull, high)
        between = torch.where(low > 0, (low * high).sqrt(), pull / _FACTOR)
        pull = torch.where(high.isinf(), (pull * _FACTOR).clamp(max=_MOST), between)
    return best


def _descend(solver: CFProto, ground: Ground, proto: Tensor, pull: Tensor, best: Best) -> Tensor:
    """Take note of accepted iterates under one `pull` `(people,)` of the decision; return who had any."""
    start = ground.inside(ground.factual)
    last, ahead = start, start
    hit = torch.zeros_like(pull, dtype=torch.bool)
    for step in range(solver.iterations):
        ahead = ahead.detach().requires_grad_()
        (slope,) = torch.autograd.grad(_smooth(solver, ground, proto, pull, ahead).sum(), ahead)
        with torch.no_grad():
            now = ground.inside(_shrunk(ground, ahead - solver.rate * slope.nan_to_num(), solver.rate * solver.beta))
            values = ground.values(now)
            accepted = ground.reaches(values)
            best.offer(accepted, ground.cost(values), values)
            hit |= accepted
            ahead = ground.inside(now + step / (step + 3) * (now - last))
            last = now
    return hit


def _smooth(solver: CFProto, ground: Ground, proto: Tensor, pull: Tensor, columns: Tensor) -> Tensor:
    """Return all of the objective but the L1 norm, `(people,)`."""
    found = (ground.weights * (columns - ground.factual) ** 2).sum(1)
    if solver.gamma:
        nothing = torch.zeros_like(ground.fixed)
        found = found + solver.gamma * (columns - solver.model.reconstructed(columns, nothing)).square().sum(1)
    if solver.theta:
        found = found + solver.theta * (solver.accepted.encode(columns) - proto).square().sum(1)
    return found + pull * (solver.kappa - ground.logit(ground.legal(columns))).clamp(min=0)


def _shrunk(ground: Ground, columns: Tensor, threshold: float) -> Tensor:
    """Return columns nearer to the factual by the threshold times their weight, at most as near as they can be."""
    change = columns - ground.factual
    return ground.factual + change.sign() * (change.abs() - threshold * ground.weights).clamp(min=0)
