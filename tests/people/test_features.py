"""Features, and what is said of a value that cannot be."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, Role

TABLE = FeatureTable(
    (
        Feature("sex", kind=Kind.BINARY, role=Role.IMMUTABLE),
        Feature("children", kind=Kind.INTEGER, lower=0),
        Feature("schooling", kind=Kind.ORDINAL, levels=("none", "school", "college")),
        Feature("income", role=Role.ACTIONABLE, lower=0, upper=10),
        Feature("balance", role=Role.ACTIONABLE),
    )
)
GOOD = [1.0, 2.0, 1.0, 3.5, -7.25]


def test_people_who_can_be_are_returned_as_they_are():
    x = torch.tensor([GOOD, [0.0, 0.0, 2.0, 10.0, 1e30]])
    assert TABLE.validate(x) is x


def test_nobody_is_valid():
    assert TABLE.validate(torch.zeros(0, 5)).shape == (0, 5)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("income", math.nan, "expected a finite number, got nan"),
        ("balance", math.inf, "expected a finite number, got inf"),
        ("balance", -math.inf, "expected a finite number, got -inf"),
        ("income", 10.5, r"expected a value within its bounds in \[0, 10\], got 10.5"),
        ("children", -1.0, r"expected a value within its bounds in \[0, inf\], got -1"),
        ("sex", 2.0, r"expected a value within its bounds in \[0, 1\], got 2"),
        ("schooling", 3.0, r"expected a value within its bounds in \[0, 2\], got 3"),
        ("schooling", -1.0, r"expected a value within its bounds in \[0, 2\], got -1"),
        ("children", 1.5, "expected a whole number, got 1.5"),
        ("sex", 0.5, "expected a whole number, got 0.5"),
    ],
)
@given(row=st.integers(0, 3), repeats=st.integers(0, 2))
def test_a_value_that_cannot_be_is_named_with_its_first_row_and_feature(name, value, expected, row, repeats):
    x = torch.tensor([GOOD] * 6)
    x[row : row + repeats + 1, TABLE.index(name)] = value
    count = rf"\({repeats + 1} of 6 rows are affected\)$"
    with pytest.raises(ArenaError, match=rf"^people: row {row}, feature '{name}': {expected} {count}"):
        TABLE.validate(x, what="people")


@pytest.mark.parametrize("shape", [(4, 4), (5,), (2, 3, 5)])
def test_a_wrong_shape_is_named(shape):
    with pytest.raises(ArenaError, match=r"expected shape \(people, 5\), got \("):
        TABLE.validate(torch.zeros(shape))


def test_a_table_knows_its_columns():
    assert len(TABLE) == 5
    assert TABLE.names == ("sex", "children", "schooling", "income", "balance")
    assert [TABLE.index(feature.name) for feature in TABLE] == [0, 1, 2, 3, 4]
    assert TABLE["income"].upper == 10
    assert TABLE.actionable.tolist() == [False, False, False, True, True]
    assert TABLE.count_actionable == 2
    assert TABLE.whole.tolist() == [True, True, True, False, False]


def test_an_unknown_feature_is_named_with_its_near_match():
    with pytest.raises(ArenaError, match=r"unknown feature 'incme'. Did you mean 'income'"):
        TABLE.index("incme")


def test_repeated_names_are_refused():
    with pytest.raises(ArenaError, match=r"must be unique; repeated: a$"):
        FeatureTable((Feature("a"), Feature("b"), Feature("a")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"name": "a", "lower": 2, "upper": 1}, "'a': lower 2 is above upper 1"),
        ({"name": "a", "lower": math.nan}, "'a': lower nan is above"),
        ({"name": "a", "kind": Kind.BINARY, "lower": 2}, "'a': lower 2 is above upper 1"),
        ({"name": "a", "levels": ("x", "y")}, "'a': a feature of kind continuous has no named levels"),
        ({"name": "a", "kind": Kind.INTEGER, "levels": ("x",)}, "'a': a feature of kind integer has no named levels"),
        ({"name": "a", "kind": Kind.BINARY, "levels": ("x", "y", "z")}, "'a': a binary feature has two levels, got 3"),
    ],
)
def test_a_feature_that_contradicts_itself_is_refused(arguments, message):
    with pytest.raises(ArenaError, match=message):
        Feature(**arguments)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_but_continuous_holds_whole_numbers(kind):
    levels = ("red", "blue") if kind is Kind.CATEGORICAL else ()
    assert Feature("a", kind=kind, levels=levels).whole == (kind != "continuous")
