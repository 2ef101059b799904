"""Runs on several workers: the same results, whatever dies on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import tiny

from recourse_arena import ArenaError, Recommendation, api

pytest.importorskip("distributed")

SUPPORT = Path(tiny.__file__).parent


@contextmanager
def scheduler(folder, site, workers):
    """Run a Dask scheduler and its workers as others would: from a shell, in a folder of their own."""
    file = folder / "scheduler.json"
    path = os.pathsep.join([str(site), str(SUPPORT)])
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "RECOURSE_ARENA_CACHE": "/nowhere",
        "DASK_LOGGING__DISTRIBUTED": "error",
    }
    start = [sys.executable, "-m", "dask"]
    commands = [
        [*start, "scheduler", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(file)],
        [
            *start,
            "worker",
            "--nworkers",
            str(workers),
            "--nthreads",
            "1",
            "--no-dashboard",
            "--scheduler-file",
            str(file),
        ],
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "env": environment}
    processes = [subprocess.Popen(command, **quiet) for command in commands]
    try:
        while not (file.exists() and file.read_text().strip().endswith("}")):
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def halfway():
    """Return a solver of a class that no other process can import."""

    class Half(tiny.Top):
        name = "half"

        def recommend(self, request):
            answer = super().recommend(request)
            return Recommendation.do(answer.mask, (answer.values + request.factual) / 2)

    return Half()


class Elsewhere(tiny.Top):
    """Lies in a module that workers elsewhere do not have."""

    name = "elsewhere"


def test_one_job_two_jobs_and_a_scheduler_with_two_workers_give_the_same(suite, installed, tmp_path):
    options = {"solvers": ["top", "learner", halfway()]}
    one = api.run(suite, out=tmp_path / "one", cache=tmp_path / "cache-one", **options)
    two = api.run(suite, out=tmp_path / "two", cache=tmp_path / "cache-two", jobs=2, **options)
    with scheduler(tmp_path, installed, 2) as address:
        far = api.run(suite, out=tmp_path / "far", cache=tmp_path / "cache-far", scheduler=address, **options)
        lost = api.run(suite, solvers=[Elsewhere()], scenarios=["hard-1"], scheduler=address)
    assert lost.summary["outcome"].tolist() == ["failed"]
    assert "No module named 'test_cluster'" in lost.info["cells"][0]["reason"]
    for other in (two, far):
        assert set(other.summary["outcome"]) == {"solved"}
        pd.testing.assert_frame_equal(one.people, other.people)
        timings = ["fit_seconds", "solve_seconds"]
        pd.testing.assert_frame_equal(one.summary.drop(columns=timings), other.summary.drop(columns=timings))
    kept = [
        {file.name for file in (tmp_path / f"cache-{name}").rglob("*.safetensors")} for name in ("one", "two", "far")
    ]
    assert kept[0] == kept[1] == kept[2]  # what workers learnt has come back
    assert len(kept[0]) == 4


def test_a_dying_worker_loses_nothing_and_costs_only_the_cell_that_kills_it_every_time(suite, tmp_path):
    once = f"one-shot?mark={tmp_path / 'mark'}"
    result = api.run(suite, solvers=["assassin", once, "top"], scenarios=["hard-2", "hard-1"], jobs=2)
    found = {(row.solver.partition("?")[0], row.scenario): row.outcome for row in result.summary.itertuples()}
    assert (tmp_path / "mark").exists()
    assert found.pop(("assassin", "hard-1")) == "failed"
    assert set(found.values()) == {"solved"}
    reason = next(cell["reason"] for cell in result.info["cells"] if "reason" in cell)
    assert "worker" in reason
    assert "died" in reason


def test_a_solver_that_cannot_travel_is_one_clear_error(suite, tmp_path):
    solver = halfway()
    solver.file = (tmp_path / "open").open("w")
    with pytest.raises(ArenaError, match="cannot travel to another process"):
        api.run(suite, out=tmp_path / "run", solvers=[solver], isolated=True)


def test_a_scheduler_that_does_not_answer_is_one_clear_error(suite, tmp_path, monkeypatch):
    from recourse_arena.running import cluster

    monkeypatch.setattr(cluster, "_WAIT", 0.5)
    with pytest.raises(ArenaError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        api.run(suite, out=tmp_path / "run", scheduler="tcp://127.0.0.1:9")


def test_without_distributed_jobs_say_what_to_install(suite, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ArenaError, match=r"pip install 'recourse-arena\[parallel\]'"):
        api.run(suite, out=tmp_path / "run", jobs=2)
    assert not (tmp_path / "run").exists()
