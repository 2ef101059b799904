"""Ways in which people may act: bounds at where they are, for those outside of the feasible range as well."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_tables import table_problem

from recourse_arena import Actionability, ArenaError, Feature, Kind
from recourse_arena.people.box import Box

PROBLEM = table_problem(0)
FEATURES, COUNT = PROBLEM.features, len(PROBLEM.features)
UP, DOWN = FEATURES.index("grade"), FEATURES.index("debt")
ALL = Actionability(torch.arange(1, COUNT + 1).repeat(1, 1), levels=COUNT)


def asked(debt: float, grade: float = 1.0, **how):
    factual = PROBLEM.training.x[:1].clone()
    factual[0, DOWN], factual[0, UP] = debt, grade
    return PROBLEM.request(factual, ALL, **how)


@given(st.floats(-5, 20, width=32), st.integers(0, 2))
def test_bounds_are_at_the_factual_and_who_is_beyond_them_cannot_act(debt, grade):
    request = asked(debt, grade)
    low, high = float(PROBLEM.box.lower[DOWN]), float(PROBLEM.box.upper[DOWN])
    assert bool(request.actionable[0, DOWN]) == (debt >= low)
    if debt >= low:
        assert request.box.lower[0, DOWN] == low
        assert float(request.box.upper[0, DOWN]) == min(debt, high)
    else:
        assert request.box.lower[0, DOWN] == request.box.upper[0, DOWN] == debt
    assert bool(request.actionable[0, UP]) == (grade <= PROBLEM.box.upper[UP])
    assert float(request.box.lower[0, UP]) == max(grade, float(PROBLEM.box.lower[UP]))


@given(st.floats(-5, 20, width=32))
def test_everything_else_has_the_feasible_range(debt):
    request, free = asked(debt), FEATURES.directed == 0
    assert torch.equal(request.box.lower[0, free], PROBLEM.box.lower[free])
    assert torch.equal(request.box.upper[0, free], PROBLEM.box.upper[free])
    assert request.actionable[0, free].all()


def test_all_levels_of_a_category_are_in_the_box():
    for j, feature in enumerate(FEATURES):
        if feature.kind is Kind.CATEGORICAL:
            assert (PROBLEM.box.lower[j], PROBLEM.box.upper[j]) == (0, len(feature.levels) - 1)
    everybody_rents = PROBLEM.training.x.clone()
    everybody_rents[:, FEATURES.index("home")] = 1.0
    assert Box.spanning(everybody_rents, FEATURES).upper[FEATURES.index("home")] == 2


def test_personal_bounds_are_narrowed_by_directions():
    wide = Box(torch.full((1, COUNT), -100.0), torch.full((1, COUNT), 100.0))
    assert float(asked(1.0, box=wide).box.upper[0, DOWN]) == 1.0
    above = Box(wide.lower.clone(), wide.upper.clone())
    above.lower[0, DOWN] = 1.5
    assert not asked(1.0, box=above).actionable[0, DOWN]  # nothing is left of it for this person


def test_a_value_is_snapped_the_way_that_is_allowed():
    request = asked(1.0)
    assert request.snap(torch.full((1, COUNT), 100.0))[0, DOWN] == 1.0
    assert request.snap(torch.full((1, COUNT), -100.0))[0, UP] == 1.0


@pytest.mark.parametrize("direction", ["up", "down"])
def test_categories_have_no_way(direction):
    with pytest.raises(ArenaError, match=f"categories have no order, so there is no way {direction}"):
        Feature("home", Kind.CATEGORICAL, levels=("a", "b"), direction=direction)


def test_a_way_that_does_not_exist_is_named():
    with pytest.raises(ArenaError, match="unknown direction of feature 'debt' 'dwon'. Did you mean 'down'"):
        Feature("debt", direction="dwon")
