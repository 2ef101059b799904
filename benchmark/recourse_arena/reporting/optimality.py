"""How far from certified optima the advice of each solver ends."""

from __future__ import annotations

__all__ = ["how_far_from_optimal"]

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.reporting.markdown import code, number, section, table
from recourse_arena.reporting.result import Result

_COLUMNS = ("optimal_cost", "optimality_gap", "lower_bound")


def how_far_from_optimal(results: Sequence[Result]) -> str:
    """Return a section on the runs that hold certified optima; nothing if none does.

    A row per scenario and solver. `solves` counts the certified people for whom the solver's advice does what the
    scenario asks for; the ratios are their weighted cost over the optimum.
    """
    rows = [row for result in results for row in _rows(result)]
    if not rows:
        return ""
    heads = ["dataset", "seed", "scenario", "people", "feasible", "impossible", "open", "solver", "solves"]
    heads += ["cost / optimum: median", "quartiles", "ms each"]
    text = (
        "Feasible: the optimum of the person is certified to 0.1 %. Impossible: it is proved that no action does what\n"
        "the scenario asks for. Open: neither. The optimum is that of the weighted cost."
    )
    return section("How far from optimal", text, table(rows, heads, (1, 3, 4, 5, 6, 8, 9, 10, 11)))


def _rows(result: Result) -> list[list[str]]:
    if not (result.path / "people.parquet").exists():
        return []
    people = result.people
    if any(name not in people for name in _COLUMNS):
        return []
    keys = ["dataset", "seed", "scenario"]
    summed_up = result.summary.set_index([*keys, "solver"])
    each: dict[Any, float] = dict((1000 * summed_up["solve_seconds"] / summed_up["people"]).items())
    return [
        [code(dataset), str(seed), str(scenario), *row]
        for (dataset, seed, scenario), cells in people.groupby(keys, sort=False, observed=True)
        if cells["optimal_cost"].notna().any()
        for row in _scenario(cells, {key[3]: ms for key, ms in each.items() if key[:3] == (dataset, seed, scenario)})
    ]


def _scenario(cells: pd.DataFrame, milliseconds: Mapping[Any, float]) -> list[list[str]]:
    """Return the rows of one scenario, a solver each, which takes some milliseconds a person."""
    proves = cells[cells["lower_bound"].notna()]["solver"].unique()
    by_person = cells.groupby("person")["optimal_cost"].max()
    ruled_out = cells[cells["solver"].isin(proves) & (cells["outcome"] == "infeasible")]["person"].unique()
    feasible, impossible = set(by_person.index[by_person.notna()]), set(ruled_out)
    shared = [len(by_person), len(feasible), len(impossible), len(by_person) - len(feasible | impossible)]
    rows = []
    for solver, people in cells.groupby("solver", sort=False, observed=True):
        ratios = 1 + people["optimality_gap"].dropna().to_numpy(dtype=float)
        low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75]) if len(ratios) else [None] * 3
        quartiles = f"{number(low)} to {number(high)}" if len(ratios) else "-"
        share = f"{len(ratios)} ({len(ratios) / len(feasible):.0%})"
        rows.append([*map(str, shared), str(solver), share, number(middle), quartiles, f"{milliseconds[solver]:.1f}"])
    return rows
