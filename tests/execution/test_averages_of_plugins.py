"""What a plugin's metric averages, whatever it is: its own metric may suffer, nothing else does."""

from __future__ import annotations

import pytest

from recourse_arena import Average, Metric
from recourse_arena.reporting.comparison.comparison import compare
from recourse_arena.reporting.leaderboard.leaderboard import Leaderboard
from recourse_arena.storage.run_files import RunFiles


def gain(of, how="mean", compute=None):
    return Metric("gain", "higher", "u", "p", "d", compute, average=Average(of, how))


@pytest.fixture
def run(plugged, arena, monkeypatch, tmp_path):
    """Run with some metrics plugged in."""

    def ran(*metrics, out="run", solvers=("top", "learner")):
        import gauges

        monkeypatch.setattr(gauges, "OFFERED", list(metrics))
        plugged("gauges")
        arena(out=tmp_path / out, solvers=list(solvers), metrics=[metric.name for metric in metrics])
        return RunFiles.read(tmp_path / out)

    return ran


@pytest.mark.parametrize("how", ["share", "mean", "geometric mean"])
def test_its_interval_holds_its_value(run, how):
    of = (lambda people: people["valid"]) if how == "share" else (lambda people: 1 + people["cost"])
    board = Leaderboard.of([run(gain(of, how))])
    values = board.rows.set_index(["dataset", "scenario", "solver"])["gain"]
    for cell, found in board.standings.by_cell().items():
        assert found["gain"].low <= values[cell] <= found["gain"].high
        assert found["gain"].place


def test_values_that_are_not_those_of_each_person_are_noted_and_the_other_metrics_stay(run):
    of_some = gain(lambda people: people.loc[people["valid"].astype(bool), "cost"])
    other = Metric("other", "lower", "u", "p", "d", average=Average(lambda people: people["cost"], "mean"))
    result = run(of_some, other)
    assert result.summary["gain"].isna().all()
    assert result.summary["other"].notna().all()
    assert "metric_gain" not in result.people
    for cell in result.info["cells"]:
        (note,) = cell["notes"]
        assert note["text"].startswith("metric gain raised ArenaError: expected the values of 40 people")


def test_an_average_that_raises_is_noted_with_where_it_did_also_beside_a_value_of_its_own(run):
    def odd(people):
        raise RuntimeError("odd")

    for compute in (None, lambda people, timings: 1.5):
        result = run(gain(odd, compute=compute), out=f"{compute is None}")
        assert result.summary["gain"].notna().all() == (compute is not None)
        for cell in result.info["cells"]:
            (note,) = cell["notes"]
            assert "gain raised RuntimeError: odd" in note["text"]
            assert "in odd" in note["traceback"]
            assert "measuring.py" not in note["traceback"]


def test_rounding_is_no_change(run):
    before, after = (
        run(gain(lambda people, k=k: k + people["cost"].astype(float)), out=str(k), solvers=["top"])
        for k in (1, 1 + 1e-9)
    )
    assert set(compare(before, after).verdicts.query("metric == 'gain'")["verdict"]) == {"same"}
