"""The costs of tables with categories, against formulas in NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_tables import FEATURES, table_problem, table_request

from recourse_arena import ArenaError, Feature, FeatureTable, Kind, NotApplicable, Role
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import COSTS
from recourse_arena.testing.problems.renaming import Renaming

PEOPLE = 200
SEPARABLE = ("gower", "l1", "l2", "encoded", "encoded-1")
TABLE = FeatureTable((*FEATURES, Feature("age", Kind.INTEGER, Role.IMMUTABLE), Feature("rare", role=Role.ACTIONABLE)))
CATEGORICAL = np.array([feature.kind is Kind.CATEGORICAL for feature in TABLE])
ACTIONABLE = np.array([feature.role is Role.ACTIONABLE for feature in TABLE])
LEVELS = np.array([{"branch": 4, "home": 3}.get(feature.name, 1) for feature in TABLE])
WIDTH = len(TABLE)


def population() -> np.ndarray:
    draws = np.random.default_rng(0)
    columns = {
        "branch": draws.choice(4, PEOPLE, p=[0.5, 0.3, 0.15, 0.05]),
        "open": draws.integers(0, 9, PEOPLE),
        "member": draws.integers(0, 2, PEOPLE),
        "all": draws.poisson(7, PEOPLE),
        "grade": draws.choice(3, PEOPLE, p=[0.8, 0.1, 0.1]),
        "home": draws.integers(0, 3, PEOPLE),
        "debt": draws.lognormal(size=PEOPLE),
        "age": draws.integers(18, 80, PEOPLE),
        "rare": np.where(draws.random(PEOPLE) < 0.1, 30.0, 0.0),  # a median absolute deviation of 0
    }
    return np.stack([columns[name] for name in TABLE.names], 1).astype(float)


X = population()
REFUSED = torch.from_numpy(X[:, TABLE.index("debt")] > 1)


def by_hand(name: str, factual: np.ndarray, values: np.ndarray, mask: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the cost of each person by its published formula."""
    differs = (factual != values).astype(float)
    if name == "gower":  # Gower 1971: the mean over all features that could be acted on
        parts = np.where(CATEGORICAL, differs, np.abs(values - factual) / np.ptp(X, axis=0))
        return (weights * parts * mask)[:, ACTIONABLE].sum(1) / ACTIONABLE.sum()
    if name == "l1":  # Wachter et al. 2017
        mad = np.median(np.abs(X - np.median(X, axis=0)), axis=0)
        scale = np.where(mad > 0, mad, X.std(0, ddof=1))
        return (weights * np.where(CATEGORICAL, differs, np.abs(values - factual) / scale) * mask).sum(1)
    if name == "l2":
        parts = np.where(CATEGORICAL, differs, (values - factual) / X.std(0, ddof=1))
        return np.sqrt((weights * parts**2 * mask).sum(1))
    return encoded(factual, values, mask, weights, 2 if name == "encoded" else 1)


def encoded(factual, values, mask, weights, power):
    """Return ||W (z' - z)|| over one-hot columns, W = 1 over the standard deviation of the feature they belong to."""
    total = np.zeros(len(factual))
    for j in range(WIDTH):
        if CATEGORICAL[j]:
            columns = np.arange(LEVELS[j])
            one_hot = (X[:, j, None] == columns).astype(float)
            spread = np.sqrt(one_hot.var(0).sum())
            change = (factual[:, j, None] == columns).astype(float) - (values[:, j, None] == columns)
        else:
            spread, change = X[:, j].std(ddof=1), (values - factual)[:, j, None]
        total += weights[:, j] * mask[:, j] * (np.abs(change / spread) ** power).sum(1)
    return total if power == 1 else np.sqrt(total)


def values_of(feature: Feature) -> st.SearchStrategy[float]:
    if feature.levels:
        return st.integers(0, len(feature.levels) - 1).map(float)
    return st.integers(0, 60).map(float) if feature.whole else st.floats(0, 60)


rows = st.lists(st.tuples(*map(values_of, TABLE)), min_size=3, max_size=3).map(np.array)
masks = arrays(bool, (3, WIDTH), fill=st.nothing())
alphas = arrays(float, (3, WIDTH), elements=st.floats(1, 7), fill=st.nothing())


@pytest.mark.parametrize("name", SEPARABLE)
@given(rows, rows, masks, alphas)
def test_the_cost_is_that_of_its_formula(name, factual, values, mask, weights):
    mask &= ACTIONABLE
    cost = Cost.fitted(torch.from_numpy(X), REFUSED, TABLE, name)
    found = cost(*map(torch.from_numpy, (factual, values, mask, weights)))
    np.testing.assert_allclose(found.numpy(), by_hand(name, factual, values, mask, weights), rtol=1e-6, atol=1e-9)


@given(rows, rows, masks, alphas)
def test_the_cost_of_carma_counts_a_category_as_one_sd_of_a_number_that_spans_one(factual, values, mask, weights):
    mask &= ACTIONABLE
    sd = X.std(0, ddof=1)
    span = np.ptp(X[REFUSED.numpy()], axis=0) / sd
    parts = np.where(CATEGORICAL, factual != values, ((values - factual) / sd) ** 2 / span)
    expected = (weights * parts * mask).sum(1) / ACTIONABLE.sum()
    found = Cost.fitted(torch.from_numpy(X), REFUSED, TABLE)(*map(torch.from_numpy, (factual, values, mask, weights)))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", COSTS)
@given(rows, rows, masks)
def test_other_codes_of_categories_are_as_dear(name, factual, values, mask):
    renaming = Renaming(TABLE)
    x, factual, values, mask = map(torch.from_numpy, (X, factual, values, mask & ACTIONABLE))
    one = Cost.fitted(x, REFUSED, TABLE, name)
    other = Cost.fitted(renaming.there(x), REFUSED, renaming.after, name)
    found = other(renaming.there(factual), renaming.there(values), mask)
    torch.testing.assert_close(found, one(factual, values, mask))


@pytest.mark.parametrize("name", COSTS)
@given(rows, rows, masks, alphas)
def test_a_cost_is_its_parts_combined(name, factual, values, mask, weights):
    factual, values, mask, weights = map(torch.from_numpy, (factual, values, mask & ACTIONABLE, weights))
    cost = Cost.fitted(torch.from_numpy(X), REFUSED, TABLE, name)
    parts = cost.per_feature(factual, values)
    assert torch.equal(cost.combined(parts * mask * weights), cost(factual, values, mask, weights))
    assert (parts[factual == values] == 0).all()
    many = cost(factual[:, None], values[None], mask[:, None], weights[:, None])
    assert many.shape == (3, 3)
    torch.testing.assert_close(many.diagonal(), cost(factual, values, mask, weights))


@pytest.mark.parametrize("name", COSTS)
@given(rows, rows, masks, alphas)
def test_a_cost_is_the_sum_that_it_declares(name, factual, values, mask, weights):
    cost = Cost.fitted(torch.from_numpy(X), REFUSED, TABLE, name)
    factual, values, mask, weights = map(torch.from_numpy, (factual, values, mask, weights))
    changes = torch.where(torch.from_numpy(CATEGORICAL), (factual != values).double(), (values - factual).abs())
    total = (weights * mask * cost.slope * changes**cost.power).sum(1)
    torch.testing.assert_close(cost(factual, values, mask, weights), total.sqrt() if cost.root else total)
    assert cost.slope.dtype == torch.double
    assert (cost.power, cost.root) == {"range": (2, False), "l2": (2, True), "encoded": (2, True)}.get(name, (1, False))


@pytest.mark.parametrize("name", SEPARABLE)
def test_weights_of_a_request_multiply_each_feature(name):
    problem = table_problem(3, cost=name)
    request = table_request(problem, 20)
    values = request.snap(problem.training.x[:20])
    each = problem.cost.per_feature(request.factual, values) * request.weights
    expected = torch.where(request.actionable, each, 0.0).sum(1)
    expected = expected.sqrt() if name in ("l2", "encoded") else expected
    assert torch.equal(request.cost(values), expected)
    raised = replace(request.profile, alpha_max=2 * request.profile.alpha_max)
    assert (replace(request, profile=raised).cost(values) >= request.cost(values)).all()


@pytest.mark.parametrize("name", COSTS)
def test_only_a_sum_of_squares_has_prices(name):
    request = table_request(table_problem(0, cost=name), 2)
    with pytest.raises(NotApplicable, match=f"the cost is '{name}', not a weighted sum of squares"):
        request.prices  # noqa: B018


@pytest.mark.parametrize("name", SEPARABLE)
def test_a_feature_of_one_value_is_refused_by_its_name(name):
    x = torch.from_numpy(X).clone()
    x[:, TABLE.index("home")] = 1.0  # everybody: categories have no scale
    Cost.fitted(x, REFUSED, TABLE, name)
    x[:, TABLE.index("debt")] = 2.0
    with pytest.raises(ArenaError, match="feature 'debt' is actionable but takes one value only among training people"):
        Cost.fitted(x, REFUSED, TABLE, name)


def test_a_cost_that_does_not_exist_is_named():
    with pytest.raises(ArenaError, match="unknown cost 'gowre'. Did you mean 'gower'"):
        Cost.fitted(torch.from_numpy(X), REFUSED, TABLE, "gowre")
    with pytest.raises(ArenaError, match="nobody asks for recourse"):
        Cost.fitted(torch.from_numpy(X), torch.zeros(PEOPLE, dtype=torch.bool), TABLE, "gower")
