"""Asks one solver, and holds up what it does wrong: nothing of it reaches the harness or another solver."""

from __future__ import annotations

__all__ = ["Advice", "Guard"]

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError, NotApplicable
from recourse_arena.execution.guard.bisection import bisected
from recourse_arena.execution.guard.isolated_inputs import SharedModels, changed, copied, versions
from recourse_arena.execution.guard.process_state import ProcessState
from recourse_arena.interfaces.solver import Solver
from recourse_arena.menus.menu import Menu
from recourse_arena.people.features import FeatureTable
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.storage.task_result import Note, own_traceback

T = TypeVar("T")

_PEOPLE = ("training", "validation", "box", "cost", "protected")
"""What of a problem is data; each solver gets its own copy."""


class _Malformed(ArenaError):
    """What a solver returned is no recommendation for what it was asked."""


@dataclass(frozen=True)
class Advice:
    """What a solver says to a request.

    Arguments:
        recommendation: Its recommendation, with outcome `failed` for those for whom it raises.
        notes: What it did that it should not have.
        seconds: The time it took, retries included, checks excluded.
    """

    recommendation: Recommendation
    notes: tuple[Note, ...]
    seconds: float


class Guard:
    """Fits one solver and asks it, again and again.

    Whatever the solver does, global random generators and shared models are as before, the request and the problem
    of others are untouched, and what it should not have done is noted.

    Arguments:
        solver: The solver.
        plugin: Name of the plugin it comes from; empty if it was handed over as an object.
    """

    def __init__(self, solver: Solver, plugin: str = "") -> None:
        self.solver, self.plugin = solver, plugin
        self._seed = 0
        self._notes: dict[str, Note] = {}
        self._problem: tuple[Problem, Problem] | None = None
        self._models = SharedModels({})
        self._written: list[int] = []

    def fit(self, problem: Problem, *, seed: int) -> Mapping[str, Tensor] | None:
        """Fit the solver to what it may know of a problem and return its state, if it keeps one.

        Raises what the solver raises.
        """
        return self._prepared(problem, seed, self._fit)

    def restore(self, problem: Problem, state: Mapping[str, Tensor], *, seed: int) -> None:
        """Give the solver back its state instead; raises what the solver raises."""
        self._prepared(problem, seed, lambda handed: self.solver.restore(handed, state))

    def warm_up(self, request: Request) -> None:
        """Ask about somebody and forget all of it, so that no later request takes the time of imports."""
        problem = self._problem
        with suppress(Exception):  # what it raises is found again when it matters
            self._ask(request, {})
        self._problem, self._written = problem, []  # so is what it overwrites

    def recommend(self, request: Request) -> Advice:
        """Ask the solver about people.

        Where it raises, it is asked about ever fewer of them: only those stay without an answer for whom it raises
        alone.

        Raises:
            NotApplicable: If the solver says that it is not meant for the request.
            ArenaError: If what it returns is not a recommendation for the request.
            Exception: What the solver raises, if it raises for everybody.
        """
        notes, spent = dict(self._notes), [0.0]

        def ask(some: Request) -> Recommendation:
            return self._ask(some, notes, spent)

        try:
            recommendation = ask(request)
        except (NotApplicable, _Malformed):
            raise
        except Exception as error:
            found = bisected(ask, request, error)
            recommendation = found.recommendation
            self._add(notes, "raised", found.text, found.people, own_traceback(found.error, self.module))
        return Advice(recommendation, tuple(notes.values()), spent[0])

    def one_by_one(self, request: Request) -> float:
        """Ask the solver about people one after the other, each alone, and return the seconds that took it.

        Raises as :meth:`recommend` does.
        """
        return sum(self.recommend(request[place : place + 1]).seconds for place in range(len(request)))

    def begin(self) -> None:
        """Let the time that a step may take begin: nobody can take it from code in one's own process."""

    def close(self) -> None:
        """Let go of everything."""
        self._problem = None

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return True

    @property
    def validation_score(self) -> float | None:
        """How good the fit is by the solver's own account."""
        score = self.solver.validation_score
        return None if score is None else float(score)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the solver did while it was prepared."""
        return tuple(self._notes.values())

    @property
    def module(self) -> str:
        """Name of the module that the solver's class is from."""
        return type(self.solver).__module__

    def _fit(self, problem: Problem) -> Mapping[str, Tensor] | None:
        self.solver.fit(problem, seed=self._seed)
        state = self.solver.state()
        if state is not None:
            _check_state(state)
        return state

    def _prepared(self, problem: Problem, seed: int, prepare: Callable[[Problem], T]) -> T:
        self._seed, self._notes = seed, {}
        problem = problem.seen_by(self.solver.knows)
        handed = copied(problem, *_PEOPLE)
        self._problem = (problem, handed)
        self._models = SharedModels(
            {
                "decision model": problem.decisions,
                "flow": problem.causal_flow,
                "causal model": problem.true_scm,
                "autoencoder": problem.autoencoder,
            }
        )
        with self._watched("fit", self._notes):
            return prepare(handed)

    def _ask(self, request: Request, notes: dict[str, Note], spent: list[float] | None = None) -> Recommendation:
        handed = copied(request)
        with self._watched("recommend", notes):
            start = time.perf_counter()
            try:
                answer = self.solver.recommend(handed)
            finally:
                if spent:
                    spent[0] += time.perf_counter() - start
        overwritten = changed(request, handed)
        if overwritten:
            text = f"recommend overwrote the request's {' and '.join(overwritten)}"
            notes["request"] = Note("inputs", self.plugin, text)  # what it does to the last request says most
        if not isinstance(answer, Recommendation):
            raise _Malformed(f"recommend: expected a Recommendation, got {type(answer).__name__}")
        try:
            plain = _plain(answer, request.features)
            plain.check((len(request), len(request.features)))
        except ArenaError as error:
            raise _Malformed(str(error)) from None
        return plain

    @contextmanager
    def _watched(self, what: str, notes: dict[str, Note]) -> Iterator[None]:
        around = ProcessState(self._seed)
        try:
            with around:
                yield
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as stop:
            raise RuntimeError(f"{what} tried to end the run with {_spelled(stop)}") from stop
        finally:
            for touched in around.touched:
                self._add(notes, "global state", f"{what} touched {touched}; it was put back")
            for model in self._models.put_back():
                self._add(notes, "inputs", f"{what} changed the weights of the {model}; they were put back")
            self._note_overwritten(what, notes)

    def _note_overwritten(self, what: str, notes: dict[str, Note]) -> None:
        """Compare the problem's people with what the solver was handed.

        Later requests compare how often PyTorch wrote to them: that takes no time however many they are.
        """
        if self._problem is None:
            return
        written = versions(self._problem[1])
        if what != "fit" and written == self._written and notes is not self._notes:
            return
        self._written = written
        if data := changed(*self._problem, *_PEOPLE):
            self._add(notes, "inputs", f"{what} overwrote the problem's {' and '.join(data)}; others have their own")
            self._problem = None  # said once: the copy is the solver's own

    def _add(
        self, notes: dict[str, Note], kind: str, text: str, people: int | None = None, traceback: str = ""
    ) -> None:
        notes.setdefault(text, Note(kind, self.plugin, text, people, traceback))


def _check_state(state: object) -> None:
    """Refuse a state that cannot be kept, in words that its author can use."""
    if not isinstance(state, Mapping):
        raise ArenaError(f"state: expected tensors by name, or None, got {type(state).__name__}")
    for name, value in state.items():
        if not isinstance(name, str) or name in ("", "__metadata__"):
            raise ArenaError(f"state: expected names of tensors, got {name!r}")
        if not isinstance(value, Tensor):
            raise ArenaError(f"state: expected a tensor as {name!r}, got {type(value).__name__}")
        if value.layout is not torch.strided or value.device.type == "meta" or value.is_quantized:
            raise ArenaError(
                f"state: {name!r} must be a dense tensor with values, got {value.layout} on {value.device}"
            )


def _spelled(stop: BaseException) -> str:
    return f"SystemExit({stop.code!r})" if isinstance(stop, SystemExit) else type(stop).__name__


def _plain(answer: Recommendation, features: FeatureTable) -> Recommendation:
    """Return a recommendation on plain tensors of its own in main memory, whatever those of the solver are."""
    with torch._C.DisableTorchFunctionSubclass():  # a class of its own may have operators of its own
        parts: dict[str, Any] = {name: _own(value) for name, value in vars(answer).items() if isinstance(value, Tensor)}
        if isinstance(answer.menu, Menu):
            parts["menu"] = Menu.restored({name: _own(part) for name, part in answer.menu.state().items()}, features)
    return Recommendation(**{f.name: parts.get(f.name, getattr(answer, f.name)) for f in fields(Recommendation)})


def _own(value: Tensor) -> Tensor:
    return value.detach().as_subclass(Tensor).cpu().clone()
