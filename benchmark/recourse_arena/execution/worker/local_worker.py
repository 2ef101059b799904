"""Where tasks are worked on: in this process, one after the other."""

from __future__ import annotations

__all__ = ["LocalWorker"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, singledispatchmethod
from pathlib import Path
from typing import Any

import pyarrow as pa
from torch import Tensor

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.progress_hook import ProgressHook
from recourse_arena.execution.guard.broken_constraints import broken_constraints
from recourse_arena.execution.guard.composed_menu import check_composed
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.execution.guard.progress_events import Ear, Listener, throttled
from recourse_arena.execution.solving.solver_process import Apart, Failed, SolverProcess
from recourse_arena.execution.worker.changed_models import changed_models, demanding_problem
from recourse_arena.execution.worker.conversing import talk
from recourse_arena.execution.worker.fitted_dataset import FittedDataset, prepare
from recourse_arena.execution.worker.measuring import MetricValues
from recourse_arena.execution.worker.shared_autoencoders import shared_autoencoder
from recourse_arena.interfaces.solver import Solver
from recourse_arena.judging.advice_table import as_advice, as_recommendation, talked_about
from recourse_arena.judging.interaction import with_conversation
from recourse_arena.menus.menu import Menu
from recourse_arena.models.generative.autoencoder import Autoencoder
from recourse_arena.planning.plan import Cell
from recourse_arena.planning.tasks import AutoencoderTask, ChangeTask, FitTask, JudgeTask, ModelsTask, SolveTask, Task
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.people_table import as_frame
from recourse_arena.storage.task_result import (
    AdviceResult,
    AutoencoderResult,
    CellResult,
    ChangeResult,
    Failure,
    FitResult,
    ModelsResult,
    Note,
    TaskResult,
)

_HELD = 4
"""Solvers that are kept ready, and fitted datasets."""

_ALONE = 20
"""How many people are offered a menu one after the other, each alone; their mean wait counts."""


@dataclass
class LocalWorker:
    """Works on tasks; what a plugin raises is an answer too.

    Everything is computed on one thread: sums over several are rounded otherwise, and results must not depend on how
    many cores there are. More cores are for more jobs.

    Arguments:
        registry: What is plugged in.
        data: Data directory.
        cache: Where models and what solvers learnt are kept.
        solvers: The solvers handed over as objects, by name, where they work in this process.
        apart: Where solvers get processes of their own; none for those that work in this one.
        prepared: Returns the fitted dataset of a name and seed instead of preparing it: whoever asks there is asked
            about.
        held: How many solvers are kept ready.
    """

    registry: Registry
    data: Path
    cache: ArtefactCache
    solvers: Mapping[str, Solver] = field(default_factory=dict)
    prepared: Callable[[str, int], FittedDataset] | None = None
    apart: Apart | None = None
    held: int = _HELD
    _datasets: dict[str, FittedDataset] = field(default_factory=dict)
    _autoencoders: dict[str, Autoencoder] = field(default_factory=dict)
    _ready: dict[str, Guard | SolverProcess] = field(default_factory=dict)
    _warm: set[str] = field(default_factory=set)
    _told: dict[str, Recommendation] = field(default_factory=dict)
    _composed: dict[str, Mapping[str, Tensor]] = field(default_factory=dict)
    _ear: Ear = field(default_factory=Ear)

    def work(self, task: Task, before: TaskResult | None = None, listener: Listener | None = None) -> TaskResult:
        """Return what comes of a task.

        Arguments:
            task: The task.
            before: What came of the last task it needs: a fit, or the advice to judge.
            listener: Hears how far it is.
        """
        self._ear.listener = listener
        try:
            with one_thread():
                return self._worked(task, before)
        except Failed as error:
            return error.failure
        except Exception as error:  # a plugin may raise anything: it costs its own cells
            return Failure.of(error, self._module(task), task.plugin)
        finally:
            self._ear.listener = None

    def fitted(self, task: ModelsTask) -> FittedDataset:
        """Return the people and models of a task; raises what is wrong with them."""
        with one_thread():
            return self._dataset_of(task)

    def solver(self, task: FitTask) -> Guard | SolverProcess:
        """Return the prepared solver of a task; raises what it raises, or :class:`Failed`."""
        with one_thread():
            return self._guard_of(task)[0]

    def close(self) -> None:
        """Let go of everything, and end the processes of solvers."""
        self._datasets.clear()
        self._autoencoders.clear()
        self._told.clear()
        for key in [*self._ready]:
            self._let_go(key)
        if self.apart is not None:
            self.apart.close()

    @singledispatchmethod
    def _worked(self, task: Task, before: TaskResult | None) -> TaskResult:
        raise NotImplementedError(f"no worker knows how to work on {type(task).__name__}")

    @_worked.register
    def _models(self, task: ModelsTask, before: TaskResult | None) -> ModelsResult:
        fitted = self._dataset_of(task)
        fitted.check_somebody_asks()
        table = fitted.marginals().to_dict("list")
        return ModelsResult(dict(fitted.identity), {str(name): values for name, values in table.items()})

    @_worked.register
    def _change(self, task: ChangeTask, before: TaskResult | None) -> ChangeResult:
        fitted, change = self._dataset_of(task.models), self.registry.change(task.change)
        models = changed_models(
            task.change, change, fitted.before, seed=task.models.seed, key=task.key, cache=self.cache,
            report=self._report,
        )  # fmt: skip
        return ChangeResult(tuple(models))

    @_worked.register
    def _autoencoder(self, task: AutoencoderTask, before: TaskResult | None) -> AutoencoderResult:
        self._autoencoder_of(task)
        return AutoencoderResult()

    @_worked.register
    def _fit(self, task: FitTask, before: TaskResult | None) -> FitResult:
        guard, seconds = self._guard_of(task)
        return FitResult(seconds, guard.notes)

    def _dataset_of(self, task: ModelsTask) -> FittedDataset:
        if task.key not in self._datasets:
            _make_room(self._datasets)
            if self.prepared is not None:
                self._datasets[task.key] = self.prepared(task.dataset, task.seed)
            else:
                self._datasets[task.key] = prepare(
                    task.dataset,
                    seed=task.seed,
                    data=self.data,
                    cache=self.cache,
                    registry=self.registry,
                    keys=task.keys,
                    report=self._report,
                )
        return self._datasets[task.key]

    def _autoencoder_of(self, task: AutoencoderTask) -> Autoencoder:
        if task.key not in self._autoencoders:
            _make_room(self._autoencoders)
            self._autoencoders[task.key] = shared_autoencoder(
                task, self._dataset_of(task.models).problem, cache=self.cache, report=self._report
            )
        return self._autoencoders[task.key]

    def _guard_of(self, task: FitTask) -> tuple[Guard | SolverProcess, float]:
        """Return a prepared solver and the seconds that took: at hand, from the cache, or fitted now."""
        if task.key in self._ready and self._ready[task.key].alive:
            self._ready[task.key].begin()
            return self._ready[task.key], 0.0
        self._let_go(task.key)
        while len(self._ready) >= self.held:
            self._let_go(next(iter(self._ready)))
        guard = self._new_guard(task)
        seconds = self._fitted(guard, task)
        self._ready[task.key] = guard
        return guard, seconds

    def _new_guard(self, task: FitTask) -> Guard | SolverProcess:
        if self.apart is not None:
            process = self.apart.solver(task)
            process.listener = self._hear
            return process
        solver = self.solvers[task.solver] if task.handed else self.registry.solver(task.solver)
        for key, other in [*self._ready.items()]:
            if isinstance(other, Guard) and other.solver is solver:
                self._let_go(key)  # fitted for something else until now
        return Guard(solver, task.plugin)

    def _let_go(self, key: str) -> None:
        if key in self._ready:
            self._ready.pop(key).close()
        self._composed.pop(key, None)
        self._warm.discard(key)

    def _hear(self, share: float, loss: float | None) -> None:
        if self._ear.listener is not None:
            self._ear.listener(share, loss)

    def _fitted(self, guard: Guard | SolverProcess, task: FitTask) -> float:
        problem = self._dataset_of(task.models).problem_for(task.scenario, actionable=task.scenario.actionable)
        if task.demand:
            before, keys, seed = self._dataset_of(task.models).before, task.models.keys, task.models.seed
            problem = demanding_problem(
                problem,
                task.demand,
                before,
                keys,
                seed=seed,
                registry=self.registry,
                cache=self.cache,
                report=self._report,
            )
        shared = None if task.autoencoder is None else self._autoencoder_of(task.autoencoder)
        problem = replace(problem, autoencoder=shared, report=self._report)
        made = False

        def make() -> Any:
            nonlocal made
            made = True
            return guard.fit(problem, seed=task.seed)

        cache = ArtefactCache(None) if task.handed else self.cache
        state, seconds = cache.get(task.kind, task.key, make)
        if not made and state is not None:
            guard.restore(problem, state, seed=task.seed)
        if task.scenario.menu is not None:
            self._composed[task.key] = {name: part.clone() for name, part in (state or {}).items()}
        return seconds

    @_worked.register
    def _solve(self, task: SolveTask, before: TaskResult | None) -> AdviceResult:
        fit = before if isinstance(before, FitResult) else FitResult(0.0)
        fitted = self._dataset_of(task.fit.models).where(task.cell.scenario)
        request = fitted.request(task.cell.scenario, task.cell.people)
        guard, _ = self._guard_of(task.fit)
        if task.fit.key not in self._warm:
            guard.warm_up(request[:1])
            guard, _ = self._guard_of(task.fit)  # another one, if its process ended of it
            self._warm.add(task.fit.key)
        if task.cell.scenario.policy is None:
            answer = guard.recommend(request)
            if answer.recommendation.menu is not None and task.fit.key in self._composed:
                check_composed(answer.recommendation.menu, self._composed[task.fit.key], request.features)
            advice, seconds, menu = (
                as_advice(request, answer.recommendation),
                answer.seconds,
                answer.recommendation.menu,
            )
            said = (*answer.notes, *broken_constraints(request, answer.recommendation, task.plugin))
        else:
            menu = None
            advice, seconds, said = self._talked(task, request, guard)
        timings = {"fit_seconds": fit.seconds, "solve_seconds": seconds}
        if guard.validation_score is not None:
            timings["validation_score"] = guard.validation_score
        if menu is not None:
            timings |= _wait_alone(guard, request[:_ALONE])
        notes = dict.fromkeys((*fit.notes, *said, *_limits(fitted, task.cell)))
        return AdviceResult(advice, timings, tuple(notes), None if menu is None else menu.said())

    def _talked(
        self, task: SolveTask, truth: Request, guard: Guard | SolverProcess
    ) -> tuple[pa.Table, float, tuple[Note, ...]]:
        """Return advice after a conversation with people who hide what they want, the solver's seconds, and notes."""
        cell, fitted = task.cell, self._dataset_of(task.fit.models).where(task.cell.scenario)
        public, features = fitted.request(cell.scenario.hidden, cell.people), truth.features.names
        found = talk(
            truth, public.box, str(cell.scenario.policy), self.registry, guard, task.plugin, seed=task.fit.seed
        )
        hidden = f"{task.fit.key} {cell.scenario.hidden.name} {cell.people}"
        if hidden not in self._told:
            _make_room(self._told)
            self._told[hidden] = guard.recommend(truth).recommendation
            if self.apart is not None:  # it knows the truth now, and another policy's people are the same ones
                self._let_go(task.fit.key)
        ended = found.ended
        how = {"accepted": ended.accepted, "rounds": ended.rounds, "questions": ended.questions}
        advice = talked_about(as_advice(truth, ended.advice), self._told[hidden], features, **how)
        return advice, found.seconds, found.notes

    @_worked.register
    def _judge(self, task: JudgeTask, before: TaskResult | None) -> CellResult:
        assert isinstance(before, AdviceResult)
        fitted = self._dataset_of(task.solve.fit.models).where(task.cell.scenario)
        request = fitted.request(task.cell.scenario, task.cell.people)
        menu = None if before.menu is None else Menu.read(before.menu, request.features)
        people = fitted.judge(request, as_recommendation(before.advice, request.features.names, menu))
        if task.cell.scenario.policy is not None:
            people = with_conversation(fitted.judge, request, people, before.advice)
        metrics, raised = self._measures.of(as_frame(people), before.timings)
        measured = "" if raised else self._measures.digest  # what raised is tried again when the run is summarised
        rows = () if menu is None else tuple(menu.rows(request.features))
        return CellResult(people, before.timings, metrics, measured, before.notes, rows)

    def _module(self, task: Task) -> str:
        """Return the name of the module whose fault it is if a task fails."""
        if isinstance(task, (FitTask, SolveTask)):
            return (task if isinstance(task, FitTask) else task.fit).module
        return self.registry.module(*task.source)

    @cached_property
    def _report(self) -> ProgressHook:
        return throttled(self._ear)

    @cached_property
    def _measures(self) -> MetricValues:
        return MetricValues(self.registry)


def _wait_alone(guard: Guard | SolverProcess, some: Request) -> dict[str, float]:
    """Return how long one person alone waits for a menu's offers on average; nothing where the solver fails of it.

    Everybody has an answer by then, which a failure here must not cost them.
    """
    try:
        return {"alone_seconds": guard.one_by_one(some) / len(some)}
    except Exception:  # a plugin may raise anything
        return {}


def _limits(fitted: FittedDataset, cell: Cell) -> tuple[Note, ...]:
    """Return the notes on people whose answers are wrong, or whose own bounds leave them nothing of a feature."""
    wrong, limited = fitted.requests.left_out(cell.scenario), fitted.requests.limited(cell.scenario, cell.people)
    told = (("answers", wrong), ("bounds", limited))
    return tuple(Note(kind, "", text, count) for kind, (text, count) in told if text)


def _make_room(held: dict[str, Any], most: int = _HELD) -> None:
    """Let the oldest things go, so that a long run does not hold all of them at once."""
    while len(held) >= most:
        del held[next(iter(held))]
