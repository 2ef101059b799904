"""Convex says that it is not meant for tables with categories, other costs or models without gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recourse_arena.planning.applicability import Known, mismatch
from recourse_arena.problem.scenario import Scenario
from recourse_arena.testing import worlds
from recourse_arena_convex import Convex


@pytest.mark.parametrize("number", range(3))
def test_it_is_meant_for_every_world_of_numbers(number):
    for scenario in ("hard-2", "hard-2!scm-plausibility"):
        known = Known.of_problem(worlds()[number].problem)
        assert mismatch(Convex(), Scenario.parse(scenario), known) == ""


def test_it_is_skipped_with_a_reason_in_words():
    table, numbers = (Known.of_problem(worlds()[number].problem) for number in (3, 0))
    asked = Scenario.parse("hard-2")
    assert "branch (categorical)" in mismatch(Convex(), asked, table)
    assert "minimises the costs range, not l1" in mismatch(Convex(), asked, replace(numbers, cost="l1"))
    assert "needs gradients" in mismatch(Convex(), asked, replace(numbers, decision="forest", differentiable=False))
    assert "not neighbours" in mismatch(Convex(), asked, replace(numbers, flow=False))
