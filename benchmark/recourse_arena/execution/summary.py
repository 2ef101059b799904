"""A row per cell with the value of every metric."""

from __future__ import annotations

__all__ = ["cross_checked", "summarise"]

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recourse_arena.execution.worker.measuring import MetricValues, Values
from recourse_arena.judging.certificates import cross_check
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.cell_record import CellRecord
from recourse_arena.storage.people_table import as_frame
from recourse_arena.storage.task_result import Note


def cross_checked(
    records: Sequence[CellRecord], asked_more: Collection[str] = ()
) -> tuple[list[CellRecord], list[dict[str, Any]]]:
    """Return the records with optimality gaps, and the alarms as `run.json` lists them.

    People are compared with themselves: within a dataset, a scenario and a seed. An alarm holds `dataset, scenario,
    seed` and the fields of :class:`~recourse_arena.judging.certificates.Alarm`.

    Arguments:
        records: The cells.
        asked_more: Solvers whose advice is asked for more than today's decision.
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
        found = cross_check(list(zip(solvers, tables, strict=True)), cell.scenario, asked_more)
        for place, before, people in zip(places, tables, found.people, strict=True):
            if people is not before:  # it has gaps now, and they are measured
                checked[place] = replace(records[place], people=people, measured="")
        where = {"dataset": cell.dataset, "scenario": cell.scenario.name, "seed": cell.seed}
        alarms += [{**where, **asdict(alarm), "persons": list(alarm.persons)} for alarm in found.alarms]
    return checked, alarms


def _proves(people: pa.Table) -> bool:
    """Return whether a solver proves something of anybody."""
    infeasible = pc.any(pc.equal(people["outcome"], str(Outcome.INFEASIBLE))).as_py()
    return bool(infeasible) or "lower_bound" in people.column_names


def summarise(records: Sequence[CellRecord], registry: Registry) -> tuple[pd.DataFrame, list[CellRecord]]:
    """Return a row per cell with every metric, and the records with notes on metrics that raised.

    Undefined values are missing, and so are those of a metric that raises.
    """
    measures, rows, noted = MetricValues(registry), list[dict[str, Any]](), list[CellRecord]()
    for record in records:
        row: dict[str, Any] = {**record.cell.label, "outcome": str(record.outcome)}
        row["people"] = 0 if record.people is None else len(record.people)
        values, notes = _measured(record, measures)
        rows.append({**row, **{name: values[name] for name in measures.metrics}})
        record = replace(record, notes=(*record.notes, *notes)) if notes else record
        noted.append(_with_columns(record, measures))
    return pd.DataFrame(rows), noted


def _with_columns(record: CellRecord, measures: MetricValues) -> CellRecord:
    """Return a record whose people have what metrics of plugins average, with notes on metrics that raised."""
    if record.people is None or not measures.averages_of_plugins:
        return record
    people = record.people
    columns, notes = measures.columns(as_frame(people))
    for column, values in columns.items():
        people = people.append_column(column, pa.array(values, from_pandas=True))
    told = {note.text for note in record.notes}  # a metric whose value is its average has raised before
    return replace(record, people=people, notes=(*record.notes, *(note for note in notes if note.text not in told)))


def _measured(record: CellRecord, measures: MetricValues) -> tuple[Values, tuple[Note, ...]]:
    if record.people is None:
        return dict.fromkeys(measures.metrics), ()
    if record.measured == measures.digest:
        return record.metrics, ()
    return measures.of(as_frame(record.people), record.timings)
