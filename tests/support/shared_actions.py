"""Runs that offer made-up menus: whom each action works for, and at what cost, is given."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from boards import Draft

FEATURES = [
    {"name": "hours-per-week", "kind": "integer", "role": "actionable", "sd": 12.0, "unit": "hours"},
    {
        "name": "education",
        "kind": "ordinal",
        "role": "actionable",
        "sd": 2.0,
        "levels": ["school", "college", "degree"],
    },
    {"name": "town", "kind": "categorical", "role": "actionable", "sd": 1.0, "levels": ["north", "south"]},
]
"""What the features of made-up menus are."""

MOVES = (("hours-per-week", "add", 10.0), ("education", "at least", 1.0), ("town", "set", "south"))


class MenuDraft(Draft):
    """A run to be that offers menus.

    `offer` takes the weighted cost of each action for each person, `(people, actions)`, infinite where it does not
    work; `alone` everybody's own cheapest, `(people,)`.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.rows = []

    def offer(self, scenario, solver, costs, *, race, sex=None, cluster=None, available=None, seed=0, dataset="town"):
        """Add a menu solver on one seed."""
        costs = np.asarray(costs, dtype=float)
        people, actions = costs.shape
        works = np.isfinite(costs)
        cheapest = costs.min(1)
        helped = np.isfinite(cheapest)
        cluster = np.ones(people, int) if cluster is None else np.asarray(cluster) + 1
        may = np.ones_like(works) if available is None else np.asarray(available)
        offers = {}
        for i in range(actions):
            offers[f"offer_works_{i + 1}"] = pd.array(np.where(may[:, i], works[:, i], False), "boolean")
            offers[f"offer_cost_{i + 1}"] = np.where(works[:, i], costs[:, i], np.where(may[:, i], 9.0, np.nan))
        more = {
            "cluster": cluster,
            "pick": pd.array(np.where(helped, costs.argmin(1) + 1, None), "Int64"),
            "available": may.sum(1),
            "choices": works.sum(1),
            **offers,
        }
        self._people(scenario, solver, cheapest, race, sex, seed, dataset, more)
        for place in range(actions):
            feature, move, amount = MOVES[place % len(MOVES)]
            for number in np.unique(cluster).tolist():
                key = {"dataset": dataset, "scenario": scenario, "solver": solver, "seed": seed, "cluster": number}
                self.rows.append({**key, "action": place + 1, "feature": feature, "move": move, "amount": amount})
        self.cells[-1]["alone_seconds"] = 0.0025
        return self

    def alone(self, scenario, solver, cost, *, race, sex=None, seed=0, dataset="town"):
        """Add a solver of everybody's own actions on one seed."""
        self._people(scenario, solver, np.asarray(cost, dtype=float), race, sex, seed, dataset, {})
        return self

    def _people(self, scenario, solver, cost, race, sex, seed, dataset, more):
        helped = np.isfinite(cost)
        cost = np.where(helped, cost, np.nan)
        table = pd.DataFrame(
            {
                "dataset": dataset,
                "scenario": scenario,
                "solver": solver,
                "seed": seed,
                "person": np.arange(len(cost)),
                "group_race": np.asarray(race, dtype=object),
                **({} if sex is None else {"group_sex": np.asarray(sex, dtype=object)}),
                "outcome": np.where(helped, "solved", "not_found"),
                "valid": helped,
                "plausible": helped,
                "cost": cost * 0.5,
                "weighted_cost": cost,
                "l2": cost,
                "actions": 1,
                "hard_action": pd.array([None] * len(cost), "boolean"),
                "violations": 0,
                "logp_factual": -1.0,
                "logp_counterfactual": np.where(helped, 0.0, np.nan),
                **more,
            }
        )
        self.tables.append(table)
        self._cell(dataset, scenario, solver, seed, "solved", fit_seconds=2.0, solve_seconds=0.5)

    def write(self, path, *, alarms=(), protected=None, odds_gap=None):
        """Write the folder of the run; `protected` and `odds_gap` are what its materials say."""
        result = super().write(path, alarms=alarms)
        info = json.loads((path / "run.json").read_text())
        keys = {(cell["dataset"], cell["seed"]): None for cell in self.cells}
        info["materials"] = [
            {
                "dataset": dataset,
                "seed": seed,
                "version": "1",
                "file": "",
                "asking": 10,
                "decision": "forest",
                "accuracy": 0.8,
                "effects": "none",
                "cost": "gower",
                "features": FEATURES,
                **({} if protected is None else {"protected": protected}),
                **({} if odds_gap is None else {"odds_gap": odds_gap}),
            }
            for dataset, seed in keys
        ]
        (path / "run.json").write_text(json.dumps(info))
        if self.rows:
            pd.DataFrame(self.rows).to_csv(path / "menus.csv", index=False)
        return type(result).read(path)
