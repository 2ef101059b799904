"""Runs a plan: what is kept is taken, the rest is worked on, what fails is recorded, nothing that is done is lost."""

from __future__ import annotations

__all__ = ["evaluate", "execute"]

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import plain
from recourse_arena.execution.engines.engine import Engine, Serial
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.preview import efforts, is_kept
from recourse_arena.execution.summary import cross_checked, summarise
from recourse_arena.execution.worker.fitted_dataset import FittedDataset
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.execution.worker.measuring import MetricValues
from recourse_arena.judging.records import check_records
from recourse_arena.planning.plan import Cell, Plan
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.planning.tasks import JudgeTask, SolveTask, Task
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.cell_record import CellRecord
from recourse_arena.storage.files import set_aside
from recourse_arena.storage.run_folder import Kept, RunFolder
from recourse_arena.storage.run_record import now, run_record
from recourse_arena.storage.task_result import AdviceResult, CellResult, Failure, ModelsResult, TaskResult

_NOTES = 10
"""Most lines on who of files of answers is left out."""


def execute(
    plan: Plan,
    folder: RunFolder,
    *,
    registry: Registry,
    data: Path,
    engine: Engine,
    progress: Progress,
    cache: ArtefactCache,
    arithmetic: str,
    fresh: bool = False,
    how: Mapping[str, Any] | None = None,
) -> list[CellRecord]:
    """Run a plan into a folder and return how each cell ended, in the order of the plan.

    Advice and judged cells are written as they come, and taken from the folder if it holds them already.

    Arguments:
        plan: The plan.
        folder: Where everything is written.
        registry: What is plugged in.
        data: Data directory.
        engine: What works on the tasks.
        progress: Who hears of each step.
        cache: Where models lie; for the time left only.
        arithmetic: How the engine's computations are rounded.
        fresh: Compute every cell anew.
        how: What the record says of how it ran: jobs, limits.

    Raises:
        ArenaError: If the folder is not for this plan or cannot be written.
    """
    graph = TaskGraph.of(plan, registry, data=data, arithmetic=arithmetic)
    with folder.claimed(plan, fresh=fresh) as store:
        kept = store.cells.read({task.key for task in graph.cells})
        before = folder.info()
        if before and not fresh and _is_whole(before, plan, graph, kept, folder, registry):
            progress.begin({}, len(plan.cells), len(plan.cells))
            progress.end()
            return _Run(plan, graph, None, None, dict(kept)).records(registry)
        info = run_record(plan, registry, how={"arithmetic": arithmetic, **(how or {})})
        rests_on = [] if fresh else (before or {}).get("materials", [])
        folder.write_info({**info, "status": "running", "materials": rests_on})
        run = _Run(plan, graph, folder, store, dict(kept), _advised(graph, store, kept), rests_on=_by_key(rests_on))
        try:
            run.work(engine, progress, cache)
        except BaseException:  # also Ctrl-C: what is done stays
            store.flush()
            raise
        folder.settle(store, run.models)
        _refuse_strangers(cache, progress)
        records, alarms = cross_checked(
            run.records(registry), {name for name, card in plan.solvers.items() if card.demand}
        )
        summary, records = summarise(records, registry)
        info["tables"] = folder.write_tables(records, summary, run.marginals())
        info["materials"] = [{**models.identity, "key": key} for key, models in run.models.items()]
        info["provenance"]["ended"] = now()
        cells = [record.as_dict() for record in records]
        folder.write_info({**info, "status": "finished", "cells": cells, "alarms": alarms})
        return records


def evaluate(
    plan: Plan,
    prepared: Callable[[str, int], FittedDataset],
    *,
    registry: Registry,
    data: Path,
    cache: ArtefactCache,
) -> list[CellRecord]:
    """Return how each cell of a plan ends, in the order of the plan; nothing but fitted solvers is kept.

    Arguments:
        plan: The plan.
        prepared: Returns the fitted dataset of a name and seed: whoever asks there is asked about.
        registry: What is plugged in.
        data: Data directory.
        cache: Where fitted solvers are kept.
    """
    graph = TaskGraph.of(plan, registry, data=data, arithmetic=arithmetic_of(os.environ))
    run = _Run(plan, graph, None, None, {})
    run.work(Serial(LocalWorker(registry, data, cache, prepared=prepared)), Progress(), cache)
    return run.records(registry)


@dataclass
class _Run:
    plan: Plan
    graph: TaskGraph
    folder: RunFolder | None
    store: Kept | None
    judged: dict[str, CellResult]
    advised: Mapping[Task, AdviceResult] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    models: dict[str, ModelsResult] = field(default_factory=dict)
    rests_on: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What `run.json` says of models by key: what is kept rests on them."""

    @cached_property
    def cells(self) -> dict[str, JudgeTask]:
        """The tasks of cells, by key."""
        return {task.key: task for task in self.graph.cells}

    def work(self, engine: Engine, progress: Progress, cache: ArtefactCache) -> None:
        """Work on everything that is not kept."""
        tasks = self._tasks(cache)
        rough = {task.key: seconds for task, seconds in efforts(tasks, cache).items() if task.told}
        progress.begin(rough, len(self.plan.cells), len(self.judged))
        try:
            self._announce(progress)
            for task, answer in engine.run(tasks, progress, self.advised):
                self._take(task, answer, progress)
                if task.told:
                    progress.done(task.key)
        finally:
            progress.end()

    def records(self, registry: Registry) -> list[CellRecord]:
        """Return how each cell ended, in the order of the plan."""
        tasks, records = {task.cell: task for task in self.graph.cells}, []
        for cell in self.plan.cells:
            if reason := self.plan.skipped.get(cell.dataset) or self.graph.unfit.get(cell):
                records.append(CellRecord.unsolved(cell, Failure(Outcome.SKIPPED, reason)))
            elif error := self.graph.broken.get((cell.dataset, cell.seed)):
                failure = Failure.of(error, registry.module("datasets", cell.dataset))
                records.append(CellRecord.unsolved(cell, failure))
            elif (key := tasks[cell].key) in self.judged:
                records.append(CellRecord.solved(cell, self.judged[key], key))
            else:
                records.append(CellRecord.unsolved(cell, self.failures[key], key))
        return records

    def marginals(self) -> pd.DataFrame:
        """Return how each flow compares with the data: `dataset, seed, feature, low, high, data, flow`."""
        columns: dict[str, list[Any]] = {n: [] for n in ("dataset", "seed", "feature", "low", "high", "data", "flow")}
        for models in self.models.values():
            count = len(models.marginals["feature"])
            for name, values in columns.items():
                values += [models.identity[name]] * count if name in ("dataset", "seed") else models.marginals[name]
        return pd.DataFrame(columns)

    def _announce(self, progress: Progress) -> None:
        """Tell which cells are not even worked on."""
        for (dataset, _), error in self.graph.broken.items():
            progress.say(plain(f"failed {dataset}: {Failure.of(error).reason}"))
        for note in self.plan.notes[:_NOTES]:
            progress.say(plain(note))
        if len(self.plan.notes) > _NOTES:
            progress.say(f"left out: and {len(self.plan.notes) - _NOTES} more")
        for dataset, reason in self.plan.skipped.items():
            progress.say(f"skipped {dataset}: {reason}")
        for cell, reason in self.graph.unfit.items():
            progress.cell(Outcome.SKIPPED)
            progress.say(f"skipped {_words(cell)}: {reason}")

    def _tasks(self, cache: ArtefactCache) -> list[Task]:
        """Return what must run: for cells and changed models that are not kept, and to know the models."""
        tasks = self.graph.needed(self.judged, {task.key for task in self.advised})
        changes = [task for task in self.graph.changes if not is_kept(task, cache)]
        wanted, needed = {*tasks}, {task.models for task in changes}
        for models in self.graph.models:
            known = self.folder.models(models.key) if self.folder else None
            if known is not None and not _other_models(known, self.rests_on.get(models.key, {})):
                self.models[models.key] = known
            if models not in wanted and (models.key not in self.models or models in needed):
                tasks.append(models)
        return [*tasks, *changes]

    def _take(self, task: Task, answer: TaskResult, progress: Progress) -> None:
        if isinstance(answer, Failure):
            if task.key in self.cells:  # those of any other task fail for the same reason
                self._fail(self.cells[task.key], answer, progress)
        elif isinstance(answer, ModelsResult):
            self._know(task, answer)
        elif isinstance(answer, AdviceResult) and isinstance(task, SolveTask):
            if self.store is not None and not task.fit.handed:
                self.store.advice.keep(task.key, answer)
        elif isinstance(answer, CellResult):
            try:
                check_records(answer.people.schema)
            except ArenaError as error:  # it would keep the tables of everybody from being written
                self._fail(self.cells[task.key], Failure(Outcome.FAILED, str(error)), progress)
            else:
                self._keep(self.cells[task.key], answer, progress)

    def _know(self, task: Task, models: ModelsResult) -> None:
        before = self.models[task.key].identity if task.key in self.models else self.rests_on.get(task.key, {})
        if other := _other_models(models, before):
            raise ArenaError(
                f"{task.label}: {other} is another one than this run rests on ({before[other]} -> "
                f"{models.identity[other]}), so that what is kept and what is new would not go together;\n"
                f"restore the artefact cache that it was begun with, or start over with --fresh"
            )
        if task.key not in self.models:
            self.models[task.key] = models
            if self.folder is not None:
                self.folder.remember(task.key, models)

    def _keep(self, task: JudgeTask, judged: CellResult, progress: Progress) -> None:
        self.judged[task.key] = judged
        if self.store is not None and not task.solve.fit.handed:
            self.store.cells.keep(task.key, judged)
        progress.cell(Outcome.SOLVED)
        for note in judged.notes:
            progress.say(plain(f"noted {_words(task.cell)}: {note.text}"))

    def _fail(self, task: JudgeTask, failure: Failure, progress: Progress) -> None:
        self.failures[task.key] = failure
        progress.cell(failure.outcome)
        word = failure.outcome.replace("_", " ")
        progress.say(plain(f"{word} {_words(task.cell)}: {failure.reason}"))


def _advised(graph: TaskGraph, store: Kept, judged: Collection[str]) -> dict[Task, AdviceResult]:
    """Return the advice that is kept for cells that are not judged."""
    kept = store.advice.read({task.solve.key for task in graph.cells})
    open_ = [task.solve for task in graph.cells if task.key not in judged]
    return {task: kept[task.key] for task in open_ if task.key in kept}


def _refuse_strangers(cache: ArtefactCache, progress: Progress) -> None:
    """Set aside what was put into the cache meanwhile, but not by this run: no later run is to believe it."""
    if strangers := cache.strangers():
        for path in strangers:
            set_aside(path, path.parent.parent)
        progress.say(
            f"{len(strangers)} artefacts in the cache were not made by this run, but while it ran: they lie in its "
            "set-aside/ now, and are made anew when they are needed"
        )


def _by_key(materials: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {said["key"]: said for said in materials if "key" in said}


def _other_models(models: ModelsResult, before: Mapping[str, Any]) -> str:
    """Return which model is another one than was recorded, `classifier` or `flow`; nothing if none is."""
    both = [name for name in ("classifier", "flow") if before.get(name) and models.identity.get(name)]
    return next((name for name in both if models.identity[name] != before[name]), "")


def _words(cell: Cell) -> str:
    return f"{cell.dataset}: {cell.solver} under {cell.scenario.name}"


def _is_whole(
    before: Mapping[str, Any],
    plan: Plan,
    graph: TaskGraph,
    kept: Mapping[str, CellResult],
    folder: RunFolder,
    registry: Registry,
) -> bool:
    """Return whether a folder holds exactly what this run would write, so that there is nothing to do."""
    keys = [task.key for task in graph.cells]
    if before.get("status") != "finished" or graph.broken or not all(key in kept for key in keys):
        return False
    said = [cell.get("key") for cell in before.get("cells", []) if cell.get("outcome") != Outcome.SKIPPED]
    measured = MetricValues(registry).digest
    fresh = all(kept[key].measured == measured for key in keys)
    return (
        fresh and said == keys and len(before["cells"]) == len(plan.cells) and before.get("tables") == folder.digests()
    )
