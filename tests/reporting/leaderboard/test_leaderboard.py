"""Leaderboards: what they show, and what they refuse to mix."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from boards import Draft

from recourse_arena import ArenaError
from recourse_arena.reporting.forms import FORMS, render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.page.page import plotting_library
from recourse_arena.reporting.result import Result

METRICS = [
    {"name": name, "direction": way, "unit": "u", "population": "p", "definition": "d", "title": title}
    for name, way, title in (
        ("attainability", "higher", "attain."),
        ("cost_mean", "lower", "cost"),
        ("solve_seconds", "lower", "s"),
    )
]


def result(rows, *, protocol=1, version="1", reasons=()):
    summary = pd.DataFrame(
        rows, columns=["dataset", "scenario", "solver", "seed", "outcome", "people", "attainability", "cost_mean"]
    )
    summary["solve_seconds"] = 2.0
    cells = [
        {**dict(zip(("dataset", "scenario", "solver", "seed"), row[:4], strict=True)), "outcome": row[4]}
        for row in rows
    ]
    for cell, reason in zip(cells, reasons, strict=False):
        cell["reason"] = reason
    info = {
        "protocol": protocol,
        "suite": {"name": "s", "version": version},
        "metrics": METRICS,
        "solvers": {row[2]: {"knows": ["flow"], "summary": "x", "version": "1"} for row in rows},
        "cells": cells,
        "provenance": {"started": "2026-01-01", "command": ["run", "s"], "packages": {"torch": "2"}},
    }
    return Result(None, info, summary)


ROWS = [
    ("loan", "hard-2", "worse", 0, "solved", 100, 0.25, 1.0),
    ("loan", "hard-2", "better", 0, "solved", 100, 0.75, 3.0),
    ("loan", "hard-1", "worse", 0, "solved", 100, 0.5, None),
]


def test_scenarios_stay_in_order_and_the_most_attainable_comes_first():
    rows = Leaderboard.of([result(ROWS)]).rows
    assert list(zip(rows["scenario"], rows["solver"], strict=True)) == [
        ("hard-2", "better"),
        ("hard-2", "worse"),
        ("hard-1", "worse"),
    ]


def test_seeds_are_averaged():
    again = [(*ROWS[0][:3], 1, "solved", 100, 0.75, 2.0)]
    rows = Leaderboard.of([result([ROWS[0], *again])]).rows
    assert rows.loc[0, ["attainability", "cost_mean", "seeds", "people"]].tolist() == [0.5, 1.5, 2, 200]
    assert rows.loc[0, "ms_per_person"] == pytest.approx(1000 * 4 / 200)


def test_an_undefined_value_is_a_dash_and_directions_are_arrows():
    text = Leaderboard.of([result(ROWS)]).text()
    assert "attain. ↑" in text
    assert "cost ↓" in text
    assert text.splitlines()[5].split()[:5] == ["hard-1", "worse", "100", "0.500", "-"]


@pytest.mark.parametrize("form", FORMS)
def test_every_format_names_every_solver_and_failure(form):
    board = Leaderboard.of([result([*ROWS, ("loan", "hard-1", "odd", 0, "failed", 0, None, None)])])
    shown = render(board, form)
    assert all(name in shown for name in ("better", "worse", "odd"))


def test_the_reason_of_a_failure_is_shown_in_table_markdown_and_page():
    rows = [("loan", "hard-1", "odd", 0, "failed", 0, None, None)]
    board = Leaderboard.of([result(rows, reasons=["it broke"])])
    for form in ("table", "md", "html"):
        assert "failed: it broke" in render(board, form)


def test_names_are_escaped_in_html():
    evil = "<img src=x onerror=alert(1)>"
    board = Leaderboard.of([result([("loan", evil, evil, 0, "failed", 0, None, None)], reasons=[evil])])
    for shown in (render(board, "html").replace(plotting_library(), ""), board.fragment()):
        assert "<img" not in shown
        assert "&lt;img" in shown


def test_csv_and_json_can_be_read_back():
    from io import StringIO

    board = Leaderboard.of([result(ROWS)])
    assert len(pd.read_csv(StringIO(board.csv()))) == 3
    assert json.loads(board.json())["rows"][0]["solver"] == "better"


def test_runs_merge_and_what_cannot_be_compared_is_refused():
    other = result([(*ROWS[0][:2], "third", *ROWS[0][3:])])
    assert len(Leaderboard.of([result(ROWS), other]).rows) == 4
    with pytest.raises(ArenaError, match="differ in the judging protocol"):
        Leaderboard.of([result(ROWS), result([], protocol=2)])
    with pytest.raises(ArenaError, match="differ in the version of suite s"):
        Leaderboard.of([result(ROWS), result([], version="2")])
    with pytest.raises(ArenaError, match="at least one run"):
        Leaderboard.of([])


@pytest.mark.parametrize("form", FORMS)
def test_the_same_solver_of_two_runs_stands_before_and_after_beside_each_other(tmp_path, form):
    before, after = (
        Draft(people=60).solve("hard-2", "grid", share).solve("hard-2", name, 0.5).write(tmp_path / name)
        for name, share in (("before", 0.2), ("after", 0.9))
    )
    after.info["solvers"]["grid"]["version"] = "2"  # which is why one looks
    board = Leaderboard.of([before, after])
    rows = board.rows.set_index("solver")["attainability"]
    assert rows["grid [after]"] > rows["grid [before]"]
    assert {"before", "after"} < set(rows.index)  # whoever is in one run keeps its name
    assert set(board.standings.pairs["first"]) | set(board.standings.pairs["second"]) == set(rows.index)
    shown = render(board, form)
    assert "grid [before]" in shown.replace("\\", "")
    assert "grid [after]" in shown.replace("\\", "")


def test_runs_that_hold_other_seeds_of_a_solver_share_its_row(tmp_path):
    runs = [Draft(people=60, seeds=(i,)).solve("hard-2", "grid", 0.5).write(tmp_path / str(i)) for i in (0, 1)]
    assert Leaderboard.of(runs).rows[["solver", "seeds"]].values.tolist() == [["grid", 2]]


def test_a_result_displays_as_its_leaderboard():
    shown = replace(result(ROWS))
    assert "better" in repr(shown)
    assert "<table>" in shown._repr_html_()


GAP = [
    {"name": name, "direction": way, "unit": "u", "population": "p", "definition": "d", "title": title}
    for name, way, title in (("optimality_gap", "lower", "gap"), ("optimality_people", "none", "gap of"))
]
ALARM = {
    "dataset": "loan",
    "scenario": "hard-2",
    "seed": 0,
    "solver": "worse",
    "certifier": "<exact>",
    "kind": "below_lower_bound",
    "people": 1,
    "persons": [7],
}


def with_gaps(gaps, people, alarms=()):
    found = result([*ROWS[:2], (*ROWS[0][:3], 1, *ROWS[0][4:])])
    summary = found.summary.assign(optimality_gap=gaps, optimality_people=people)
    return replace(found, info={**found.info, "metrics": METRICS + GAP, "alarms": list(alarms)}, summary=summary)


def test_gaps_are_shown_with_the_people_they_rest_on_over_all_seeds():
    board = Leaderboard.of([with_gaps([0.25, 0.0, 0.75], [30, 40, 50])])
    assert [board.headings()[name] for name in ("optimality_gap", "optimality_people")] == ["gap ↓", "gap of"]
    shown = dict(zip(board.headings(), next(row for row in board.cells(board.rows) if row[1] == "worse"), strict=True))
    assert (shown["optimality_gap"], shown["optimality_people"]) == ("0.500", "80")
    for form in ("table", "md", "html"):
        assert "gap of" in render(board, form)


def test_gaps_are_not_shown_where_nobody_is_certified():
    for found in (with_gaps([None] * 3, [None] * 3), with_gaps([None] * 3, [0] * 3), result(ROWS)):
        board = Leaderboard.of([found])
        assert not {"optimality_gap", "optimality_people"} & set(board.headings())
        assert '<th scope="col">gap' not in render(board, "html")


@pytest.mark.parametrize("form", ["table", "md", "html"])
def test_an_alarm_stands_below_the_table(form):
    board = Leaderboard.of([with_gaps([0.0] * 3, [1] * 3, alarms=[ALARM]), result([])])
    line = "ALARM: loan, hard-2, seed 0: worse has a solution for 1 person, cheaper than <exact> proves possible"
    if form != "table":
        line = line.replace("<exact>", "&lt;exact&gt;")
    if form == "html":
        assert line in board.fragment()
    assert line in render(board, form)
    assert "ALARM" not in render(Leaderboard.of([result(ROWS)]), form)


def test_alarms_can_be_read_back_from_json():
    board = Leaderboard.of([with_gaps([0.0] * 3, [1] * 3, alarms=[ALARM])])
    assert json.loads(board.json())["alarms"] == [ALARM]


def test_a_solver_that_failed_on_some_seeds_has_no_rank_and_says_so(tmp_path):
    draft = Draft(people=60, seeds=(0, 1, 2)).solve("hard-1", "poor", 0.3).solve("hard-1", "fair", 0.5)
    draft.seeds = (0,)
    draft.solve("hard-1", "crashes", 0.95)
    draft.seeds = (1, 2)
    draft.end("hard-1", "crashes", "timed_out", "too slow")
    board = Leaderboard.of([draft.write(tmp_path / "run")])
    row = board.rows.set_index("solver").loc["crashes"]
    assert (row["seeds"], row["seeds_failed"]) == (1, 2)
    assert row["note"].startswith("solved 1 of 3 seeds, so it has no rank; timed_out: too slow")
    ranks = board.table().set_index("solver")["attainability_rank"]
    assert ranks.isna()["crashes"]
    assert ranks["fair"] == 1
    assert "(3 seeds)" in board.text()
    assert "crashes" not in set(board.standings.pairs["first"]) | set(board.standings.pairs["second"])
