"""Metrics of plugins are measured where they are wanted; a package that nobody chose is not even imported."""

from __future__ import annotations

import sys

import pytest

from recourse_arena import ArenaError
from recourse_arena.execution.sandbox.sandbox import WorkerSetup
from recourse_arena.registry.discovery import METRICS, discover

OFFER = """
from recourse_arena import Metric, hookimpl
@hookimpl
def recourse_metrics():
    return [Metric("zz_{name}", "lower", "people", "all", "People.", lambda people, timings: float(len(people)))]
"""
SOLVER = """
from tiny import Top
class Own(Top):
    name = "zz-own"
@hookimpl
def recourse_solvers():
    return [Own]
"""
FEW = {"scenarios": ["hard-1"], "people": 5}


@pytest.fixture
def packages(plugged, tmp_path, monkeypatch):
    """Plug in a package with a metric alone, and one with a metric and a solver."""
    (tmp_path / "zz_alone.py").write_text(OFFER.format(name="alone"))
    (tmp_path / "zz_both.py").write_text(OFFER.format(name="both") + SOLVER)
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ("zz_alone", "zz_both")
    plugged(*names)
    yield lambda: {name for name in names if name in sys.modules}
    for name in names:
        sys.modules.pop(name, None)


def test_a_package_that_nobody_chose_is_not_imported(packages, arena):
    columns = arena(solvers=["top"], **FEW).summary.columns
    assert packages() == set()
    assert not [name for name in columns if name.startswith("zz_")]


def test_a_metric_that_is_named_is_measured(packages, arena):
    result = arena(solvers=["top"], metrics=["zz_alone"], **FEW)
    assert result.summary["zz_alone"].tolist() == [5.0]
    assert "zz_both" not in result.summary
    assert "zz_alone" in {metric["name"] for metric in result.info["metrics"]}
    assert "zz_alone" in {plugin["name"] for plugin in result.info["plugins"]}


def test_a_single_name_is_one_name(packages, arena):
    assert "zz_alone" in arena(solvers=["top"], metrics="zz_alone", **FEW).summary


def test_the_metrics_of_a_package_whose_solver_runs_are_named(packages, arena):
    """For measuring imports them, and nothing of a solver is imported where it is judged."""
    assert "zz_both" not in arena(solvers=["zz-own"], **FEW).summary.columns
    assert "zz_both" in arena(solvers=["zz-own"], metrics="zz_both", **FEW).summary.columns
    assert packages() == {"zz_both"}


def test_a_suite_file_may_name_metrics(packages, arena, tmp_path):
    from recourse_arena import api

    words = 'datasets = ["tiny"]\nscenarios = ["hard-1"]\nsolvers = ["top"]\npeople = 5\nmetrics = ["zz_alone"]\n'
    (tmp_path / "own.toml").write_text(words)
    assert "zz_alone" in api.run(tmp_path / "own.toml").summary


def test_an_unknown_metric_is_refused_before_anything_runs(packages, arena, tmp_path):
    with pytest.raises(ArenaError, match="unknown metric 'zz_alnoe'. Did you mean 'zz_alone'"):
        arena(out=tmp_path / "run", metrics=["zz_alnoe"], **FEW)
    assert not (tmp_path / "run").exists()


def test_processes_of_the_run_measure_the_same(packages, tmp_path, monkeypatch):
    setting = WorkerSetup.of(tmp_path, None, {}, metrics=["zz_alone", "zz_both"])
    monkeypatch.setenv(METRICS, ",".join(setting.metrics))  # as its process is told
    assert {"zz_alone", "zz_both", "hap"} <= set(discover().measured)
