"""Whom a decision model leaves no action is counted as a plain loop over people counts it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from boards import Draft
from click.testing import CliRunner

from recourse_arena.cli import main
from recourse_arena.reporting.results.fixed_predictions import fixed_predictions


@pytest.fixture(scope="module")
def people():
    draws, rows = np.random.default_rng(0), []
    for dataset in ("a", "b"):
        for solver in ("exact", "quick", "mute"):
            for seed in (0, 1):
                for person in range(20):
                    outcomes = ["not_found"] if solver == "mute" else ["solved", "solved", "infeasible", "not_found"]
                    outcome = draws.choice(outcomes)
                    broken = int(draws.integers(2)) if outcome == "solved" else 0
                    valid = outcome == "solved" and not broken and bool(draws.integers(2))
                    rows.append((dataset, "hard-2", seed, solver, person, outcome, valid, broken))
    names = ["dataset", "scenario", "seed", "solver", "person", "outcome", "valid", "violations"]
    return pd.DataFrame(rows, columns=names).astype({"valid": "boolean", "violations": "Int64"})


def test_shares_are_what_a_loop_counts(people):
    records, found = people.to_dict("records"), fixed_predictions(people)
    assert len(found) == 6
    exists = {(r["dataset"], r["seed"], r["person"]) for r in records if r["valid"]}
    for row in found.to_dict("records"):
        own = [r for r in records if (r["dataset"], r["solver"]) == (row["dataset"], row["solver"])]
        told = [r for r in own if r["outcome"] == "solved"]
        blind = [r for r in own if r["outcome"] != "solved" and (r["dataset"], r["seed"], r["person"]) in exists]
        assert row["people"] == len(own) == 40
        assert row["answered"] == pytest.approx(len(told) / 40)
        assert row["blindspot"] == pytest.approx(len(blind) / 40)
        assert row["proved_impossible"] == pytest.approx(sum(r["outcome"] == "infeasible" for r in own) / 40)
        if told:
            assert row["loophole"] == pytest.approx(sum(r["violations"] > 0 for r in told) / len(told))
        else:
            assert math.isnan(row["loophole"])


def test_nothing_that_counts_is_nothing(people):
    assert (fixed_predictions(people)[["loophole", "blindspot", "proved_impossible"]].max() > 0).all()


def test_the_report_says_it_with_intervals_and_only_provers_prove(tmp_path):
    draft = Draft(people=40)
    draft.solve("hard-2", "certified", 0.75, dataset="german")
    draft.solve("hard-2", "quick", 0.5, dataset="german")
    run = draft.write(tmp_path / "run")
    shown = CliRunner().invoke(main, ["report", str(run.path), "--about", "fixed-predictions"])
    assert shown.exit_code == 0, shown.output
    lines = [line.strip("|").split("|") for line in (run.path / "report.md").read_text().splitlines()]
    found = {cells[2].strip(): [cell.strip() for cell in cells] for cells in lines if len(cells) == 10}
    row = run.fixed_predictions().set_index("solver").loc["certified"]
    assert found["certified"][4] == f"{row['answered']:.3f}"
    assert found["certified"][5:8] == ["0.000", "0.000 to 0.088", f"{1 - row['answered']:.3f}"]
    assert found["quick"][5:8] == ["-"] * 3
    assert found["quick"][9] == f"{run.fixed_predictions().set_index('solver').loc['quick', 'blindspot']:.3f}"
