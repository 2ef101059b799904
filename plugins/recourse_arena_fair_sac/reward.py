"""What menus are worth by the published rewards."""

from __future__ import annotations

__all__ = ["Reward"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import MenuAsked
from recourse_arena_menus.effects import Effects

_ENOUGH, _APART = 0.75, 0.09
_SOME = 0.3
_PRIZE = 1000.0


@dataclass(frozen=True)
class Reward:
    """The rewards of *Fair Recourse for All* (arXiv 2601.20449, after its released code), for any number of groups.

    Arguments:
        effects: What actions do.
        asked: What menus are to be good at.
    """

    effects: Effects
    asked: MenuAsked

    def __call__(self, menus: Tensor) -> tuple[Tensor, Tensor]:
        """Return reward and success `(menus,)` of menus of rungs `(menus, actions, ladders)`."""
        numbers = self.effects.ask(menus)
        each, costs = self.effects.rates[numbers], self.effects.mean_cost[numbers]
        objective, chosen = self.asked.objective, each >= self.asked.share
        kappa = chosen.double().mean(1)
        if objective == "ee-macro":
            helped, active = each.amax(1), (each >= _SOME).any(2)
        else:
            helped, active = self.effects.shares(numbers), (each > 0).any(2)
        equal, most = objective != "ecr", objective in ("ecr", "hybrid")
        if objective == "ecr":
            active = chosen.any(2)
        paid = torch.where(active, costs, 0.0).sum(1) / active.sum(1).clamp(min=1)
        idle = torch.where(active, 0.0, costs).sum(1) / (~active).sum(1).clamp(min=1)
        reward = 50 * active.double().mean(1) - 50 * (paid + 0.8 * idle)
        success = torch.ones(len(menus), dtype=torch.bool)
        if equal:
            apart = helped.amax(1) - helped.amin(1)
            reward += 50 * (1.1 * helped.mean(1) - apart)
            success &= (helped.mean(1) >= _ENOUGH) & (apart <= _APART)
        if most:
            apart = kappa.amax(1) - kappa.amin(1)
            reward += 50 * ((3.0 if equal else 5.0) * kappa.mean(1) - apart)
            success &= (apart == 0) & (kappa.amin(1) > 0)
        return reward + _PRIZE * success, success
