"""Encoded people: columns with a meaning, from which people come back."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_tables import FEATURES

from recourse_arena import Feature, FeatureTable, Kind
from recourse_arena.people.encoding import Encoding, onto_simplex
from recourse_arena.testing.problems.renaming import Renaming

TABLE = FeatureTable((*FEATURES, Feature("balance", lower=-50.0, upper=1e4)))
LEVELS = {"branch": 4, "home": 3, "grade": 3, "member": 2}


def values(feature: Feature) -> st.SearchStrategy[float]:
    if feature.levels:
        return st.integers(0, LEVELS[feature.name] - 1).map(float)
    if feature.whole:
        return st.integers(0, 5000).map(float)
    return st.floats(max(feature.lower, -1e4), min(feature.upper, 1e4), width=32)


people = st.lists(st.tuples(*(values(feature) for feature in TABLE)), min_size=2, max_size=12).map(torch.tensor)


def by_hand(x: torch.Tensor, train: torch.Tensor, *, binaries: bool = False) -> np.ndarray:
    """Return the columns of people, in single precision as everything there is."""
    columns = []
    for j, feature in enumerate(TABLE):
        column, known = x[:, j].numpy(), train[:, j]
        if feature.kind is Kind.CATEGORICAL:
            columns += [np.float32(column == feature.levels.index(name)) for name in sorted(feature.levels)]
        elif feature.kind is Kind.BINARY and not binaries:
            columns.append(column)
        else:
            mean, sd = np.mean(known.double().numpy()), max(np.std(known.double().numpy(), ddof=1), 1e-6)
            columns.append((column - mean) / sd)
    return np.stack(columns, 1)


@given(people)
def test_legal_people_come_back_from_their_columns(x):
    encoding = Encoding.fitted(TABLE, x)
    back = encoding.decode(encoding.encode(x))
    whole = TABLE.whole
    assert torch.equal(back[:, whole], x[:, whole])
    torch.testing.assert_close(back, x, rtol=1e-5, atol=2e-3)
    assert torch.equal(TABLE.validate(back), back)


@given(people, st.booleans())
def test_columns_are_those_computed_by_hand(x, binaries):
    train = torch.cat([x, x * torch.rand(1, generator=torch.Generator().manual_seed(0))]).round()
    encoding = Encoding.fitted(TABLE, train, standardise_binaries=binaries)
    found = encoding.encode(x)
    assert found.shape == (len(x), len(encoding)) == (len(x), 13)
    np.testing.assert_allclose(found.numpy(), by_hand(x, train, binaries=binaries), rtol=1e-3, atol=1e-3)


@given(people, st.randoms(use_true_random=False))
def test_other_codes_of_categories_change_no_column_to_the_bit(x, draws: random.Random):
    features, there = list(TABLE), x.clone()
    for j, feature in enumerate(TABLE):
        if feature.kind is Kind.CATEGORICAL:
            old = draws.sample(range(len(feature.levels)), len(feature.levels))
            features[j] = replace(feature, levels=tuple(feature.levels[code] for code in old))
            there[:, j] = torch.tensor(old).argsort()[x[:, j].long()].float()
    one, other = Encoding.fitted(TABLE, x), Encoding.fitted(FeatureTable(tuple(features)), there)
    assert one.names == other.names
    assert torch.equal(one.encode(x), other.encode(there))
    assert torch.equal(other.decode(other.encode(there)), there) == torch.equal(one.decode(one.encode(x)), x)


@given(people)
def test_alphabetical_codes_are_the_same_whatever_the_codes(x):
    renaming = Renaming(TABLE)
    there = renaming.there(x)
    assert torch.equal(renaming.after.alphabetical(there), TABLE.alphabetical(x))
    assert torch.equal(renaming.back(there), x)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([0.2, 0.3, 0.1], "rented"),  # free, owned, rented in alphabetical order
        ([0.5, 0.5, 0.5], "free"),
        ([-3.0, -2.0, -1.0], "rented"),
        ([9.0, 0.0, 0.0], "free"),
    ],
)
def test_the_level_with_the_greatest_column_is_taken_and_the_first_by_name_in_a_tie(columns, expected):
    table = FeatureTable((Feature("home", Kind.CATEGORICAL, levels=("rented", "owned", "free")),))
    encoding = Encoding.fitted(table, torch.tensor([[0.0], [1.0]]))
    if expected == "rented" and columns[1] > columns[2]:
        expected = "owned"
    (code,) = encoding.decode(torch.tensor(columns)).tolist()
    assert table["home"].word(code) == expected


def test_what_is_no_person_becomes_the_nearest_one_within_its_bounds():
    encoding = Encoding(TABLE, torch.zeros(8), torch.ones(8))
    far = encoding.decode(torch.full((13,), 1e6))
    near = encoding.decode(torch.full((13,), -1e6))
    assert far[TABLE.index("grade")] == 2
    assert far[TABLE.index("balance")] == 1e4
    assert near[TABLE.index("open")] == near[TABLE.index("debt")] == near[TABLE.index("member")] == 0
    assert near[TABLE.index("balance")] == -50


def test_each_column_knows_whose_it_is():
    encoding = Encoding.fitted(TABLE, torch.tensor([[0.0] * 8, [1.0] * 8]))
    for name in TABLE.names:
        assert {encoding.names[column].partition("=")[0] for column in encoding.columns_of(name)} == {name}
    assert encoding.names[:4] == ("branch=east", "branch=north", "branch=south", "branch=west")
    weights = torch.arange(8.0)
    assert encoding.spread(weights).tolist() == [TABLE.index(name.partition("=")[0]) for name in encoding.names]


def test_an_encoding_comes_back_from_what_is_kept_of_it():
    x = torch.rand(5, 8)
    encoding = Encoding.fitted(TABLE, x)
    again = Encoding.restored(TABLE, encoding.state)
    assert torch.equal(again.encode(x.round()), encoding.encode(x.round()))


def test_a_table_of_numbers_has_a_column_for_each_feature():
    table = FeatureTable((Feature("age"), Feature("member", Kind.BINARY)))
    x = torch.tensor([[20.0, 0.0], [40.0, 1.0], [33.0, 1.0]])
    encoding = Encoding.fitted(table, x)
    expected = (x - torch.tensor([31.0, 0.0])) / torch.tensor([x[:, 0].std(), 1.0])
    assert torch.equal(encoding.encode(x), expected)
    assert encoding.encode(x[:0]).shape == (0, 2)
    assert encoding.encode(x[None]).shape == (1, 3, 2)


def test_shares_are_the_nearest_that_sum_to_one():
    place = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)).double()
    found = onto_simplex(place)
    others = torch.distributions.Dirichlet(torch.ones(4, dtype=torch.double)).sample((500,))
    assert ((others[:, None] - place).norm(dim=-1).amin(0) >= (found - place).norm(dim=-1) - 1e-9).all()
