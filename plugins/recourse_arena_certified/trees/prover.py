"""Certificates for people of a table without effects whose decision model is a sum of trees."""

from __future__ import annotations

__all__ = ["TreeProver"]

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena import Outcome, Problem, Request, generator
from recourse_arena_certified.certificate import Certificate, one_by_one
from recourse_arena_certified.exact import Action
from recourse_arena_certified.table.search import TableSearch
from recourse_arena_certified.trees.branching import Branching
from recourse_arena_certified.trees.cells import Cells
from recourse_arena_certified.trees.leaves import Leaves
from recourse_arena_certified.trees.rules import CellRules, features_of_rules


class _TreeSearch(TableSearch):
    """The true test of one person's actions: a score that rounds one way rounds that way whenever it is asked for."""

    def tried(self, values: Tensor, *, spare: bool = True) -> tuple[Tensor, Tensor, Tensor]:
        return super().tried(values, spare=False)


@dataclass(frozen=True)
class TreeProver:
    """Certificates for the people of a table whose decision model is a sum of trees.

    Arguments:
        problem: The problem.
        leaves: The leaves of its decision model.
        time_limit: Seconds per person.
        gap: Relative gap of the cost that counts as none.
        seed: Seed of the search for a first action.
    """

    problem: Problem
    leaves: Leaves
    time_limit: float
    gap: float
    seed: int

    @torch.no_grad()
    def __call__(self, request: Request) -> list[Certificate]:
        """Return the certificate of each person.

        Raises:
            NotApplicable: If plausibility is asked for.
        """
        return one_by_one(self.problem, request, self.time_limit, self._certificate)

    def _certificate(self, one: Request, deadline: float) -> Certificate:
        """Return what can be proved of one person until then."""
        search = _TreeSearch(self.problem, one)
        best = search.first(generator(self.seed, "certified", "search"))
        if best.cost == 0.0:
            return Certificate(Outcome.SOLVED, best.mask, best.values, best.cost, 0.0)
        root = one.unit_cost.root
        cells = Cells.of(one, self.leaves, best.cost**2 if root else best.cost, features_of_rules(one))
        rules = CellRules(one, cells)

        def tried(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            people = cells.people(one, chosen)
            broken = one.features.broken_rules(one.factual, people).any(-1)
            return self.problem.decisions.accepts(people).numpy(), ~broken.numpy()

        branching = Branching(cells, rules, tried, best.cost**2 if root else best.cost)
        floor = branching.search(deadline)
        if branching.best is not None:
            best = self._taken_up(search, cells.people(one, branching.best[None])[0])
        return self._ended(best, math.sqrt(floor) if root else floor, timed_out=time.monotonic() >= deadline)

    def _taken_up(self, search: _TreeSearch, values: Tensor) -> Action:
        """Return an action, held against the exact model once more.

        Raises:
            ArithmeticError: If it does not pass, which would be a mistake of this search.
        """
        found = search.action(values)
        if not math.isfinite(found.cost):
            raise ArithmeticError("an action that was found does not pass the decision model")
        return found

    def _ended(self, best: Action, bound: float, *, timed_out: bool) -> Certificate:
        if math.isfinite(best.cost):
            bound = min(bound, best.cost)
            reason = "" if best.cost * (1 - self.gap) <= bound else "time ran out" if timed_out else "rounding decides"
            return Certificate(Outcome.SOLVED, best.mask, best.values, best.cost, bound, reason=reason)
        if bound == math.inf:
            return Certificate(Outcome.INFEASIBLE, best.mask, best.values, lower_bound=bound)
        outcome, reason = (Outcome.TIMED_OUT, "time ran out") if timed_out else (Outcome.NOT_FOUND, "rounding decides")
        return Certificate(outcome, best.mask, best.values, lower_bound=bound, reason=reason)
