"""Where nodes are worked on: in this process, one after the other."""

from __future__ import annotations

__all__ = ["Workshop"]

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from recourse_arena.plugins import Registry
from recourse_arena.problem.box import Box
from recourse_arena.problem.request import Request
from recourse_arena.problem.solver import Solver
from recourse_arena.running.answer import Answer, Failure, Fitted, Judged, Modelled
from recourse_arena.running.cache import ArtefactCache
from recourse_arena.running.graph import CellNode, FitNode, ModelsNode, Node
from recourse_arena.running.materials import Materials, prepare
from recourse_arena.running.summary import Measures
from recourse_arena.running.tables import as_table


@dataclass
class Workshop:
    """Works on nodes; what a plugin raises is an answer too.

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
    prepared: Callable[[str, int], Materials] | None = None
    _materials: dict[str, Materials] = field(default_factory=dict)
    _ready: dict[str, Solver] = field(default_factory=dict)
    _warm: set[str] = field(default_factory=set)

    def work(self, node: Node, fit_seconds: float = 0.0) -> Answer:
        """Return what comes of a node; `fit_seconds` is what the fit of a cell took, which goes on its record."""
        try:
            if isinstance(node, ModelsNode):
                return self._models(node)
            if isinstance(node, FitNode):
                return Fitted(self._solver(node)[1])
            return self._cell(node, fit_seconds)
        except Exception as error:  # a plugin may raise anything: it costs its own cells
            return Failure.of(error)

    def close(self) -> None:
        """Let go of everything."""
        self._materials.clear()
        self._ready.clear()

    def _models(self, node: ModelsNode) -> Modelled:
        materials = self._materials_of(node)
        table = materials.marginals().to_dict("list")
        return Modelled(dict(materials.identity), {str(name): values for name, values in table.items()})

    def _materials_of(self, node: ModelsNode) -> Materials:
        if node.key not in self._materials:
            _make_room(self._materials)
            if self.prepared is not None:
                self._materials[node.key] = self.prepared(node.dataset, node.seed)
            else:
                self._materials[node.key] = prepare(
                    node.dataset, seed=node.seed, data=self.data, cache=self.cache, registry=self.registry
                )
        return self._materials[node.key]

    def _solver(self, node: FitNode) -> tuple[Solver, float]:
        """Return a prepared solver and the seconds that took: at hand, from the cache, or fitted now."""
        if node.key in self._ready:
            return self._ready[node.key], 0.0
        solver = self.solvers[node.solver] if node.handed else self.registry.solver(node.solver)
        for key in [key for key, other in self._ready.items() if other is solver]:
            del self._ready[key]  # fitted for something else until now
            self._warm.discard(key)
        _make_room(self._ready)
        seconds = self._fitted(solver, node)
        self._ready[node.key] = solver
        return solver, seconds

    def _fitted(self, solver: Solver, node: FitNode) -> float:
        problem = self._materials_of(node.models).problem_for(node.scenario).seen_by(solver.knows)
        made = False

        def make() -> Any:
            nonlocal made
            made = True
            solver.fit(problem, seed=node.seed)
            return solver.state()

        cache = ArtefactCache(None) if node.handed else self.cache
        state, seconds = cache.get(node.kind, node.key, make)
        if not made and state is not None:
            solver.restore(problem, state)
        return seconds

    def _cell(self, node: CellNode, fit_seconds: float) -> Judged:
        materials = self._materials_of(node.fit.models)
        solver, _ = self._solver(node.fit)
        request = materials.request(node.cell.scenario, node.cell.people)
        if node.fit.key not in self._warm:
            solver.recommend(_copy(request[:1]))  # so that no cell times imports
            self._warm.add(node.fit.key)
        handed = _copy(request)
        start = time.perf_counter()
        recommendation = solver.recommend(handed)
        timings = {"fit_seconds": fit_seconds, "solve_seconds": time.perf_counter() - start}
        if solver.validation_score is not None:
            timings["validation_score"] = solver.validation_score
        people = materials.judge(request, recommendation)
        return Judged(as_table(people), timings, self._measures.of(people, timings), self._measures.digest)

    @cached_property
    def _measures(self) -> Measures:
        return Measures(self.registry.metrics)


def _make_room(held: dict[str, Any], most: int = 4) -> None:
    """Let the oldest things go, so that a long run does not hold all of them at once."""
    while len(held) >= most:
        del held[next(iter(held))]


def _copy(request: Request) -> Request:
    """Return a request on tensors of its own: what a solver does to it reaches nobody else."""
    scores = request.actionability.scores.clone()
    return replace(
        request,
        factual=request.factual.clone(),
        actionability=replace(request.actionability, scores=scores),
        box=Box(request.box.lower.clone(), request.box.upper.clone()),
        person=request.person.clone(),
    )
