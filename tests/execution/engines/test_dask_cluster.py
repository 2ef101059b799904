"""Runs on several workers: the same results, whatever dies on the way."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest
import tiny
from dask_cluster import scheduler

from recourse_arena import ArenaError, Recommendation, api
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.run_order import carry_out
from recourse_arena.execution.solving.nursery import Nursery
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.planning.tasks import FitTask, ModelsTask
from recourse_arena.registry import discovery as plugins

pytest.importorskip("distributed")

SUPPORT = Path(tiny.__file__).parent


def halfway():
    """Return a solver of a class that no other process can import."""

    class Half(tiny.Top):
        name = "half"

        def recommend(self, request):
            answer = super().recommend(request)
            return Recommendation.do(answer.mask, (answer.values + request.factual) / 2)

    return Half()


def alike(one, other):
    """Compare everything about the cells of one run that another one has as well, but times."""
    solvers = set(one.summary["solver"])
    timings = ["fit_seconds", "solve_seconds"]
    for table, others in ((one.people, other.people), (one.summary, other.summary)):
        rows = others[others["solver"].isin(solvers)].reset_index(drop=True)
        both = [part.drop(columns=timings, errors="ignore") for part in (table, rows)]
        pd.testing.assert_frame_equal(*both, check_categorical=False, check_dtype=False)
    found = [{(c["solver"], c["scenario"]): c.get("notes") for c in r.info["cells"]} for r in (one, other)]
    assert {cell: found[1][cell] for cell in found[0]} == found[0]
    assert all(notes for (solver, _), notes in found[0].items() if solver == "careless")


def test_any_number_of_workers_gives_the_same_and_a_dying_one_costs_only_the_cell_that_kills_it_every_time(
    suite, installed, tmp_path
):
    scenarios, solvers = ["hard-2", "hard-1"], ["careless", halfway()]

    def run(name, *more, **where):
        out, cache = tmp_path / name, tmp_path / f"cache-{name}"
        return api.run(suite, out=out, cache=cache, solvers=[*solvers, *more], scenarios=scenarios, **where)

    one, two = run("one"), run("two", "exits", jobs=2, progress=(watch := Watch()))
    assert watch.places == {"127.0.0.1"}  # jobs on this machine are out of reach from others
    parts = []
    told = Progress()
    told.part = lambda key, share, loss=None: parts.append(loss)
    with scheduler(tmp_path, [installed, SUPPORT]) as (address, _):
        far = run("far", "telling", "assassin", f"one-shot?mark={tmp_path / 'mark'}", scheduler=address, progress=told)
    for other in (two, far):
        alike(one, other)
    kept = [{file.name for file in (tmp_path / f"cache-{name}").rglob("*.safetensors")} for name in ("one", "far")]
    assert kept[0] == kept[1]  # what workers learnt has come back
    assert len(kept[0]) == 4
    assert (tmp_path / "mark").exists()
    assert 0.125 in parts
    assert failed(two) == {("exits", "hard-1"): "its process ended by itself: exit status 3"}
    ((killer, reason),) = failed(far).items()
    assert killer == ("assassin", "hard-1")
    assert "worker that ran it died" in reason
    assert {cell["plugin"] for result in (two, far) for cell in result.info["cells"] if "reason" in cell} == {"faulty"}


class Watch(Progress):
    """Sees where processes of this one listen."""

    def __init__(self):
        self.places = set()

    def step(self, key, words):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                connections = process.net_connections()
                self.places.update(c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN)


def _in_this_process(order, progress):
    """Carry out an order here, where tests may patch Dask, with solvers in processes of their own."""
    carry_out(replace(order, path=tuple(sys.path)), progress, Nursery.new())


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        ([OSError("closed")], ""),
        ([OSError("closed")] * 9, "die before they can start"),
        ([ModuleNotFoundError("No module named 'recourse_arena'")], "need the same packages and plugins"),
    ],
    ids=["one dies", "all die", "another environment"],
)
def test_workers_that_cannot_be_made_ready_are_tried_again_or_one_clear_error(suite, monkeypatch, errors, message):
    import distributed

    register, left = distributed.Client.register_plugin, list(errors)

    def fails(self, *given, **options):
        if left:
            raise left.pop()
        return register(self, *given, **options)

    monkeypatch.setattr(distributed.Client, "register_plugin", fails)
    monkeypatch.setattr("recourse_arena.execution.engines.dask_cluster._PAUSE", 0.0)
    monkeypatch.setattr(api, "run_apart", _in_this_process)
    if message:
        with pytest.raises(ArenaError, match=message):
            api.run(suite, solvers=["top"], people=5, jobs=2)
    else:
        assert set(api.run(suite, solvers=["top"], people=5, jobs=2).summary["outcome"]) == {"solved"}


class Future:
    def __init__(self, outcome):
        self.status, self.outcome = ("error" if isinstance(outcome, Exception) else "finished"), outcome

    def exception(self):
        return self.outcome

    def result(self):
        return self.outcome


def test_what_dies_with_a_worker_while_it_is_made_again_is_nobody_elses_fault():
    """Models are lost with a worker, and the worker that makes them again for a cell is killed by something else."""
    from distributed import KilledWorker

    from recourse_arena.execution.engines.messages import Reply, TaskFiles
    from recourse_arena.execution.engines.task_queue import TaskQueue
    from recourse_arena.storage.task_result import FitResult

    models = ModelsTask("tiny", 0, ModelKeys("models", "", "", ""))
    fit = FitTask(models, "top", (), "fit", trained=False, handed=False)
    killed, done = KilledWorker("models", None, 0), Reply(FitResult(0.0))
    outcomes = {models: [done, done], fit: [killed, done]}
    futures, order = {}, []

    class Client:
        def nthreads(self):
            return {"worker": 1}

        def submit(self, work, node, *more, pure):
            order.append(node)
            futures[node] = Future(outcomes[node].pop(0))
            return futures[node]

    class Completed(list):
        __next__ = list.pop
        add = list.append

    queue = TaskQueue(Client(), Completed(), "token", [models, fit], lambda node: TaskFiles(), {})
    queue.submit()
    assert queue.finished() == (models, done)
    queue.submit()
    futures[models].status = "error"
    queue.alone.add(fit)  # it was tried again already
    assert queue.finished() == (fit, None)
    queue.submit()
    assert queue.finished() == (models, done)
    queue.submit()
    assert queue.finished() == (fit, done)
    assert order == [models, fit, models, fit]


def test_all_files_of_a_dataset_travel_to_workers_also_those_outside_the_data_folder(installed, tmp_path):
    from recourse_arena import Scenario
    from recourse_arena.execution.engines.dask_cluster import DaskCluster
    from recourse_arena.execution.sandbox.sandbox import WorkerSetup
    from recourse_arena.interfaces.suite import Block, Suite
    from recourse_arena.storage.artefact_cache import ArtefactCache

    (tmp_path / "data" / "filed").mkdir(parents=True)
    for name, content in (("data/filed/one.txt", "0.25"), ("data/filed/two.txt", "0.5"), ("third.txt", "1")):
        (tmp_path / name).write_text(content)
    block = Block((f"filed?third={tmp_path / 'third.txt'}",), (Scenario.parse("hard-1"),), ("top",), 10)
    models = ModelsTask(block.datasets[0], 0, ModelKeys("models", "", "", ""))
    cluster = DaskCluster(plugins.discover(), WorkerSetup(tmp_path / "data", None), ArtefactCache(None))
    parcel = cluster._files_of(models, cache=ArtefactCache(None))
    assert parcel.data == {"filed/one.txt": b"0.25", "filed/two.txt": b"0.5"}
    assert parcel.elsewhere == {str(tmp_path / "third.txt"): b"1"}
    here, there = (api.run(Suite("s", "", (block,)), cache=tmp_path / f"cache-{jobs}", jobs=jobs) for jobs in (1, 2))
    alike(here, there)
    assert set(there.summary["outcome"]) == {"solved"}


@pytest.fixture
def bench(tmp_path):
    """A worker's bench whose process never starts."""
    from types import SimpleNamespace

    from recourse_arena.execution.engines.dask_worker import SandboxPlugin
    from recourse_arena.execution.sandbox.sandbox import WorkerSetup

    bench = SandboxPlugin(WorkerSetup(tmp_path, None), ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recourse_arena.execution.sandbox.sandbox.Sandbox.start", lambda self: None)
        bench.setup(SimpleNamespace(local_directory=str(tmp_path), address="tcp://here"))
    yield bench
    bench.teardown(None)


@pytest.mark.parametrize(
    ("needed", "reason"),
    [
        (("nowhere", "nowhere-tools", "1.0"), "has no plugin 'nowhere' of nowhere-tools 1.0; install it there"),
        (("grid", "recourse-arena", "0.0.1"), "of plugin 'grid', not 0.0.1; install that there"),
    ],
)
def test_a_worker_without_a_plugin_of_the_run_is_named_before_the_run(tmp_path, needed, reason):
    from types import SimpleNamespace

    from recourse_arena.execution.engines.dask_worker import SandboxPlugin
    from recourse_arena.execution.sandbox.sandbox import WorkerSetup

    plugin = SandboxPlugin(WorkerSetup(tmp_path, None, plugins=(needed,)), ())
    with pytest.raises(ArenaError, match=r"worker tcp://far:1 .*" + reason):
        plugin.setup(SimpleNamespace(local_directory=str(tmp_path), address="tcp://far:1"))


def test_a_file_from_elsewhere_lies_in_its_place_on_a_worker_while_the_run_lasts(bench, tmp_path):
    from recourse_arena.execution.engines.messages import TaskFiles

    place = tmp_path / "far" / "third.txt"
    for _ in range(2):
        bench._unpack(TaskFiles(elsewhere={str(place): b"1"}))
        assert place.read_bytes() == b"1"
    bench.teardown(None)
    assert not place.exists()


def test_another_file_in_that_place_on_a_worker_stays_and_is_one_clear_error(bench, tmp_path):
    from recourse_arena.execution.engines.messages import TaskFiles
    from recourse_arena.storage.task_result import Failure

    place = tmp_path / "third.txt"
    place.write_bytes(b"the worker's own")
    node = ModelsTask("tiny", 0, ModelKeys("models", "", "", ""))
    answer = bench.work(node, [TaskFiles(elsewhere={str(place): b"1"})], None, lambda share, loss: None).answer
    assert isinstance(answer, Failure)
    assert f"{place} on worker" in answer.reason
    bench.teardown(None)
    assert place.read_bytes() == b"the worker's own"


def failed(result):
    assert {cell["outcome"] for cell in result.info["cells"]} == {"solved", "failed"}
    return {(cell["solver"], cell["scenario"]): cell["reason"] for cell in result.info["cells"] if "reason" in cell}


def test_a_solver_that_cannot_travel_is_one_clear_error(suite, tmp_path):
    solver = halfway()
    solver.file = (tmp_path / "open").open("w")
    with pytest.raises(ArenaError, match="cannot travel to another process"):
        api.run(suite, out=tmp_path / "run", solvers=[solver], isolated=True)


def test_a_scheduler_that_does_not_answer_is_one_clear_error(suite, tmp_path, monkeypatch):
    from recourse_arena.execution.engines import dask_cluster as cluster

    monkeypatch.setattr(cluster, "_WAIT", 0.5)
    monkeypatch.setattr(api, "run_apart", _in_this_process)
    with pytest.raises(ArenaError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        api.run(suite, out=tmp_path / "run", scheduler="tcp://127.0.0.1:9")


def test_without_distributed_jobs_say_what_to_install(suite, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setattr(api, "run_apart", _in_this_process)
    with pytest.raises(ArenaError, match=r"pip install 'recourse-arena\[parallel\]'"):
        api.run(suite, out=tmp_path / "run", jobs=2)
    assert not (tmp_path / "run").exists()
