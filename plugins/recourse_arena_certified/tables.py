"""Certificates for people of a table without effects: a good action, tight limits, linear programs, person by person."""

from __future__ import annotations

__all__ = ["Table", "TableProver"]

import logging
import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from recourse_arena import NotApplicable, Outcome, Problem, Request, generator
from recourse_arena_certified.backend import Status
from recourse_arena_certified.certificate import Certificate
from recourse_arena_certified.exact import Action
from recourse_arena_certified.measure import Measure
from recourse_arena_certified.milp import Answer
from recourse_arena_certified.moves import Moves, Network
from recourse_arena_certified.table_program import Ends, TableProgram, ends_by_intervals, tightened, undecided
from recourse_arena_certified.table_rules import refuse_rules
from recourse_arena_certified.table_search import TableSearch
from recourse_arena_certified.world import network

_ROUNDS, _FEW = 3, 4
"""Most rounds of tightening, and so few undecided neurons that none pays."""

_TURNS = 40
"""Most programs for one person: each starts from the action that the last one found."""

_MARGINS = (1.0, 4.0, 16.0, 64.0, 256.0)
"""What the polish asks for, in units of what rounding may do."""

_STRICT = 64.0
"""What the program itself asks for where nothing near its first solution passes the exact models."""

_TOLERANCE = 1e-6
"""What HiGHS tolerates in the logit, about."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table:
    """A table without effects, as linear programs need it.

    Arguments:
        network: Weight and bias of each affine layer, the first on data units with a column for each level.
        measure: The cost.
    """

    network: Network
    measure: Measure

    @classmethod
    def of(cls, problem: Problem) -> Table:
        """Return what can be written down of a problem.

        Raises:
            NotApplicable: If its classifier is no ReLU network, or its cost or a rule cannot be written down.
        """
        refuse_rules(problem.features)
        return cls(network(problem), Measure.of(problem))


@dataclass(frozen=True)
class TableProver:
    """Certificates for the people of a table.

    Arguments:
        problem: The problem.
        table: Its network and cost.
        time_limit: Seconds per person.
        gap: Relative gap of the cost at which a search ends.
        seed: Seed of the search for a first action.
    """

    problem: Problem
    table: Table
    time_limit: float
    gap: float
    seed: int

    @torch.no_grad()
    def __call__(self, request: Request) -> list[Certificate]:
        """Return the certificate of each person.

        Raises:
            NotApplicable: If plausibility is asked for.
        """
        if request.plausibility:
            raise NotApplicable(
                f"certified cannot write down that a counterfactual is near accepted people, which is what plausible "
                f"means for {self.problem.dataset}; ask with !no-plausibility"
            )
        return [self._timed(request[i : i + 1], i / len(request)) for i in range(len(request))]

    def _timed(self, one: Request, share: float) -> Certificate:
        """Return a person's certificate, after a share of the others; trouble is an outcome with its reason."""
        self.problem.report(share)
        start = time.monotonic()
        try:
            certificate = _Case(self, one, start + self.time_limit).certificate()
        except Exception as error:  # whatever a solver's interface comes up with, the others must not suffer
            reason = f"{type(error).__name__}: {error}"
            certificate = Certificate(Outcome.FAILED, ~one.actionable[0] & False, one.factual[0], reason=reason)
        if certificate.reason and certificate.outcome is not Outcome.SOLVED:
            _log.warning("certified: person %d is %s: %s", one.person[0], certificate.outcome, certificate.reason)
        return Certificate(**{**vars(certificate), "seconds": time.monotonic() - start})


class _Case:
    """One person's proof. Totals are costs whose root, if the measure has one, is not taken."""

    def __init__(self, prover: TableProver, one: Request, deadline: float) -> None:
        self.prover, self.one, self.deadline = prover, one, deadline
        self.network, self.measure = prover.table.network, prover.table.measure
        self.search = TableSearch(prover.problem, one)
        self.rounding = max(self.search.rounding, 1e-8)
        self.best = Action(torch.zeros_like(one.actionable[0]), one.factual[0])
        self.bound = math.nan
        """Proved lower bound of the cost; infinite if nobody can do anything."""
        self.touched: list[np.ndarray] = []
        """Values of people where the cost was not exact."""

    def certificate(self) -> Certificate:
        """Return what can be proved in time."""
        self.best = self.search.first(generator(self.prover.seed, "certified", "search"))
        if self.best.cost == 0.0:
            return self._ends(Outcome.SOLVED, bound=0.0)
        answer = self._searched()
        if math.isfinite(self.best.cost):
            reason = "" if self._closed else answer.reason
            return self._ends(Outcome.SOLVED, bound=min(self.bound, self.best.cost), reason=reason)
        if answer.status is Status.INFEASIBLE:
            return self._ends(Outcome.INFEASIBLE, bound=math.inf)
        outcome = Outcome.TIMED_OUT if time.monotonic() >= self.deadline else Outcome.NOT_FOUND
        return self._ends(outcome, bound=self.bound, reason=answer.reason)

    def _ends(self, outcome: Outcome, *, bound: float, reason: str = "") -> Certificate:
        return Certificate(outcome, self.best.mask, self.best.values, self.best.cost, bound, reason=reason)

    @property
    def _closed(self) -> bool:
        return self.best.cost * (1 - self.prover.gap) <= self.bound

    def _searched(self) -> Answer:
        """Search until the gap is closed or another program changes nothing; return what the last one that proves."""
        for _ in range(_TURNS):
            before = self.best.cost, self.bound, len(self.touched)
            answer = self._prove(-self.search.rounding)
            if self._closed or answer.values is None or time.monotonic() >= self.deadline:
                return answer
            if before == (self.best.cost, self.bound, len(self.touched)):
                break
        self._prove(_STRICT * max(self.rounding, _TOLERANCE))  # nothing near the solution passes the exact models
        return answer

    def _prove(self, margin: float) -> Answer:
        """Search for something cheaper than the best action, and take it up; remember what is proved.

        What is proved with a positive `margin` says nothing about the problem itself, and is not remembered.
        """
        least = self.best.cost * (1 - self.prover.gap / 2)
        most = self.measure.total(least)
        moves = Moves.of(self.one, self.measure, most)
        limits = self._limits(moves, margin, most)
        if limits is None:
            answer, scale = Answer(Status.INFEASIBLE, 0.0, None, "plain to see without a search"), 1.0
        else:
            program = self._program(moves, limits, margin, most)
            answer, scale = program.minimum(self.deadline - time.monotonic(), self.prover.gap / 2), program.scale
        if margin <= 0:
            proved = {Status.INFEASIBLE: least, Status.TROUBLE: math.nan}
            bound = proved.get(answer.status, min(self.measure.cost(answer.bound * scale), least))
            self.bound = max((bound, self.bound), key=lambda one: -math.inf if math.isnan(one) else one)
        if answer.values is not None and limits is not None:
            self._polish(moves, limits, most, answer.values[: len(moves)])
        return answer

    def _program(
        self, moves: Moves, limits: list[Ends], margin: float, most: float, *, loose: bool = True
    ) -> TableProgram:
        touched = [moves.back(values) for values in self.touched]
        return TableProgram(moves, self.network, limits, margin=margin, most=most, touched=touched, loose=loose)

    def _limits(self, moves: Moves, margin: float, most: float) -> list[Ends] | None:
        """Return limits that are tight as long as tightening pays; none if no move can meet them."""
        if not len(moves):
            return None
        limits: list[Ends] | None = ends_by_intervals(moves, self.network)
        before = math.inf
        for _ in range(_ROUNDS):
            if limits is None or undecided(limits) <= _FEW or undecided(limits) > 0.9 * before:
                break
            before = undecided(limits)
            limits = tightened(moves, self.network, limits, margin=margin, most=most, deadline=self.deadline)
        return limits

    def _polish(self, moves: Moves, limits: list[Ends], most: float, found: np.ndarray) -> None:
        """Take up the best action near a program's solution that passes the exact models."""
        first = moves.values(found)
        if self.measure.power > 1:
            self.touched.append(first)
        if self._take_up(first) and moves.whole.all():
            return
        for times in _MARGINS if not moves.whole.all() else ():
            program = self._program(moves, limits, times * self.rounding, most, loose=False)
            held = moves.whole.nonzero()[0].tolist()
            program.hold(held, found[held].round())
            answer = program.minimum(self.deadline - time.monotonic(), 0.0)
            if answer.values is None:
                break
            if self._take_up(moves.values(answer.values[: len(moves)])):
                return
        self._take_up(first, spare=False)  # whole numbers may leave just one action

    def _take_up(self, values: np.ndarray, *, spare: bool = True) -> bool:
        """Take up an action if it is better than the best; return whether it passes."""
        action = self.search.action(torch.from_numpy(values), spare=spare)
        if action.cost < self.best.cost:
            self.best = action
        return math.isfinite(action.cost)
