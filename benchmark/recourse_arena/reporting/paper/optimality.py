"""How far from certified optima the advice of each solver ends."""

from __future__ import annotations

__all__ = ["how_far_from_optimal"]

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import pandas as pd

from recourse_arena.base.names import variant
from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.paper.markdown import code, number, section, table
from recourse_arena.storage.run_files import RunFiles

_COLUMNS = ("optimal_cost", "optimality_gap", "lower_bound")


@dataclass(frozen=True)
class _Asked:
    """The people of a dataset, seed and scenario: whose optimum is certified, and for whom it is proved there is none.

    The rest is open. `proves` are the solvers that prove something.
    """

    dataset: str
    seed: str
    scenario: str
    people: int
    certified: int
    impossible: int
    proves: frozenset[str]

    def named(self) -> list[str]:
        return [code(self.dataset), self.seed, self.scenario]

    @property
    def open(self) -> int:
        return self.people - self.certified - self.impossible


@dataclass(frozen=True)
class _Advice:
    """What a solver tells them.

    Arguments:
        asked: The people.
        solver: The solver.
        ratios: Weighted cost over the optimum of the certified people whom it gives what the scenario asks for.
        milliseconds: Time per person.
    """

    asked: _Asked
    solver: str
    ratios: np.ndarray
    milliseconds: float

    @property
    def share(self) -> float:
        return len(self.ratios) / self.asked.certified

    @property
    def median(self) -> float | None:
        return float(np.median(self.ratios)) if len(self.ratios) else None

    def quartiles(self) -> str:
        if not len(self.ratios):
            return "-"
        return " to ".join(number(float(end)) for end in np.quantile(self.ratios, [0.25, 0.75]))


_KEYS = ("dataset", "seed", "scenario")


def how_far_from_optimal(results: Sequence[RunFiles]) -> str:
    """Return sections on the runs that hold certified optima; nothing if none does."""
    advice = [row for result in results for row in _advice(result)]
    if not advice:
        return ""
    return "\n\n".join(part for part in (_certified(advice), _found(advice), _finer(advice)) if part)


def _certified(advice: Sequence[_Advice]) -> str:
    rows = [
        [
            *(*asked.named(), str(asked.people), str(asked.certified), str(asked.impossible), str(asked.open)),
            f"{1 - asked.open / asked.people:.1%}",
            ", ".join(f"{row.milliseconds / 1000:.2f}" for row in group if row.solver in asked.proves),
        ]
        for asked, group in groupby(advice, lambda row: row.asked)
    ]
    heads = ["dataset", "seed", "scenario", "people", "certified", "impossible", "open", "proved", "s each"]
    text = (
        "Certified: an action is known whose weighted cost is at most 0.1 % above a proved lower bound; it stands for\n"
        "the optimum. Impossible: it is proved that no action does what the scenario asks for. Open: neither."
    )
    return section("Who is certified", text, table(rows, heads, (1, 3, 4, 5, 6, 7, 8)))


def _found(advice: Sequence[_Advice]) -> str:
    rows = [
        [
            *(*row.asked.named(), code(row.solver), f"{len(row.ratios)} ({row.share:.0%})"),
            *(number(row.median), row.quartiles(), f"{row.milliseconds:.2f}"),
        ]
        for row in advice
    ]
    heads = [*_KEYS, "solver", "solves", "cost / optimum: median", "quartiles", "ms each"]
    text = (
        "Solves: certified people for whom the advice does what the scenario asks for, and their share of all\n"
        "certified people; whom a grid does not solve, it takes for infeasible. Ratios are of the weighted cost, over\n"
        "the people that the solver solves."
    )
    return section("How far from optimal", text, table(rows, heads, (1, 4, 5, 6, 7)))


def _finer(advice: Sequence[_Advice]) -> str:
    """Return what each grid finds, pays and takes beside the one before it in the run; nothing for a single grid."""
    rows = []
    for asked, group in groupby(advice, lambda row: row.asked):
        grids = [row for row in group if _is_grid(row.solver)]
        for coarse, fine in pairwise(grids):
            rows.append(
                [
                    *(*asked.named(), f"{code(coarse.solver)} to {code(fine.solver)}"),
                    f"{coarse.share:.0%} to {fine.share:.0%}",
                    f"{number(coarse.median)} to {number(fine.median)}",
                    f"{coarse.milliseconds:.2f} to {fine.milliseconds:.2f}",
                ]
            )
    if not rows:
        return ""
    heads = [*_KEYS, "grids", "certified people it solves", "cost / optimum: median", "ms each"]
    return section("What a finer grid costs and buys", table(rows, heads, (1, 4, 5, 6)))


def _is_grid(solver: str) -> bool:
    name, options = variant(solver)
    return name == "grid" and options.keys() <= {"points"}


def _advice(result: RunFiles) -> Iterator[_Advice]:
    people = result.read_people(lambda column: column in (*_COLUMNS, "person", "outcome"), required=())
    if people is None or any(name not in people for name in _COLUMNS):
        return
    summed_up = result.summary
    each = dict(
        zip(
            zip(*(summed_up[key] for key in (*_KEYS, "solver")), strict=True),
            1000 * summed_up["solve_seconds"] / summed_up["people"],
            strict=True,
        )
    )
    for (dataset, seed, scenario), cells in people.groupby(list(_KEYS), sort=False, observed=True):
        if cells["optimal_cost"].notna().any():
            asked = _asked(str(dataset), str(seed), str(scenario), cells)
            for solver, own in cells.groupby("solver", sort=False, observed=True):
                ratios = 1 + own["optimality_gap"].dropna().to_numpy(dtype=float)
                yield _Advice(asked, str(solver), ratios, each[dataset, seed, scenario, solver])


def _asked(dataset: str, seed: str, scenario: str, cells: pd.DataFrame) -> _Asked:
    proves = frozenset(map(str, cells[cells["lower_bound"].notna()]["solver"].unique()))
    ruled_out = cells[cells["solver"].isin(proves) & (cells["outcome"] == Outcome.INFEASIBLE)]["person"].unique()
    optimum = cells.groupby("person")["optimal_cost"].max()
    certified = set(optimum.index[optimum.notna()])
    impossible = set(ruled_out) - certified
    return _Asked(dataset, seed, scenario, len(optimum), len(certified), len(impossible), proves)
