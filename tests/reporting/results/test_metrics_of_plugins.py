"""A plugin's metric that says what it averages has intervals, ranks, groups and a verdict, as those of the suite."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from recourse_arena import ArenaError, Average, Metric
from recourse_arena.reporting.comparison.comparison import compare
from recourse_arena.reporting.forms import FORMS, render
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.storage.run_files import RunFiles


@pytest.fixture
def run(arena, plugged, tmp_path):
    """A run with the metrics plugged in, read where they are not."""
    plugged("gauges")
    arena(out=tmp_path / "run", solvers=["top", "learner"], people=40, metrics=["single_action", "reach", "oldest"])
    plugged()
    return RunFiles.read(tmp_path / "run")


def test_its_value_is_the_average_of_the_values_of_people(run):
    people = run.people
    for _, row in run.summary.iterrows():
        own = people[(people["scenario"] == row["scenario"]) & (people["solver"] == row["solver"])]
        valid = own[own["valid"]]
        assert row["single_action"] == pytest.approx((valid["actions"] == 1).mean(), abs=1e-6)
        assert row["reach"] == pytest.approx(valid["l2"].mean(), rel=1e-5)
        assert row["oldest"] == 40
        assert own["metric_single_action"].notna().sum() == len(valid)


def test_it_has_intervals_ranks_and_groups_without_its_plugin(run):
    board = Leaderboard.of([run])
    table = board.table()
    for name in ("single_action", "reach"):
        known = table[name].notna()
        assert known.any()
        assert (table[f"{name}_low"] <= table[name] + 1e-9)[known].all()
        assert (table[name] <= table[f"{name}_high"] + 1e-9)[known].all()
        assert table[f"{name}_rank"].notna().any()
    assert "oldest_low" not in table
    assert {"single_action", "reach"} <= set(board.by_group["metric"])
    assert {"single_action", "reach"} <= set(board.standings.pairs["metric"])


@pytest.mark.parametrize("form", FORMS)
def test_it_has_a_column_if_it_asks_for_one(run, form):
    shown = render(Leaderboard.of([run]), form)
    assert "single" in shown
    assert ("reach" in shown) == (form in ("csv", "json", "html"))


def test_compare_gates_it_by_its_direction(run, tmp_path):
    found = compare(run, run).verdicts
    assert set(found[found["metric"] == "single_action"]["verdict"]) == {"same"}
    assert "oldest" not in set(found["metric"])
    other = tmp_path / "other"
    other.mkdir()
    for name in ("run.json", "summary.csv", "people.parquet"):
        (other / name).write_bytes((run.path / name).read_bytes())
    info = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps({**info, "tables": {}}))  # a run that says nothing of its tables
    people = pd.read_parquet(other / "people.parquet")
    people["metric_single_action"] = people["metric_single_action"].where(people["solver"] != "top", 0.0)
    people.to_parquet(other / "people.parquet")
    drifted = compare(run, RunFiles.read(other))
    rows = drifted.verdicts[drifted.verdicts["metric"] == "single_action"]
    assert set(rows[rows["solver"] == "top"]["verdict"]) >= {"worse"}
    assert drifted.exit_code == 1


def test_a_mended_metric_is_measured_again_when_its_version_changes(arena, plugged, tmp_path, monkeypatch):
    import gauges

    said = ("oldest", "none", "people", "everybody asking", "People asked.")
    wrong, right = (lambda people, timings: 10.0), (lambda people, timings: 20.0)
    for metric, expected in (
        (Metric(*said, wrong), 10),
        (Metric(*said, right), 10),
        (Metric(*said, right, version="2"), 20),
    ):
        monkeypatch.setattr(gauges, "OFFERED", [metric])
        plugged("gauges")
        arena(out=tmp_path / "run", solvers=["top"], people=10, metrics=["oldest"])
        assert set(RunFiles.read(tmp_path / "run").summary["oldest"]) == {expected}
    declared = json.loads((tmp_path / "run" / "run.json").read_text())["metrics"]
    assert {m["name"]: m.get("version") for m in declared}["oldest"] == "2"


def test_a_metric_needs_a_value():
    with pytest.raises(ArenaError, match="metric 'x': expected `compute` or `average`, got neither"):
        Metric("x", "none", "", "", "")


@pytest.mark.parametrize(("how", "value"), [("share", 0.5), ("mean", 2.5), ("geometric mean", 2.0)])
def test_averages_over_those_who_count(how, value):
    values = {"share": [True, False, None], "mean": [1.0, 4.0, None], "geometric mean": [1.0, 4.0, None]}[how]
    average = Average(lambda people: people["x"], how)
    assert average(pd.DataFrame({"x": pd.array(values)}), {}) == pytest.approx(value)
    assert average(pd.DataFrame({"x": pd.array([None], dtype="Float64")}), {}) is None
