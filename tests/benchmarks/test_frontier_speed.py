"""How much faster everybody's searches side by side are than other solvers, on the same people in one run.

The table in the README: `pytest tests/benchmarks/test_frontier_speed.py --benchmark-only
--benchmark-timer=time.process_time --benchmark-columns=min,median,rounds --benchmark-group-by=group`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_worlds import World, by_hand

from recourse_arena import Scenario
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
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


def asked(materials, people):
    """Return a request of so many people of Loan, the same ones again where there are too few."""
    everybody = materials.request(SCENARIO)
    return everybody[torch.arange(people) % len(everybody)]


@pytest.mark.benchmark(group="20 people of Loan, hard-4, beside a plain loop over a grid of 9 points")
@pytest.mark.parametrize("name", [*SOLVERS, "plain-loop"])
def test_twenty_people(benchmark, loan_materials, fitted, name):
    request = loan_materials.request(SCENARIO, 20)
    if name == "plain-loop":
        world = World(loan_materials.problem, request, points=9)
        benchmark.pedantic(lambda: [by_hand(world, person) for person in range(20)], rounds=1)
    else:
        benchmark.pedantic(fitted(name).recommend, (request,), rounds=1, warmup_rounds=1)
    benchmark.extra_info["ms a person"] = 1000 * benchmark.stats["min"] / 20


@pytest.mark.benchmark(group="1,000 people of Loan, hard-4, one thread")
@pytest.mark.parametrize("name", SOLVERS)
def test_a_thousand_people(benchmark, loan_materials, fitted, name):
    solver, request = fitted(name), loan_materials.request(SCENARIO, 1000)
    solver.recommend(request[:64])
    answer = benchmark.pedantic(solver.recommend, (request,), rounds=1)
    benchmark.extra_info["ms a person"] = benchmark.stats["min"]
    assert answer.solved.float().mean() > 0.9


DATA = Path(os.environ.get("RECOURSE_ARENA_DATA", "nowhere"))


@pytest.mark.skipif(not (DATA / "gmsc").is_dir(), reason="RECOURSE_ARENA_DATA names no directory with gmsc")
@pytest.mark.benchmark(group="everybody of GMSC, splines and whole numbers, one thread")
def test_splines(benchmark, tmp_path):
    cache = ArtefactCache(tmp_path)
    materials = prepare("gmsc", seed=0, data=DATA, cache=cache, registry=discover())
    solver, request = Frontier(), materials.request(SCENARIO)
    solver.fit(materials.problem_for(SCENARIO).seen_by(solver.knows), seed=0)
    solver.recommend(request[:64])
    benchmark.pedantic(solver.recommend, (request,), rounds=2)
    benchmark.extra_info["ms a person"] = 1000 * benchmark.stats["min"] / len(request)


@pytest.mark.benchmark(group="the frontier by the number of people of Loan, hard-4")
@pytest.mark.parametrize("people", [1, 10, 100, 1000, 20_000])
def test_more_people(benchmark, loan_materials, fitted, people):
    """One person alone has the fixed cost of many small steps; with more, it is shared."""
    solver, request = fitted("frontier"), asked(loan_materials, people)
    solver.recommend(request[:64])
    benchmark.pedantic(solver.recommend, (request,), rounds=3 if people <= 1000 else 1)
    benchmark.extra_info["ms a person"] = 1000 * benchmark.stats["min"] / people


PEAK = """
import re, sys, torch
from pathlib import Path
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena import Scenario
from recourse_arena_frontier import Frontier
cache, state, people = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
torch.set_num_threads(1)
materials = prepare("loan", seed=0, data=Path(), cache=ArtefactCache(cache), registry=discover())
scenario, solver = Scenario.parse("hard-4"), Frontier()
solver.restore(materials.problem_for(scenario).seen_by(solver.knows), torch.load(state))
request = materials.request(scenario)
solver.recommend(request[torch.arange(people) % len(request)])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
"""What a process that answers so many people needs at most, in kB; it is told apart from its parent by the kernel."""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.benchmark(group="peak memory of a process that answers so many people of Loan (MB: extra_info)")
@pytest.mark.parametrize("people", [1, 1000, 20_000])
def test_peak_memory(benchmark, fitted, tmp_path, tmp_path_factory, people):
    ours, state = tmp_path_factory.getbasetemp(), tmp_path / "state.pt"
    models = (ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours) / "artefacts"  # of `loan_materials`
    torch.save(dict(fitted("frontier").state()), state)
    command = [sys.executable, "-c", PEAK, str(models), str(state), str(people)]
    found = benchmark.pedantic(lambda: subprocess.run(command, check=True, stdout=-1, text=True).stdout, rounds=1)
    benchmark.extra_info["peak MB"] = round(int(found) / 1024)


@pytest.mark.benchmark(group="learning where the frontier's searches end, Loan")
def test_learning(benchmark, loan_materials):
    solver, problem = Frontier(), loan_materials.problem_for(SCENARIO).seen_by(Frontier.knows)
    benchmark.pedantic(lambda: solver.fit(problem, seed=0), rounds=1)
