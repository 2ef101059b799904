"""Standings: what ties, what separates, and on whom it rests."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from boards import Draft

from recourse_arena import ArenaError
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.result import Result
from recourse_arena.reporting.results.averages import built_in
from recourse_arena.statistics.intervals import share_interval

RESULTS = Path(__file__).parents[3] / "results"


def rank(board, solver, metric="attainability", scenario="hard-2"):
    return board.standings.by_cell()["town", scenario, solver][metric].place


def test_two_copies_under_different_names_share_a_rank_and_a_better_solver_is_alone(tmp_path):
    draft = Draft().solve("hard-2", "one", 0.5).solve("hard-2", "copy", 0.5).solve("hard-2", "best", 0.7)
    board = draft.board(tmp_path / "run")
    assert [rank(board, solver) for solver in ("best", "one", "copy")] == ["1 of 3", "2-3 of 3", "2-3 of 3"]
    text = board.text()
    assert text.index("best") < text.index("one")
    assert "2-3 of 3  one" in text


def test_solvers_that_may_differ_by_chance_alone_tie_although_their_means_differ(tmp_path):
    board = (
        Draft(people=200).solve("hard-2", "a", 0.5, luck=1).solve("hard-2", "b", 0.5, luck=5).board(tmp_path / "run")
    )
    assert board.rows["attainability"].nunique() == 2
    assert [rank(board, solver) for solver in ("a", "b")] == ["1-2 of 2", "1-2 of 2"]


def test_costs_are_compared_on_people_whom_both_helped(tmp_path):
    draft = Draft().solve("hard-2", "few", 0.3, cost=1.0).solve("hard-2", "many", 0.9, cost=1.0)
    pairs = draft.board(tmp_path / "run").standings.pairs
    pair = pairs[pairs["metric"] == "cost_mean"].iloc[0]
    both = min(int(table["valid"].sum()) for table in draft.tables)
    assert (pair["common"], pair["difference"], pair["better"]) == (both, 0, "")


def test_lower_costs_win(tmp_path):
    board = (
        Draft().solve("hard-2", "cheap", 0.8, cost=1.0).solve("hard-2", "dear", 0.8, cost=1.1).board(tmp_path / "run")
    )
    assert (rank(board, "cheap", "cost_mean"), rank(board, "dear", "cost_mean")) == ("1 of 2", "2 of 2")
    assert rank(board, "cheap", "actions_mean") == ""


def test_intervals_are_those_of_the_people_of_the_cell(tmp_path):
    draft = Draft().solve("hard-2", "a", 0.4).solve("hard-1", "a", 0.2)
    board = draft.board(tmp_path / "run")
    found = board.standings.by_cell()["town", "hard-1", "a"]
    count = int(draft.tables[1]["valid"].sum())
    assert found["validity"][:3] == pytest.approx((*share_interval(count, 400), 400))
    assert found["cost_mean"].counted == count
    assert (
        found["cost_mean"].low < board.rows.set_index("scenario").loc["hard-1", "cost_mean"] < found["cost_mean"].high
    )


def test_seeds_are_pooled_and_their_spread_counts(tmp_path):
    draft = Draft(seeds=(0, 1, 2)).solve("hard-2", "a", 0.5)
    steady = draft.board(tmp_path / "steady").standings.by_cell()["town", "hard-2", "a"]["validity"]
    draft.tables[0] = draft.tables[0].assign(valid=False, plausible=False, outcome="not_found")
    moving = draft.board(tmp_path / "moving").standings.by_cell()["town", "hard-2", "a"]["validity"]
    assert (steady.counted, moving.counted) == (1200, 1200)
    assert steady.high - steady.low < 0.2
    assert moving.high - moving.low > 0.5


def test_a_run_that_kept_no_people_has_neither_ranks_nor_intervals(tmp_path):
    result = Draft().solve("hard-2", "a", 0.4).write(tmp_path / "run")
    (tmp_path / "run" / "people.parquet").unlink()
    board = Leaderboard.of([result])
    assert board.standings.cells.empty
    assert "rank" not in board.headings()
    assert "95 %" not in board.text()


def test_people_that_cannot_be_read_are_one_message(tmp_path):
    result = Draft().solve("hard-2", "a", 0.4).write(tmp_path / "run")
    file = tmp_path / "run" / "people.parquet"
    pd.read_parquet(file).drop(columns="cost").to_parquet(file)
    with pytest.raises(ArenaError, match="missing columns cost"):
        _ = Leaderboard.of([result]).standings
    file.write_bytes(b"no parquet")
    with pytest.raises(ArenaError, match="cannot read"):
        _ = Leaderboard.of([result]).standings


def test_runs_merge_and_people_are_paired_across_them(tmp_path):
    mine = Draft().solve("hard-2", "mine", 0.6).write(tmp_path / "me" / "run")
    yours = Draft().solve("hard-2", "yours", 0.5).write(tmp_path / "you" / "run")
    board = Leaderboard.of([mine, yours])
    assert [rank(board, solver) for solver in ("mine", "yours")] == ["1 of 2", "2 of 2"]
    assert board.rows.set_index("solver")["run"].to_dict() == {"mine": "run", "yours": "run (2)"}
    text = board.text()
    assert "Runs: run (suite trial, 2026-01-01T00:00:00+00:00); run (2) (suite trial" in text
    assert board.headings()["run"] == "run"


def test_csv_and_json_hold_intervals_ranks_and_pairs(tmp_path):
    board = Draft().solve("hard-2", "a", 0.4).solve("hard-2", "b", 0.8).board(tmp_path / "run")
    (first, second), *_ = [json.loads(board.json())["rows"]]
    assert (first["solver"], first["attainability_rank"], second["attainability_rank"]) == ("b", 1, 2)
    assert first["validity_low"] < first["validity"] < first["validity_high"]
    pair = next(pair for pair in json.loads(board.json())["pairs"] if pair["metric"] == "validity")
    assert (pair["first"], pair["second"], pair["better"]) == ("a", "b", "b")
    assert "attainability_rank" in board.csv().splitlines()[0]


def test_what_people_average_to_is_what_the_summary_says():
    board = Leaderboard.of([Result.read(RESULTS / "quick")])
    for panel in board.panels.values():
        rows = board.rows[board.rows["dataset"] == panel.dataset].set_index(["scenario", "solver"])
        for metric in set(built_in()) & set(rows) - {"optimality_gap"}:
            values = panel.values(metric)
            counted = np.isfinite(values).any(0)
            means = [np.nanmean(values[:, i]) if counted[i] else np.nan for i in range(len(panel.cells))]
            assert means == pytest.approx(rows.loc[list(panel.cells), metric].to_list(), rel=1e-5, nan_ok=True), metric


def test_what_reads_the_same_as_the_best_or_is_not_beaten_is_bold_in_every_form(tmp_path):
    draft = Draft().solve("hard-2", "one", 0.7).solve("hard-2", "copy", 0.7).solve("hard-2", "worse", 0.3)
    board = draft.board(tmp_path / "run")
    bold = {solver for _, _, solver, metric in board.best if metric == "attainability"}
    assert bold == {"one", "copy"}
    value = f"{board.rows.set_index('solver').loc['one', 'attainability']:.3f}"
    assert board.text().count(f"*{value}") >= 2
    assert board.markdown().count(f"**{value}**") >= 2
    assert board.fragment().count(f"<strong>{value}</strong>") >= 2


def test_names_that_look_like_formulas_markup_or_terminal_commands_are_text_in_every_form(tmp_path):
    draft = Draft(people=40).solve("hard-2", "=1+1", 0.5).solve("hard-2", "a|b\n<b>c", 0.5)
    draft.solve("hard-2", "red\x1b[31m", 0.5).solve("@evil", "-2", 0.5)
    board = draft.board(tmp_path / "run")
    assert "\x1b" not in board.text() + board.markdown()
    assert "a\\|b &lt;b&gt;c" in board.markdown()
    assert "<b>" not in board.markdown() + board.fragment()
    csv = board.csv()
    assert "'=1+1" in csv
    assert "'@evil" in csv
    assert not [line for line in csv.splitlines() if line.startswith(("=", "@"))]


@pytest.mark.parametrize("name", ["NA", "2024", "nan", "None", "true", "1e5"])
def test_names_are_words_whatever_they_look_like(tmp_path, name):
    board = (
        Draft(people=30)
        .solve(name, name, 0.5, dataset=name)
        .solve(name, "b", 0.4, dataset=name)
        .board(tmp_path / "run")
    )
    assert (name, name, name) in board.standings.by_cell()
    assert name in board.text()
    assert json.loads(board.json())["rows"][0]["dataset"] == name


def test_a_mean_of_noughts_and_ones_has_the_interval_of_a_share(tmp_path):
    draft = Draft(people=37).solve("hard-2", "a", 0.92)
    for table in draft.tables:
        table["redrawn"] = table["valid"].astype("float32")
    found = draft.board(tmp_path / "run").standings.by_cell()["town", "hard-2", "a"]
    assert found["redrawn"][:2] == found["validity"][:2]
    assert found["redrawn"].low > 0.5
