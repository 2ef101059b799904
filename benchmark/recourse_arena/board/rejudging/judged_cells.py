"""The cells of an entry judged again, by the task that judged them in the run; no solver is asked for anything."""

from __future__ import annotations

__all__ = ["Case", "Judging", "judge_cells"]

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recourse_arena.base.arithmetic import arithmetic_of
from recourse_arena.base.errors import ArenaError
from recourse_arena.board.entries.shape import MaterialSaid
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.judging.advice_table import check_advice
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.planning.plan import Cell
from recourse_arena.planning.tasks import FitTask, JudgeTask, ModelsTask, SolveTask
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.task_result import AdviceResult, CellResult, Failure

_SAME = ("version", "file", "classifier", "flow", "heldout", "asking", "decision", "effects", "cost", "change")
"""What of people and models must be the entry's."""

_CALLED = {"file": "data file", "classifier": "decision model", "flow": "causal flow", "heldout": "held-out flow"}


@dataclass(frozen=True)
class Case:
    """One cell to judge again.

    Arguments:
        cell: The cell.
        rows: The entry's rows of it.
        timings: What it says of its seconds.
        menu: The menu that people picked from, if they did.
    """

    cell: Cell
    rows: pa.Table
    timings: Mapping[str, float]
    menu: Mapping[str, Any] | None = None

    @property
    def words(self) -> str:
        """What it is called in messages."""
        cell = self.cell
        return f"{cell.dataset}, {cell.scenario.name}, {cell.solver}, seed {cell.seed}"


@dataclass
class Judging:
    """Judges cells in this process.

    Arguments:
        registry: What is plugged in.
        data: Data directory.
        cache: Where models are kept.
        no_plugins: Names of plugins that are blocked.
    """

    registry: Registry
    data: Path
    cache: ArtefactCache
    no_plugins: tuple[str, ...] = ()
    _worker: LocalWorker | None = None
    _tasks: dict[tuple[str, int], ModelsTask] = field(default_factory=dict)

    @property
    def worker(self) -> LocalWorker:
        """Who has the models."""
        self._worker = self._worker or LocalWorker(self.registry, self.data, self.cache)
        return self._worker

    def models(self, dataset: str, seed: int) -> ModelsTask:
        """Return the task that makes the models of a dataset and seed, or takes them from the cache."""
        if (dataset, seed) not in self._tasks:
            keys = ModelKeys.of(
                dataset, seed=seed, data=self.data, registry=self.registry, arithmetic=arithmetic_of(os.environ)
            )
            self._tasks[dataset, seed] = ModelsTask(dataset, seed, keys)
        return self._tasks[dataset, seed]

    def check_models(self, said: MaterialSaid) -> None:
        """Raise what of people and models here is another than an entry rests on.

        Raises:
            ArenaError: With both.
        """
        here = {"change": "", **self.worker.fitted(self.models(said.dataset, said.seed)).identity}
        for name in _SAME:
            told = getattr(said, name)
            if told is not None and told != here[name]:
                raise ArenaError(
                    f"the {_CALLED.get(name, name)} of {said.dataset} (seed {said.seed}) is another one here "
                    f"({str(here[name])[:24] or 'none'}) than in the entry ({str(told)[:24] or 'none'})"
                )

    def judged(self, case: Case) -> CellResult:
        """Return what the judge says of a cell.

        Raises:
            ArenaError: If it cannot be judged, or other people are asked about.
        """
        models, cell = self.models(case.cell.dataset, case.cell.seed), case.cell
        fit = FitTask(models, cell.solver, (), "", trained=False, handed=False)
        task = JudgeTask(SolveTask(fit, cell, ""), cell, "")
        found = self.worker.work(task, AdviceResult(advice_of(case), case.timings, menu=case.menu))
        persons = case.rows["person"].to_pylist()
        if not isinstance(found, CellResult) or found.people["person"].to_pylist() != persons:
            fitted = self.worker.fitted(models).where(cell.scenario)
            _refuse_other_people(case, persons, fitted.request(cell.scenario, cell.people).person.tolist())
        if isinstance(found, Failure):
            raise ArenaError(f"{case.words}: {found.reason}")
        assert isinstance(found, CellResult)
        return found


def advice_of(case: Case) -> pa.Table:
    """Return the advice that a cell's rows say, as :mod:`~recourse_arena.judging.advice_table` keeps it.

    Raises:
        ArenaError: If they say none.
    """
    rows = case.rows
    outcome = rows["outcome"].cast(pa.string()).combine_chunks().dictionary_encode()
    columns: dict[str, Any] = {"person": rows["person"], "outcome": outcome}
    for name in rows.column_names:
        if name.startswith("mask_"):
            feature = name.removeprefix("mask_")
            if rows[name].null_count == len(rows) and len(rows):
                continue  # a feature of another dataset
            if rows[name].null_count:
                raise ArenaError(f"{case.words}: column {name!r}: expected a value in every row")
            columns[name], columns[f"value_{feature}"] = rows[name], _floats(rows[f"value_{feature}"])
    if case.menu is not None:
        picks = pc.subtract(rows["pick"], 1) if "pick" in rows.column_names else pa.nulls(len(rows), pa.int64())
        columns["pick"] = pc.fill_null(picks, -1)
    if "lower_bound" in rows.column_names and rows["lower_bound"].null_count < len(rows):
        columns["lower_bound"] = _floats(rows["lower_bound"])
    advice = pa.table(columns)
    check_advice(advice.schema)
    return advice


def _floats(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column, float("nan"))


def _refuse_other_people(case: Case, said: Sequence[int], asked: Sequence[int]) -> None:
    """Raise whose rows are missing, too many or in another place, where they are not those of who is asked about."""
    if said == asked:
        return
    if missing := sorted({*asked} - {*said}):
        more = f", and of {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ArenaError(f"{case.words}: the row of person {missing[0]} is missing{more}")
    if strange := sorted({*said} - {*asked}):
        raise ArenaError(f"{case.words}: person {strange[0]} is not asked about, and has a row")
    place = next(i for i, (one, other) in enumerate(zip(said, asked, strict=True)) if one != other)
    raise ArenaError(f"{case.words}: row {place + 1} is of person {said[place]}; expected person {asked[place]}")


def judge_cells(
    cases: Sequence[Case], judging: Judging, *, jobs: int = 1, done: Callable[[Case], None] = lambda case: None
) -> list[CellResult]:
    """Return what the judge says of each cell, in their order.

    Arguments:
        cases: The cells.
        judging: Who judges, in this process; others are set up like it.
        jobs: How many processes work at a time; models should be in the cache by then.
        done: Hears of each cell that is judged.

    Raises:
        ArenaError: As :meth:`Judging.judged` says, of the first cell that it says it of.
    """
    found = []
    for case, judged in zip(cases, _results(cases, judging, jobs), strict=True):
        done(case)
        found.append(judged)
    return found


def _results(cases: Sequence[Case], judging: Judging, jobs: int) -> Iterator[CellResult]:
    if jobs == 1 or len(cases) < 2:
        yield from map(judging.judged, cases)
        return
    registry = judging.registry
    handed = cloudpickle.dumps(registry.handed)
    setting = (judging.data, judging.cache.folder, handed, registry.wanted, judging.no_plugins)
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=setting)
    try:
        yield from pool.map(_judged, map(_alone, cases), chunksize=max(1, min(4, len(cases) // jobs)))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _alone(case: Case) -> Case:
    """Return a cell with rows of its own: a part of a table would take all of the table along."""
    return replace(case, rows=case.rows.take(np.arange(len(case.rows))))


_HERE: list[Judging] = []


def _begin(
    data: Path, cache: Path | None, handed: bytes, metrics: tuple[str, ...], no_plugins: tuple[str, ...]
) -> None:
    """Set up a process that judges."""
    registry = discover(no_plugins=no_plugins)
    for dataset in cloudpickle.loads(handed).values():
        registry.hand_over(dataset)
    registry.wanted = metrics
    _HERE[:] = [Judging(registry, data, ArtefactCache(cache))]


def _judged(case: Case) -> CellResult:
    return _HERE[0].judged(case)
