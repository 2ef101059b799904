"""Leaderboards of runs that keep what changed models decide, and of runs that ask validation people, too."""

from __future__ import annotations

import io
import json
import os

import pandas as pd
import pytest
from boards import Draft, keep_lasting

from recourse_arena.reporting.forms import boards_are_newer, write_boards
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.reporting.results.people_by_cell import panels
from recourse_arena.storage.lasting_table import kept_redecided

CHANGES = {"quantized?bits=4": ("ptq-4",), "retrained?models=2": ("retrained-1", "retrained-2")}
VALIDATION = "hard-2!validation-people"


def lasting_run(path, *, seeds=(0,), changes=CHANGES):
    draft = Draft(people=60, seeds=seeds).solve("hard-2", "grid", 0.8).solve("hard-2", "other", 0.5, luck=1)
    draft.write(path)
    return keep_lasting(path, changes)


def test_lasts_is_the_share_of_all_who_ask_under_every_model_as_it_is(tmp_path):
    run = lasting_run(tmp_path / "run", seeds=(0, 1))
    board = Leaderboard.of([run])
    rows = kept_redecided(run).rows
    for row in board.rows.to_dict("records"):
        shares = []
        for seed in (0, 1):
            mine = rows[(rows["solver"] == row["solver"]) & (rows["seed"] == seed) & ~rows["matched"]]
            held = [bool((some["counts"] & some["accepted"]).all()) for _, some in mine.groupby("person")]
            assert len(held) == 60
            shares.append(sum(held) / 60)
        assert row["lasts"] == pytest.approx(sum(shares) / 2)
        assert 0 < row["lasts"] < row["validity"]
    text = board.text()
    heads = text.splitlines()[1].split()
    assert heads.index("lasts") > heads.index("attain.")
    assert "town: lasts under quantized?bits=4, retrained?models=2" in text
    assert "accepts more people lets more advice last" in text
    assert " lasts ↑ |" in board.markdown()
    assert "lasts" in pd.read_csv(io.StringIO(board.csv()))


def test_a_run_without_changed_models_has_no_such_column(tmp_path):
    board = Draft(people=60).solve("hard-2", "grid", 0.8).board(tmp_path / "run")
    assert "lasts" not in board.rows
    assert "lasts" not in board.text()
    assert "validation" not in board.json()


def test_two_runs_share_the_column_only_under_the_same_changes(tmp_path):
    runs = [lasting_run(tmp_path / name) for name in ("before", "after")]
    board = Leaderboard.of(runs)
    shares = board.rows.set_index("solver")["lasts"]
    assert shares["grid [before]"] == shares["grid [after]"] > 0
    other = lasting_run(tmp_path / "other", changes={"same": ("same",)})
    board = Leaderboard.of([runs[0], other])
    assert "lasts ↑" not in board.text()
    assert "town: the runs keep different changes: nothing is said" in board.text()


@pytest.fixture
def mixed(tmp_path):
    """A run of validation people, whom `other` helps, and of test people of the same numbers, whom `grid` does."""
    draft = Draft(people=60, groups=False)
    draft.solve(VALIDATION, "grid", 0.1, group_gender="unknown").solve(VALIDATION, "other", 0.8, group_gender="unknown")
    draft.solve("hard-2", "grid", 0.9, group_gender="male").solve("hard-2", "other", 0.3, luck=1, group_gender="male")
    return draft.write(tmp_path / "run")


def test_validation_people_rank_nobody_and_stand_apart(mixed):
    board = Leaderboard.of([mixed])
    assert set(board.rows["scenario"]) == {"hard-2"}
    assert set(board.validation["scenario"]) == {VALIDATION}
    assert {scenario for _, scenario, _ in board.ranked()} == {"hard-2"}
    assert set(board.standings.cells["scenario"]) == {"hard-2"}
    apart = board.text().split("town: validation people: settings are chosen by them, and they rank nobody\n")[1]
    head, _, *lines = apart.split("\n\n")[0].splitlines()
    assert "rank" not in head
    assert len(lines) == 2
    assert "*" not in apart.split("\n\n")[0]
    assert "### town: validation people" in board.markdown()
    assert VALIDATION not in board.csv()
    found = json.loads(board.json())
    assert {row["scenario"] for row in found["validation_rows"]} == {VALIDATION}
    assert {row["scenario"] for row in found["rows"]} == {"hard-2"}


def test_validation_people_are_in_no_panel_and_lend_nobody_their_group(mixed):
    panel = panels([mixed])["town"]
    assert {scenario for scenario, _ in panel.cells} == {"hard-2"}
    assert set(panel.groups["gender"]) == {"male"}


def test_a_run_of_validation_people_alone_has_a_board(tmp_path):
    board = Draft(people=60).solve(VALIDATION, "grid", 0.5).board(tmp_path / "run")
    assert board.rows.empty
    assert not board.ranked()
    assert VALIDATION in board.text()
    assert json.loads(board.json())["rows"] == []


def test_boards_of_before_changed_models_decided_are_written_anew(tmp_path):
    path = tmp_path / "run"
    write_boards(Draft(people=30).solve("hard-2", "grid", 0.8).board(path), path)
    assert boards_are_newer(path)
    keep_lasting(path, CHANGES)
    later = (path / "leaderboard.html").stat().st_mtime_ns + 1_000_000
    os.utime(path / "lasting.parquet", ns=(later, later))
    assert not boards_are_newer(path)
