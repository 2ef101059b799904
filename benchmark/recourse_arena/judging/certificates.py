"""What exact solvers prove, held against what the judge saw: optimality gaps, and alarms where the two disagree."""

from __future__ import annotations

__all__ = ["CERTIFIED", "Alarm", "CrossCheck", "cross_check"]

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from recourse_arena.judging.records import column_type
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.scenario import Scenario

CERTIFIED = 1e-3
"""A solution is certified as optimal if it costs at most this much more than its lower bound, relative to it."""

_BELOW = 1e-4
"""A cost is below a lower bound if it is so by more than this, relative to the bound."""

_ROUNDING = 1e-7
"""What single precision may take from a cost beside that; it matters next to the decision boundary only, where costs
are tiny. Costs on Loan are about 0.05."""

_NAMED = 5
"""Most people whose numbers an alarm tells."""


@dataclass(frozen=True)
class Alarm:
    """Judged solutions of one solver that contradict what another one, or the same one, proved.

    Arguments:
        solver: Whose solutions they are.
        certifier: Who proved the contrary.
        kind: `below_lower_bound`, or `proved_infeasible` where no solution should exist.
        people: How many people it is about.
        persons: Numbers of the first five of them.
    """

    solver: str
    certifier: str
    kind: str
    people: int
    persons: tuple[int, ...]


@dataclass(frozen=True)
class CrossCheck:
    """The cells of one dataset, scenario and seed, side by side.

    Arguments:
        people: The records of each cell, as they came, with two more columns if anybody is certified: `optimal_cost`,
            the least weighted cost of the person, and `optimality_gap`, by how much the cell's solution costs more,
            relative to it. Both are missing where undefined.
        alarms: What contradicts a proof; empty if all is well.
    """

    people: list[pa.Table]
    alarms: list[Alarm]


def cross_check(
    cells: Sequence[tuple[str, pa.Table]], scenario: Scenario, asked_more: Collection[str] = ()
) -> CrossCheck:
    """Compare what solvers prove about people with what the judge saw of all of them.

    A solver proves something of a person by the outcome `infeasible`, or by a `lower_bound` of the weighted cost in
    its records. Only judged solutions count against it: valid ones, and plausible ones if the scenario asks for it.
    The cheapest of them that is within 0.1 % of its own lower bound is the person's certified optimum, unless somebody
    refutes that bound. Nothing is certified where proofs do not hold (:attr:`Scenario.certifiable`).

    Arguments:
        cells: Solver and records of each cell, as the judge writes them.
        scenario: Their scenario.
        asked_more: Solvers whose advice is asked for more than today's decision: what they prove is about that, so it
            says nothing of others, and what is cheapest for them is nobody's optimum.
    """
    tables = [people for _, people in cells]
    if not scenario.certifiable:
        return CrossCheck(tables, [])
    frames = [_read(people) for people in tables]
    costs = [_costs(people, scenario) for people in frames]
    alarms: list[Alarm] = []
    optima: list[pd.Series] = []
    for (certifier, _), people, own in zip(cells, frames, costs, strict=True):
        bounds = _bounds(people)
        refuted: set[int] = set()
        for (solver, _), cost in zip(cells, costs, strict=True):
            if certifier in asked_more and solver != certifier:
                continue
            found, contradicted = _contradictions(bounds, cost, solver=solver, certifier=certifier)
            alarms += found
            refuted |= contradicted
        if certifier in asked_more:
            continue
        near = own[own <= bounds.reindex(own.index) * (1 + CERTIFIED)]
        optima.append(near.drop(index=list(refuted & set(near.index))))
    optimum = pd.concat(optima).groupby(level=0).min() if optima else pd.Series(dtype=float)
    if optimum.empty:
        return CrossCheck(tables, alarms)
    return CrossCheck([_with_gap(p, cost, optimum) for p, cost in zip(tables, costs, strict=True)], alarms)


def _costs(people: pd.DataFrame, scenario: Scenario) -> pd.Series:
    """Return the weighted cost of each solution that does what the scenario asks for, by person."""
    good = people["valid"].astype(bool)
    if scenario.plausibility:
        good &= people["plausible"].astype(bool)
    found = people[good]
    return pd.Series(_floats(found["weighted_cost"]), index=found["person"].to_numpy(dtype=int))


def _bounds(people: pd.DataFrame) -> pd.Series:
    """Return what is proved to be a lower bound of the cost, by person; infinite where no solution exists."""
    infeasible = (people["outcome"] == Outcome.INFEASIBLE).to_numpy(dtype=bool)
    claimed = _floats(people["lower_bound"]) if "lower_bound" in people else np.full(len(people), np.nan)
    bounds = pd.Series(np.where(infeasible, np.inf, claimed), index=people["person"].to_numpy(dtype=int))
    return bounds.dropna()


def _contradictions(bounds: pd.Series, cost: pd.Series, *, solver: str, certifier: str) -> tuple[list[Alarm], set[int]]:
    both = bounds.index.intersection(cost.index)
    bound = bounds[both]
    refuted = bound[cost[both] < bound * (1 - _BELOW) - _ROUNDING]
    alarms = []
    for kind, of in (("below_lower_bound", np.isfinite(refuted)), ("proved_infeasible", np.isinf(refuted))):
        persons = sorted(int(person) for person in refuted.index[of])
        if persons:
            alarms.append(Alarm(solver, certifier, kind, len(persons), tuple(persons[:_NAMED])))
    return alarms, set(refuted.index)


def _with_gap(people: pa.Table, cost: pd.Series, optimum: pd.Series) -> pa.Table:
    person = people["person"].to_numpy()
    optimal, own = optimum.reindex(person).to_numpy(dtype=float), cost.reindex(person).to_numpy(dtype=float)
    gap = np.divide(own - optimal, optimal, out=np.full(len(people), np.nan), where=optimal > 0)
    known = people.drop_columns([name for name in ("optimal_cost", "optimality_gap") if name in people.column_names])
    for name, values in (("optimal_cost", optimal), ("optimality_gap", gap)):
        known = known.append_column(name, pa.array(values, column_type(name), from_pandas=True))
    return known


def _read(people: pa.Table) -> pd.DataFrame:
    """Return the columns of records that are compared."""
    wanted = ("person", "outcome", "valid", "plausible", "weighted_cost", "lower_bound")
    return people.select([name for name in wanted if name in people.column_names]).to_pandas()


def _floats(column: pd.Series) -> np.ndarray:
    return np.asarray(pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan), dtype=float)
