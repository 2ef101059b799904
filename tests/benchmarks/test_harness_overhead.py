"""What the harness itself costs: planning, keeping and collecting cells whose computation costs nothing."""

from __future__ import annotations

import shutil

import pandas as pd
import pyarrow as pa
import pytest

from recourse_arena import Recommendation, Scenario, Solver, api
from recourse_arena.execution.engines.engine import Serial
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.runner import execute
from recourse_arena.execution.worker.local_worker import LocalWorker
from recourse_arena.execution.worker.measuring import MetricValues
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.judging.records import as_records
from recourse_arena.planning.plan import make_plan
from recourse_arena.planning.solver_card import cards_of
from recourse_arena.planning.tasks import FitTask, JudgeTask, SolveTask
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.run_folder import RunFolder
from recourse_arena.storage.task_result import AdviceResult, CellResult, FitResult, ModelsResult

SCENARIOS = [f"{hard}soft-{soft}" for hard in ("", "hard-1+", "hard-2+", "hard-3+") for soft in ("linear", "convex")]


class Idle:
    """Hands that answer at once, with the same people for every cell."""

    def __init__(self, registry, people):
        frame = pd.DataFrame(
            {
                "person": range(people),
                "outcome": ["solved"] * people,
                **dict.fromkeys(("valid", "plausible", "plausible_scm", "hard_action"), True),
                **dict.fromkeys(("cost", "weighted_cost", "l2", "logp_factual", "logp_counterfactual"), 0.5),
                **dict.fromkeys(("violations", "actions"), 1),
                **{f"value_{i}": 0.25 for i in range(7)},
                **{f"mask_{i}": True for i in range(7)},
                **{f"score_{i}": 1 for i in range(7)},
            }
        )
        timings, measures = {"fit_seconds": 0.0, "solve_seconds": 0.0}, MetricValues(registry)
        metrics, _ = measures.of(frame, timings)
        self.judged = CellResult(as_records(frame.to_dict("list")), timings, metrics, measures.digest)
        kept = [name for name in frame if name == "person" or name.startswith(("mask_", "value_"))]
        advice = pa.Table.from_pandas(frame[kept], preserve_index=False)
        outcomes = pa.array(["solved"] * people).dictionary_encode()
        self.advice = AdviceResult(advice.append_column("outcome", outcomes), timings)

    def work(self, node, before=None, listener=None):
        if isinstance(node, (SolveTask, JudgeTask)):
            return self.advice if isinstance(node, SolveTask) else self.judged
        identity = {"dataset": "loan", "seed": 0}
        empty = {name: [] for name in ("feature", "low", "high", "data", "flow")}
        return FitResult(0.0) if isinstance(node, FitTask) else ModelsResult(identity, empty)

    def close(self):
        pass


def harness(folder, cells, people=1):
    """Return what runs a plan of so many idle cells into a folder."""
    registry = discover()
    seeds = tuple(range(cells // len(SCENARIOS)))
    block = Block(("loan",), tuple(map(Scenario.parse, SCENARIOS)), ("grid",), people)
    suite, hands = Suite("idle", "", (block,), seeds=seeds), Idle(registry, people)
    cache = ArtefactCache(folder / "cache")

    def run():
        plan = make_plan(suite, registry, data=folder)
        out = RunFolder(folder / "run")
        options = {"engine": Serial(hands), "progress": Progress(), "cache": cache, "arithmetic": "native"}
        return execute(plan, out, registry=registry, data=folder, **options)

    return run


@pytest.mark.benchmark(group="harness: idle cells, seconds for all of them")
@pytest.mark.parametrize("cells", [400, 800, 1600])
def test_idle_cells(benchmark, tmp_path, cells):
    """Under a millisecond each, and as many times longer as there are more."""
    run = harness(tmp_path, cells)
    records = benchmark.pedantic(run, setup=lambda: shutil.rmtree(tmp_path / "run", ignore_errors=True), rounds=3)
    assert len(records) == cells


class Nothing(Solver):
    """Answers at once, and helps nobody."""

    def __init__(self, name):
        self.name = name

    def recommend(self, request):
        nobody = request.actionable.new_zeros(len(request))
        return Recommendation.do(request.actionable, request.factual, found=nobody)


@pytest.mark.benchmark(group="harness: 400 cells of solvers that do nothing, asked, judged, measured and kept")
@pytest.mark.parametrize("people", [1, 200])
def test_cells_of_solvers_that_do_nothing(benchmark, tmp_path, loan_materials, people):
    """What every cell costs beside the solver's own work; nearly all of it is the judge's and the metrics'."""
    registry, solvers = discover(), {f"nothing-{i}": Nothing(f"nothing-{i}") for i in range(400 // len(SCENARIOS))}
    suite = Suite("nothing", "", (Block(("loan",), tuple(map(Scenario.parse, SCENARIOS)), tuple(solvers), people),))
    cache = ArtefactCache(None)

    def run():
        plan = make_plan(suite, registry, data=tmp_path, describe=cards_of(registry, solvers), handed=solvers)
        hands = LocalWorker(registry, tmp_path, cache, solvers, lambda dataset, seed: loan_materials)
        options = {"engine": Serial(hands), "progress": Progress(), "cache": cache, "arithmetic": "native"}
        return execute(plan, RunFolder(tmp_path / "run"), registry=registry, data=tmp_path, **options)

    records = benchmark.pedantic(run, setup=lambda: shutil.rmtree(tmp_path / "run", ignore_errors=True), rounds=3)
    assert [record.outcome for record in records] == ["solved"] * 400


@pytest.mark.benchmark(group="harness: a run of 1,000 cells of 20 people that has everything")
@pytest.mark.parametrize("lost", [False, True], ids=["tables-too", "tables-lost"])
def test_collecting_again(benchmark, tmp_path, lost):
    """Under a second, where tables are there and where all of them must be written again."""
    run = harness(tmp_path, 1000, people=20)
    run()

    def lose():
        if lost:
            (tmp_path / "run" / "people.parquet").unlink()

    records = benchmark.pedantic(run, setup=lose, rounds=3)
    assert len(records) == 1000


@pytest.mark.benchmark(group="harness: 36 cells of solvers that do nothing, apart and together")
@pytest.mark.parametrize("isolated", [True, False], ids=["processes-of-their-own", "one-process"])
def test_cells_apart_and_together(benchmark, installed, tmp_path, isolated):
    """A process for each fit costs about 15 ms a cell, and that of the run its start, some seconds."""
    scenarios = [f"{words}{goal}" for words in SCENARIOS for goal in ("", "!no-plausibility")]
    scenarios = tuple(map(Scenario.parse, [name for name in scenarios if "hard-3" not in name]))
    suite = Suite("cheap", "", (Block(("tiny",), scenarios, ("top", "picky", "raiser"), people=200),))

    def run():
        return api.run(suite, out=tmp_path / "run", isolated=isolated)

    run()  # models
    result = benchmark.pedantic(run, setup=lambda: shutil.rmtree(tmp_path / "run"), rounds=3)
    assert len(result.summary) == 36
