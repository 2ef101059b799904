"""One solver in a process of its own, seen from where it is judged: models go there by value, tensors come back."""

from __future__ import annotations

__all__ = ["Apart", "Failed", "SolverProcess"]

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cloudpickle
import psutil
from torch import Tensor

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.progress_hook import silent
from recourse_arena.execution.guard.guard import Advice
from recourse_arena.execution.guard.progress_events import Listener
from recourse_arena.execution.solving.limits import Limits
from recourse_arena.execution.solving.nursery import Child, Nursery, how_it_ended
from recourse_arena.execution.solving.process import SolverSetup
from recourse_arena.execution.solving.wire import Answer, Malformed, checked_recommendation, unpacked
from recourse_arena.menus.menu import MOST_CELLS
from recourse_arena.planning.tasks import FitTask
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.request import Request
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.task_result import Failure, Note

_LOOK = 0.1
"""Seconds between looks at how a process is doing."""

_STATE, _HEAD = 1 << 33, 1 << 22
"""Bytes that may come of a fit, and beside the tensors of a recommendation."""


class Failed(Exception):
    """A solver's process did not do what was asked.

    Arguments:
        failure: How its cell ends.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass
class Apart:
    """What processes of solvers need, and where they come from.

    Arguments:
        nursery: Forks them; another one is started if it is lost.
        limits: What a step may take.
        handed: The solvers that were handed over, by name, each as a pickle that is read in its own process only.
        path: Where Python looks for modules there, before its own places.
        registry: What is plugged in; of its solvers none is imported here. Without one, each process looks for itself.
    """

    nursery: Nursery
    limits: Limits = field(default_factory=Limits)
    handed: Mapping[str, bytes] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    registry: Registry | None = None

    def child(self, role: str) -> Child:
        """Return a new process."""
        try:
            return self.nursery.child(role)
        except OSError:  # a solver may have ended it
            self.nursery.close()
            self.nursery = Nursery.new()
            return self.nursery.child(role)

    def solver(self, task: FitTask) -> SolverProcess:
        """Return a process for the solver of a task."""
        pickled = self.handed[task.solver] if task.handed else b""
        offered = None if self.registry is None or task.handed else self.registry.only(task.plugin)
        setup = SolverSetup(task.solver, task.plugin, pickled, self.path, offered)
        return SolverProcess(self, setup, task.knows)

    def close(self) -> None:
        """End the nursery, and with it every process."""
        self.nursery.close()


class SolverProcess:
    """One solver in its process, which is made for it and ends with it; between two questions it stands still.

    Arguments:
        apart: Where it comes from.
        setup: Which solver it is.
        knows: What it may know: nothing else is sent.
    """

    def __init__(self, apart: Apart, setup: SolverSetup, knows: frozenset[Knowledge]) -> None:
        self._apart, self._knows, self.plugin = apart, knows, setup.plugin
        self._notes: tuple[Note, ...] = ()
        self.validation_score: float | None = None
        self.listener: Listener | None = None
        self._number = 0
        self.begin()
        self._child: Child | None = apart.child("solver")
        try:
            self._asked("make", (setup,), most=_HEAD)
        except BaseException:
            self.close()
            raise

    def begin(self, limit: float | None = None) -> None:
        """Let the time that a step may take begin.

        Arguments:
            limit: Seconds; by default those of the limits.
        """
        limit = self._apart.limits.timeout if limit is None else limit
        self._limit = limit or 0.0
        self._until = float("inf") if limit is None else time.monotonic() + limit

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._child is not None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the solver did while it was prepared that it should not have."""
        return self._notes

    def fit(self, problem: Problem, *, seed: int) -> Mapping[str, Tensor] | None:
        """Fit the solver to what it may know of a problem, and return its state, if it keeps one.

        Raises:
            Failed: If it cannot.
        """
        answer = self._asked("fit", (self._handed(problem), seed), most=_STATE)
        self._notes = self._own(answer)
        return answer.tensors if answer.head.get("keeps") is True else None

    def restore(self, problem: Problem, state: Mapping[str, Tensor], *, seed: int) -> None:
        """Give the solver back its state instead.

        Raises:
            Failed: If it cannot take it.
        """
        answer = self._asked("restore", (self._handed(problem), dict(state), seed), most=_HEAD)
        self._notes = self._own(answer)

    def warm_up(self, request: Request) -> None:
        """Ask about somebody and forget it, so that no later request takes the time of imports.

        Raises:
            Failed: If the time is over; anything else is found again when it matters.
        """
        try:
            self._asked("warm_up", (request,), most=_HEAD)
        except Failed as error:
            if error.failure.outcome is Outcome.TIMED_OUT:
                raise

    def recommend(self, request: Request) -> Advice:
        """Ask the solver about people; the time is measured here, where it cannot be set back.

        Raises:
            Failed: If it gives no recommendation for them.
            ArenaError: If what it gives is none.
        """
        people, features = len(request), request.features
        content, start = self._question("recommend", (request,)), time.perf_counter()
        answer = self._answer(content, most=_HEAD + people * (len(features) * 9 + 24) + 9 * MOST_CELLS)
        seconds = time.perf_counter() - start
        try:
            found = checked_recommendation(answer, people, features)
        except ArenaError as error:
            raise Failed(Failure(Outcome.FAILED, str(error), plugin=self.plugin)) from None
        self.validation_score = answer.number_of("validation_score")
        return Advice(found, (*self._notes, *self._own(answer)), seconds)

    def one_by_one(self, request: Request) -> float:
        """Ask the solver about people one after the other, each alone; return the seconds of the whole conversation.

        The clock is the one here. All people travel in one question, as applications reach a service that is up, so
        what that takes is shared among them.

        Raises:
            Failed: If it fails of somebody.
        """
        content, start = self._question("one_by_one", (request,)), time.perf_counter()
        self._answer(content, most=_HEAD)
        return time.perf_counter() - start

    def close(self) -> None:
        """End the process, and whatever it started."""
        if self._child is not None:
            self._end()

    def _handed(self, problem: Problem) -> Problem:
        """Return what travels of a problem: what the solver did not declare to know stays here."""
        seen = problem.seen_by(self._knows)
        return replace(seen, decisions=problem.decisions, report=silent)

    def _own(self, answer: Answer) -> tuple[Note, ...]:
        try:
            return tuple(replace(note, plugin=self.plugin) for note in answer.notes)
        except Malformed as error:
            raise self._broken(f"its process answered with nonsense ({error})") from None

    def _asked(self, what: str, given: tuple[Any, ...], *, most: int) -> Answer:
        return self._answer(self._question(what, given), most=most)

    def _question(self, what: str, given: tuple[Any, ...]) -> bytes:
        self._number += 1
        return cloudpickle.dumps((self._number, what, given))

    def _answer(self, question: bytes, *, most: int) -> Answer:
        """Return the answer to a question; meanwhile the process runs."""
        if self._child is None:
            raise Failed(Failure(Outcome.FAILED, "its process has ended", plugin=self.plugin))
        self._signal(signal.SIGCONT)
        self._child.line.send_aside(question)
        answer = self._awaited(most)
        self._signal(signal.SIGSTOP)  # threads and forks that go on take nobody else's time
        if answer.kind == "done":
            return answer
        outcome = Outcome.SKIPPED if answer.kind == "skipped" else Outcome.FAILED
        reason = answer.text("reason") or "it gave no reason"
        raise Failed(Failure(outcome, reason, answer.text("traceback"), self.plugin))

    def _awaited(self, most: int) -> Answer:
        assert self._child is not None
        limits = self._apart.limits
        while True:
            left = self._until - time.monotonic()
            try:
                content = self._child.line.receive(most=most, wait=max(min(left, _LOOK), 0.0))
                if content is not None:
                    answer = unpacked(content)
                    if answer.number != self._number:
                        raise Malformed("it answers another question")
                    if answer.kind != "part":
                        return answer
                    self._hear(answer)
            except EOFError:
                raise self._broken(f"its process ended by itself: {self._end(grace=5.0)}") from None
            except (Malformed, ValueError) as error:
                raise self._broken(f"its process answered with nonsense ({error})") from None
            if content is None and self._gone():
                raise self._broken(f"its process ended by itself: {self._end(grace=0.1)}")
            if limits.memory is not None and (held := self._memory()) > limits.memory:
                raise self._broken(f"took {held / 1e9:.1f} GB of memory; {limits.memory / 1e9:.1f} GB are allowed")
            if left <= 0:
                reason = f"not done after {self._limit:g} seconds, the time allowed"
                raise self._broken(reason, Outcome.TIMED_OUT)

    def _hear(self, answer: Answer) -> None:
        share = answer.number_of("share")
        if self.listener is not None and share is not None:
            self.listener(min(max(share, 0.0), 1.0), answer.number_of("loss"))

    def _broken(self, reason: str, outcome: Outcome = Outcome.FAILED) -> Failed:
        """End the process and return why its cell failed."""
        self.close()
        return Failed(Failure(outcome, reason, plugin=self.plugin))

    def _gone(self) -> bool:
        """Return whether the process has ended though something that it started holds its line."""
        assert self._child is not None
        try:
            return bool(psutil.Process(self._child.pid).status() == psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return True

    def _memory(self) -> int:
        """Return the bytes that the process and its children hold."""
        assert self._child is not None
        held = 0
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._child.pid)
            for process in [root, *root.children(recursive=True)]:
                held += process.memory_info().rss
        return held

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            with contextlib.suppress(OSError):
                os.killpg(self._child.pid, number)

    def _end(self, grace: float = 0.0) -> str:
        """End the process and return how it ended."""
        assert self._child is not None
        child, self._child = self._child, None
        code = self._apart.nursery.end(child, grace)
        return "nobody knows how" if code is None else how_it_ended(code)
