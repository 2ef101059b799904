"""Plausibility by neighbours, against scikit-learn asked directly."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors
from small_tables import table_problem

from recourse_arena import ArenaError, Feature, FeatureTable, Kind
from recourse_arena.models.plausibility.neighbours import Neighbours
from recourse_arena.people.encoding import Encoding
from recourse_arena.testing.problems.renaming import Renaming

PROBLEM = table_problem(1)
FEATURES, PEOPLE = PROBLEM.features, PROBLEM.training
ACCEPTED = PEOPLE.x[PEOPLE.y == 1]


def columns(x: torch.Tensor) -> np.ndarray:
    """Return people as numbers in standard deviations of training people, binaries as 0 and 1, levels one-hot.

    Two of the columns of a category change at once, by 0.7071 each: another category is one standard deviation away.
    """
    parts = []
    for j, feature in enumerate(FEATURES):
        column, known = x[:, j].double().numpy(), PEOPLE.x[:, j].double().numpy()
        if feature.kind is Kind.CATEGORICAL:
            parts += [(column == level) * np.sqrt(0.5) for level in range(len(feature.levels))]
        else:
            parts.append(column if feature.kind is Kind.BINARY else (column - known.mean()) / known.std(ddof=1))
    return np.stack(parts, 1)


@pytest.fixture(scope="module")
def neighbours() -> Neighbours:
    return Neighbours(Encoding.fitted(FEATURES, PEOPLE.x), ACCEPTED)


@pytest.fixture(scope="module")
def strangers() -> torch.Tensor:
    """People of all sorts, many of them outliers."""
    far = PEOPLE.x[:60].clone()
    far[:, FEATURES.index("debt")] *= torch.linspace(1, 12, 60)
    far[:, FEATURES.index("all")] += torch.arange(60) // 6
    return torch.cat([PEOPLE.x, far])


def test_scores_are_those_of_scikit_learn(neighbours, strangers):
    factor = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(columns(ACCEPTED))
    found = neighbours.score(strangers)
    np.testing.assert_allclose(found, factor.decision_function(columns(strangers)), rtol=1e-4, atol=1e-5)
    inlier = found >= neighbours.least(strangers)
    assert inlier.tolist() == (factor.predict(columns(strangers)) == 1).tolist()
    assert 10 < inlier.sum() < len(strangers) - 10


def test_distances_are_those_to_the_nearest_accepted_person(neighbours, strangers):
    nearest = NearestNeighbors(n_neighbors=1).fit(columns(ACCEPTED))
    expected = nearest.kneighbors(columns(strangers))[0][:, 0]
    np.testing.assert_allclose(neighbours.distance(strangers), expected, rtol=1e-5, atol=1e-5)


def test_another_category_is_one_standard_deviation_away():
    table = FeatureTable(
        (Feature("home", Kind.CATEGORICAL, levels=("rent", "own", "free")), Feature("debt"), Feature("age"))
    )
    known = torch.tensor([[0.0, 0.0, 30.0], [1.0, 4.0, 50.0], [2.0, 8.0, 70.0]])
    near = Neighbours(Encoding.fitted(table, known), torch.tensor([[0.0, 0.0, 30.0], [0.0, 4e6, 30.0]]))
    people = torch.tensor([[0.0, 0.0, 30.0], [1.0, 0.0, 30.0], [2.0, 0.0, 30.0], [0.0, 4.0, 30.0], [1.0, 4.0, 50.0]])
    torch.testing.assert_close(near.distance(people), torch.tensor([0.0, 1.0, 1.0, 1.0, 3.0**0.5]))


def test_other_codes_of_categories_change_no_score_to_the_bit(neighbours, strangers):
    renaming = Renaming(FEATURES)
    other = Neighbours(Encoding.fitted(renaming.after, renaming.there(PEOPLE.x)), renaming.there(ACCEPTED))
    assert torch.equal(other.score(renaming.there(strangers)), neighbours.score(strangers))
    assert torch.equal(other.distance(renaming.there(strangers)), neighbours.distance(strangers))


def test_people_are_scored_alone_as_among_others(neighbours, strangers):
    some = strangers[::17]
    alone = torch.cat([neighbours.score(one) for one in some.split(1)])
    torch.testing.assert_close(alone, neighbours.score(some))
    assert torch.equal(neighbours.score(some.reshape(-1, 1, some.shape[1]))[:, 0], neighbours.score(some))
    assert neighbours.score(some[:0]).shape == neighbours.distance(some[:0]).shape == (0,)
    assert neighbours.least(some[None]).tolist() == [[0.0] * len(some)]


def test_few_people_have_few_neighbours():
    encoding = Encoding.fitted(FEATURES, PEOPLE.x)
    few = Neighbours(encoding, ACCEPTED[:5])
    factor = LocalOutlierFactor(n_neighbors=4, novelty=True).fit(columns(ACCEPTED[:5]))
    np.testing.assert_allclose(few.score(PEOPLE.x[:9]), factor.decision_function(columns(PEOPLE.x[:9])), rtol=1e-4)
    for nobody in (ACCEPTED[:1], ACCEPTED[:0]):
        with pytest.raises(ArenaError, match=f"{len(nobody)} training people are accepted"):
            Neighbours(encoding, nobody)


def test_people_that_are_changed_afterwards_change_nothing(strangers):
    mine = ACCEPTED.clone()
    neighbours = Neighbours(Encoding.fitted(FEATURES, PEOPLE.x), mine)
    mine.zero_()
    before = neighbours.score(strangers[:20])
    assert torch.equal(before, PROBLEM.neighbours.score(strangers[:20]))
    for again in (copy.deepcopy(neighbours), pickle.loads(pickle.dumps(neighbours))):
        assert torch.equal(again.score(strangers[:20]), before)


def test_at_most_five_thousand_are_looked_at():
    table = FeatureTable((Feature("home", Kind.CATEGORICAL, levels=("rent", "own")), Feature("debt")))
    many = torch.stack([torch.zeros(5_001), torch.arange(5_001.0)], 1)
    near = Neighbours(Encoding(table, torch.zeros(2), torch.ones(2)), many)
    assert near.distance(many[-2:]).tolist() == [0.0, 1.0]
