"""Runs that are killed, interrupted or cannot write go on and end as if nothing had happened."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
import tiny
from killing import command, differences

from recourse_arena import ArenaError, api, hookimpl
from recourse_arena.registry import discovery as plugins

SUITE = """
datasets = ["tiny"]
solvers = ["slow?seconds=0.4", "learner", "top"]
scenarios = ["hard-2", "hard-1", "soft-linear", "soft-convex"]
people = 20
"""


@pytest.fixture
def words(installed, tmp_path, monkeypatch):
    """The command of a run that takes a few seconds once its process is up; other processes find its plugins."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(installed), str(Path(tiny.__file__).parent)]))
    monkeypatch.setenv("RECOURSE_ARENA_ISOLATION", "no")  # a second process would double the time
    (tmp_path / "mine.toml").write_text(SUITE)
    return lambda out: command("run", tmp_path / "mine.toml", "--out", out)


def test_a_run_interrupted_and_killed_ends_as_one_that_nobody_stopped(words, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    api.run(tmp_path / "mine.toml", out=whole)
    process = subprocess.Popen(
        words(broken),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored by whatever runs in the background
    )
    while process.poll() is None and not list(broken.glob("cells/*.parquet")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130, said
    assert "interrupted; what is done is kept" in said
    assert "Traceback" not in said
    kept = list(broken.glob("cells/*.parquet"))
    assert kept
    process = subprocess.Popen(words(broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and {*broken.glob("cells/*.parquet")} <= {*kept}:
        time.sleep(0.05)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert json.loads((broken / "run.json").read_text())["status"] == "running"
    assert {*kept} < {*broken.glob("cells/*.parquet")}
    api.run(tmp_path / "mine.toml", out=broken)
    assert differences(whole, broken) == ""
    assert not list(broken.rglob(".part-*"))


def test_a_full_disk_is_one_clear_error_and_loses_nothing(arena, tmp_path, monkeypatch):
    """The first write is that of `run.json`, the second that of the models; then come cells and tables."""
    whole = arena(out=tmp_path / "whole")
    writes, real, most = [], Path.open, [0]

    def full(self, mode="r", *more, **options):
        file = real(self, mode, *more, **options)
        if mode == "xb" and "run" in self.parts:
            writes.append(self)
            if len(writes) >= most[0]:
                file.close()
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return file

    for at in (2, 5, 8):
        writes.clear()
        most[0] = at
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", full)
            patch.setattr("recourse_arena.storage.kept_results._BETWEEN", 0.0)
            with pytest.raises(ArenaError, match="No space left on device"):
                arena(out=tmp_path / f"{at}" / "run")
        assert not list((tmp_path / f"{at}").rglob(".part-*"))
        again = arena(out=tmp_path / f"{at}" / "run")
        pd.testing.assert_frame_equal(whole.people, again.people)
        assert differences(tmp_path / "whole", tmp_path / f"{at}" / "run") == ""


def test_a_cache_that_cannot_be_written_costs_nothing_but_keeping(arena, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="is used without being kept"):
        result = arena(cache=tmp_path / "file" / "cache", solvers=["learner"])
    assert set(result.summary["outcome"]) == {"solved"}


@pytest.mark.usefixtures("no_boards")
def test_changing_the_version_of_a_solver_runs_its_cells_again_and_no_others(arena, tmp_path, monkeypatch):
    arena(out=tmp_path / "run")
    asked = []
    for solver in (tiny.Top, tiny.Learner):
        real = solver.recommend
        note = lambda self, request, real=real: asked.append(self.name) or real(self, request)  # noqa: E731
        monkeypatch.setattr(solver, "recommend", note)
    monkeypatch.setattr(tiny.Top, "version", "2")
    monkeypatch.setattr(tiny.Learner, "version", "1")
    arena(out=tmp_path / "run")
    assert set(asked) == {"top"}


def test_a_run_that_has_everything_writes_nothing(arena, tmp_path):
    arena(out=tmp_path / "run")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "run").rglob("*") if file.is_file()}
    arena(out=tmp_path / "run")
    after = {file: file.stat().st_mtime_ns for file in (tmp_path / "run").rglob("*") if file.is_file()}
    assert {f: t for f, t in before.items() if f.name != ".lock"} == {
        f: t for f, t in after.items() if f.name != ".lock"
    }


@pytest.mark.usefixtures("no_boards")
@pytest.mark.parametrize("name", ["people.parquet", "summary.csv", "marginals.csv"])
def test_a_table_that_is_lost_or_changed_is_written_again_from_what_is_kept(arena, tmp_path, monkeypatch, name):
    arena(out=tmp_path / "run")
    before = (tmp_path / "run" / name).read_bytes()
    (tmp_path / "run" / name).write_bytes(b"something else")
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: pytest.fail("computed again"))
    arena(out=tmp_path / "run")
    assert (tmp_path / "run" / name).read_bytes() == before


@pytest.mark.usefixtures("no_boards")
def test_cells_in_many_files_end_in_few(arena, tmp_path, monkeypatch):
    monkeypatch.setattr("recourse_arena.storage.kept_results._BETWEEN", 0.0)
    scenarios = ["hard-2", "hard-1", "soft-linear", "soft-convex", "soft-concave"]
    people = arena(out=tmp_path / "run", scenarios=scenarios).people
    assert len(list((tmp_path / "run" / "cells").glob("*.parquet"))) == 1
    (tmp_path / "run" / "people.parquet").unlink()
    pd.testing.assert_frame_equal(people, arena(out=tmp_path / "run", scenarios=scenarios).people)


@pytest.mark.usefixtures("no_boards")
def test_two_processes_cannot_run_into_one_folder(arena, tmp_path):
    from filelock import FileLock

    (tmp_path / "run" / "cells").mkdir(parents=True)
    with FileLock(tmp_path / "run" / "cells" / ".lock"), pytest.raises(ArenaError, match="another process is running"):
        arena(out=tmp_path / "run")
    arena(out=tmp_path / "run", solvers=["top"], people=5)


@pytest.mark.usefixtures("no_boards")
def test_a_dry_run_says_what_is_there_and_what_would_run_and_touches_nothing(arena, tmp_path):
    scenarios = ["hard-2", "hard-1"]
    from recourse_arena import Scenario
    from recourse_arena.interfaces.suite import Block, Suite

    suite = Suite("small", "", (Block(("tiny",), tuple(map(Scenario.parse, scenarios)), ("top", "learner"), 10),))
    out = tmp_path / "run"
    text = api.preview(suite, out=out).text()
    assert "0 cells are there already, 4 would run: about" in text
    assert "to make" in text
    assert not out.exists()
    api.run(suite, out=out)
    assert "4 cells are there already, 0 would run: nothing to do" in api.preview(suite, out=out).text()
    fresh = api.preview(suite, out=out, fresh=True)
    assert "0 cells are there already, 4 would run" in fresh.text()
    assert "learner (fit kept): hard-2, hard-1" in fresh.text()
    assert fresh.seconds < 40


@pytest.mark.usefixtures("no_boards")
def test_a_suite_moved_with_its_answers_goes_on_and_other_answers_are_asked_anew(plugged, tmp_path, monkeypatch):
    text = 'datasets = ["tiny"]\nsolvers = ["top"]\n[answers.clinic]\nfile = "scores.csv"\n'
    asked, real = [], tiny.Top.recommend
    monkeypatch.setattr(tiny.Top, "recommend", lambda self, request: asked.append(len(request)) or real(self, request))

    def run(folder, scores):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "mine.toml").write_text(text)
        (tmp_path / folder / "scores.csv").write_bytes(scores)
        asked.clear()
        api.run(tmp_path / folder / "mine.toml", out=tmp_path / "run", cache=tmp_path / "cache")
        return len(asked)

    assert run("here", b"person,effort,income\n4,1,x\n2,x,3\n")
    assert not run("there", b"person,effort,income\n4,1,x\n2,x,3\n")
    assert run("there", b"person,effort,income\n4,2,x\n2,x,3\n")


class Broken(tiny.Tiny):
    """A dataset whose file changes under the hand."""

    name = "broken"

    def fingerprint(self, data):
        raise OSError("the file is gone")


def test_a_dry_run_tells_of_a_dataset_that_would_fail_and_goes_on_as_the_run_does(plugged, tmp_path, monkeypatch):
    from recourse_arena import Scenario
    from recourse_arena.interfaces.suite import Block, Suite

    monkeypatch.setattr(tiny, "recourse_datasets", hookimpl(lambda: [tiny.Tiny, Broken]))
    suite = Suite("small", "", (Block(("broken", "tiny"), (Scenario.parse("hard-2"),), ("top",), 10),))
    text = api.preview(suite, out=tmp_path / "run", cache=tmp_path).text()
    assert "broken: would fail: OSError: the file is gone\n" in text
    assert "0 cells are there already, 1 would run" in text
    summary = api.run(suite, out=tmp_path / "run", cache=tmp_path).summary
    assert dict(zip(summary["dataset"], summary["outcome"], strict=True)) == {"broken": "failed", "tiny": "solved"}
    assert "1 cells are there already, 0 would run: nothing to do" in api.preview(suite, out=tmp_path / "run").text()


def test_a_preview_calls_no_fit_kept_of_which_nothing_is_kept(plugged, tmp_path):
    from recourse_arena import Scenario
    from recourse_arena.interfaces.suite import Block, Suite

    suite = Suite("small", "", (Block(("tiny",), (Scenario.parse("hard-2"),), ("top", "learner"), 10),))
    assert not api.preview(suite, cache=tmp_path).known
    api.run(suite, cache=tmp_path)
    preview = api.preview(suite, cache=tmp_path)
    assert {node.label for node in preview.known} == {
        "tiny: decision model and causal flow",
        "tiny: learner prepares",
    }


@pytest.mark.usefixtures("no_boards")
@pytest.mark.parametrize("change", ["default", "tuned", "distribution"])
def test_what_a_solver_is_by_default_or_where_it_comes_from_is_part_of_what_its_cells_rest_on(
    arena, tmp_path, monkeypatch, change
):
    class Optional(tiny.Top):
        name = "optional"

        def __init__(self, *, far: float = 1e9):
            self.far = far

    def other(self, *, far: float = 2e9):
        self.far = far

    registry = plugins.discover()
    registry.solvers["optional"] = Optional
    monkeypatch.setattr("recourse_arena.execution.run_order.discover", lambda **_: registry)

    def run():
        asked.clear()
        arena(out=tmp_path / "run", solvers=["optional", "top"], people=5)
        return set(asked)

    asked = []
    monkeypatch.setattr(
        tiny.Top,
        "recommend",
        lambda self, request, real=tiny.Top.recommend: asked.append(self.name) or real(self, request),
    )
    assert run() == {"optional", "top"}
    assert run() == set()
    if change == "default":
        monkeypatch.setattr(Optional, "__init__", other)
    elif change == "tuned":
        Optional.tuned = {"tiny": {"far": 3e9}}
    else:
        origin = registry.origin
        monkeypatch.setattr(
            registry,
            "origin",
            lambda kind, text: {
                **origin(kind, text),
                **({"distribution": ("other", "1")} if text == "optional" else {}),
            },
        )
    assert run() == {"optional"}
