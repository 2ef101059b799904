"""How far from certified optima advice ends, in words."""

from __future__ import annotations

import numpy as np
import pytest

from recourse_arena import ArenaError
from recourse_arena.reporting.optimality import how_far_from_optimal
from recourse_arena.reporting.report import Report

SCM, FLOW = "hard-1!scm-plausibility", "hard-1"


@pytest.mark.usefixtures("exact")
def test_each_solver_is_held_against_the_optima_of_the_people_it_solves(arena):
    result = arena(solvers=["exact", "grid", "top"], scenarios=[SCM, FLOW])
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in how_far_from_optimal([result]).splitlines()[7:]]
    assert [(row[2], row[7]) for row in rows] == [(SCM, "exact"), (SCM, "grid"), (SCM, "top")]
    people = result.people.query("scenario == @SCM")
    exact = people.query("solver == 'exact'")
    feasible, impossible = exact["optimal_cost"].notna().sum(), (exact["outcome"] == "infeasible").sum()
    assert rows[0][3:7] == [str(len(exact)), str(feasible), str(impossible), str(len(exact) - feasible - impossible)]
    ratios = 1 + people.query("solver == 'grid'")["optimality_gap"].dropna().to_numpy(dtype=float)
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    assert rows[1][8:11] == [
        f"{len(ratios)} ({len(ratios) / feasible:.0%})",
        f"{middle:.3f}",
        f"{low:.3f} to {high:.3f}",
    ]
    assert rows[0][9] == "1.000"


@pytest.mark.usefixtures("exact")
def test_a_run_of_certified_optima_alone_is_a_report_of_its_own(arena, tmp_path):
    certified = arena(solvers=["exact", "grid"], scenarios=[SCM], out=tmp_path / "run")
    text = Report.of([certified]).markdown()
    assert "## How far from optimal" in text
    assert "Missed targets" not in text


def test_runs_without_certificates_have_no_such_section(arena):
    result = arena(solvers=["grid"], scenarios=[FLOW])
    assert how_far_from_optimal([result]) == ""
    with pytest.raises(ArenaError, match="no published cell"):
        Report.of([result])
