"""What about a hundred hostile or careless solvers do reaches nobody else, and gets them nothing."""

from __future__ import annotations

import os

import hostile
import pandas as pd
import psutil
import pytest

from recourse_arena import api
from recourse_arena.execution.engines.progress import Progress

OWN_ADVICE = {"shared-mask", "torch-function-mode", "everything-in-memory"}
"""Who changes what it recommends itself, on its own copies: that is judged as it is."""

HONEST = ["top", "learner", "plain"]

PROCESSES = {"alarm", "cells", "end", "exit", "fork", "group", "kill", "lines", "models", "parent", "signals", "stop"}
"""Words in the names of those who do something to processes, to what connects them or to the folder of a run."""


@pytest.fixture
def town(suite, installed, tmp_path, monkeypatch):
    """Plug in the hostile solvers, and run some of them among honest ones; return rows by solver, and the cells."""
    metadata = installed / "hostile_plugins-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile-plugins\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[recourse_arena]\nhostile = hostile\n")
    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "yes")

    def run(solvers, name, scenarios=("hard-1",), **how):
        monkeypatch.setenv("HOSTILE_FOLDERS", str(tmp_path / name))
        result = api.run(suite, solvers=solvers, scenarios=list(scenarios), people=20, out=tmp_path / name, **how)
        people = result.people
        optional = ["lower_bound", "optimal_cost", "optimality_gap"]
        people = people.drop(columns=[column for column in optional if column in people])
        rows = {
            str(solver): rows.drop(columns="solver").reset_index(drop=True)
            for solver, rows in people.groupby("solver", observed=True)
        }
        return rows, {cell["solver"]: cell for cell in result.info["cells"]}, result

    return run


def same(one, other):
    pd.testing.assert_frame_equal(one, other, check_categorical=False)


@pytest.fixture
def deserved(town):
    """What honest solvers' rows are in a run of their own."""
    return town(HONEST, "honest")[0]


def is_of(process, folder):
    """Return whether a process is still at work for a run of this test: they are told of its folder."""
    try:
        return str(folder) in process.environ().get("HOSTILE_FOLDERS", "")
    except psutil.Error:  # it has ended, or is somebody else's
        return False


@pytest.mark.parametrize("where", [{}, {"jobs": 2}], ids=["one job", "two jobs"])
def test_hostile_solvers_change_nobodys_rows_and_get_what_their_advice_deserves(town, deserved, where, tmp_path):
    names = [*hostile.ACTS]
    assert len(names) > 90
    if where:  # solvers have processes of the same kind there: a third, and whoever reaches out of them
        names = [name for i, name in enumerate(names) if i % 3 == 0 or PROCESSES & {*name.split("-")}]
    middle = len(names) // 2
    rows, cells, result = town([*names[:middle], *HONEST, *names[middle:]], "among", **where)
    for name in HONEST:
        same(rows[name], deserved[name])
        assert cells[name]["outcome"] == "solved"
        assert not cells[name].get("notes")
    wrong = {}
    for name in names:
        if cells[name]["outcome"] == "solved" and name in rows:
            told = rows[name]["outcome"].astype(str) != "failed"
            try:
                same(rows[name][told], deserved["plain"][told])
            except AssertionError as error:
                wrong[name] = str(error)[:200]
        else:
            assert cells[name]["outcome"] == "failed", cells[name]
            assert cells[name]["reason"]
    assert set(wrong) <= OWN_ADVICE, wrong
    assert {alarm["certifier"] for alarm in result.alarms} <= {"proves-too-much"}
    assert not list(tmp_path.rglob("exploded"))
    assert not [process for process in psutil.process_iter() if process.pid != os.getpid() and is_of(process, tmp_path)]
    again, _, _ = town(HONEST, "afterwards") if not where else (deserved, None, None)
    for name in HONEST:
        same(again[name], deserved[name])


def test_objects_that_are_handed_over_are_kept_apart_as_well(town, deserved, monkeypatch):
    class Stranger(hostile.Plain):
        name = "stranger"

        def fit(self, problem, *, seed):
            super().fit(problem, seed=seed)
            hostile.ACTS["torch-comparison"]().fit(problem, seed=seed)
            hostile.ACTS["weights"]().fit(problem, seed=seed)

    rows, _, _ = town([Stranger(), *HONEST], "objects")
    for name in HONEST:
        same(rows[name], deserved[name])
    same(rows["stranger"], deserved["plain"])
    assert os.getpid()  # nothing here was patched: the comparison above would say so


SPY = """
import os, pathlib
pathlib.Path({folder!r}, str(os.getpid())).touch()
import tiny
from recourse_arena import hookimpl

class Spied(tiny.Top):
    name = "spied"

@hookimpl
def recourse_solvers():
    return [Spied]
"""


@pytest.mark.parametrize("where", [{}, {"jobs": 2}], ids=["one job", "two jobs"])
def test_no_process_that_judges_imports_a_solver(suite, installed, tmp_path, monkeypatch, where):
    imported, judging = tmp_path / "imported", set()
    imported.mkdir()
    (installed / "spying.py").write_text(SPY.format(folder=str(imported)))
    (metadata := installed / "spying_plugins-1.0.dist-info").mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: spying-plugins\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[recourse_arena]\nspied = spying\n")
    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "yes")

    class Watch(Progress):
        def step(self, key, words):
            for process in psutil.Process().children():
                judging.add(process.pid)
                judging.update(child.pid for child in process.children() if "sandbox" in " ".join(child.cmdline()))

    result = api.run(suite, solvers=["spied", "top"], scenarios=["hard-1"], people=5, progress=Watch(), **where)
    assert set(result.summary["outcome"]) == {"solved"}
    assert result.info["plugins"][0]["name"]
    importers = {int(file.name) for file in imported.iterdir()}
    assert len(importers) >= 2  # who describes it, and who works with it
    assert judging
    assert not importers & judging
