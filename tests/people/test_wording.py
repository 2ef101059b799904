"""Values are written for people: levels by name, no codes, no noise of single precision, no negative zero."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import Feature, Kind
from recourse_arena.people.wording import title, value, with_unit

SAVINGS = Feature("savings", unit="DM")


@pytest.mark.parametrize(
    ("name", "words"),
    [("loan_amount", "loan amount"), ("hours-per-week", "hours per week"), ("x", "x"), ("_", "_"), ("a__b", "a b")],
)
def test_names_are_words(name, words):
    assert title(name) == title(Feature(name)) == words


@pytest.mark.parametrize(
    ("x", "step", "words"),
    [
        (0.1, 0, "0.1"),
        (-0.0, 0, "0"),
        (-1e-9, 0.01, "0"),
        (1234567.8, 0, "1,234,568"),
        (123456789.0, 0, "123,456,789"),
        (3217.43, 50, "3,220"),
        (3217.43, 100, "3,200"),
        (3217.43, 0.25, "3,217.43"),
        (0.5, 0.05, "0.5"),
        (1e-12, 0, "1e-12"),
        (2e20, 0, "2e+20"),
        (math.inf, 0, "unlimited"),
        (math.nan, 0, "unknown"),
    ],
)
def test_numbers_have_the_digits_that_count(x, step, words):
    assert value(SAVINGS, x, step) == words


def test_whole_numbers_and_levels_have_no_fraction_and_no_code():
    assert value(Feature("amount", Kind.INTEGER), 12500.0, step=7) == "12,500"
    assert value(Feature("home", Kind.CATEGORICAL, levels=("rent", "own")), 1.0) == "own"
    assert value(Feature("late", Kind.ORDINAL), 3.0) == "3"


@pytest.mark.parametrize(
    ("unit", "x", "words"),
    [
        ("years", 35, "35 years"),
        ("years", 1, "1 year"),
        ("dollars a month", 1, "1 dollar a month"),
        ("NT dollars", 1, "1 NT dollars"),
        ("mg/dL", 1, "1 mg/dL"),
        ("", 1, "1"),
        ("years", math.inf, "unlimited"),
    ],
)
def test_units_stand_behind_numbers(unit, x, words):
    assert with_unit(Feature("f", unit=unit), x) == words


@given(st.floats(-(2.0**40), 2.0**40, width=32))
def test_what_is_written_is_the_value_up_to_six_digits(x):
    words = value(SAVINGS, x)
    assert math.isclose(float(words.replace(",", "")), x, rel_tol=5e-6, abs_tol=1e-30)
    assert words != "-0"
    assert words == value(SAVINGS, torch.tensor(x).item())


def test_a_unit_changes_nothing_of_what_a_feature_is_known_by():
    assert repr(Feature("age", unit="years")) == repr(Feature("age"))
