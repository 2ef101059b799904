"""What arithmetic that does not depend on the processor costs: training with it and without."""

from __future__ import annotations

import pytest

from recourse_arena.base.arithmetic import arithmetic_of, environment
from recourse_arena.execution.sandbox.sandbox import Sandbox, WorkerSetup
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.planning.plan import make_plan
from recourse_arena.planning.task_graph import TaskGraph
from recourse_arena.problem.scenario import Scenario
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.task_result import FitResult


@pytest.mark.benchmark(group="arithmetic: 1,000 steps of iCARMA's training on Loan")
@pytest.mark.parametrize("choice", ["COMPATIBLE", "AUTO"])
def test_training(benchmark, tmp_path, monkeypatch, choice):
    """With `COMPATIBLE`, the default, it is the same on every processor."""
    monkeypatch.setenv("MKL_CBWR", choice)
    registry, block = discover(), Block(("loan",), (Scenario.parse("hard-4"),), ("icarma?steps=1000",), people=1)
    plan = make_plan(Suite("training", "", (block,)), registry, data=tmp_path)
    graph = TaskGraph.of(plan, registry, data=tmp_path, arithmetic=arithmetic_of(environment({"MKL_CBWR": choice})))
    models, fit, _ = graph.needed(())
    sandbox = Sandbox(WorkerSetup.of(tmp_path, None, {}))
    try:
        sandbox.work(models)
        fitted, _ = benchmark.pedantic(sandbox.work, (fit,), rounds=1)
    finally:
        sandbox.close()
    assert isinstance(fitted, FitResult)
