"""Leaderboards of people with known luck, written without running anything."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from recourse_arena.judging.metrics import recourse_metrics
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.result import Result
from recourse_arena.storage.lasting_table import Redecided, keep_redecided

EVIL = "<img src=x onerror=alert(1)>"
TIMES = {"fit_seconds": 2.0, "solve_seconds": 0.5}
KNOWN = {
    "accuracy_before": 0.8,
    "accuracy": 0.75,
    "acceptance_before": 0.5,
    "acceptance": 0.625,
    "agreement": 0.9,
    "lost": 0.1,
    "gap": 0.25,
    "gap_sd": 0.5,
    "bits": 4.5,
    "bytes": 1792.0,
}
"""What is known of made-up changed models."""


@dataclass
class Draft:
    """A run to be: solvers whose share of success is given, on people who share their luck."""

    people: int = 400
    seeds: tuple[int, ...] = (0,)
    groups: bool = True
    cells: list[dict] = field(default_factory=list)
    tables: list[pd.DataFrame] = field(default_factory=list)

    def solve(self, scenario, solver, share, *, cost=1.0, dataset="town", luck=0, **columns):
        """Add a solver that helps this share of the people; another `luck` helps others."""
        for seed in self.seeds:
            draws = np.random.default_rng([seed, luck])
            valid = draws.random(self.people) < share
            costs = np.where(valid, cost * np.random.default_rng([seed, 99]).lognormal(size=self.people), np.nan)
            before = np.random.default_rng([seed, 98]).normal(-12, 2, self.people)
            table = pd.DataFrame(
                {
                    "dataset": dataset,
                    "scenario": scenario,
                    "solver": solver,
                    "seed": seed,
                    "person": np.arange(self.people),
                    "outcome": np.where(valid, "solved", "not_found"),
                    "valid": valid,
                    "plausible": valid & (np.arange(self.people) % 10 > 0),
                    "plausible_scm": valid,
                    "cost": costs,
                    "weighted_cost": costs,
                    "l2": costs,
                    "actions": np.where(valid, 2, 0),
                    "hard_action": pd.array(np.where(valid, np.arange(self.people) % 2, None), "boolean"),
                    "violations": 0,
                    "logp_factual": before,
                    "logp_counterfactual": np.where(valid, before + 1, np.nan),
                }
            ).assign(**columns)
            if self.groups:
                table.insert(5, "group_gender", np.where(np.arange(self.people) % 3, "female", "male"))
                table.insert(6, "group_town", np.where(np.arange(self.people) < 20, EVIL, "elsewhere"))
            self.tables.append(table)
            self._cell(dataset, scenario, solver, seed, "solved", outcomes={"solved": int(valid.sum())}, **TIMES)
        return self

    def end(self, scenario, solver, outcome, reason="", dataset="town"):
        """Add a cell without people."""
        for seed in self.seeds:
            self._cell(dataset, scenario, solver, seed, outcome, **({"reason": reason} if reason else {}))
        return self

    def _cell(self, dataset, scenario, solver, seed, outcome, **more):
        label = {"dataset": dataset, "scenario": scenario, "solver": solver, "seed": seed, "outcome": outcome}
        self.cells.append({**label, **more})

    def write(self, path, *, alarms=()):
        """Write the folder of the run and return its result."""
        path.mkdir(parents=True)
        metrics = recourse_metrics()
        keys = ["dataset", "scenario", "solver", "seed"]
        tables = {tuple(table[keys].iloc[0]): table for table in self.tables}
        rows = []
        for cell in self.cells:
            table = tables.get(tuple(cell[key] for key in keys))
            row = {**{key: cell[key] for key in (*keys, "outcome")}, "people": 0 if table is None else len(table)}
            if table is not None:
                row |= {metric.name: metric.compute(table, TIMES) for metric in metrics}
            rows.append(row)
        columns = [*keys, "outcome", "people", *(metric.name for metric in metrics)]
        pd.DataFrame(rows, columns=columns).to_csv(path / "summary.csv", index=False)
        if self.tables:
            pd.concat(self.tables, ignore_index=True).to_parquet(path / "people.parquet")
        solvers = {
            cell["solver"]: {
                "version": "1",
                "knows": ["flow"],
                "summary": f"{cell['solver']} does it",
                "trained": False,
            }
            for cell in self.cells
        }
        started = {"started": "2026-01-01T00:00:00+00:00", "command": ["run", EVIL], "packages": {"torch": "2"}}
        info = {
            "status": "finished",
            "protocol": 1,
            "suite": {"name": "trial", "version": "1"},
            "solvers": solvers,
            "metrics": [metric.declaration() for metric in metrics],
            "cells": self.cells,
            "provenance": started,
            "alarms": list(alarms),
        }
        (path / "run.json").write_text(json.dumps(info))
        return Result.read(path)

    def board(self, path, **options):
        """Return the leaderboard of the run alone."""
        return Leaderboard.of([self.write(path, **options)])


def keep_lasting(path, changes, *, shares=None, seed=0, facts=None, notes=()):
    """Keep what made-up models decide on the advice in a run folder, as `lasting.parquet`; return the run.

    Arguments:
        path: The folder.
        changes: Names of models by change.
        shares: For each model the share of those who count whom it accepts; by default 0.7.
        seed: Who those are.
        facts: What is known of models else, by model.
        notes: Why changes say nothing of a dataset.
    """
    run = Result.read(path)
    people = run.people[run.people["outcome"].notna()]
    counts = people["valid"].fillna(False).to_numpy(dtype=bool)
    rows, known = [], []
    for change, models in changes.items():
        for place, model in enumerate(models):
            draws = np.random.default_rng([seed, place, len(change)])
            luck = draws.random(len(people))
            for matched in (False, True):
                accepted = counts & (luck < (shares or {}).get(model, 0.7) - 0.1 * matched)
                said = {"change": change, "model": model, "matched": matched, "counts": counts, "accepted": accepted}
                said |= {"already": luck < 0.1, "early": np.where(luck < 0.2, 1.0, 0.0), "logit": luck}
                keys = people[["dataset", "scenario", "solver", "seed", "person"]].astype({"seed": int, "person": int})
                rows.append(keys.assign(**said, margin=0.2, margin_sd=0.1))
                for dataset, number in people[["dataset", "seed"]].drop_duplicates().itertuples(index=False):
                    which = {"dataset": str(dataset), "seed": int(number), "change": change, "model": model}
                    known.append({**which, "matched": matched, **KNOWN, **(facts or {}).get(model, {})})
    keep_redecided(run, Redecided(pd.concat(rows, ignore_index=True), tuple(known), tuple(notes)))
    return Result.read(path)
