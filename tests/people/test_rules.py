"""Rules between features, against plain Python."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import ArenaError, Feature, FeatureTable, Kind
from recourse_arena.people.rules import AtMost, Implies

FEATURES = (
    Feature("open", Kind.INTEGER),
    Feature("all", Kind.INTEGER),
    Feature("job", Kind.CATEGORICAL, levels=("none", "clerk", "manager")),
    Feature("contract", Kind.CATEGORICAL, levels=("no", "fixed", "open-ended")),
)
RULES = (
    AtMost({"open": 1.0, "all": -1.0}),
    AtMost({"open": 2.0, "all": 0.5}, 20.0),
    Implies("job", (1, 2), "contract", (1, 2)),
    Implies("contract", (2,), "job", (2,)),
)
TABLE = FeatureTable(FEATURES, RULES)
person = st.tuples(st.integers(-9, 30), st.integers(-9, 30), st.integers(0, 2), st.integers(0, 2))
people = st.lists(person, min_size=1, max_size=8)


def broken(one) -> list[bool]:
    opened, every, job, contract = one
    return [
        opened > every,
        2 * opened + 0.5 * every > 20,
        job in (1, 2) and contract not in (1, 2),
        contract == 2 and job != 2,
    ]


def tensor(rows) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32)


@given(st.lists(st.tuples(person, person), min_size=1, max_size=8))
def test_a_rule_is_broken_by_who_breaks_it_and_did_not_before(pairs):
    before, after = zip(*pairs, strict=True)
    expected = [
        [now and not then for now, then in zip(broken(b), broken(a), strict=True)]
        for a, b in zip(before, after, strict=True)
    ]
    assert TABLE.broken_rules(tensor(before), tensor(after)).tolist() == expected


@given(person, people)
def test_one_factual_is_compared_with_many(before, after):
    found = TABLE.broken_rules(tensor(before), tensor(after))
    assert torch.equal(found, TABLE.broken_rules(tensor([before] * len(after)), tensor(after)))
    assert found.shape == (len(after), 4)


def test_a_table_without_rules_has_none_to_break():
    assert FeatureTable(FEATURES).broken_rules(torch.zeros(3, 4), torch.zeros(3, 4)).shape == (3, 0)


@given(st.floats(0.01, 1e6), st.floats(1e-3, 1e6) | st.floats(-1e6, -1e-3))
def test_sums_in_single_precision_give_way_by_rounding_alone(factor, x):
    rule = AtMost({"a": factor, "b": -factor}, 0.0)
    a = torch.tensor(x, dtype=torch.float32)
    assert rule.kept({"a": a, "b": torch.nextafter(a, torch.tensor(-math.inf))})
    assert not rule.kept({"a": a + 1e-3 * a.abs() + 1e-3, "b": a})


@pytest.mark.parametrize(
    ("terms", "limit"),
    [({}, 0.0), ({"a": 0.0}, 0.0), ({"a": math.nan}, 0.0), ({"a": 1.0}, math.inf), ({"a": 1.0}, math.nan)],
)
def test_a_sum_of_nothing_or_no_number_is_refused(terms, limit):
    with pytest.raises(ArenaError, match="needs features with factors other than 0"):
        AtMost(terms, limit)


@pytest.mark.parametrize(
    "parts", [("job", (1,), "job", (0,)), ("job", (), "contract", (1,)), ("job", (1,), "contract", ())]
)
def test_an_implication_of_nothing_is_refused(parts):
    with pytest.raises(ArenaError, match="two features, levels of the one and levels of the other"):
        Implies(*parts)


def test_a_table_refuses_rules_on_features_it_does_not_have_and_sums_of_codes():
    with pytest.raises(ArenaError, match="unknown feature 'opne'. Did you mean 'open'"):
        FeatureTable(FEATURES, (AtMost({"opne": 1.0}),))
    with pytest.raises(ArenaError, match="'job' is categorical, and its codes cannot be summed"):
        FeatureTable(FEATURES, (AtMost({"open": 1.0, "job": 1.0}),))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (AtMost({"open": 1.0, "all": -1.0}), "open - all <= 0"),
        (AtMost({"a": -1.0, "b": 2.5}, 3), "- a + 2.5 b <= 3"),
        (Implies("job", (1,), "contract", (1, 2)), "job in [1] asks for contract in [1, 2]"),
        (Implies("job", (1,), "contract", (1, 2), "clerks have a contract"), "clerks have a contract"),
    ],
)
def test_a_rule_is_said_in_words(rule, words):
    assert str(rule) == words


def test_levels_that_do_not_exist_are_refused_where_the_table_is_made():
    for bad in (Implies("job", (3,), "contract", (1,)), Implies("job", (1,), "contract", (-1,))):
        with pytest.raises(ArenaError, match="has no level with code"):
            FeatureTable(FEATURES, (bad,))
