"""Whom an attribute protects, and what is said of it wrongly."""

from __future__ import annotations

import pytest
import torch

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, People
from recourse_arena.people.groups import check_protected, group_codes

TOWN = Feature("town", Kind.CATEGORICAL, levels=("a", "b", "c"), sensitive=True)
AGE = Feature("age", Kind.INTEGER, sensitive=True)
FEATURES = FeatureTable((AGE, TOWN))
PEOPLE = People(torch.tensor([[30.0, 0.0], [40.0, 2.0], [50.0, 1.0]]), torch.zeros(3))


@pytest.mark.parametrize(
    ("first", "expected"), [(("a",), [0, 1, 1]), (("c", "a"), [0, 0, 1]), ((), [0, 2, 1]), (("b",), [1, 1, 0])]
)
def test_whoever_is_not_of_the_first_levels_is_protected(first, expected):
    assert group_codes("town", first, PEOPLE, FEATURES, FeatureTable(())).tolist() == expected


def test_attributes_make_groups_where_people_come_with_them():
    people = People(PEOPLE.x[:, :1], PEOPLE.y, PEOPLE.x[:, 1:])
    features, attributes = FeatureTable((AGE,)), FeatureTable((TOWN,))
    assert group_codes("town", ("a",), people, features, attributes).tolist() == [0, 1, 1]
    with pytest.raises(ArenaError, match="'town' is an attribute that no model sees"):
        group_codes("town", ("a",), people.seen(), features, attributes)


@pytest.mark.parametrize(
    ("protected", "message"),
    [
        ({"twon": ("a",)}, "unknown protected feature or attribute 'twon'. Did you mean 'town'"),
        ({"age": ("a",)}, "'age' has no levels by which people could be told apart"),
        ({"town": ("d",)}, "unknown level of 'town' 'd'"),
        ({"town": ("a", "c", "b")}, "all of its levels are named"),
    ],
)
def test_what_protects_nobody_is_one_clear_error(protected, message):
    with pytest.raises(ArenaError, match=message):
        check_protected(protected, FEATURES)
