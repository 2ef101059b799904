"""Certificates for people of a table without effects: a good action, parts of moves, a program for each."""

from __future__ import annotations

__all__ = ["TableProver", "written_down"]

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from recourse_arena import Outcome, Problem, Request, generator
from recourse_arena_certified.backend import Status
from recourse_arena_certified.certificate import Certificate, one_by_one
from recourse_arena_certified.exact import Action
from recourse_arena_certified.table.moves import Moves, Network
from recourse_arena_certified.table.program import Ends, TableProgram, ends_by_intervals, tightened, undecided
from recourse_arena_certified.table.rules import refuse_rules
from recourse_arena_certified.table.search import TableSearch
from recourse_arena_certified.table.splitting import Parts, Splitter
from recourse_arena_certified.world import network

_PARTS, _BATCH, _SHARE = 200_000, 512, 0.5
"""Most parts that are bounded, how many at once, and most of the time; then comes one program for all moves."""

_FEW = 6
"""So few neurons on either side of 0 are left to a program."""

_ROUNDS = 3
"""Most rounds of tightening before the program for all moves."""

_TURNS = 20
"""Most programs of a part: where a cost is a sum of squares, each knows it better around the last solution."""

_MARGINS = (1.0, 4.0, 16.0, 64.0, 256.0)
"""What the polish asks for, in units of what rounding may do."""

_STRICTER = (2.0, 64.0)
"""What the search itself asks for then where nothing near its solutions passes the exact models."""

_TOLERANCE = 1e-6
"""What HiGHS tolerates in the logit, about."""


def written_down(problem: Problem) -> Network:
    """Return the network of a table without effects: weight and bias of each affine layer.

    The first is on data units, with a column for each level.

    Raises:
        NotApplicable: If the classifier is no ReLU network, or a rule cannot be written down.
    """
    refuse_rules(problem.features)
    return network(problem)


@dataclass(frozen=True)
class TableProver:
    """Certificates for the people of a table.

    Arguments:
        problem: The problem.
        network: Its layers, as :func:`written_down` returns them.
        time_limit: Seconds per person.
        gap: Relative gap of the cost at which a search ends.
        seed: Seed of the search for a first action.
    """

    problem: Problem
    network: Network
    time_limit: float
    gap: float
    seed: int

    @torch.no_grad()
    def __call__(self, request: Request) -> list[Certificate]:
        """Return the certificate of each person.

        Raises:
            NotApplicable: If plausibility is asked for.
        """
        return one_by_one(
            self.problem, request, self.time_limit, lambda one, deadline: _Case(self, one, deadline).certificate()
        )


class _Case:
    """One person's proof. Totals are costs whose root, if they have one, is not taken."""

    def __init__(self, prover: TableProver, one: Request, deadline: float) -> None:
        self.prover, self.one, self.deadline = prover, one, deadline
        self.network, self.root = prover.network, one.unit_cost.root
        self.search = TableSearch(prover.problem, one)
        self.rounding = max(self.search.rounding, 1e-8)
        self.best = Action(torch.zeros_like(one.actionable[0]), one.factual[0])
        self.floor = 0.0
        """Total that no action undercuts; infinite if nobody can do anything."""
        self.reason = ""

    @property
    def most(self) -> float:
        """Total below which something cheaper than the best action is looked for."""
        cost = self.best.cost * (1 - self.prover.gap / 2)
        return cost**2 if self.root else cost

    @property
    def _bound(self) -> float:
        """Cost that no action undercuts."""
        return math.sqrt(self.floor) if self.root else self.floor

    def certificate(self) -> Certificate:
        """Return what can be proved in time."""
        self.best = self.search.first(generator(self.prover.seed, "certified", "search"))
        if self.best.cost == 0.0:
            return self._ends(Outcome.SOLVED, bound=0.0)
        self.floor = min(self._prove(-self.search.rounding), self.most)
        for times in _STRICTER:  # what is found may pass if it has more to spare
            if self._closed or self.floor == math.inf or time.monotonic() >= self.deadline:
                break
            before = self.best.cost
            self._prove(times * max(self.rounding, _TOLERANCE))
            if self.best.cost < before:
                break
        if math.isfinite(self.best.cost):
            bound = min(self._bound, self.best.cost)
            return self._ends(Outcome.SOLVED, bound=bound, reason="" if self._closed else self.reason)
        if self.floor == math.inf:
            return self._ends(Outcome.INFEASIBLE, bound=math.inf)
        outcome = Outcome.TIMED_OUT if time.monotonic() >= self.deadline else Outcome.NOT_FOUND
        return self._ends(outcome, bound=self._bound, reason=self.reason or "no action passes")

    def _ends(self, outcome: Outcome, *, bound: float, reason: str = "") -> Certificate:
        return Certificate(outcome, self.best.mask, self.best.values, self.best.cost, bound, reason=reason)

    @property
    def _closed(self) -> bool:
        return self.best.cost * (1 - self.prover.gap) <= self._bound

    def _prove(self, margin: float) -> float:
        """Search for something cheaper than the best action, take it up, and return a total that nothing undercuts.

        What is proved with a positive `margin` says nothing about the problem itself.
        """
        moves = Moves.of(self.one, self.most)
        if not len(moves):
            return math.inf
        left, floor = self._split(moves, margin)
        if not left:
            return floor
        limits = self._limits(moves, margin)
        return floor if limits is None else min(floor, max(left, self._minimum(moves, limits, margin)))

    def _split(self, moves: Moves, margin: float) -> tuple[float, float]:
        """Split moves into parts until a program solves each at once.

        Returns:
            What parts cost at least that are left in the end, 0 without any; and what the others cost at least.
        """
        splitter, floor, seen = Splitter(moves, self.network, margin), math.inf, 0
        parts, until = splitter.root(), time.monotonic() + _SHARE * (self.deadline - time.monotonic())
        while len(parts) and seen < _PARTS and time.monotonic() < until:
            parts = parts[parts.floor <= self.most]
            order = parts.floor.argsort(stable=True)
            bounded = splitter.bounded(parts[order[:_BATCH]], self.most)
            seen, few = seen + len(order[:_BATCH]), bounded.undecided <= _FEW
            for part in few.nonzero()[:, 0].tolist():
                if (least := float(bounded.floor[part])) <= self.most:
                    limits = [(lower[part].numpy(), upper[part].numpy()) for lower, upper in bounded.limits]
                    floor = min(floor, max(least, self._minimum(moves, limits, margin, bounded[part : part + 1])))
            parts = splitter.halves(bounded[~few]).joined(parts[order[_BATCH:]])
        return float(parts.floor.min()) if len(parts) else 0.0, floor

    def _minimum(self, moves: Moves, limits: list[Ends], margin: float, part: Parts | None = None) -> float:
        """Take up the cheapest of moves, or of a part of them, if it is better; return a total that none undercuts."""
        touched: list[np.ndarray] = []
        for _ in range(_TURNS):
            program = TableProgram(moves, self.network, limits, margin=margin, most=self.most, touched=touched)
            if part is not None:
                program.narrow(part.lower[0].numpy(), part.upper[0].numpy(), part.stays[0].numpy())
            answer = program.minimum(self.deadline - time.monotonic(), self.prover.gap / 2)
            floor = math.inf if answer.status is Status.INFEASIBLE else answer.bound * program.scale
            self.reason = answer.reason if answer.status in (Status.STOPPED, Status.TROUBLE) else self.reason
            if answer.values is None:
                return floor
            found = answer.values[: len(moves)]
            self._polish(moves, limits, found)
            if moves.total(found) * (1 - self.prover.gap / 2) <= floor or answer.status is not Status.OPTIMAL:
                return floor
            touched.append(found)
        return floor

    def _limits(self, moves: Moves, margin: float) -> list[Ends] | None:
        """Return limits that are tight as long as tightening pays; none if no move can meet them."""
        limits: list[Ends] | None = ends_by_intervals(moves, self.network)
        before = math.inf
        for _ in range(_ROUNDS):
            if limits is None or undecided(limits) <= _FEW or undecided(limits) > 0.9 * before:
                break
            before = undecided(limits)
            limits = tightened(moves, self.network, limits, margin=margin, most=self.most, deadline=self.deadline)
        return limits

    def _polish(self, moves: Moves, limits: list[Ends], found: np.ndarray) -> None:
        """Take up the best action near a program's solution that passes the exact models."""
        first, held = moves.values(found), moves.whole.nonzero()[0].tolist()
        if self._take_up(first):
            return
        for times in _MARGINS if len(held) < len(moves) else ():
            program = TableProgram(
                moves, self.network, limits, margin=times * self.rounding, most=self.most, touched=[found], loose=False
            )
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
