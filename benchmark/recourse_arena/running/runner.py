"""Runs a plan, one cell after the other; what fails is recorded and the rest goes on."""

from __future__ import annotations

__all__ = ["evaluate", "execute"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from recourse_arena.plugins import Registry, variant
from recourse_arena.problem.errors import ArenaError, NotApplicable
from recourse_arena.problem.randomness import derive_seed
from recourse_arena.problem.recommendation import Outcome
from recourse_arena.problem.scenario import Scenario
from recourse_arena.problem.solver import Solver
from recourse_arena.running.asking import Asking
from recourse_arena.running.cache import ArtefactCache, content_key
from recourse_arena.running.crosscheck import cross_checked
from recourse_arena.running.materials import Materials, prepare
from recourse_arena.running.note import own_traceback
from recourse_arena.running.plan import Cell, Plan
from recourse_arena.running.progress import Progress
from recourse_arena.running.provenance import now
from recourse_arena.running.record import run_record
from recourse_arena.running.store import CellRecord, RunFolder
from recourse_arena.running.summary import summarise
from recourse_arena.running.support import mismatch
from recourse_arena.version import PROTOCOL, __version__

_EFFORT = {"models": 20.0, "fit": 30.0, "cell": 4.0}
"""Rough seconds of each kind of step, for the time left."""


def execute(
    plan: Plan,
    folder: RunFolder,
    *,
    registry: Registry,
    data: Path,
    cache: ArtefactCache,
    progress: Progress,
    fresh: bool = False,
) -> list[CellRecord]:
    """Run a plan into a folder and return how each cell ended, in the order of the plan.

    Finished cells are written as they come, and taken from the folder if it holds them already.

    Raises:
        ArenaError: If the folder is not for this plan or cannot be written.
    """
    folder.claim(plan, fresh=fresh)
    info = run_record(plan, registry)
    folder.write_info({**info, "status": "running"})

    def prepared(dataset: str, seed: int) -> Materials:
        return prepare(dataset, seed=seed, data=data, cache=cache, registry=registry)

    run = _Run(plan, folder, registry, prepared, cache, progress, [])
    progress.begin(run.effort())
    try:
        records, alarms = cross_checked(run.in_order())
        summary, records = summarise(records, registry)
    finally:
        progress.end()
    folder.write_tables(records, summary, run.marginals())
    info["materials"] = [dict(materials.identity) for materials in run.prepared]
    info["provenance"]["ended"] = now()
    cells = [record.as_dict() for record in records]
    folder.write_info({**info, "status": "finished", "cells": cells, "alarms": alarms})
    return records


def evaluate(
    plan: Plan, prepared: Callable[[str, int], Materials], *, registry: Registry, cache: ArtefactCache
) -> list[CellRecord]:
    """Return how each cell of a plan ends, in the order of the plan; nothing but fitted solvers is kept.

    Arguments:
        plan: The plan.
        prepared: Returns the materials of a dataset and seed: whoever asks there is asked about.
        registry: What is plugged in.
        cache: Where fitted solvers are kept.
    """
    return _Run(plan, None, registry, prepared, cache, Progress(), []).in_order()


@dataclass(frozen=True)
class _Run:
    plan: Plan
    folder: RunFolder | None
    registry: Registry
    prepare: Callable[[str, int], Materials]
    cache: ArtefactCache
    progress: Progress
    prepared: list[Materials]

    def effort(self) -> float:
        """Return the rough seconds of all steps."""
        cells = [cell for cell in self.plan.cells if cell.dataset not in self.plan.skipped]
        models = {(cell.dataset, cell.seed) for cell in cells}
        return (
            _EFFORT["models"] * len(models)
            + sum(self._fit_effort(group) for group in self._fits(cells))
            + (_EFFORT["cell"] * len(cells))
        )

    def in_order(self) -> list[CellRecord]:
        """Return how each cell ended, in the order of the plan."""
        place = {cell: i for i, cell in enumerate(self.plan.cells)}
        return sorted(self.records(), key=lambda record: place[record.cell])

    def records(self) -> Iterator[CellRecord]:
        """Yield how each cell ended."""
        for (dataset, seed), group in groupby(self.plan.cells, lambda cell: (cell.dataset, cell.seed)):
            cells = list(group)
            if dataset in self.plan.skipped:
                reason = self.plan.skipped[dataset]
                self.progress.say(f"skipped {dataset}: {reason}")
                yield from (CellRecord(cell, Outcome.SKIPPED, reason=reason) for cell in cells)
                continue
            self.progress.step(f"{dataset}: decision model and causal flow")
            try:
                materials = self.prepare(dataset, seed)
            except Exception as error:
                yield from self._failed(cells, error)
                continue
            self.prepared.append(materials)
            self.progress.done(_EFFORT["models"])
            for fit in self._fits(cells):
                yield from self._fit_and_evaluate(materials, fit)

    def marginals(self) -> pd.DataFrame:
        """Return how each flow compares with the data: `dataset, seed, feature, low, high, data, flow`."""
        tables = [
            materials.marginals().assign(dataset=materials.name, seed=materials.seed) for materials in self.prepared
        ]
        columns = ["dataset", "seed", "feature", "low", "high", "data", "flow"]
        return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)

    def _fits(self, cells: list[Cell]) -> list[list[Cell]]:
        """Group cells that share one fit of their solver."""
        fits: dict[tuple[object, ...], list[Cell]] = {}
        for cell in cells:
            solver = self.plan.solver(cell.solver, self.registry)
            key = (cell.dataset, cell.seed, cell.solver, *_dependencies(solver, cell).items())
            fits.setdefault(key, []).append(cell)
        return list(fits.values())

    def _fit_effort(self, cells: list[Cell]) -> float:
        return _EFFORT["fit"] if self.plan.solver(cells[0].solver, self.registry).trained else 0.0

    def _fit_and_evaluate(self, materials: Materials, cells: list[Cell]) -> Iterator[CellRecord]:
        name = cells[0].solver
        solver = self.plan.solver(name, self.registry)
        asking = Asking(solver, self.plan.plugin(name, self.registry))
        reasons = {cell: mismatch(solver, materials.problem, cell.scenario) for cell in cells}
        for cell, reason in reasons.items():
            if reason:
                yield from self._failed([cell], NotApplicable(reason))
        cells = [cell for cell, reason in reasons.items() if not reason]
        if not cells:
            return
        keys = [self._key(materials, solver, cell) for cell in cells]
        kept = [self.folder.kept(cell, key) if self.folder else None for cell, key in zip(cells, keys, strict=True)]
        if all(kept):
            self.progress.done(self._fit_effort(cells) + _EFFORT["cell"] * len(cells))
            yield from (record for record in kept if record)
            return
        self.progress.step(f"{materials.name}: {name} prepares")
        try:
            seconds = self._fit(materials, asking, cells[0])
            asking.warm_up(materials.request(cells[0].scenario, 1))
        except Exception as error:
            yield from self._failed(cells, error, asking)
            return
        self.progress.done(self._fit_effort(cells))
        for cell, key, record in zip(cells, keys, kept, strict=True):
            yield record or self._evaluate(materials, asking, cell, key, seconds)
            self.progress.done(_EFFORT["cell"])

    def _fit(self, materials: Materials, asking: Asking, cell: Cell) -> float:
        """Fit a solver or take its kept state; return the seconds the fit took."""
        solver = asking.solver
        depends_on = _dependencies(solver, cell)
        problem = materials.problem_for(Scenario("fit").taking(depends_on)).seen_by(solver.knows)
        seed = derive_seed(cell.seed, variant(materials.name)[0], variant(cell.solver)[0])

        def fit() -> Any:
            return asking.fit(problem, seed=seed)

        if cell.solver in self.plan.solvers:
            return ArtefactCache(None).get("solver", "", fit)[1]
        key = content_key(
            materials=materials.key,
            solver=variant(cell.solver),
            version=solver.version,
            package=__version__,
            scenario=depends_on,
        )
        fitted = False

        def make() -> Any:
            nonlocal fitted
            fitted = True
            return fit()

        state, seconds = self.cache.get(f"solver-{variant(cell.solver)[0]}", key, make)
        if not fitted and state is not None:
            asking.restore(problem, state, seed=seed)
        return seconds

    def _evaluate(
        self, materials: Materials, asking: Asking, cell: Cell, key: str | None, fit_seconds: float
    ) -> CellRecord:
        self.progress.step(f"{materials.name}: {cell.solver} under {cell.scenario.name}")
        try:
            request = materials.request(cell.scenario, cell.people)
            answer = asking.recommend(request)
            timings = {"fit_seconds": fit_seconds, "solve_seconds": answer.seconds}
            if asking.solver.validation_score is not None:
                timings["validation_score"] = asking.solver.validation_score
            people = materials.judge(request, answer.recommendation)
            record = CellRecord(cell, Outcome.SOLVED, people, timings, notes=answer.notes)
        except Exception as error:
            return self._failure(cell, error, asking)
        for note in record.notes:
            self.progress.say(f"noted {cell.dataset}: {cell.solver} under {cell.scenario.name}: {note.text}")
        if self.folder:
            self.folder.keep(record, key)
        return record

    def _key(self, materials: Materials, solver: Solver, cell: Cell) -> str | None:
        if cell.solver in self.plan.solvers:
            return None
        answers = cell.scenario.answers
        return content_key(
            materials=materials.key,
            solver=variant(cell.solver),
            version=solver.version,
            package=__version__,
            protocol=PROTOCOL,
            scenario=cell.scenario,
            answers=Path(answers).read_text() if answers else "",
            people=cell.people,
        )

    def _failed(self, cells: list[Cell], error: Exception, asking: Asking | None = None) -> Iterator[CellRecord]:
        records = [self._failure(cell, error, asking) for cell in cells[:1]]
        yield from (replace(records[0], cell=cell) for cell in cells)
        self.progress.done(_EFFORT["cell"] * len(cells))

    def _failure(self, cell: Cell, error: Exception, asking: Asking | None = None) -> CellRecord:
        if isinstance(error, NotApplicable):
            self.progress.say(f"skipped {cell.dataset}: {cell.solver} under {cell.scenario.name}: {error}")
            return CellRecord(cell, Outcome.SKIPPED, reason=str(error))
        reason = str(error) if isinstance(error, ArenaError) else f"{type(error).__name__}: {error}"
        self.progress.say(f"failed {cell.dataset}: {cell.solver} under {cell.scenario.name}: {reason}")
        where = own_traceback(error, asking.module if asking else self.registry.module("datasets", cell.dataset))
        return CellRecord(cell, Outcome.FAILED, reason=reason, traceback=where, plugin=asking.plugin if asking else "")


def _dependencies(solver: Solver, cell: Cell) -> dict[str, str]:
    """Return what of a cell's scenario the fit of its solver depends on."""
    return {name: getattr(cell.scenario, name) for name in sorted(solver.fit_depends_on)}
