"""How much faster everybody's searches side by side are than other solvers, on the same people in one run."""

from __future__ import annotations

import pytest

from recourse_arena import Scenario
from recourse_arena_convex import Convex
from recourse_arena_frontier import Frontier
from recourse_arena_grid import Grid

SCENARIO = Scenario.parse("hard-4")
SOLVERS = {
    "frontier": lambda: Frontier(),
    "frontier-careful": lambda: Frontier(careful=True),
    "convex": lambda: Convex(),
    "grid": lambda: Grid(),
}


@pytest.fixture(scope="module")
def fitted(loan_materials):
    """Solvers fitted to Loan, by name, each once."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = SOLVERS[name]()
            known[name].fit(loan_materials.problem_for(SCENARIO).seen_by(known[name].knows), seed=0)
        return known[name]

    return of


@pytest.mark.benchmark(group="1,000 people of Loan, hard-4, one thread")
@pytest.mark.parametrize("name", SOLVERS)
def test_a_thousand_people(benchmark, loan_materials, fitted, name):
    solver, request = fitted(name), loan_materials.request(SCENARIO, 1000)
    solver.recommend(request[:64])
    answer = benchmark.pedantic(solver.recommend, (request,), rounds=1)
    assert answer.solved.float().mean() > 0.9


@pytest.mark.benchmark(group="the frontier by the number of people of Loan, hard-4")
@pytest.mark.parametrize("people", [1, 100, 1000, 2000])
def test_more_people(benchmark, loan_materials, fitted, people):
    """One person alone has the fixed cost of many small steps; with more, it is shared."""
    solver, request = fitted("frontier"), loan_materials.request(SCENARIO, people)
    benchmark.pedantic(solver.recommend, (request,), rounds=3)


@pytest.mark.benchmark(group="learning where the frontier's searches end, Loan")
def test_learning(benchmark, loan_materials):
    solver, problem = Frontier(), loan_materials.problem_for(SCENARIO).seen_by(Frontier.knows)
    benchmark.pedantic(lambda: solver.fit(problem, seed=0), rounds=1)
