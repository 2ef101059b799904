"""The solver's side: one solver in a process of its own is fitted and asked as its line says, and answers with data."""

from __future__ import annotations

__all__ = ["Asked", "SolverSetup", "describe_for", "serve"]

import json
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cloudpickle
from torch import Tensor

from recourse_arena.base.errors import ArenaError, described
from recourse_arena.base.names import variant
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.execution.guard.progress_events import Ear, throttled
from recourse_arena.execution.solving.line import Line
from recourse_arena.execution.solving.wire import packed
from recourse_arena.interfaces.solver import Solver
from recourse_arena.planning.solver_card import SolverCard
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.task_result import Failure, Note

_LARGEST = 1 << 34
"""Bytes of a question: models and people, from our own side."""


@dataclass(frozen=True)
class SolverSetup:
    """Which solver a process is for.

    Arguments:
        solver: Its name with options.
        plugin: The plugin it comes from; empty if it was handed over.
        pickled: The solver itself, if it was handed over: read there only.
        path: Where Python looks for modules, before its own places.
        registry: What that plugin offers, as far as is known without importing it: looking for all that is installed
            takes longer than most solvers need for a cell.
    """

    solver: str
    plugin: str
    pickled: bytes = b""
    path: tuple[str, ...] = ()
    registry: Registry | None = None

    def make(self) -> tuple[Solver, Registry | None]:
        """Return the solver, and the registry that has it, if it was not handed over.

        Raises:
            Exception: Whatever its plugin raises.
        """
        _look_in(self.path)
        if self.pickled:
            return cloudpickle.loads(self.pickled), None
        registry = discover() if self.registry is None else self.registry
        registry = registry.only(self.plugin) if self.plugin else registry
        return registry.solver(self.solver), registry


def serve(line: Line) -> None:
    """Answer what comes over `line` until its other end is closed; nothing but data leaves this process."""
    import torch

    torch.set_num_threads(1)
    solving = _Solving(line)
    while True:
        try:
            content = line.receive(most=_LARGEST)
        except EOFError:
            return
        assert content is not None
        solving.answer(*cloudpickle.loads(content))


class _Solving:
    def __init__(self, line: Line) -> None:
        self._line, self._home, self._turn = line, os.getpid(), threading.Lock()
        self._number = 0
        self._guard: Guard | None = None
        self._ear = Ear(self._tell)

    def answer(self, number: int, what: str, given: Any) -> None:
        """Do what a question asks for, and say what came of it."""
        self._number = number
        try:
            kind, head, tensors = getattr(self, f"_{what}")(*given)
        except Exception as error:
            module = "" if self._guard is None else self._guard.module
            failure = Failure.of(error, module)
            kind = "skipped" if failure.outcome is Outcome.SKIPPED else "failed"
            head, tensors = {"reason": failure.reason, "traceback": failure.traceback}, {}
        except BaseException as error:  # whatever a solver raises costs its own cell only
            kind, head, tensors = "failed", {"reason": described(error)}, {}
        try:
            content = packed(number, kind, head, tensors)
        except Exception as error:  # tensors may be of any kind
            content = packed(number, "failed", {"reason": f"its answer cannot be sent: {described(error)}"})
        self._send(content)

    def _send(self, content: bytes) -> None:
        if os.getpid() != self._home:  # a fork that came back: only one of them is asked
            os._exit(0)
        with self._turn:  # a solver may say how far it is from any of its threads
            self._line.send(content)

    def _tell(self, share: float, loss: float | None) -> None:
        self._send(packed(self._number, "part", {"share": share, "loss": loss}))

    def _make(self, setup: SolverSetup) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
        self._guard = Guard(setup.make()[0], setup.plugin)
        return "done", {}, {}

    def _fit(self, problem: Any, seed: int) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
        guard = self._ready
        state = guard.fit(self._own(problem), seed=seed)
        return "done", {"keeps": state is not None, "notes": _said(guard.notes)}, dict(state or {})

    def _restore(self, problem: Any, state: Any, seed: int) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
        guard = self._ready
        guard.restore(self._own(problem), state, seed=seed)
        return "done", {"notes": _said(guard.notes)}, {}

    def _warm_up(self, request: Any) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
        self._ready.warm_up(request)
        return "done", {}, {}

    def _recommend(self, request: Any) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
        found = self._ready.recommend(request)
        answer, score = found.recommendation, self._ready.validation_score
        tensors = {"mask": answer.mask, "values": answer.values, "outcome": answer.outcome}
        if answer.lower_bound is not None:
            tensors["lower_bound"] = answer.lower_bound
        if answer.menu is not None and answer.pick is not None:
            tensors |= {"pick": answer.pick, **{f"menu_{name}": part for name, part in answer.menu.state().items()}}
        return "done", {"notes": _said(found.notes), "validation_score": score}, tensors

    def _one_by_one(self, request: Any) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
        self._ready.one_by_one(request)
        return "done", {}, {}

    @property
    def _ready(self) -> Guard:
        assert self._guard is not None
        return self._guard

    def _own(self, problem: Any) -> Any:
        return replace(problem, report=throttled(self._ear))


def _said(notes: Sequence[Note]) -> list[dict[str, Any]]:
    return [note.as_dict() for note in notes]


@dataclass(frozen=True)
class Asked:
    """What a process is to describe.

    Arguments:
        names: Solvers by name with options.
        registry: The plugins that it asks, and no others.
        pickled: The solver itself, if it was handed over: read there only.
        path: Where Python looks for modules, before its own places.
    """

    names: tuple[str, ...]
    registry: Registry
    pickled: bytes = b""
    path: tuple[str, ...] = ()


def describe_for(line: Line) -> None:
    """Answer one request for cards over `line`."""
    content = line.receive(most=_LARGEST)
    assert content is not None
    try:
        said = json.dumps(_described(cloudpickle.loads(content)))
    except ArenaError as error:
        said = json.dumps({"error": str(error)})
    except BaseException as error:  # a plugin may raise anything
        said = json.dumps({"lost": f"it cannot be imported or made: {described(error)}"})
    line.send(said.encode())


def _described(asked: Asked) -> dict[str, Any]:
    cards = {}
    if asked.pickled:
        (name,) = asked.names
        cards[name] = SolverCard.of(SolverSetup(name, "", asked.pickled, asked.path).make()[0], name).as_dict()
        return {"cards": cards, "offers": [], "broken": {}}
    _look_in(asked.path)
    registry = asked.registry
    for name in asked.names:
        if variant(name)[0] in registry.solvers:
            cards[name] = SolverCard.of(registry.solver(name), name, registry).as_dict()
    offers = [] if len(cards) == len(asked.names) else [*registry.solvers]
    return {"cards": cards, "offers": offers, "broken": registry.broken("solvers")}


def _look_in(path: Sequence[str]) -> None:
    sys.path[:] = [*path, *(entry for entry in sys.path if entry not in path)]
