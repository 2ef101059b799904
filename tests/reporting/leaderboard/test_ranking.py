"""Solvers are ranked by the truth where it is known, else by what they were not handed, or as their suite declares."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from boards import Draft

from recourse_arena import ArenaError
from recourse_arena.planning.plan import make_plan
from recourse_arena.planning.suite_file import read_suite
from recourse_arena.registry.discovery import discover
from recourse_arena.reporting.forms import render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.result import Result

PEOPLE = 400
EVERYBODY, HALF, FEW = np.ones(PEOPLE, bool), np.arange(PEOPLE) % 2 == 0, np.arange(PEOPLE) % 4 == 0
ALL = {"plausible": EVERYBODY, "plausible_scm": EVERYBODY, "plausible_heldout": EVERYBODY, "redrawn": 0.5}


def draft(scenario="hard-2", **others):
    """A solver that is best by the flow alone, and one that is as good by every ruler."""
    flatters = {**ALL, "plausible_scm": FEW, "plausible_heldout": HALF, **others}
    return Draft().solve(scenario, "honest", 0.8, **{**ALL, **others}).solve(scenario, "flatters", 1.0, **flatters)


def board(found, tmp_path, **info):
    result = found.write(tmp_path / "run")
    return Leaderboard.of([Result(result.path, {**result.info, **info}, result.summary)])


def order(leaderboard, scenario="hard-2"):
    rows = leaderboard.rows[leaderboard.rows["scenario"] == scenario]
    ranked = leaderboard.ranked()
    return [(row.solver, ranked[row.dataset, row.scenario, row.solver][0]) for row in rows.itertuples()]


def test_the_truth_ranks_where_it_is_known(tmp_path):
    found = board(draft(), tmp_path)
    assert order(found) == [("honest", "1 of 2"), ("flatters", "2 of 2")]
    assert found.ranked_by == {("town", "hard-2"): ("attainability_truth",)}
    for form in ("table", "md", "html"):
        assert "town: ranked by attain. (truth)" in render(found, form)
    assert "town: ranked by attain. (truth)" in found.fragment()


def test_else_what_no_solver_was_handed(tmp_path):
    found = board(draft(plausible_scm=None), tmp_path)
    assert order(found) == [("honest", "1 of 2"), ("flatters", "2 of 2")]
    assert found.ranked_by == {("town", "hard-2"): ("attainability_heldout",)}
    assert "attainability_truth" not in found.headings()
    assert "attain. (held-out) ↑" in found.headings().values()


def test_else_what_they_were_handed_as_in_older_runs(tmp_path):
    older = draft(plausible_scm=None, plausible_heldout=None)
    found = board(older, tmp_path)
    assert order(found) == [("flatters", "1 of 2"), ("honest", "2 of 2")]
    assert found.ranked_by == {("town", "hard-2"): ("attainability",)}


def test_one_solver_without_a_value_under_the_truth_is_not_ranked_behind_for_that(tmp_path):
    mixed = draft().solve("hard-2", "older", 0.9, **{**ALL, "plausible_scm": None})
    assert board(mixed, tmp_path).ranked_by == {("town", "hard-2"): ("attainability_heldout",)}


def test_a_suite_that_declares_its_ranks_keeps_them_and_says_so(tmp_path):
    found = board(draft(), tmp_path, suite={"name": "table-9", "version": "1", "ranked_by": "attainability"})
    assert order(found) == [("flatters", "1 of 2"), ("honest", "2 of 2")]
    assert "suite table-9 declares by what it ranks: attain." in found.text()


def test_without_plausibility_validity_ranks_and_then_cost(tmp_path):
    scenario = "hard-2!no-plausibility"
    found = Draft().solve(scenario, "cheap", 0.9, **ALL).solve(scenario, "dear", 0.9, cost=2.0, **ALL)
    found.solve(scenario, "half", 0.5, cost=0.1, **ALL)
    leaderboard = board(found, tmp_path)
    assert order(leaderboard, scenario) == [("cheap", "1 of 3"), ("dear", "2 of 3"), ("half", "3 of 3")]
    assert "town: ranked by valid, then cost" in leaderboard.text()


def test_what_solvers_were_asked_for_is_read_from_the_run_whatever_a_scenario_is_called(tmp_path):
    found = Draft().solve("clinic", "cheap", 0.9, **ALL).solve("clinic", "dear", 0.9, cost=2.0, **ALL)
    leaderboard = board(found, tmp_path, asked_plausibility={"clinic": "nothing"})
    assert leaderboard.ranked_by == {("town", "clinic"): ("validity", "cost_mean")}


def test_attainability_that_is_the_rulers_own_is_warned_of(tmp_path):
    leaderboard = board(draft(), tmp_path)
    (line,) = leaderboard.warnings()
    assert line.startswith("WARNING: town: some of the attainability of flatters is the ruler's own")
    assert "0.500 under hard-2 (0.4" in line
    for form in ("table", "md", "html"):
        shown = render(leaderboard, form)
        assert line.replace("'", "&#39;") in shown if form == "html" else line in shown
    assert json.loads(leaderboard.json())["warnings"] == [line]


@pytest.mark.parametrize("switch", ["!scm-plausibility", "!no-plausibility"])
def test_who_was_not_asked_to_look_at_that_ruler_is_not_warned_of(tmp_path, switch):
    assert board(draft(f"hard-2{switch}"), tmp_path).warnings() == []


def test_a_small_gap_is_no_reason_to_warn(tmp_path):
    nearly = np.arange(PEOPLE) % 20 > 0
    assert board(draft(plausible_heldout=nearly), tmp_path).warnings() == []


def test_rows_of_csv_say_what_ranks(tmp_path):
    table = board(draft(), tmp_path).table()
    assert set(table["ranked_by"]) == {"attainability_truth"}
    assert {"attainability_heldout_low", "redrawn_rank", "ruler_gap_low"} <= set(table)


def test_the_suites_of_the_paper_keep_its_definition_and_others_do_not():
    suites = discover().suites
    declared = {name for name, suite in suites.items() if suite.ranked_by == "attainability"}
    tables = {f"table-{number}" for number in (1, 2, 3, 5, 6)}
    assert declared == tables | {"gmsc", "fairness", "paper", "oracle", "training-seeds"}
    assert suites["paper"].identity()["ranked_by"] == "attainability"
    assert "ranked_by" not in suites["quick"].identity()


def test_a_suite_file_may_declare_it_and_a_metric_that_ranks_nobody_is_refused(tmp_path):
    registry, file = discover(), tmp_path / "suite.toml"
    file.write_text('datasets = ["loan"]\nscenarios = ["hard-2"]\nsolvers = ["grid"]\nranked_by = "validity"\n')
    suite = read_suite(file)
    assert suite.ranked_by == "validity"
    make_plan(suite, registry, data=tmp_path)
    for wrong in ("validty", "cost_sd", "fit_seconds"):
        with pytest.raises(ArenaError, match=f"unknown metric in ranked_by of suite 'suite' '{wrong}'"):
            make_plan(replace(suite, ranked_by=wrong), registry, data=tmp_path)
