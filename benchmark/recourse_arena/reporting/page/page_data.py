"""What the page knows, as plain data: everything its script shows, sorts and draws."""

from __future__ import annotations

__all__ = ["document", "looks"]

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.lasting.curves import Curve, curves_of
from recourse_arena.reporting.lasting.table import Lasting
from recourse_arena.reporting.leaderboard.group_table import COLUMNS, SMALL
from recourse_arena.reporting.leaderboard.standings import PAIRS, Standing
from recourse_arena.reporting.leaderboard.worlds import datasets_in_words, scenarios_in_words, worlds_in_words
from recourse_arena.reporting.results.averages import averages
from recourse_arena.reporting.results.families import family_title, hard_families
from recourse_arena.reporting.results.palette import COLOURS, DARK_COLOURS, places
from recourse_arena.reporting.results.people_by_cell import PeopleByCell

if TYPE_CHECKING:
    from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard


_SAMPLE = 250
"""People per dataset whose densities are drawn: more would hide each other."""
_ENTROPY = 1


def document(board: Leaderboard, lasting: Iterable[Lasting] = ()) -> dict[str, Any]:
    """Return the data of the page; every number is rounded to what is shown, undefined ones are null.

    Arguments:
        board: The leaderboard.
        lasting: What becomes of the advice of its runs under changed models, where they keep it.
    """
    datasets, averaged = list(dict.fromkeys(board.rows["dataset"])), averages(board.metrics)
    return {
        "metrics": [
            {**metric, "share": metric["name"] in averaged and averaged[metric["name"]].share}
            for metric in board.metrics
        ],
        "solvers": _solvers(board),
        "palette": {"light": COLOURS, "dark": DARK_COLOURS},
        "datasets": [_dataset(board, name) for name in datasets],
        "scenarios": scenarios_in_words(board.rows["scenario"], board.runs),
        "rows": _rows(board),
        "pairs": _table(board.standings.pairs, [name for name in PAIRS if name != "better"]),
        "groups": _groups(board),
        "density": [_density(panel) for panel in board.panels.values()],
        "lasting": [_curve(curve) for found in lasting for curve in curves_of(found)],
        "small": SMALL,
        "csv": board.csv(),
    }


def _solvers(board: Leaderboard) -> list[dict[str, Any]]:
    """Return what each solver declares, and its place in the palette on each dataset: as in the figures of the run."""
    look = looks(board)
    return [
        {
            "name": name,
            "knows": list(board.solvers.get(name, {}).get("knows", [])),
            "summary": board.solvers.get(name, {}).get("summary", ""),
            "looks": {dataset: place for (dataset, solver), place in look.items() if solver == name},
        }
        for name in dict.fromkeys(board.rows["solver"])
    ]


def looks(board: Leaderboard) -> dict[tuple[str, str], int]:
    """Return the place in the palette of each dataset and solver, those with results first, in the order of the run."""
    cells = [cell for run in board.runs for cell in run["cells"]]
    solved = [cell for cell in cells if cell["outcome"] == Outcome.SOLVED]
    known = [(cell["dataset"], cell["solver"]) for cell in [*solved, *cells]]
    return places([*known, *zip(board.rows["dataset"], board.rows["solver"], strict=True)])


def _dataset(board: Leaderboard, name: str) -> dict[str, Any]:
    rows = board.rows[board.rows["dataset"] == name]
    families = hard_families(rows["scenario"])
    return {
        "name": name,
        "what": datasets_in_words(board.runs).get(name, ""),
        "world": worlds_in_words(board.runs).get(name, ""),
        "seeds": int(rows["seeds"].max()),
        "people": int(rows["people"].max()),
        "scenarios": list(dict.fromkeys(rows["scenario"])),
        "families": [
            {"title": family_title(family), "scenarios": _by_number(names)}
            for family, names in families.items()
            if len(names) > 1
        ],
    }


def _by_number(names: Mapping[str, str]) -> list[dict[str, str]]:
    order = sorted((count for count in names if count != "random"), key=int, reverse=True)
    return [{"count": count, "name": names[count]} for count in [*order, *({"random"} & set(names))]]


def _rows(board: Leaderboard) -> list[dict[str, Any]]:
    standings, outcomes = board.standings.by_cell(), _outcomes(board)
    names = [metric["name"] for metric in board.metrics if metric["name"] in board.rows]
    rows = []
    for row in _records(board.rows):
        key = (row["dataset"], row["scenario"], row["solver"])
        found = standings.get(key, {})
        rows.append(
            {
                **{name: row[name] for name in ("dataset", "scenario", "solver", "note", "run")},
                **{name: int(row[name]) for name in ("people", "seeds")},
                "ms": _rounded(row["ms_per_person"]),
                "values": {
                    name: _value(row[name], found.get(name), best=(*key, name) in board.best)
                    for name in names
                    if not pd.isna(row[name])
                },
                "outcomes": outcomes.get(key, {}),
            }
        )
    return rows


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _value(value: float, standing: Standing | None, *, best: bool) -> list[Any]:
    """Return a value and, where it has one, its interval, rank, whether it is bold, and how many people count."""
    if standing is None:
        return [_rounded(value)]
    ends = [_rounded(end) for end in (standing.low, standing.high, standing.rank)]
    return [_rounded(value), *ends, int(best), standing.counted]


def _outcomes(board: Leaderboard) -> dict[tuple[str, str, str], dict[str, int]]:
    """Return how many people ended how in each cell; cells without people count as one `failed` or `skipped`."""
    found: dict[tuple[str, str, str], dict[str, int]] = {}
    for run in board.runs:
        for cell in run["cells"]:
            counts = found.setdefault((cell["dataset"], cell["scenario"], cell["solver"]), {})
            for outcome, people in (cell.get("outcomes") or {}).items():
                counts[outcome] = counts.get(outcome, 0) + int(people)
    return found


def _groups(board: Leaderboard) -> dict[str, Any]:
    return _table(board.by_group, [name for name in COLUMNS if name != "small"])


def _table(table: pd.DataFrame, names: Iterable[str]) -> dict[str, Any]:
    """Return columns of a table; words that come again are numbered."""
    found: dict[str, Any] = {}
    for name in names:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column):
            found[name] = [_rounded(value) for value in column.tolist()]
        else:
            codes, words = pd.factorize(column.astype(object))
            found[name] = {"words": [str(word) for word in words], "codes": codes.tolist()}
    return found


def _density(panel: PeopleByCell) -> dict[str, Any]:
    """Return log-densities before and after of a sample of people, the same people in every cell."""
    before, after = panel.recorded("logp_factual"), panel.recorded("logp_counterfactual")
    valid = panel.recorded("valid")
    known = np.flatnonzero(np.isfinite(before).any(1)) if before.shape[1] else np.arange(0)
    draws = np.random.default_rng(_ENTROPY)
    chosen = np.sort(draws.choice(known, min(_SAMPLE, len(known)), replace=False))
    first = [_rounded(row[np.isfinite(row)][0], 2) for row in before[chosen]]
    cells = []
    for i, (scenario, solver) in enumerate(panel.cells):
        known_after = np.isfinite(after[:, i]) & np.isfinite(before[:, i])
        above = (after[known_after, i] >= before[known_after, i]).mean() if known_after.any() else math.nan
        cells.append(
            {
                "scenario": scenario,
                "solver": solver,
                "after": [_rounded(value, 2) for value in after[chosen, i]],
                "valid": "".join("1" if value == 1 else "0" for value in valid[chosen, i]),
                "people": int(known_after.sum()),
                "above": _rounded(above),
            }
        )
    persons = [
        [int(seed), int(person)] for seed, person in zip(panel.seeds[chosen], panel.persons[chosen], strict=True)
    ]
    ends = [_rounded(value, 2) for value in _ends(before, after)]
    return {"dataset": panel.dataset, "persons": persons, "before": first, "ends": ends, "cells": cells}


def _curve(curve: Curve) -> dict[str, Any]:
    """Return what margins cost and buy."""
    words = {name: getattr(curve, name) for name in ("dataset", "scenario", "solver", "unit")}
    tables = {name: _records(getattr(curve, name)) for name in ("price", "drops")}
    return words | {
        name: [
            {key: value if isinstance(value, str) else _rounded(value) for key, value in row.items()} for row in rows
        ]
        for name, rows in tables.items()
    }


def _ends(*densities: Any) -> list[float]:
    """Return the 1st and 99th percentile of all densities, so that few outliers do not squash the rest."""
    values = np.concatenate([part[np.isfinite(part)] for part in densities])
    return np.quantile(values, [0.01, 0.99]).tolist() if len(values) else [0.0, 1.0]


def _rounded(value: Any, decimals: int | None = None) -> float | int | None:
    """Return a number in four digits, or with some decimals; null if it is undefined or infinite."""
    if value is None or pd.isna(value) or not math.isfinite(value):
        return None
    if isinstance(value, int | np.integer) or float(value).is_integer():
        return int(value)
    return round(float(value), decimals) if decimals is not None else float(f"{value:.4g}")
