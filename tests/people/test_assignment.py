"""Rules that give each person one of two profiles."""

from __future__ import annotations

import pytest
import torch

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, People
from recourse_arena.people.assignment import AtRandom, ByAttribute, ByQuantile

FEATURES = FeatureTable((Feature("age"), Feature("income")))
ATTRIBUTES = FeatureTable(
    (Feature("town"), Feature("race", kind=Kind.CATEGORICAL, levels=("green", "blue", "red"), sensitive=True))
)
PEOPLE = People(
    torch.tensor([[9.0, 1.0], [0.0, 2.0], [0.0, 3.0], [0.0, 4.0]]),
    torch.zeros(4),
    torch.tensor([[0.0, 2.0], [1.0, 0.0], [2.0, 1.0], [0.0, 0.0]]),
)
POPULATION = People(torch.tensor([[0.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [0.0, 4.0]]), torch.zeros(5))


def probability(rule, people=PEOPLE):
    return rule.probability(people, POPULATION, features=FEATURES, attributes=ATTRIBUTES)


def test_at_random_everybody_has_the_same_chance():
    assert probability(AtRandom("a", "b", share=0.3)).tolist() == pytest.approx([0.3] * 4)
    assert probability(AtRandom("a", "b")).tolist() == [0.5] * 4


def test_above_a_quantile_of_the_population_is_certain_and_at_it_is_not():
    assert probability(ByQuantile("a", "b", feature="income", quantile=0.75)).tolist() == [0, 0, 0, 1]


def test_a_threshold_does_not_depend_on_who_else_asks():
    rule = ByQuantile("a", "b", feature="income", quantile=0.5)
    together = probability(rule)
    assert [float(probability(rule, PEOPLE[i : i + 1])) for i in range(4)] == together.tolist() == [0, 0, 1, 1]


def test_each_level_of_an_attribute_has_its_own_probability():
    rule = ByAttribute("a", "b", attribute="race", shares={"red": 0.9, "green": 0.05, "blue": 0.5})
    assert probability(rule).tolist() == pytest.approx([0.9, 0.05, 0.5, 0.05])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (ByQuantile("a", "b", feature="incme", quantile=0.5), "unknown feature 'incme'. Did you mean 'income'"),
        (ByAttribute("a", "b", attribute="rce", shares={}), "'rce'. Did you mean 'race'"),
        (ByAttribute("a", "b", attribute="race", shares={"rad": 1.0}), "unknown level of race 'rad'. Did you mean"),
        (ByAttribute("a", "b", attribute="race", shares={"red": 1.0}), "a share for each of green, blue, red; got red"),
    ],
)
def test_a_rule_about_what_is_not_there_is_refused(rule, message):
    with pytest.raises(ArenaError, match=message):
        probability(rule)


def test_people_without_the_attribute_are_refused():
    rule = ByAttribute("a", "b", attribute="race", shares=dict.fromkeys(("green", "blue", "red"), 0.5))
    with pytest.raises(ArenaError, match="got no attributes"):
        probability(rule, PEOPLE.seen())


def test_some_of_the_people_keep_their_attributes():
    some = PEOPLE[torch.tensor([True, False, True, False])]
    assert some.x.tolist() == [[9, 1], [0, 3]]
    assert some.y.tolist() == [0, 0]
    assert some.attributes.tolist() == [[0, 2], [2, 1]]
    assert PEOPLE.seen()[:2].attributes is None
