"""How long a person waits who picks from a menu: alone, and among all.

A run measures the same through the solver's own process, where the conversation takes several times as long as the
four decisions.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from recourse_arena import Scenario
from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.registry.discovery import discover
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena_menus import FacilityMenu

FOREST = "german?cost=gower&decision=forest&decision.trees=200&decision.depth=15&decision.leaf=2"


@pytest.fixture(scope="module")
def offered(tmp_path_factory):
    """A composed menu of four actions, and everybody who asks."""
    cache = ArtefactCache(tmp_path_factory.mktemp("menus"))
    materials = prepare(FOREST, seed=0, data=Path(), cache=cache, registry=discover())
    scenario, solver = Scenario.parse("menu-4!no-plausibility"), FacilityMenu()
    solver.fit(materials.problem_for(scenario).seen_by(solver.knows), seed=0)
    return solver, materials.request(scenario)


@pytest.mark.benchmark(group="a pick from a menu of four under a forest of 200 trees: seconds a person")
@pytest.mark.parametrize("people", [1, None], ids=["alone", "among-all"])
def test_picking(benchmark, offered, people):
    solver, request = offered
    request = request[:people]
    benchmark(solver.recommend, request)
    benchmark.extra_info["ms a person"] = 1000 * benchmark.stats["min"] / len(request)
