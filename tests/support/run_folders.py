"""Run folders with given shares, written without running anything: person 0 is the luckiest in every cell."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd

from recourse_arena.reporting.paper.published import TABLES, published
from recourse_arena.reporting.results.averages import built_in
from recourse_arena.reporting.results.cells import CellName

COLUMNS = ["dataset", "scenario", "solver", "seed"]


def published_shares():
    """Return validity, plausibility and hap of every published cell, as :func:`write_run` takes them."""
    shares = {}
    for row in published().query("table in @TABLES", local_dict={"TABLES": list(TABLES)}).to_dict("records"):
        shares.setdefault(CellName(row["scenario"], row["solver"], row["dataset"]), {})[row["metric"]] = row["value"]
    return shares


def _people(shares, people, seed):
    """The first so many people are covered, valid, plausible; who acts on the hardest feature is spread among them.

    Plausibility is over everybody, for the oracle over people with advice.
    """
    oracle = shares["solver"] == "grid"
    covered = round(people * shares.get("coverage", shares["validity"] if oracle else 1.0))
    valid = round(people * shares["validity"])
    plausible = min(covered, round((covered if oracle else people) * shares.get("plausibility", 1.0)))
    place = np.arange(people)
    hard = np.full(people, None)
    if "hap" in shares:
        spread = np.argsort(place[:valid] * 0.618033988749895 % 1)
        hard[:] = False
        hard[spread[: round(shares["hap"] * valid)]] = True
    return pd.DataFrame(
        {
            **{name: shares[name] for name in ("dataset", "scenario", "solver")},
            "seed": seed,
            "person": place,
            "outcome": np.where(place < covered, "solved", "not_found"),
            "valid": place < valid,
            "plausible": place < plausible,
            "hard_action": pd.array(hard, "boolean"),
            "cost": 1.0,
            "weighted_cost": 1.0,
            "violations": 0,
        }
    )


@cache
def _cell(shares, people, seed):
    """A cell's people and their averages, which many runs have in common."""
    table = _people(dict(shares), people, seed)
    return table, {name: average(table, {}) for name, average in built_in().items()}


def write_run(path, cells, *, people=1000, seed=0, asking=1000, records=None, versions=None, **changes):
    """Write the folder of a run; `cells` gives each cell's shares, `records` adds to a cell's record.

    `changes` replace parts of `run.json`; `asking=None` writes one of before materials were recorded.
    """
    path.mkdir(parents=True, exist_ok=True)
    tables, rows, summary = [], [], []
    for cell, shares in cells.items():
        label = {"dataset": cell.dataset, "scenario": cell.scenario, "solver": cell.solver}
        row = {**label, "seed": seed, "outcome": "solved", "people": people, "fit_seconds": 1.0, "solve_seconds": 1.0}
        row |= (records or {}).get(cell, {})
        rows.append(row)
        means = {}
        if shares:
            table, means = _cell(tuple(sorted({**label, **shares}.items())), people, seed)
            tables.append(table)
        summary.append({**{name: row[name] for name in (*COLUMNS, "outcome", "people")}, **means})
    info = {
        "status": "finished",
        "protocol": 1,
        "suite": {"name": "paper", "version": "1"},
        "solvers": {cell.solver: {"version": (versions or {}).get(cell.solver, "1")} for cell in cells},
        "metrics": [],
        "cells": rows,
        "provenance": {
            "started": "2026-01-01T00:00:00+00:00",
            "command": ["run", "paper"],
            "python": "3.11",
            "processor": "a processor",
            "packages": {"recourse-arena": "0.1.0", "torch": "2"},
        },
    }
    if asking is not None:
        info["materials"] = [
            {"dataset": name, "seed": seed, "version": "1", "file": "", "asking": asking} | _DIGESTS
            for name in dict.fromkeys(cell.dataset for cell in cells)
        ]
    (path / "run.json").write_text(json.dumps({**info, **changes}))
    pd.DataFrame(summary).to_csv(path / "summary.csv", index=False)
    (pd.concat(tables) if tables else pd.DataFrame()).to_parquet(path / "people.parquet")
    return path


_DIGESTS = {"classifier": "c0ffee0123456789", "flow": "f10f10f10f10f10f"}
