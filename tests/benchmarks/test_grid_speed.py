"""How much faster the batched oracle is than trying combinations one by one."""

from __future__ import annotations

import pytest
from small_worlds import World, by_hand

from recourse_arena import Scenario
from recourse_arena_grid import Grid


@pytest.fixture
def world(loan_materials) -> World:
    """Twenty people who can act on all four features, on a coarse grid."""
    return World(loan_materials.problem, loan_materials.request(Scenario.parse("hard-4"), people=20), points=9)


@pytest.mark.benchmark(group="grid oracle: twenty people, four features, nine points")
def test_batched(benchmark, world):
    solver = Grid(points=world.points)
    solver.fit(world.problem, seed=0)
    benchmark(solver.recommend, world.request)


@pytest.mark.benchmark(group="grid oracle: twenty people, four features, nine points")
@pytest.mark.parametrize("skip_dear", [True, False], ids=["skipping-what-is-dear", "testing-all"])
def test_one_by_one(benchmark, world, skip_dear):
    """A plain loop over combinations; as published it tests all of them."""
    people = range(len(world.request))
    benchmark.pedantic(lambda: [by_hand(world, i, skip_dear=skip_dear) for i in people], rounds=1)


@pytest.mark.benchmark(group="grid oracle: all of Loan, four features, 25 points")
def test_whole_population(benchmark, loan_materials):
    scenario = Scenario.parse("hard-4")
    solver, request = Grid(), loan_materials.request(scenario)
    solver.fit(loan_materials.problem_for(scenario), seed=0)
    benchmark.pedantic(solver.recommend, (request,), rounds=1)
