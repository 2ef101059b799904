"""Whom a decision model leaves no action, and what solvers make of it."""

from __future__ import annotations

__all__ = ["fixed_predictions"]

import pandas as pd

_CELL = ["dataset", "scenario", "seed"]


def fixed_predictions(people: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each dataset, scenario and solver: who is told what, who is told nothing, who is proved stuck.

    After Kothari, Kulynych, Weng and Ustun, Prediction without preclusion (arXiv 2308.12820). That an action exists is
    known where any solver of the run found one that the judge found valid: only with one that proves what it says is
    that everybody.

    Arguments:
        people: Records of people, as a run keeps them: `dataset, scenario, seed, solver, person, outcome, valid,
            violations`.

    Returns:
        `dataset, scenario, solver, people`, and shares: `answered`, of people; `loophole`, of those answered whose
        advice breaks a constraint (missing where nobody is answered); `blindspot`, of people who are told nothing
        although an action exists; `proved_impossible`, of people who are proved to have none.

    Example:
        >>> said = pd.DataFrame({"dataset": "d", "scenario": "s", "seed": 0, "solver": ["a", "b"], "person": 0,
        ...     "outcome": ["solved", "not_found"], "valid": [True, False], "violations": [0, 0]})
        >>> fixed_predictions(said)[["solver", "answered", "blindspot"]].to_dict("list")
        {'solver': ['a', 'b'], 'answered': [1.0, 0.0], 'blindspot': [0.0, 1.0]}
    """
    found = people[[*_CELL, "solver", "person"]].copy()
    found["answered"] = people["outcome"].astype(str).eq("solved").astype(float)
    found["impossible"] = people["outcome"].astype(str).eq("infeasible").astype(float)
    broken = people["violations"].fillna(0).gt(0).astype(float)
    found["loophole"] = broken.where(found["answered"] == 1)
    valid = people["valid"].fillna(False).astype(bool)
    keys = [found[name] for name in (*_CELL, "person")]
    exists = valid.groupby(keys, observed=True).transform("max").astype(bool)
    found["blindspot"] = (exists & (found["answered"] == 0)).astype(float)
    rows = found.groupby(["dataset", "scenario", "solver"], observed=True, sort=False)
    shares = rows[["answered", "loophole", "blindspot", "impossible"]].mean()
    shares = shares.rename(columns={"impossible": "proved_impossible"})
    return shares.assign(people=rows.size()).reset_index()[
        ["dataset", "scenario", "solver", "people", "answered", "loophole", "blindspot", "proved_impossible"]
    ]
