"""From a request to certificates: a good action, tight limits, one program, a polish, person by person."""

from __future__ import annotations

__all__ = ["Prover"]

import logging
import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena import NotApplicable, Outcome, Problem, Request, generator
from recourse_arena_certified.backend import Answer, Backend, Status, solved
from recourse_arena_certified.certificate import Certificate
from recourse_arena_certified.exact import Action, Exact
from recourse_arena_certified.limits import Limits
from recourse_arena_certified.person import Person
from recourse_arena_certified.pieces.corner import Corner, Found
from recourse_arena_certified.pieces.piece import pieces
from recourse_arena_certified.pieces.search import searched
from recourse_arena_certified.program import Infeasible, Program
from recourse_arena_certified.start import Starter
from recourse_arena_certified.tighten import tighten
from recourse_arena_certified.world import World

_ROUNDS, _SURE, _FEW = 3, 2, 10
"""Most rounds of tightening, rounds that always pay, and so few undecided neurons that none does."""

_SHARE = 0.5
"""Most of the time for pieces; then comes one program."""

_MARGINS = (1.0, 4.0, 16.0, 64.0, 256.0)
"""What the polish asks for, in units of what rounding may do."""

_STRICT = 64.0
"""What the program itself asks for where nothing near its first solution passes the exact models."""

_TOLERANCE = 1e-6
"""What mixed-integer solvers tolerate."""

_TRIFLES = (1e-3, 0.0)
"""Shares of the root of the cost that are left out if the rest passes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prover:
    """Certificates for the people of a problem.

    Arguments:
        problem: The problem.
        world: Its equations and network.
        backend: The solver.
        time_limit: Seconds per person.
        gap: Relative gap of the cost at which a search ends.
        seed: Seed of the search for a first action.
        starter: Returns actions to start from, which need not be right.
    """

    problem: Problem
    world: World
    backend: Backend
    time_limit: float
    gap: float
    seed: int
    starter: Starter = lambda request: None

    @torch.no_grad()
    def __call__(self, request: Request) -> list[Certificate]:
        """Return the certificate of each person."""
        if request.plausibility:
            acted = request.actionable.any(0)
            strange = [j for j in acted.nonzero()[:, 0].tolist() if self.world.gaussian(j) is None]
            if strange:
                names = ", ".join(self.world.names[j] for j in strange)
                raise NotApplicable(f"certified needs Gaussian noise to prove plausibility; not so for {names}")
        starts = self.starter(request)
        rows = [None] * len(request) if starts is None else list(zip(*starts, strict=True))
        return [self._timed(request[i : i + 1], rows[i], i / len(request)) for i in range(len(request))]

    def _timed(self, one: Request, first: tuple[Tensor, Tensor] | None, share: float) -> Certificate:
        """Return a person's certificate, after a share of the others; trouble is an outcome with its reason."""
        self.problem.report(share)
        start = time.monotonic()
        try:
            certificate = _Case(self, one, first, start + self.time_limit).certificate()
        except Exception as error:  # whatever a solver's interface comes up with, the others must not suffer
            reason = f"{type(error).__name__}: {error}"
            certificate = Certificate(Outcome.FAILED, ~one.actionable[0] & False, one.factual[0], reason=reason)
        if certificate.reason and certificate.outcome is not Outcome.SOLVED:
            _log.warning("certified: person %d is %s: %s", one.person[0], certificate.outcome, certificate.reason)
        values = {**vars(certificate), "seconds": time.monotonic() - start}
        return Certificate(**values)


class _Case:
    """One person's proof."""

    def __init__(self, prover: Prover, one: Request, first: tuple[Tensor, Tensor] | None, deadline: float) -> None:
        self.prover, self.one, self.first, self.deadline = prover, one, first, deadline
        self.exact = Exact(prover.problem, prover.world, one)
        logit, density = self.exact.rounding
        slack = 2 * density if one.plausibility else math.inf
        self.rounding = max(logit, 1e-8), max(density, _TOLERANCE)
        self.person = Person.of(one, prover.world, slack)
        self.best = Action(torch.zeros_like(one.actionable[0]), one.factual[0])
        self.bound = math.nan
        """Proved lower bound of the root of the cost; infinite if nobody can do anything."""

    def certificate(self) -> Certificate:
        """Return what can be proved in time."""
        self._begin()
        if self.best.cost == 0.0:
            return self._ends(Outcome.SOLVED, bound=0.0)
        answer = self._prove(-self.exact.rounding[0])
        if math.isfinite(self.best.cost):
            return self._ends(Outcome.SOLVED, bound=min(self.bound**2, self.best.cost), reason=answer.reason)
        if answer.status is Status.INFEASIBLE:
            return self._ends(Outcome.INFEASIBLE, bound=math.inf)
        if answer.status is Status.OPTIMAL or answer.found:
            again = self._prove(_STRICT * max(self.rounding[0], _TOLERANCE))
            if math.isfinite(self.best.cost):
                return self._ends(Outcome.SOLVED, bound=min(self.bound**2, self.best.cost), reason=again.reason)
        outcome = Outcome.TIMED_OUT if time.monotonic() >= self.deadline else Outcome.NOT_FOUND
        return self._ends(outcome, bound=self.bound**2, reason=answer.reason)

    def _ends(self, outcome: Outcome, *, bound: float, reason: str = "") -> Certificate:
        return Certificate(outcome, self.best.mask, self.best.values, self.best.cost, bound, reason=reason)

    def _begin(self) -> None:
        """Take up the first action if it passes the exact models; otherwise search for one."""
        if self.first is not None:
            mask, values = self.first
            self._take_up([(mask.numpy(), values.numpy())])
        if not math.isfinite(self.best.cost) or not self.best.mask.any():
            self.best = self.exact.search(generator(self.prover.seed, "certified", "search"))

    @property
    def _most(self) -> float:
        """Weighted cost below which something cheaper than the best action is looked for."""
        return self.best.cost * (1 - self.prover.gap / 2) ** 2

    def _prove(self, margin: float) -> Answer:
        """Search for something cheaper than the best action, and take it up; remember what is proved.

        What is proved with a positive `margin` says nothing about the problem itself, and is not remembered.
        """
        answer = self._split(margin)
        # Where costs are so small that rounding counts, all pieces are looked at and the gap is still wide.
        wide = answer.status is Status.OPTIMAL and self.bound**2 < self._most * (1 - _TOLERANCE)
        if not (wide or answer.status is Status.STOPPED) or time.monotonic() >= self.deadline:
            return answer
        before, answer = self.bound, self._program(margin)
        self.bound = float(np.fmax(before, self.bound))
        return answer

    def _split(self, margin: float) -> Answer:
        """Do so in pieces; stopped if they are too many, or hold whole numbers, or take too long."""
        world, person = self.prover.world, self.person
        parts = pieces(world, person, Limits.of(world, person, math.sqrt(self._most)))
        if parts is None:
            return Answer(Status.STOPPED, 0.0, False, "too many pieces")
        until = time.monotonic() + _SHARE * (self.deadline - time.monotonic())
        floor, done = math.inf, True
        if parts:
            price = person.price[list(parts[0].columns)]
            floor, done = searched(
                parts, price, world.network, margin=margin, most=lambda: self._most, offer=self._settle, until=until
            )
        floor = min(floor, self._most)
        if margin <= 0:
            self.bound = math.sqrt(floor)
        if not done:
            return Answer(Status.STOPPED, floor, False, "timelimit")
        if floor == math.inf:
            return Answer(Status.INFEASIBLE, 0.0, False, "nothing in any piece")
        return Answer(Status.OPTIMAL, floor, True, "" if math.isfinite(self.best.cost) else "no action passes")

    def _settle(self, corner: Corner, found: Found) -> None:
        """Take up the best action near a solution in a box that passes the exact models."""
        piece, person = corner.piece, self.person
        first = [piece.action(found.change, person, trifle) for trifle in _TRIFLES]
        for times in _MARGINS:
            radius = piece.radius
            if math.isfinite(radius):
                radius = math.sqrt(max(radius**2 - person.slack - 2 * times * self.rounding[1], 0.0))
            change = corner.exactly(found, times * self.rounding[0], radius)
            if change is None:
                break
            if self._take_up([piece.action(change, person, trifle) for trifle in _TRIFLES]):
                return
        self._take_up(first, spare=False)

    def _program(self, margin: float) -> Answer:
        """Do so by one mixed-integer program of all that the person can do."""
        world, person, share = self.prover.world, self.person, 1 - self.prover.gap / 2
        distance = math.sqrt(self.best.cost) * share
        scale = 1.0
        try:
            program = Program(world, person, self._limits(distance, margin), margin=margin)
            scale = program.scale
            seconds = max(self.deadline - time.monotonic(), 0.0)
            answer = self.prover.backend(program.problem, seconds, self.prover.gap / 2)
        except Infeasible:
            answer = Answer(Status.INFEASIBLE, 0.0, False, "plain to see without a search")
        if margin <= 0:
            proved = {Status.INFEASIBLE: distance, Status.TROUBLE: math.nan}
            self.bound = proved.get(answer.status, min(answer.bound * scale, distance))
        if answer.found:
            self._polish(program)
        return answer

    def _limits(self, distance: float, margin: float) -> Limits:
        """Return limits that are tight as long as tightening pays."""
        world, person = self.prover.world, self.person
        limits = Limits.of(world, person, distance)
        before = math.inf
        for number in range(_ROUNDS):
            if limits.undecided <= _FEW or (number >= _SURE and limits.undecided > 0.9 * before):
                break
            before = limits.undecided
            limits = tighten(world, person, limits, margin=margin, deadline=self.deadline)
        return limits

    def _polish(self, program: Program) -> None:
        """Take up the best action near a program's solution that passes the exact models."""
        first = [program.action(trifle) for trifle in _TRIFLES]
        held = [np.asarray(switch.value) for switch in program.switches]
        self._take_up(first)
        for times in _MARGINS:
            person, margin = self.person.stricter(2 * times * self.rounding[1]), times * self.rounding[0]
            try:
                convex = Program(self.prover.world, person, program.limits, margin=margin, held=held)
            except Infeasible:
                break
            if solved(convex.problem) and self._take_up([convex.action(trifle) for trifle in _TRIFLES]):
                return
        self._take_up(first, spare=False)  # whole numbers may leave just one action, exactly as likely as the factual

    def _take_up(self, candidates: list[tuple[np.ndarray, np.ndarray]], *, spare: bool = True) -> bool:
        """Take up the cheapest of some actions if it is better than the best; return whether any passes."""
        actions = [
            self.exact.action(torch.from_numpy(mask), torch.from_numpy(values), spare=spare)
            for mask, values in candidates
        ]
        for action in actions:
            if action.cost < self.best.cost:
                self.best = action
        return any(math.isfinite(action.cost) for action in actions)
