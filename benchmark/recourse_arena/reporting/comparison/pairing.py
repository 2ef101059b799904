"""The cells of two runs side by side, person by person, or why that cannot be done."""

from __future__ import annotations

__all__ = ["Incomparable", "Pair", "Side", "paired_people"]

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.base.errors import ArenaError
from recourse_arena.interfaces.metric import Average
from recourse_arena.judging.records import REJUDGED
from recourse_arena.storage.people_table import KEYS
from recourse_arena.storage.run_files import RunFiles

Key = tuple[str, str, str, int]
"""Dataset, scenario, solver, seed."""

Values = NDArray[np.float64]

_NATS = 0.05
"""Log-densities of the same person under the same flow differ by less; those of two people by about one."""


class Incomparable(Exception):
    """Two cells cannot be compared; the message says why."""


@dataclass(frozen=True)
class Side:
    """One of the two runs.

    Arguments:
        name: What messages call it.
        result: The run.
    """

    name: str
    result: RunFiles

    @cached_property
    def cells(self) -> dict[Key, dict[str, Any]]:
        """What `run.json` says about each cell."""
        cells = self.result.info.get("cells") or []
        return {(c["dataset"], c["scenario"], c["solver"], int(c["seed"])): c for c in cells}

    @cached_property
    def materials(self) -> dict[tuple[str, int], dict[str, Any]]:
        """What the cells of a dataset and seed rest on; empty for runs of before this was recorded."""
        return {(m["dataset"], int(m["seed"])): m for m in self.result.info.get("materials") or []}

    @cached_property
    def people(self) -> dict[Key, pd.DataFrame]:
        """The records of each solved cell."""
        if self.result.table("people.parquet") is None:
            path = self.result.path / "people.parquet"
            raise ArenaError(f"{path} is not there: this run keeps no people; run the suite again")
        people = self.result.read_people(lambda column: not column.startswith(REJUDGED))
        if people is None:
            return {}
        groups = people.groupby(list(KEYS), sort=False, observed=True)
        return {(str(d), str(s), str(v), int(str(n))): rows for (d, s, v, n), rows in groups}

    @cached_property
    def values(self) -> dict[Key, dict[str, Any]]:
        """The row of `summary.csv` of each cell."""
        rows = self.result.summary.to_dict("records")
        return {
            (r["dataset"], r["scenario"], r["solver"], int(r["seed"])): {str(k): v for k, v in r.items()} for r in rows
        }

    def value(self, key: Key, metric: str) -> float:
        """Return what a metric of a cell is in `summary.csv`; nan where it is undefined or not there."""
        found = self.values.get(key, {}).get(metric)
        return float("nan") if found is None else float(found)

    def solver(self, key: Key) -> dict[str, Any]:
        """Return what the run says about the solver of a cell."""
        return dict(self.result.info.get("solvers", {}).get(key[2], {}))


@dataclass(frozen=True)
class Pair:
    """A cell in both runs.

    Arguments:
        baseline: Records of its people in the first run.
        current: Records in the second; of the same people in the same order if `same_people`.
        same_people: Whether a row is the same person in both.
        exact: Whether nothing random lies between them, so that every change counts.
        notes: What a reader should know about the comparison.
        lost: How many people of the first run the second one did not ask about.
    """

    baseline: pd.DataFrame
    current: pd.DataFrame
    same_people: bool
    exact: bool
    notes: tuple[str, ...]
    lost: int = 0

    def values(self, average: Average) -> tuple[Values, Values]:
        """Return what is averaged in both runs; if `same_people`, of those for whom both have one."""
        baseline, current = (average.values(people) for people in (self.baseline, self.current))
        if self.same_people:
            both = np.isfinite(baseline) & np.isfinite(current)
            if both.any():
                return baseline[both], current[both]
        return baseline[np.isfinite(baseline)], current[np.isfinite(current)]

    @property
    def indifferent(self) -> bool:
        """Whether no feature costs anybody more than another in either run, as under the constant profile."""
        costs = (
            (_numbers(people[name]) for name in ("cost", "weighted_cost")) for people in (self.baseline, self.current)
        )
        return all(np.allclose(plain, weighted, rtol=1e-4, equal_nan=True) for plain, weighted in costs)

    def in_both(self, average: Average) -> int:
        """Return how many of the same people have a value in both runs."""
        return int(np.isfinite(average.values(self.baseline) + average.values(self.current)).sum())


def paired_people(key: Key, baseline: Side, current: Side) -> Pair:
    """Return the people of a cell that both runs solved.

    They are matched by number where both runs rest on the same decision model, for then the same people ask;
    otherwise they are two groups.

    Raises:
        Incomparable: If the dataset, the people or their preferences differ, with the reason.
    """
    rests = [_rests_on(side, key) for side in (baseline, current)]
    records = [side.people.get(key) for side in (baseline, current)]
    if records[0] is None or records[1] is None:
        raise Incomparable(f"{(baseline if records[0] is None else current).name} holds no people for this cell")
    equal = {name: _same_model(name, *rests) for name in ("classifier", "flow")}
    for part in ("cost", "effects"):
        if rests[0].get(part, rests[1].get(part)) != rests[1].get(part, rests[0].get(part)):
            raise Incomparable(f"{part} of actions: {rests[0].get(part)} in one run, {rests[1].get(part)} in the other")
    solvers = [side.solver(key) for side in (baseline, current)]
    versions = [solver.get("version") for solver in solvers]
    untrained = all(solver.get("trained") is False for solver in solvers)
    exact = untrained and versions[0] == versions[1] and all(equal.values())
    notes = [f"solver version {versions[0]} -> {versions[1]}"] if versions[0] != versions[1] else []
    if not equal["classifier"]:
        notes.append("decision models differ, so other people ask: compared unpaired")
        return Pair(records[0], records[1], same_people=False, exact=False, notes=tuple(notes))
    if not equal["flow"]:
        notes.append("causal flows differ")
    if rests[0].get("asking") != rests[1].get("asking"):
        raise Incomparable(f"{rests[0].get('asking')} people ask in one run, {rests[1].get('asking')} in the other")
    before, after = _matched(records[0], records[1])
    if not len(before) == len(records[0]) == len(records[1]):
        notes.append(f"{len(before)} people in both, of {len(records[0])} and {len(records[1])}")
    _check_same(before, after, same_flow=equal["flow"])
    return Pair(before, after, same_people=True, exact=exact, notes=tuple(notes), lost=len(records[0]) - len(before))


def _same_model(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two runs rest on the same model; a flow that neither has is the same one."""
    known = one.get(name) is not None if name == "flow" else bool(one.get(name))
    return known and one.get(name) == other.get(name)


def _rests_on(side: Side, key: Key) -> dict[str, Any]:
    found = side.materials.get((key[0], key[3]))
    if found is None:
        raise Incomparable(
            f"run.json of {side.name} does not say on which data it rests (no `materials`): run it again"
        )
    return found


def _matched(baseline: pd.DataFrame, current: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    sides = [people.set_index(people["person"].astype("int64"), drop=False) for people in (baseline, current)]
    if not all(people.index.is_unique for people in sides):
        raise Incomparable("a person appears twice in a cell")
    both = sides[0].index.intersection(sides[1].index, sort=False)
    if both.empty:
        raise Incomparable("nobody is in both runs")
    return sides[0].loc[both], sides[1].loc[both]


def _check_same(baseline: pd.DataFrame, current: pd.DataFrame, *, same_flow: bool) -> None:
    """Refuse people who share a number but are not the same, or answered otherwise."""
    for prefix, what in (("score_", "preferences"), ("group_", "groups")):
        names, others = (_recorded(people, prefix) for people in (baseline, current))
        if names != others:
            raise Incomparable(f"the runs record other columns of {what}")
        differ = (baseline[names].astype("string") != current[names].astype("string")).any(axis=1).sum() if names else 0
        if differ:
            raise Incomparable(f"{what} differ for {differ} of {len(baseline)} people of the same number")
    if same_flow and "logp_factual" in baseline and "logp_factual" in current:
        gap = np.abs(_numbers(baseline["logp_factual"]) - _numbers(current["logp_factual"]))
        if (gap > _NATS).any():
            raise Incomparable(f"{int((gap > _NATS).sum())} of {len(gap)} people of the same number are not the same")


def _recorded(people: pd.DataFrame, prefix: str) -> list[str]:
    """Return the columns that hold anything of these people: a run has those of its other datasets, too."""
    return sorted(name for name in people.columns if name.startswith(prefix) and people[name].notna().any())


def _numbers(values: pd.Series) -> Values:
    return np.asarray(values.astype("Float64").to_numpy(dtype="float64", na_value=np.nan), dtype=np.float64)
