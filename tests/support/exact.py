"""A plugin for tests: solvers that prove what they say, or say that they do."""

from __future__ import annotations

from dataclasses import replace

import tiny
import torch

from recourse_arena import Knowledge, Outcome, Recommendation, Solver, hookimpl


class Exact(Solver):
    """Exact where one feature is actionable: it walks outwards from the factual and bisects where it first arrives."""

    name = "exact"
    knows = frozenset({Knowledge.FLOW, Knowledge.SCM})
    steps = 1000

    def recommend(self, request):
        ends = [self.arrival(request, end) for end in (request.box.lower, request.box.upper)]
        cost = torch.stack([request.cost(values) for values, _, _ in ends])
        cost = torch.where(torch.stack([found for _, found, _ in ends]), cost, torch.inf)
        best, place = cost.min(0)
        values = torch.where(place[:, None] == 0, ends[0][0], ends[1][0])
        bound = torch.stack([bound for _, _, bound in ends]).min(0).values
        bound = torch.where(best < torch.inf, bound, torch.nan)
        answer = Recommendation.do(request.actionable, values, found=best < torch.inf, otherwise=Outcome.INFEASIBLE)
        return replace(answer, lower_bound=bound)

    def arrival(self, request, end):
        """Return the first feasible values towards `end`, who has some, and the cost just before."""
        share = torch.linspace(0, 1, self.steps + 1)
        fine = self.fine(request, self.at(request, end, share[:, None].expand(-1, len(request))))
        found, first = fine.any(0), fine.float().argmax(0)
        low, high = share[(first - 1).clamp(min=0)], share[first]
        for _ in range(20):
            middle = (low + high) / 2
            arrived = self.fine(request, self.at(request, end, middle))
            low, high = torch.where(arrived, low, middle), torch.where(arrived, middle, high)
        before = request.cost(self.at(request, end, low))
        return self.at(request, end, high), found, torch.where(found, before, torch.inf)

    @staticmethod
    def at(request, end, share):
        return request.factual + share[..., None] * (end - request.factual)

    def fine(self, request, values):
        after = self.problem.causal_model.counterfactual(request.factual, request.actionable, values)
        fine = self.problem.decisions.accepts(after)
        if request.plausibility:
            density = self.problem.scm  # whatever density the request names
            fine &= density.log_density(after) >= density.log_density(request.factual)
        return fine


class Boaster(tiny.Top):
    """Claims that nothing is cheaper than going to the top."""

    name = "boaster"

    def recommend(self, request):
        answer = super().recommend(request)
        return replace(answer, lower_bound=request.cost(answer.values))


class Defeatist(tiny.Top):
    """Claims to have proved that nobody can do anything."""

    name = "defeatist"

    def recommend(self, request):
        answer = super().recommend(request)
        hopeless = torch.full_like(answer.outcome, Outcome.INFEASIBLE.code)
        return replace(answer, mask=answer.mask & False, outcome=hopeless)


@hookimpl
def recourse_solvers():
    return [Exact, Boaster, Defeatist]
