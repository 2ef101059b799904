"""A solver in a small problem: fitted once, asked once per request, whatever the number of laws."""

from __future__ import annotations

__all__ = ["Again", "Candidate"]

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.errors import NotApplicable
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.solver import Solver
from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.problem.scenario import Density, Scenario
from recourse_arena.testing.laws.law import NotRun, expect
from recourse_arena.testing.laws.reach import contents
from recourse_arena.testing.problems.worlds import World

_SEED = 0

_AGAIN = 3
"""How many people are asked about again and again: some solvers need a second for each."""


@dataclass(frozen=True)
class Again:
    """What was seen of a second fit with the same seed in another random state, and of its answer to `request`.

    Arguments:
        answer: What it recommends.
        touched: What of the global state was used or changed, by what was done: `fit`, then `recommend`.
        problem: The tensors of the problem it was handed: before `fit`, after it, and after `recommend`.
        request: Those of the request: before and after `recommend`.
    """

    answer: Recommendation
    touched: Mapping[str, ProcessState]
    problem: tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]
    request: tuple[dict[str, Tensor], dict[str, Tensor]]


@dataclass
class Candidate:
    """A solver under test in one problem. Whatever it does to what it is handed reaches nobody else.

    Arguments:
        make: Returns a solver that has not been fitted yet.
        world: The problem and its requests.
        seconds: How long it took over the people it was asked about, and how many they were.
        failed: Whether it failed to give advice.
    """

    make: Callable[[], Solver]
    world: World
    seconds: list[tuple[float, int]] = field(default_factory=list)
    failed: bool = False

    @cached_property
    def solver(self) -> Solver:
        """The solver, fitted to the problem: to `shown`.

        Raises:
            NotApplicable: If it is not meant for this problem.
        """
        with ProcessState(10_000):  # what it sets for the whole process is put back, and seen when it is fitted again
            return self.fit(problem=self.shown)

    @cached_property
    def whole(self) -> Problem:
        """A copy of the problem with nothing withheld, of which `shown` is what the solver may see."""
        return copy.deepcopy(self.world.problem)

    @cached_property
    def shown(self) -> Problem:
        """What `solver` was fitted to."""
        return self.whole.seen_by(self.make().knows)

    def handed(self, solver: Solver) -> Problem:
        """Return the problem on tensors of its own, as far as a solver may see it."""
        return copy.deepcopy(self.world.problem).seen_by(solver.knows)

    def fit(self, solver: Solver | None = None, problem: Problem | None = None, *, seed: int = _SEED) -> Solver:
        """Return a solver, by default a new one, after fitting it to a problem, by default this one's.

        Fits run as in a run, on one thread.
        """
        solver = solver or self.make()
        known = problem or self.handed(solver)
        with one_thread():
            solver.fit(known, seed=seed)
        return solver

    @cached_property
    def again(self) -> Again:
        """A second fit, watched: several laws look at it, because a fit may take long.

        Raises:
            NotApplicable: If it is not meant for this problem.
        """
        solver, request = self.make(), copy.deepcopy(self.request)
        problem = self.handed(solver)
        handed, asked = contents(problem), contents(request)
        with ProcessState(20_000) as fitting:
            self.fit(solver, problem)
        fitted = contents(problem)
        with ProcessState(20_000) as asking:
            answer = self.answered(solver, request)
        seen = (handed, fitted, contents(problem))
        return Again(answer, {"fit": fitting, "recommend": asking}, seen, (asked, contents(request)))

    @cached_property
    def request(self) -> Request:
        """The first request it is meant for, of a few people: those of `first`.

        Raises:
            NotApplicable: If there is none.
        """
        return self.world.requests[next(iter(self.advice))][:_AGAIN]

    @cached_property
    def advice(self) -> Mapping[str, Recommendation]:
        """What it recommends, by the name of each request it is meant for.

        Raises:
            NotApplicable: If there is none.
            NotRun: If it failed when this was asked before; once is enough.
        """
        if self.failed:
            raise NotRun("it fails here, as said before")
        try:
            return self._advice()
        except NotApplicable:
            raise
        except Exception:
            self.failed = True
            raise

    def _advice(self) -> dict[str, Recommendation]:
        reasons: list[str] = []
        advice: dict[str, Recommendation] = {}
        for name, request in self.world.requests.items():
            try:
                self._refuse(request)
                if not advice:
                    self.ask(self.solver, request[:1])  # so that imports are not timed
                start = time.perf_counter()
                answer = self.ask(self.solver, request)
            except NotApplicable as reason:
                reasons.append(str(reason))
                continue
            self.seconds.append((time.perf_counter() - start, len(request)))
            advice[name] = answer
        if not advice:
            raise NotApplicable(reasons[0])
        return advice

    def _refuse(self, request: Request) -> None:
        """Raise why the solver declares not to be meant for a request, as a run would skip it."""
        by_equations: Density = "scm" if request.density == "scm" else "flow"
        asked = Scenario("asked", plausibility=request.plausibility, density=by_equations, sparsity=request.sparsity)
        if reason := mismatch(self.make(), asked, Known.of_problem(self.world.problem)):
            raise NotApplicable(reason)

    @property
    def first(self) -> Recommendation:
        """What it recommended to the people of `request`."""
        answer = next(iter(self.advice.values()))
        return answer[:_AGAIN]

    @classmethod
    def ask(cls, solver: Solver, request: Request) -> Recommendation:
        """Return what a fitted solver recommends, on a request of its own.

        Raises:
            LawBroken: If that is no recommendation.
            ArenaError: If its tensors are not of the right shapes and dtypes.
        """
        return cls.answered(solver, copy.deepcopy(request))

    @staticmethod
    def answered(solver: Solver, request: Request) -> Recommendation:
        """Return what a fitted solver recommends, on this very request.

        Raises:
            LawBroken: If that is no recommendation.
            ArenaError: If its tensors are not of the right shapes and dtypes.
        """
        with one_thread():
            answer = solver.recommend(request)
        expect(isinstance(answer, Recommendation), f"expected a Recommendation, got {type(answer).__name__}")
        answer.check((len(request), len(request.features)))
        return answer
