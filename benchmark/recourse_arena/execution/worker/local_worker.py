"""Where nodes are worked on: in this process, one after the other."""

from __future__ import annotations

__all__ = ["LocalWorker"]

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, singledispatchmethod
from pathlib import Path
from typing import Any

from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.progress_hook import ProgressHook
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.execution.worker.fitted_dataset import FittedDataset, prepare
from recourse_arena.execution.worker.measuring import MetricValues
from recourse_arena.execution.worker.progress_events import Ear, Listener, throttled
from recourse_arena.interfaces.solver import Solver
from recourse_arena.judging.advice_table import as_advice, as_recommendation
from recourse_arena.planning.tasks import FitTask, JudgeTask, ModelsTask, SolveTask, Task
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.people_table import as_frame
from recourse_arena.storage.task_result import AdviceResult, CellResult, Failure, FitResult, ModelsResult, TaskResult


@dataclass
class LocalWorker:
    """Works on nodes; what a plugin raises is an answer too.

    Everything is computed on one thread: sums over several are rounded otherwise, and results must not depend on how
    many cores there are. More cores are for more jobs.

    Arguments:
        registry: What is plugged in.
        data: Data directory.
        cache: Where models and what solvers learnt are kept.
        solvers: The solvers handed over as objects, by name.
        prepared: Returns the materials of a dataset and seed instead of preparing them: whoever asks there is asked
            about.
    """

    registry: Registry
    data: Path
    cache: ArtefactCache
    solvers: Mapping[str, Solver] = field(default_factory=dict)
    prepared: Callable[[str, int], FittedDataset] | None = None
    _materials: dict[str, FittedDataset] = field(default_factory=dict)
    _ready: dict[str, Guard] = field(default_factory=dict)
    _warm: set[str] = field(default_factory=set)
    _ear: Ear = field(default_factory=Ear)

    def work(self, node: Task, before: TaskResult | None = None, listener: Listener | None = None) -> TaskResult:
        """Return what comes of a node.

        Arguments:
            node: The node.
            before: What came of the last node it needs: a fit, or the advice to judge.
            listener: Hears how far it is.
        """
        self._ear.listener = listener
        try:
            with one_thread():
                return self._worked(node, before)
        except Exception as error:  # a plugin may raise anything: it costs its own cells
            return Failure.of(error, self._module(node), node.plugin)
        finally:
            self._ear.listener = None

    def close(self) -> None:
        """Let go of everything."""
        self._materials.clear()
        self._ready.clear()

    @singledispatchmethod
    def _worked(self, node: Task, before: TaskResult | None) -> TaskResult:
        raise NotImplementedError(f"no workshop knows how to work on {type(node).__name__}")

    @_worked.register
    def _models(self, node: ModelsTask, before: TaskResult | None) -> ModelsResult:
        materials = self._materials_of(node)
        table = materials.marginals().to_dict("list")
        return ModelsResult(dict(materials.identity), {str(name): values for name, values in table.items()})

    @_worked.register
    def _fit(self, node: FitTask, before: TaskResult | None) -> FitResult:
        asking, seconds = self._asking(node)
        return FitResult(seconds, asking.notes)

    def _materials_of(self, node: ModelsTask) -> FittedDataset:
        if node.key not in self._materials:
            _make_room(self._materials)
            if self.prepared is not None:
                self._materials[node.key] = self.prepared(node.dataset, node.seed)
            else:
                self._materials[node.key] = prepare(
                    node.dataset,
                    seed=node.seed,
                    data=self.data,
                    cache=self.cache,
                    registry=self.registry,
                    keys=node.keys,
                    report=self._report,
                )
        return self._materials[node.key]

    def _asking(self, node: FitTask) -> tuple[Guard, float]:
        """Return a prepared solver and the seconds that took: at hand, from the cache, or fitted now."""
        if node.key in self._ready:
            return self._ready[node.key], 0.0
        solver = self.solvers[node.solver] if node.handed else self.registry.solver(node.solver)
        for key in [key for key, other in self._ready.items() if other.solver is solver]:
            del self._ready[key]  # fitted for something else until now
            self._warm.discard(key)
        _make_room(self._ready)
        asking = Guard(solver, node.plugin)
        seconds = self._fitted(asking, node)
        self._ready[node.key] = asking
        return asking, seconds

    def _fitted(self, asking: Guard, node: FitTask) -> float:
        problem = self._materials_of(node.models).problem_for(node.scenario, actionable=node.scenario.actionable)
        problem = replace(problem.seen_by(asking.solver.knows), report=self._report)
        made = False

        def make() -> Any:
            nonlocal made
            made = True
            return asking.fit(problem, seed=node.seed)

        cache = ArtefactCache(None) if node.handed else self.cache
        state, seconds = cache.get(node.kind, node.key, make)
        if not made and state is not None:
            asking.restore(problem, state, seed=node.seed)
        return seconds

    @_worked.register
    def _solve(self, node: SolveTask, before: TaskResult | None) -> AdviceResult:
        fitted = before if isinstance(before, FitResult) else FitResult(0.0)
        asking, _ = self._asking(node.fit)
        request = self._materials_of(node.fit.models).request(node.cell.scenario, node.cell.people)
        if node.fit.key not in self._warm:
            asking.warm_up(request[:1])
            self._warm.add(node.fit.key)
        answer = asking.recommend(request)
        timings = {"fit_seconds": fitted.seconds, "solve_seconds": answer.seconds}
        if asking.solver.validation_score is not None:
            timings["validation_score"] = asking.solver.validation_score
        notes = dict.fromkeys((*fitted.notes, *answer.notes))
        return AdviceResult(as_advice(request, answer.recommendation), timings, tuple(notes))

    @_worked.register
    def _judge(self, node: JudgeTask, before: TaskResult | None) -> CellResult:
        assert isinstance(before, AdviceResult)
        materials = self._materials_of(node.solve.fit.models)
        request = materials.request(node.cell.scenario, node.cell.people)
        people = materials.judge(request, as_recommendation(before.advice, request.features.names))
        metrics, raised = self._measures.of(as_frame(people), before.timings)
        measured = "" if raised else self._measures.digest  # what raised is tried again when the run is summarised
        return CellResult(people, before.timings, metrics, measured, before.notes)

    def _module(self, node: Task) -> str:
        """Return the name of the module whose fault it is if a node fails."""
        kind, name = node.source
        if kind == "solvers" and name in self.solvers:
            return type(self.solvers[name]).__module__
        return self.registry.module(kind, name)

    @cached_property
    def _report(self) -> ProgressHook:
        return throttled(self._ear)

    @cached_property
    def _measures(self) -> MetricValues:
        return MetricValues(self.registry)


def _make_room(held: dict[str, Any], most: int = 4) -> None:
    """Let the oldest things go, so that a long run does not hold all of them at once."""
    while len(held) >= most:
        del held[next(iter(held))]
