"""What judging an entry again found: its cells with every number computed anew, and which badges it has."""

from __future__ import annotations

__all__ = ["Rejudge", "rejudged"]

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.version import PROTOCOL
from recourse_arena.board.entries.entry import Entry
from recourse_arena.board.rejudging.differences import Closeness, refuse_other_averages, refuse_other_rows
from recourse_arena.board.rejudging.judged_cells import Case, Judging, judge_cells
from recourse_arena.board.rejudging.packages import Software
from recourse_arena.board.rejudging.planned import Planned, asks_more, planned
from recourse_arena.board.rejudging.proofs import proofs_of
from recourse_arena.execution.summary import cross_checked, summarise
from recourse_arena.planning.plan import Cell
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.cell_record import CellRecord
from recourse_arena.storage.people_table import labelled
from recourse_arena.storage.task_result import Failure

FORMAT = 1
"""Version of the layout of a verdict."""

_SHOWN = ("attainability", "validity", "coverage", "cost_mean")


@dataclass(frozen=True)
class Rejudge:
    """Judges entries again.

    Arguments:
        judging: Who judges.
        suites: Folder of suites that are no plugin's.
        jobs: How many processes work at a time.
    """

    judging: Judging
    suites: Path | None = None
    jobs: int = 1

    def __call__(self, entry: Entry, done: Callable[[Case], None] = lambda case: None) -> dict[str, Any]:
        """Return the verdict on an entry; see :func:`rejudged`."""
        return rejudged(entry, self, done)


def rejudged(entry: Entry, how: Rejudge, done: Callable[[Case], None] = lambda case: None) -> dict[str, Any]:
    """Return what judging an entry again finds, as JSON can say it: `format, entry, name, suite, whole, protocol, rows,
    unclaimed` (columns of the judge of which the entry claims nothing)`, packages, badges, solvers, cells`.

    Each of `cells` has `dataset, scenario, solver, version, seed, outcome, people, reason, knows`, the averages
    `attainability, validity, coverage, cost_mean` (none where undefined), the claimed `fit_seconds, solve_seconds` and
    `ms` (of solving, per person), `proved`, and all other averages in `metrics`.

    Arguments:
        entry: The entry.
        how: Who judges, and how.
        done: Hears of each cell that is judged.

    Raises:
        ArenaError: With the reason for which the entry is refused: the first value that is not the judge's, what
            people or models are other ones here, or what keeps it from being judged.
    """
    began = time.perf_counter(), _computed()
    said = entry.said
    found = planned(said, how.judging.registry, data=how.judging.data, suites=how.suites)
    software = Software.beside(said)
    try:
        for material in said.materials:
            how.judging.check_models(material)
    except ArenaError as error:
        raise ArenaError(f"{error}" if software.same else f"{error};\n{software.words}") from None
    closeness = Closeness(close=not software.same)
    records = _records(entry, found, how, done)
    demanding = {cell.solver for cell in said.cells if asks_more(cell.solver)}
    records, alarms = cross_checked(records, demanding)
    summary, records = summarise(records, how.judging.registry)
    tables = [(record.cell.label, record.people) for record in records if record.people is not None]
    unclaimed: list[str] = []
    if entry.people is not None and tables:
        unclaimed = refuse_other_rows(entry.people, labelled(tables), closeness)
    rows = summary.to_dict("records")
    for cell, row in zip(said.cells, rows, strict=True):
        if cell.outcome == Outcome.SOLVED:
            refuse_other_averages(cell, row, closeness)
    proofs = proofs_of(records, alarms)
    cells = [_cell(entry, place, row, proofs[place]) for place, row in enumerate(rows)]
    seconds = {"wall": time.perf_counter() - began[0], "cpu": _computed() - began[1]}
    return {
        "format": FORMAT,
        "entry": entry.digest,
        "name": entry.name,
        "suite": {"name": said.suite.name, "version": said.suite.version},
        "whole": found.whole,
        "protocol": PROTOCOL,
        "rows": 0 if entry.people is None else len(entry.people),
        "unclaimed": unclaimed,
        "packages": {
            "same": software.same,
            "here": software.here,
            "differ": {name: list(pair) for name, pair in software.differ.items()},
            "words": software.words,
            "off": {"numbers": closeness.off, "most": closeness.most},
        },
        "judged_on": software.processor,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "badges": {"re-judged": _badge(entry, software), "re-run": None, "proved": _all_proofs(proofs)},
        "solvers": entry.record["solvers"],
        "cells": cells,
    }


def _computed() -> float:
    """Return the seconds that this process and those that it has seen end have computed."""
    return sum(os.times()[:4])


def _records(entry: Entry, found: Planned, how: Rejudge, done: Callable[[Case], None]) -> list[CellRecord]:
    """Return how each cell ends by the judge, in the order of the plan; those without rows as the entry says."""
    said, place, cases = entry.said.cells, 0, list[Case]()
    for cell, told in zip(found.plan.cells, said, strict=True):
        if told.outcome == Outcome.SOLVED:
            _refuse_conversation(cell)
            cases.append(Case(cell, entry.rows_of(place), dict(told.timings), told.menu))
            place += 1
    judged = iter(judge_cells(cases, how.judging, jobs=how.jobs, done=done))
    return [
        CellRecord.solved(cell, next(judged), "")
        if told.outcome == Outcome.SOLVED
        else CellRecord.unsolved(cell, Failure(Outcome(told.outcome), told.reason))
        for cell, told in zip(found.plan.cells, said, strict=True)
    ]


def _refuse_conversation(cell: Cell) -> None:
    if cell.scenario.policy is not None:
        raise ArenaError(
            f"{cell.dataset}, {cell.scenario.name}: a conversation cannot be judged again: rows keep its end alone"
        )


def _cell(entry: Entry, place: int, row: Mapping[Any, Any], proof: Mapping[str, int] | None) -> dict[str, Any]:
    told = entry.said.cells[place]
    solver = entry.said.solvers[told.solver]
    values = {str(name): _number(value) for name, value in row.items() if name not in _LABELS}
    solve = told.timings.get("solve_seconds")
    return {
        **{name: getattr(told, name) for name in ("dataset", "scenario", "solver", "seed", "outcome", "people")},
        "version": solver.version,
        "knows": sorted(solver.knows),
        "reason": told.reason,
        **{name: values.get(name) for name in _SHOWN},
        "fit_seconds": told.timings.get("fit_seconds"),
        "solve_seconds": solve,
        "ms": 1000 * solve / told.people if solve is not None and told.people else None,
        "rejudged": True,
        "proved": None if proof is None else dict(proof),
        "metrics": values,
    }


_LABELS = ("dataset", "scenario", "solver", "seed", "outcome", "people")


def _number(value: Any) -> float | None:
    return None if pd.isna(value) or not np.isfinite(value) else float(value)


def _badge(entry: Entry, software: Software) -> dict[str, Any]:
    return {
        "rows": 0 if entry.people is None else len(entry.people),
        "protocol": PROTOCOL,
        "packages": "the same" if software.same else "others",
        "words": f"every action re-applied, every constraint checked and every average computed anew; {software.words}",
    }


def _all_proofs(proofs: Sequence[Mapping[str, int] | None]) -> dict[str, Any] | None:
    """Return the counts of all cells; none where nothing is proved of anybody."""
    found = [proof for proof in proofs if proof is not None]
    if not found:
        return None
    total = {name: sum(proof[name] for proof in found) for name in found[0]}
    return {**total, "words": _PROVED}


_PROVED = (
    "what a solver claims to have proved of people, held against every judged solution for the same people in this "
    "entry: `optima` are advice within 0.1 % of the lower bound that is claimed for it, `infeasible` are people of "
    "whom it is claimed that no action exists, `held` of both are those for whom another solver's solution could have "
    "shown the contrary, `refuted` those for whom one does. The search behind a bound is not repeated"
)
