"""From trained networks to recommendations on a table."""

from __future__ import annotations

__all__ = ["advise"]

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Recommendation, Request
from recourse_arena_carma.candidates import Candidates, pick
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import CarmaSettings, Settings
from recourse_arena_carma.tables.moves import Moves
from recourse_arena_carma.tables.people import TablePeople
from recourse_arena_carma.tables.policy import TablePolicy


@torch.no_grad()
def advise(policy: TablePolicy, problem: Problem, request: Request, settings: Settings) -> Recommendation:
    """Return the action of each person of `request`; `infeasible` where nothing can be changed."""
    people = TablePeople.of(problem, request.factual, request.box)
    actionable = request.actionable & people.open
    if policy.individual:
        preferences = Preferences.of(request, settings).only(people.open)
        seen = policy.seen(people.described, preferences)
        log_odds = settings.trust * policy.log_odds(seen) + (1 - settings.trust) * preferences.prior_odds
        candidates = Candidates.of(log_odds, actionable, settings.flips)
        usable = actionable.any(1)
    else:
        preferences = Preferences.of_everybody(request.features, len(request), settings).only(people.open)
        seen = policy.seen(people.described, preferences)
        proposed = pick(policy.log_odds(seen), preferences.mask > 0)
        candidates = Candidates.only(proposed & actionable)
        usable = candidates.masks[:, 0].any(1)
        if isinstance(settings, CarmaSettings) and settings.constraints == "refuse":
            usable &= (candidates.masks[:, 0] == proposed).all(1)
    trial = _Trial(policy, problem, request, people, seen, settings)
    mask, values = trial.best_of(candidates)
    answer = Recommendation.do(mask, values, found=usable)
    impossible = ~actionable.any(1) & ~problem.decisions.accepts(request.factual)
    outcome = torch.where(impossible, Outcome.INFEASIBLE.code, answer.outcome)
    return replace(answer, outcome=outcome.to(answer.outcome))


@dataclass(frozen=True)
class _Trial:
    """What acting on some features leads to."""

    policy: TablePolicy
    problem: Problem
    request: Request
    people: TablePeople
    seen: Tensor
    settings: Settings

    def best_of(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        """Return mask and values, `(people, features)`, of each person's best candidate.

        That is the cheapest of those that are accepted and, if asked for, plausible, unless it is less likely than
        the first one by more than `patience`; else the cheapest of those that are accepted, the likely ones before
        the others; else the first.
        """
        masks, lost = candidates.masks, candidates.lost
        values, accepted, cost = self._carry_out(masks, lost.isfinite())
        far = lost > self.settings.patience
        # Accepted and likely, accepted, the first, the rest; the cheap ones first in each, and of these the likely.
        group = torch.where(accepted, far.long(), 3)
        group[:, 0] = torch.where(accepted[:, 0], group[:, 0], 2)
        order = torch.arange(masks.shape[1]).expand(len(masks), -1)
        for key in (lost, cost, group):
            order = order.gather(1, key.gather(1, order).argsort(dim=1, stable=True))
        everybody = torch.arange(len(masks))
        best = order[:, 0]
        if self.request.plausibility:
            best = self._plausible(values, order, (group == 0).sum(1))
        mask, value = masks[everybody, best], values[everybody, best]
        changed = mask & (value != self.request.factual)  # to leave something as it is is no action
        return torch.where(changed.any(1, keepdim=True), changed, mask), value

    def _plausible(self, values: Tensor, order: Tensor, count: Tensor) -> Tensor:
        """Return the first plausible candidate of each person in an `order`, of the first `count`; else the first."""
        plausible = self.problem.plausible(self.request)
        least = plausible.least(self.request.factual)
        best, open_ = order[:, 0].clone(), torch.ones(len(order), dtype=torch.bool)
        for place in range(order.shape[1]):  # scoring is slow: most people's first candidate is plausible
            rows = (open_ & (count > place)).nonzero()[:, 0]
            if not len(rows):
                break
            fine = plausible.score(values[rows, order[rows, place]]) >= least[rows]
            best[rows[fine]] = order[rows[fine], place]
            open_[rows[fine]] = False
        return best

    def _carry_out(self, masks: Tensor, real: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the values of acting on each of `masks`, whether they are accepted, and what they cost.

        They are `(people, candidates, features)` and `(people, candidates)`; what is not `real` is not accepted.
        """
        values = self.request.factual[:, None].expand(masks.shape).clone()
        accepted, cost = torch.zeros_like(real), torch.full(real.shape, torch.inf).to(values)
        moves = Moves(self.problem, self.settings.temperature)
        for row, place in zip(*(part.split(_ROWS) for part in real.nonzero(as_tuple=True)), strict=True):
            people, request, mask = self.people[row], self.request[row], masks[row, place]
            move = moves(people, self.policy.wishes(self.seen[row], mask.to(self.seen)))
            after = torch.where(mask, move.values, people.x)
            values[row, place] = after
            accepted[row, place] = self.problem.decisions.accepts(after)
            cost[row, place] = request.cost(after, mask)
        return values, accepted, cost


_ROWS = 1 << 16
"""Actions that are computed at once."""
