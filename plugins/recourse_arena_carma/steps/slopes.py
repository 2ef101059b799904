"""The slopes of the objective along the weights of both networks, written out."""

from __future__ import annotations

__all__ = ["Slopes"]

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from recourse_arena import Box
from recourse_arena_carma.networks import Policy
from recourse_arena_carma.objective import Multiplier, divergence, excess, lost_density
from recourse_arena_carma.settings import Settings
from recourse_arena_carma.steps.frozen import Frozen, Outlook
from recourse_arena_carma.steps.perceptron import Perceptron
from recourse_arena_carma.steps.visits import Visit


class _Along(NamedTuple):
    """Slopes of the loss along what becomes of people, their choices and the log odds of these."""

    outlook: Outlook
    chosen: Tensor
    log_odds: Tensor


@dataclass(frozen=True)
class Slopes:
    """What training minimises, by the weights of both networks: soft terms, and the violation of validity.

    Features are rows, people columns, and only what somebody can act on appears.

    Arguments:
        mask_network: Says which features to act on.
        action_network: Says how.
        frozen: Flow and classifier.
        settings: Weights of the terms.
        lower: Least shift of each feature, `(actionable,)`.
        upper: Greatest shift of each feature, `(actionable,)`.
        slope: What a change of each feature by 1 costs, `(actionable, 1)`.
        box: The box of each feature, `(actionable, 1)` each.
        squared: Whether a change costs by its square.
    """

    mask_network: Perceptron
    action_network: Perceptron
    frozen: Frozen
    settings: Settings
    lower: Tensor
    upper: Tensor
    slope: Tensor
    box: Box
    squared: bool

    @classmethod
    def of(cls, policy: Policy, frozen: Frozen, settings: Settings) -> Slopes:
        """Return the slopes of the networks of `policy`, as far as they are about actionable features."""
        columns, features, cost = frozen.actionable, len(frozen.problem.features), frozen.problem.cost
        blocks = 3 if policy.individual else 0
        told = [policy.described + block * features + columns for block in range(blocks)]
        seen = torch.cat([torch.arange(policy.described), *told])
        chosen = policy.described + blocks * features + columns
        return cls(
            Perceptron.of(policy.mask_network, seen, torch.cat([columns, features + columns])),
            Perceptron.of(policy.action_network, torch.cat([seen, chosen]), columns),
            frozen,
            settings,
            policy.lower[columns],
            policy.upper[columns],
            cost.slope[columns, None].to(policy.lower),
            Box(frozen.box.lower[frozen.flow.settable], frozen.box.upper[frozen.flow.settable]),
            cost.power == 2,
        )

    @property
    def networks(self) -> tuple[Perceptron, Perceptron]:
        """Both networks."""
        return self.mask_network, self.action_network

    def __call__(self, visit: Visit, multiplier: Multiplier) -> tuple[Tensor, Callable[[], Tensor]]:
        """Give both networks the slopes of the loss of some visits; return the violation, and what gives the loss."""
        settings, mask = self.settings, visit.mask
        phi, mask_kept = self.mask_network(visit.seen)
        log_odds = (phi[:, len(mask) :] - phi[:, : len(mask)]).T.contiguous()
        soft = (log_odds + visit.noise).div_(settings.temperature).sigmoid_()
        chosen = (soft > 0.5) * mask
        wish, action_kept = self.action_network(torch.cat([visit.seen, chosen.T], 1))
        shift = torch.minimum(torch.maximum(wish, self.lower), self.upper)
        inside, shift = (shift == wish), shift.T.contiguous()
        outlook, kept = self.frozen(visit.constants, chosen > 0, chosen * shift)
        violation, by = self._along(visit, log_odds, chosen, outlook, multiplier)
        along = self.frozen.back(by.outlook, kept)
        told = self.action_network.back((chosen * along).T.where(inside, 0.0), action_kept, len(mask))
        choice = (along * shift).add_(by.chosen).add_(told.T).mul_(mask)
        odds = choice.mul_(soft - soft.square()).div_(settings.temperature).add_(by.log_odds)
        self.mask_network.back(torch.cat([-odds, odds]).T, mask_kept)
        return violation, partial(self.loss, visit, log_odds, chosen, outlook, multiplier.penalty(violation))

    def loss(self, visit: Visit, log_odds: Tensor, chosen: Tensor, outlook: Outlook, penalty: Tensor) -> Tensor:
        """Return the loss `()` of some visits, of which these slopes are."""
        settings, box = self.settings, self.box
        size = self._size(outlook.change)
        lost = lost_density(visit.log_density, outlook.log_density, settings.plausibility_margin, settings.saturation)
        soft = (
            settings.cost * (chosen * visit.weights * self.slope * size).sum(0)
            + settings.kl * divergence(log_odds, visit.prior_odds, visit.mask, 0)
            + settings.plausibility * lost
            + settings.feasibility * excess(outlook.wanted, box.lower, box.upper, chosen > 0.5, 0)
        )
        return soft.mean() + penalty

    def _size(self, change: Tensor) -> Tensor:
        return change.square() if self.squared else change.abs()

    def _along(
        self, visit: Visit, log_odds: Tensor, chosen: Tensor, outlook: Outlook, multiplier: Multiplier
    ) -> tuple[Tensor, _Along]:
        """Return the violation, and the slopes of the loss."""
        settings, share, box = self.settings, 1 / len(visit.seen), self.box
        price = visit.weights * (settings.cost * share * self.slope)
        change = (price * chosen).mul_(2 * outlook.change if self.squared else outlook.change.sign())
        paid = price.mul_(self._size(outlook.change))

        lost = settings.plausibility_margin + visit.log_density - outlook.log_density
        density = (lost > 0) * (-settings.plausibility * share)
        if settings.saturation:
            density.div_(lost.clamp_(min=0).div_(settings.saturation).add_(1))

        beyond = outlook.wanted - torch.minimum(torch.maximum(outlook.wanted, box.lower), box.upper)
        wanted = beyond.sign_().mul_(chosen).mul_(settings.feasibility * share / (box.upper - box.lower))

        probability = log_odds.sigmoid()
        odds = (log_odds - visit.prior_odds).mul_(probability - probability.square())
        odds.mul_(visit.mask).mul_(settings.kl * share)

        decided = torch.tanh(outlook.logit / 2)
        short = settings.margin - decided
        violation = short.clamp(min=0).mean()
        logit = (short > 0) * decided.square_().sub_(1).mul_(0.5 * share * multiplier.weight(violation))
        return violation, _Along(Outlook(change, wanted, density, logit), paid, odds)
