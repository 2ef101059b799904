"""The cells of a run held against what exact solvers among them prove."""

from __future__ import annotations

__all__ = ["cross_checked"]

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from recourse_arena.judging.certificates import cross_check
from recourse_arena.running.store import CellRecord


def cross_checked(records: Sequence[CellRecord]) -> tuple[list[CellRecord], list[dict[str, Any]]]:
    """Return the records with optimality gaps, and the alarms as `run.json` lists them.

    People are compared with themselves: within a dataset, a scenario and a seed. An alarm holds `dataset, scenario,
    seed` and the fields of :class:`~recourse_arena.judging.certificates.Alarm`.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, record in enumerate(records):
        if record.people is not None:
            cell = record.cell
            groups.setdefault((cell.dataset, cell.seed, cell.scenario), []).append(place)
    checked, alarms = list(records), []
    for places in groups.values():
        cells = [
            (records[place].cell.solver, people) for place in places if (people := records[place].people) is not None
        ]
        cell = records[places[0]].cell
        found = cross_check(cells, cell.scenario)
        for place, people in zip(places, found.people, strict=True):
            checked[place] = replace(records[place], people=people)
        where = {"dataset": cell.dataset, "scenario": cell.scenario.name, "seed": cell.seed}
        alarms += [{**where, **asdict(alarm), "persons": list(alarm.persons)} for alarm in found.alarms]
    return checked, alarms
