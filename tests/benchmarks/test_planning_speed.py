"""How long it takes to find 50 plugins and to plan 1,600 cells, and what guarding a solver costs."""

from __future__ import annotations

import pytest

from recourse_arena import Scenario
from recourse_arena.execution.guard.guard import Guard
from recourse_arena.interfaces.suite import Block, Suite
from recourse_arena.planning.plan import make_plan
from recourse_arena.registry.discovery import discover
from recourse_arena_grid import Grid


@pytest.mark.benchmark(group="50 plugins, 1,600 cells")
def test_registering_and_planning(benchmark, many_plugins, tmp_path):
    scenarios = tuple(Scenario.parse(f"hard-{n}{how}") for n in (1, 2, 3, 4) for how in ("", "!no-plausibility"))
    block = Block(("loan",), scenarios, tuple(f"solver-{i}" for i in range(20)))
    suite = Suite("s", "", (block,), seeds=tuple(range(10)))
    plan = benchmark(lambda: make_plan(suite, discover(), data=tmp_path))
    assert len(plan.cells) == 1600


@pytest.mark.benchmark(group="asking about 200 people of Loan who can act on nothing")
@pytest.mark.parametrize("guarded", [False, True], ids=["bare", "guarded"])
def test_asking(benchmark, loan_materials, guarded):
    scenario = Scenario.parse("hard-1!no-plausibility")
    asking, request = Guard(Grid(points=2)), loan_materials.request(scenario, 200)
    asking.fit(loan_materials.problem_for(scenario), seed=0)
    benchmark(asking.recommend if guarded else asking.solver.recommend, request)
