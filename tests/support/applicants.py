"""A small problem: four hundred loan applicants, judged by a straight line."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Actionability, People, Problem, Request
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import PROFILES
from recourse_arena_loan import Loan


@dataclass(frozen=True)
class Line:
    """A linear classifier."""

    slope: Tensor

    def logit(self, x: Tensor) -> Tensor:
        return x @ self.slope

    def accepts(self, x: Tensor) -> Tensor:
        return self.logit(x) >= 0


def line_problem(loan: Loan) -> Problem:
    """Return the problem."""
    line, loan_scm = Line(torch.tensor([0.0, 0, 0, -1, -1, 1, 1])), loan.scm()
    x = loan_scm.sample(400, torch.Generator().manual_seed(0))
    people = People(x, line.accepts(x).float())
    refused = ~line.accepts(x)

    def rank(count: int, draws: torch.Generator) -> Actionability:
        scores = torch.full((count, 7), 5)
        scores[:, loan.features.actionable] = torch.rand(count, 4, generator=draws).argsort(1) + 1
        return Actionability(scores, levels=4)

    return Problem(
        dataset="loan",
        features=loan.features,
        graph=loan.graph,
        decisions=line,
        cost=Cost.fitted(x, refused, loan.features),
        box=Box.spanning(x[refused]),
        training=people,
        validation=People(x[:100], people.y[:100]),
        profile=PROFILES["linear"],
        draw=rank,
        true_scm=loan_scm,
        causal_flow=loan.scm(),
    )


def three_favourites(problem: Problem) -> Request:
    """Return the request of refused people who can act on their three favourites of four features."""
    factual = problem.asking(problem.validation)
    scores = problem.draw(len(factual), torch.Generator().manual_seed(1)).scores
    return problem.request(factual, Actionability(torch.where(scores > 3, 5, scores), levels=4))
