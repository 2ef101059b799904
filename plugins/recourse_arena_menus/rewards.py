"""The published rewards of a menu (Fair Recourse for All, arXiv 2601.20449, as its released code has them)."""

from __future__ import annotations

__all__ = ["Rewards"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import MenuAsked
from recourse_arena_menus.effects import Effects

_HELPED, _APART = 0.75, 0.09
"""Mean share of groups with recourse, and the gap between them, at which equal effectiveness is reached."""

_SOME = 0.3
"""Share of a group for which an action must work to be active where each group is to have one."""

_SUCCESS = 1000.0


@dataclass(frozen=True)
class Rewards:
    """Rewards of many menus at once, out of a table of effects.

    With `SR` the mean over groups of the share with recourse, `PD` the greatest less the least of these shares, `kappa`
    the share of the menu's actions that are distinct and work for `phi` of a group, `rho` the share of active actions,
    `G_a` and `G_n` the mean cost of active and of other actions for everybody who may take them:

    - equal effectiveness: `R_EE = 50 (1.1 SR + rho - PD) - 50 (G_a + .8 G_n)`; success at `SR >= .75, PD <= .09`;
    - equal choice: `R_ECR = 50 (2.5 (kappa_0 + kappa_1) + rho - |kappa_0 - kappa_1|) - 50 (G_a + .8 G_n)`; success
      where each group has a choice, and all as many;
    - both: `R_EE + 50 (1.5 (kappa_0 + kappa_1) - |kappa_0 - kappa_1|)`; success at both;

    and 1000 more at success. Active is what helps anybody, or 30 % of some group (`ee-macro`), or `phi` of some group
    (`ecr`). Of groups other than two, the sum is twice their mean, and the difference the greatest less the least.

    Arguments:
        effects: The table.
        asked: What is asked of a menu: its objective, and `phi`.
    """

    effects: Effects
    asked: MenuAsked

    def __call__(self, menus: Tensor) -> tuple[Tensor, Tensor]:
        """Return the reward of each menu, in double precision `(menus,)`, and whether it is a success, bool likewise.

        Arguments:
            menus: Numbers of actions in the table, long `(menus, actions)`.
        """
        rates = self.effects.rates[menus]
        objective, here = self.asked.objective, self._there
        effective = objective != "ecr"
        shares = rates.amax(1) if objective == "ee-macro" else self.effects.shares(menus)
        shares, rates = shares[:, here], rates[:, :, here]
        choices = ((rates >= self.asked.share) & _first(menus)[..., None]).sum(1)
        kappa = choices.double() / menus.shape[1]
        apart = kappa.amax(1) - kappa.amin(1)
        most = rates.amax(2)
        active = most > 0
        if objective in ("ee-macro", "ecr"):
            active = most >= (_SOME if objective == "ee-macro" else self.asked.share)
        rho, cost = active.double().mean(1), self.effects.mean_cost[menus]
        dear = _mean(cost, active) + 0.8 * _mean(cost, ~active)
        helped, gap = shares.mean(1), shares.amax(1) - shares.amin(1)
        chosen = (choices.amin(1) >= 1) & (choices.amin(1) == choices.amax(1))
        reached = (helped >= _HELPED) & (gap <= _APART)
        if not effective:
            reward, success = 50 * (5 * kappa.mean(1) + rho - apart) - 50 * dear, chosen
        else:
            reward, success = 50 * (1.1 * helped + rho - gap) - 50 * dear, reached
        if objective == "hybrid":
            reward, success = reward + 50 * (3 * kappa.mean(1) - apart), reached & chosen
        return reward + _SUCCESS * success, success

    @property
    def _there(self) -> Tensor:
        """Groups that somebody is of, bool `(groups,)`."""
        return self.effects.audience.sizes > 0


def _first(menus: Tensor) -> Tensor:
    """Return which actions of each menu are not on it before, bool `(menus, actions)`."""
    same = menus[:, :, None] == menus[:, None, :]
    return ~torch.tril(same, diagonal=-1).any(2)


def _mean(cost: Tensor, which: Tensor) -> Tensor:
    """Return the mean cost of some actions of each menu, 0 of none, `(menus,)`."""
    return torch.where(which, cost, 0.0).sum(1) / which.sum(1).clamp(min=1)
