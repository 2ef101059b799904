"""The cells of a run held against what exact solvers among them prove."""

from __future__ import annotations

__all__ = ["cross_checked"]

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from recourse_arena.judging.certificates import cross_check
from recourse_arena.problem.outcome import Outcome
from recourse_arena.storage.cell_record import CellRecord
from recourse_arena.storage.people_table import as_frame, as_table


def cross_checked(records: Sequence[CellRecord]) -> tuple[list[CellRecord], list[dict[str, Any]]]:
    """Return the records with optimality gaps, and the alarms as `run.json` lists them.

    People are compared with themselves: within a dataset, a scenario and a seed. An alarm holds `dataset, scenario,
    seed` and the fields of :class:`~recourse_arena.judging.certificates.Alarm`.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, record in enumerate(records):
        if record.people is not None and record.cell.scenario.certifiable:
            cell = record.cell
            groups.setdefault((cell.dataset, cell.seed, cell.scenario), []).append(place)
    checked, alarms = list(records), []
    for places in groups.values():
        tables = [people for place in places if (people := records[place].people) is not None]
        if not any(_proves(people) for people in tables):
            continue
        cell = records[places[0]].cell
        solvers = [records[place].cell.solver for place in places]
        before = [as_frame(people) for people in tables]
        found = cross_check(list(zip(solvers, before, strict=True)), cell.scenario)
        for place, old, people in zip(places, before, found.people, strict=True):
            if people is not old:  # it has gaps now, and they are measured
                checked[place] = replace(records[place], people=as_table(people), measured="")
        where = {"dataset": cell.dataset, "scenario": cell.scenario.name, "seed": cell.seed}
        alarms += [{**where, **asdict(alarm), "persons": list(alarm.persons)} for alarm in found.alarms]
    return checked, alarms


def _proves(people: pa.Table) -> bool:
    """Return whether a solver proves something of anybody."""
    infeasible = pc.any(pc.equal(people["outcome"], str(Outcome.INFEASIBLE))).as_py()
    return bool(infeasible) or "lower_bound" in people.column_names
