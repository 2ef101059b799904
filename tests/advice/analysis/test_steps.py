"""Values that people are told are short, and never ask less of them than was found."""

from __future__ import annotations

from decimal import Decimal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from one_person import Accepts, case, numbers

from recourse_arena import Feature, FeatureTable, Kind, Role
from recourse_arena.advice.analysis.steps import Steps, shortest
from recourse_arena.people.box import Box

NOBODY = Accepts(lambda x: x[..., 0] < -1e9)


def steps_of(sd, largest=100.0):
    return Steps.of(case(numbers(1), NOBODY, [0.0], [0.0], [largest], sd=sd).problem)


@pytest.mark.parametrize(
    ("sd", "step"), [(1.0, 0.01), (1.3, 0.01), (1.5, 0.02), (4.0, 0.05), (8.0, 0.1), (700.0, 5.0), (12345.0, 100.0)]
)
def test_a_step_is_next_to_a_hundredth_of_the_standard_deviation(sd, step):
    assert steps_of(sd).size.tolist() == [step]
    assert steps_of(sd).tolerance.tolist() == [step / 2]


def test_no_step_is_finer_than_six_digits_can_tell():
    assert steps_of(1e-3, largest=250_000.0).size.tolist() == [1.0]
    assert steps_of(1e-3, largest=0.0).size.tolist() == [1e-5]


def test_whole_numbers_and_levels_are_told_as_they_are():
    levels = tuple("abc")
    features = FeatureTable(
        (
            Feature("count", Kind.INTEGER, Role.ACTIONABLE),
            Feature("rank", Kind.ORDINAL, Role.ACTIONABLE, levels=levels),
            Feature("home", Kind.CATEGORICAL, Role.ACTIONABLE, levels=levels),
        )
    )
    one = case(features, NOBODY, [0.0] * 3, [0.0] * 3, [900.0, 2.0, 2.0], sd=300.0)
    steps = Steps.of(one.problem)
    assert steps.size.tolist() == [1.0] * 3
    values = torch.tensor([[17.0, 1.0, 2.0]])
    assert steps.rounded(values, away_from=one.factual, box=one.request.box).equal(values)
    assert steps.worth_telling(one.factual, torch.tensor([0.4, 1.0, 0.0])).tolist() == [False, True, False]


def test_values_are_rounded_away_from_the_person_and_stay_in_the_box():
    steps, box = steps_of(4.0), Box(torch.tensor([-1.02]), torch.tensor([3.12]))
    values = torch.tensor([2.01, 1.99, 2.1, 2.0, 1.9999, 3.11, -1.01, 3.12, torch.nan])[:, None]
    found = steps.rounded(values, away_from=torch.tensor([2.0]), box=box)[:, 0]
    told = torch.tensor([2.05, 1.95, 2.1, 2.0, 1.95, 3.12, -1.02, 3.12])
    assert found[:-1].equal(told)
    assert found[-1].isnan()


def test_who_stands_beyond_the_feasible_range_is_told_a_value_inside():
    steps, box = steps_of(4.0), Box(torch.tensor([0.02]), torch.tensor([3.12]))
    found = steps.rounded(torch.tensor([[3.12], [0.03]]), away_from=torch.tensor([9.0]), box=box)
    assert found[:, 0].equal(torch.tensor([3.10, 0.02]))


@given(
    sd=st.floats(1e-6, 1e6),
    largest=st.floats(1e-3, 1e6),
    where=st.lists(st.floats(0, 1), min_size=4, max_size=4),
)
def test_rounding_keeps_its_word_for_any_scale(sd, largest, where):
    steps = steps_of(sd, largest)
    low, high = sorted(where[:2])
    box = Box(torch.tensor([low * largest]), torch.tensor([high * largest]))
    factual = torch.tensor([where[2] * largest])
    value = box.lower + where[3] * (box.upper - box.lower)
    value = value.clamp(box.lower, box.upper)
    found = steps.rounded(value, away_from=factual, box=box)
    assert box.lower <= found <= box.upper
    assert (found - factual) * (value - factual).sign() >= (value - factual).abs()
    assert steps.rounded(found, away_from=factual, box=box).equal(found)
    if found not in (box.lower, box.upper, factual):
        told = Decimal(Feature("x").word(float(found)))
        assert told == Decimal(str(shortest(found[0])))
        assert told % Decimal(str(float(steps.size))) == 0
