"""What a menu is worth by the published rewards."""

from __future__ import annotations

__all__ = ["Reward"]

from dataclasses import dataclass

import torch
from torch import Tensor

_ENOUGH, _APART = 0.75, 0.09
_SOME = 0.3
_PRIZE = 1000.0


@dataclass(frozen=True)
class Reward:
    """The rewards of *Fair Recourse for All* (arXiv 2601.20449, after its released code), for any number of groups.

    Arguments:
        groups: The group of each person, long `(people,)`.
        objective: What menus are to be good at, as in `MenuAsked`.
        share: Share of a group for which an action must work to be a choice of it (phi).
    """

    groups: Tensor
    objective: str
    share: float

    def __call__(self, works: Tensor, costs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the reward and whether it is a success, each `(menus,)`.

        Arguments:
            works: For whom which action works, bool `(menus, actions, people)`.
            costs: What each action costs on average over everybody, `(menus, actions)`.
        """
        of = torch.nn.functional.one_hot(self.groups).to(torch.float32)
        of = of / of.sum(0)
        each = works.float() @ of
        chosen = each >= self.share
        if self.objective == "ee-macro":
            helped, active = each.amax(1), (each >= _SOME).any(2)
        else:
            helped, active = works.any(1).float() @ of, works.any(2)
        kappa = chosen.float().mean(1)
        equal, most = self.objective in ("ee-micro", "ee-macro", "hybrid"), self.objective in ("ecr", "hybrid")
        if self.objective == "ecr":
            active = chosen.any(2)
        rho = active.float().mean(1)
        paid = torch.where(active, costs, 0.0).sum(1) / active.sum(1).clamp(min=1)
        idle = torch.where(active, 0.0, costs).sum(1) / (~active).sum(1).clamp(min=1)
        reward = 50 * rho - 50 * (paid + 0.8 * idle)
        success = torch.ones_like(rho, dtype=torch.bool)
        if equal:
            apart = helped.amax(1) - helped.amin(1)
            reward += 50 * (1.1 * helped.mean(1) - apart)
            success &= (helped.mean(1) >= _ENOUGH) & (apart <= _APART)
        if most:
            apart = kappa.amax(1) - kappa.amin(1)
            reward += 50 * ((3.0 if equal else 5.0) * kappa.mean(1) - apart)
            success &= (apart == 0) & (kappa.amin(1) > 0)
        return reward + _PRIZE * success, success
