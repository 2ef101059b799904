"""How far from certified optima advice ends, in words."""

from __future__ import annotations

import numpy as np
import pytest

from recourse_arena import ArenaError
from recourse_arena.reporting.paper.optimality import how_far_from_optimal
from recourse_arena.reporting.paper.report import PaperReport
from recourse_arena.reporting.results.cells import Cells

SCM, FLOW = "hard-1!scm-plausibility", "hard-1"


def tables(text):
    """Return the rows of each section, by its title."""
    return {
        part.splitlines()[0]: [
            [cell.strip() for cell in row.split("|")[1:-1]] for row in part.splitlines() if row.startswith("| `")
        ]
        for part in text.split("## ")[1:]
    }


@pytest.mark.usefixtures("exact")
def test_each_solver_is_held_against_the_optima_of_the_people_it_solves(arena):
    result = arena(solvers=["exact", "grid", "grid?points=49", "top"], scenarios=[SCM, FLOW])
    shown = tables(how_far_from_optimal([result]))
    people = result.people.query("scenario == @SCM")
    exact = people.query("solver == 'exact'")
    feasible, impossible = exact["optimal_cost"].notna().sum(), (exact["outcome"] == "infeasible").sum()
    (certified,) = shown["Who is certified"]
    open_ = len(exact) - feasible - impossible
    assert certified[2:7] == [SCM, str(len(exact)), str(feasible), str(impossible), str(open_)]
    assert certified[7] == f"{1 - open_ / len(exact):.1%}"
    found = {row[3]: row for row in shown["How far from optimal"]}
    assert list(found) == ["`exact`", "`grid`", "`grid?points=49`", "`top`"]
    ratios = 1 + people.query("solver == 'grid'")["optimality_gap"].dropna().to_numpy(dtype=float)
    low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    assert found["`grid`"][4:7] == [
        f"{len(ratios)} ({len(ratios) / feasible:.0%})",
        f"{middle:.3f}",
        f"{low:.3f} to {high:.3f}",
    ]
    assert found["`exact`"][5] == "1.000"
    ((_, _, _, grids, share, cost, _),) = shown["What a finer grid costs and buys"]
    assert grids == "`grid` to `grid?points=49`"
    ends = [found["`grid`"], found["`grid?points=49`"]]
    assert share == " to ".join(end[4].partition("(")[2].rstrip(")") for end in ends)
    assert cost == " to ".join(end[5] for end in ends)


@pytest.mark.usefixtures("exact")
def test_a_run_of_certified_optima_alone_is_a_report_of_its_own(arena, tmp_path):
    certified = arena(solvers=["exact", "grid"], scenarios=[SCM], out=tmp_path / "run")
    text = PaperReport.of([certified]).markdown()
    assert "## How far from optimal" in text
    assert "Missed targets" not in text
    assert "What a finer grid" not in text
    assert "Missed targets" in PaperReport.of([certified]).markdown("paper")


def test_runs_without_certificates_have_no_such_section(arena):
    result = arena(solvers=["grid"], scenarios=[FLOW])
    assert how_far_from_optimal([result]) == ""
    with pytest.raises(ArenaError, match="no published cell"):
        PaperReport.of([result])


def test_a_report_about_optima_needs_some(arena):
    result = arena(solvers=["grid"], scenarios=[FLOW])
    report = PaperReport([result], Cells.of([result]), [])
    with pytest.raises(ArenaError, match="run certified"):
        report.markdown("optima")
