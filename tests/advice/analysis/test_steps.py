"""Values that people are told are short."""

from __future__ import annotations

from decimal import Decimal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from one_person import Accepts, case, numbers

from recourse_arena import Feature, FeatureTable, Kind, Role
from recourse_arena.advice.analysis.steps import Steps, shortest

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
    assert steps.at(torch.tensor([17, 1, 2])).tolist() == [17.0, 1.0, 2.0]
    assert steps.worth_telling(one.factual, torch.tensor([0.4, 1.0, 0.0])).tolist() == [False, True, False]


@given(sd=st.floats(1e-6, 1e6), largest=st.floats(1e-3, 1e6), share=st.floats(-1, 1))
def test_a_number_of_steps_is_a_short_decimal_at_any_scale(sd, largest, share):
    steps = steps_of(sd, largest)
    number = round(share * largest / float(steps.size))
    value = steps.at(torch.tensor([number])).float()
    told = Decimal(Feature("x").word(float(value)))
    assert told == Decimal(str(shortest(value[0])))
    assert told == number * Decimal(str(float(steps.size)))
