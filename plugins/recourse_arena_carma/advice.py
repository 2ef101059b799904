"""From trained networks to recommendations."""

from __future__ import annotations

__all__ = ["advise"]

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Recommendation, Request
from recourse_arena_carma.candidates import Candidates, pick
from recourse_arena_carma.networks import Policy
from recourse_arena_carma.people import Everybody, causal_flow
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import CarmaSettings, Settings


@torch.no_grad()
def advise(policy: Policy, problem: Problem, request: Request, settings: Settings) -> Recommendation:
    """Return the action of each person of `request`; `infeasible` where nothing is actionable.

    Plausibility is the flow's whatever density the request names: the networks know nothing else. So their advice is
    the same with and without `!scm-plausibility`, and the judge says what it is worth there.
    """
    people = Everybody.of(problem, request.factual)
    if policy.individual:
        preferences = Preferences.of(request, settings)
        seen = policy.seen(people.described, preferences)
        log_odds = settings.trust * policy.log_odds(seen) + (1 - settings.trust) * preferences.prior_odds
        candidates = Candidates.of(log_odds, request.actionable, settings.flips)
        usable = request.actionable.any(1)
    else:
        preferences = Preferences.of_everybody(request.features, len(request), settings)
        seen = policy.seen(people.described, preferences)
        proposed = pick(policy.log_odds(seen), preferences.mask > 0)
        mask = proposed & request.actionable
        candidates = Candidates.only(mask)
        usable = mask.any(1)
        if isinstance(settings, CarmaSettings) and settings.constraints == "refuse":
            usable &= (mask == proposed).all(1)
    trial = _Trial(policy, problem, request, people, seen, settings)
    mask, values = trial.best_of(candidates)
    answer = Recommendation.do(mask, values, found=usable)
    impossible = ~request.actionable.any(1) & ~problem.decisions.accepts(request.factual)
    outcome = torch.where(impossible, Outcome.INFEASIBLE.code, answer.outcome)
    return replace(answer, outcome=outcome.to(answer.outcome))


@dataclass(frozen=True)
class _Trial:
    """What acting on some features would lead to, by the flow."""

    policy: Policy
    problem: Problem
    request: Request
    people: Everybody
    seen: Tensor
    settings: Settings

    def best_of(self, candidates: Candidates) -> tuple[Tensor, Tensor]:
        """Return mask and values, `(people, features)`, of each person's best candidate.

        That is the likeliest of those that lead to a positive decision and, if asked for, lose no density, unless
        it is less likely than the first one by more than `patience`; else the likeliest that leads to a positive
        decision; else the likeliest that loses no density. Others are tried only where the first falls short.
        """
        everybody = torch.arange(len(self.request))
        masks, lost = candidates.masks, candidates.lost
        values, grade = self._carry_out(everybody, masks[:, 0])
        best = masks[:, 0].clone()
        rank = (grade * _GRADE).double()
        unhappy = (grade < 3)[:, None] & lost.isfinite()
        unhappy[:, 0] = False
        row, place = unhappy.nonzero(as_tuple=True)
        if not len(row):
            return best, values
        others, grades = self._carry_out(row, masks[row, place])
        far = lost[row, place] > self.settings.patience
        ranks = torch.where(far, grades.clamp(max=2), grades) * _GRADE - lost[row, place].double()
        table = torch.full(lost.shape, -torch.inf).to(ranks)
        table[:, 0] = rank
        table[row, place] = ranks
        winner = table.argmax(1)
        better = winner[row] == place
        best[row[better]], values[row[better]] = masks[row[better], place[better]], others[better]
        return best, values

    def _carry_out(self, rows: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return the values of acting on `mask`, and its grade: 2 if valid, and 1 more if plausible."""
        values, grades = [], []
        for start in range(0, max(len(rows), 1), _ROWS):
            some, chosen = rows[start : start + _ROWS], mask[start : start + _ROWS]
            people, request = self.people[some], self.request[some]
            u = people.u + chosen * self.policy.shift(self.seen[some], chosen.to(self.seen))
            after, _, density = causal_flow(self.problem).latent_intervention_with_density(
                people.x, u, chosen, request.snap
            )
            valid = self.problem.classifier.logit(after) >= self.settings.assured_logit
            plausible = density >= people.log_density if request.plausibility else torch.ones_like(valid)
            values.append(after)
            grades.append(2 * valid.long() + plausible.long())
        return torch.cat(values), torch.cat(grades)


_GRADE = 1e6
"""What a better grade is worth in nats: more than any difference between candidates."""

_ROWS = 1 << 16
"""Actions whose effects are computed at once."""
