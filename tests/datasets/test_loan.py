"""Loan against its equations, written out once more in plain Python, and against what is published of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import torch
from accuracy import accuracy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recourse_arena import ArenaError, Kind, Role
from recourse_arena.base.randomness import generator
from recourse_arena.models.causal.fitting import negative_log_likelihood
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena_loan import Loan
from recourse_arena_loan.equations import favourable, race

NAMES = ("gender", "age", "education", "loan_amount", "duration", "income", "savings")
NOISE_SD = torch.tensor([0.5, math.sqrt(10) * 3.5, 0.5, 2.0, 3.0, 2.0, 5.0])


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def equations(noise: dict[str, float], do: dict[str, float]) -> dict[str, float]:
    """Return one person of given noise, with the features of `do` set (Karimi et al., NeurIPS 2020, appendix)."""
    p: dict[str, float] = {}
    p["gender"] = do.get("gender", noise["gender"])
    g = p["gender"]
    p["age"] = a = do.get("age", -35 + noise["age"])
    p["education"] = e = do.get("education", -0.5 + logistic(-1 + 0.5 * g + logistic(0.1 * a) + noise["education"]))
    p["loan_amount"] = do.get("loan_amount", 1 + 0.01 * (a - 5) * (5 - a) + (1 - g) + noise["loan_amount"])
    p["duration"] = do.get("duration", -1 + 0.1 * a + 2 * (1 - g) + p["loan_amount"] + noise["duration"])
    p["income"] = i = do.get("income", -4 + 0.1 * (a + 35) + 2 * g + g * e + noise["income"])
    p["savings"] = do.get("savings", -4 + 1.5 * (i if i > 0 else 0) + noise["savings"])
    return p


def noise_of(p: dict[str, float]) -> dict[str, float]:
    """Return the noise of one person."""
    still = equations(dict.fromkeys(NAMES, 0.0), p)  # every equation overruled: a copy of the person
    noise = {"gender": p["gender"], "age": p["age"] + 35}
    share = p["education"] + 0.5
    noise["education"] = math.log(share / (1 - share)) - (-1 + 0.5 * p["gender"] + logistic(0.1 * p["age"]))
    for name in ("loan_amount", "duration", "income", "savings"):
        overruled = {other: value for other, value in still.items() if other != name}
        noise[name] = p[name] - equations(dict.fromkeys(NAMES, 0.0), overruled)[name]
    return noise


def log_density(p: dict[str, float]) -> float:
    """Return the log-density of one person, each feature given those before it."""
    u = noise_of(p)
    share = p["education"] + 0.5
    total = math.log(0.5) + 9 * math.log(u["age"]) - u["age"] / 3.5 - math.lgamma(10) - 10 * math.log(3.5)
    total -= math.log(share * (1 - share))
    for name, variance in {"education": 0.25, "loan_amount": 4, "duration": 9, "income": 4, "savings": 25}.items():
        total -= u[name] ** 2 / (2 * variance) + 0.5 * math.log(2 * math.pi * variance)
    return total


def label(p: dict[str, float]) -> float:
    loan, duration, income, savings = (p[name] for name in NAMES[3:])
    sign = 1 if income >= 0 and savings >= 0 else -1
    return float(logistic(0.3 * (-loan - duration + income + savings + sign * income * savings)) >= 0.5)


def persons(x: torch.Tensor) -> list[dict[str, float]]:
    return [dict(zip(NAMES, row, strict=True)) for row in x.tolist()]


@pytest.fixture(scope="module")
def drawn(loan_scm):
    """Forty thousand people."""
    return loan_scm.sample(40_000, torch.Generator().manual_seed(11))


@pytest.fixture(scope="module")
def refused(loan_splits, loan_classifier):
    """Refused training people, who span what is feasible, and refused test people, who ask."""
    train, test = (part.x for part in (loan_splits.recourse.train, loan_splits.recourse.test))
    return train[~loan_classifier.accepts(train)], test[~loan_classifier.accepts(test)]


def test_roles_and_kinds_are_those_of_the_paper(loan):
    assert loan.features.names == NAMES
    assert [feature.role for feature in loan.features] == [Role.IMMUTABLE] * 2 + [Role.MUTABLE] + [Role.ACTIONABLE] * 4
    assert [feature.name for feature in loan.features if feature.kind is not Kind.CONTINUOUS] == ["gender"]
    assert [feature.name for feature in loan.features if feature.sensitive] == ["gender"]


@pytest.mark.parametrize("seed", [0, 1])
def test_splits_are_valid_people_in_the_sizes_of_the_paper(loan, seed):
    splits = loan.splits(seed=seed, data=Path("/nowhere"))
    parts = {
        (purpose, part): getattr(getattr(splits, purpose), part)
        for purpose in ("decision", "flow", "recourse")
        for part in ("train", "validation", "test")
    }
    assert [len(people) for people in parts.values()] == [10000, 5000, 5000, 20000, 2500, 2500, 10000, 5000, 5000]
    for people in parts.values():
        loan.features.validate(people.x)
        assert set(people.y.tolist()) == {0.0, 1.0}


def test_all_splits_and_seeds_are_independent_draws(loan, loan_splits):
    other = loan.splits(seed=1, data=Path())
    parts = [getattr(s, p) for s in (loan_splits, other) for p in ("decision", "flow", "recourse")]
    draws = [people.x[:2500] for split in parts for people in (split.train, split.validation, split.test)]
    ages = torch.stack([x[:, 1] for x in draws])
    assert len(set(ages.flatten().tolist())) > 0.99 * ages.numel()
    assert torch.corrcoef(ages).fill_diagonal_(0).abs().max() < 0.1


def test_the_same_seed_gives_the_same_people(loan, loan_splits):
    again = Loan().splits(seed=0, data=Path())
    assert torch.equal(again.recourse.test.x, loan_splits.recourse.test.x)
    assert torch.equal(again.flow.train.y, loan_splits.flow.train.y)


def parts_of(splits):
    return {
        (purpose, part): getattr(getattr(splits, purpose), part)
        for purpose in ("decision", "flow", "recourse")
        for part in ("train", "validation", "test")
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_race_leaves_features_and_labels_as_the_equations_draw_them(loan, loan_scm, seed):
    for words, people in parts_of(loan.splits(seed=seed, data=Path())).items():
        x = loan_scm.sample(len(people), generator(seed, "loan", *words))
        assert torch.equal(people.x, x)
        assert torch.equal(people.y, favourable(x))


def test_features_and_labels_are_those_from_before_people_had_a_race(loan_splits):
    """Sums over the test people of seed 0, taken from version 1 of the dataset."""
    people = loan_splits.recourse.test
    sums = [2497.0, 762.084, -301.014, 96.902, 32.044, 2384.247, -10933.89]
    assert people.x.double().sum(0).tolist() == pytest.approx(sums, abs=0.05)
    assert float(people.y.sum()) == 2622


@pytest.mark.parametrize("seed", [0, 1])
def test_cells_of_gender_and_race_are_equal_in_every_split(loan, seed):
    for people in parts_of(loan.splits(seed=seed, data=Path())).values():
        gender, race = people.x[:, 0], people.attributes[:, 0]
        sizes = {g: [int(((gender == g) & (race == r)).sum()) for r in (0, 1)] for g in (0, 1)}
        assert all(abs(dark - white) <= 1 for dark, white in sizes.values())
        assert abs(float(race.sum()) - len(people) / 2) <= 0.5


@pytest.mark.parametrize("count", [1, 2, 3, 10, 11])
def test_odd_numbers_are_split_as_evenly_as_they_can(count):
    gender = (torch.arange(count) % 3 == 0).float()
    counts = []
    for seed in range(20):
        white = race(gender, torch.Generator().manual_seed(seed)) == 1
        assert abs(int(white.sum()) - count / 2) <= 0.5
        assert all(abs(int(white[gender == g].sum()) - int((gender == g).sum()) / 2) <= 0.5 for g in (0, 1))
        counts.append(int(white.sum()))
    assert len(set(counts)) == 1 + count % 2  # who has one more is left to chance


def test_race_is_independent_of_everything_else_and_of_the_order_of_people(loan_splits):
    people = loan_splits.flow.train
    columns = [*people.x.T, people.y, torch.arange(len(people)).float(), people.attributes[:, 0]]
    correlation = torch.corrcoef(torch.stack(columns).double())[-1, :-1]
    assert correlation.abs().max() < 4 / math.sqrt(len(people))
    parity = people.attributes[:, 0] == torch.arange(len(people)) % 2
    assert float(parity.float().mean()) == pytest.approx(0.5, abs=0.02)


def test_race_is_drawn_anew_for_each_split_and_seed_and_repeats(loan, loan_splits):
    recourse, other = loan_splits.recourse, loan.splits(seed=1, data=Path()).recourse
    races = [people.attributes[:5000, 0] for people in (recourse.train, recourse.test, other.train)]
    for one, two in ((0, 1), (0, 2), (1, 2)):
        assert float((races[one] == races[two]).float().mean()) == pytest.approx(0.5, abs=0.04)
    again = loan.splits(seed=0, data=Path()).recourse.test
    assert torch.equal(again.attributes, recourse.test.attributes)


def test_race_is_a_sensitive_attribute_and_no_feature(loan):
    assert [(a.name, a.levels, a.sensitive) for a in loan.attributes] == [("race", ("non-white", "white"), True)]
    assert "race" not in loan.features.names
    assert "race" not in loan.graph.names


def test_about_52_percent_deserve_the_loan(loan_splits):
    for split in (loan_splits.decision, loan_splits.flow, loan_splits.recourse):
        assert float(split.train.y.mean()) == pytest.approx(0.52, abs=0.015)


def test_labels_are_those_of_the_equation(loan_splits):
    people = loan_splits.decision.validation
    assert people.y[:500].tolist() == [label(p) for p in persons(people.x[:500])]


@pytest.mark.parametrize(
    ("name", "mean", "variance"),
    [
        ("gender", 0.5, 0.25),
        ("age", 0.0, 122.5),
        ("loan_amount", 0.025, 7.661625),
        ("duration", 0.025, 20.621625),
    ],
)
def test_moments_are_those_of_theory(drawn, name, mean, variance):
    """Of loan and duration by the third and fourth central moments of the Gamma: 857.5 and 54022.5."""
    column = drawn[:, NAMES.index(name)].double()
    assert float(column.mean()) == pytest.approx(mean, abs=4 * math.sqrt(variance / len(column)))
    assert float(column.var()) == pytest.approx(variance, rel=0.03)


def test_moments_given_gender_and_income_are_those_of_theory(drawn):
    women = drawn[drawn[:, 0] == 0].double()
    assert float(women[:, 5].mean()) == pytest.approx(-0.5, abs=0.06)
    assert float(women[:, 5].var()) == pytest.approx(0.01 * 122.5 + 4, rel=0.03)
    poor = drawn[drawn[:, 5] <= 0].double()
    assert float(poor[:, 6].mean()) == pytest.approx(-4, abs=0.15)
    assert float(poor[:, 6].var()) == pytest.approx(25, rel=0.04)
    assert (women[:, 2].abs() < 0.5).all()


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("age", scipy.stats.gamma(10, scale=3.5)),
        ("education", scipy.stats.norm(0, 0.5)),
        ("loan_amount", scipy.stats.norm(0, 2)),
        ("duration", scipy.stats.norm(0, 3)),
        ("income", scipy.stats.norm(0, 2)),
        ("savings", scipy.stats.norm(0, 5)),
    ],
)
def test_noise_is_drawn_from_the_law_of_its_density(loan_scm, drawn, name, law):
    noise = loan_scm.abduct(drawn[:10_000])[:, NAMES.index(name)].double().numpy()
    assert scipy.stats.kstest(noise, law.cdf).pvalue > 1e-3


def test_noise_comes_in_independent_streams(loan_scm, drawn):
    correlation = torch.corrcoef(loan_scm.abduct(drawn).double().T).fill_diagonal_(0)
    assert correlation.abs().max() < 0.02


def test_abduction_is_that_of_the_equations(loan_scm, drawn):
    expected = [list(noise_of(p).values()) for p in persons(drawn[:100])]
    torch.testing.assert_close(loan_scm.abduct(drawn[:100]), torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_prediction_undoes_abduction_in_single_precision(loan_scm, loan_flow, drawn):
    for model in (loan_scm, loan_flow):
        torch.testing.assert_close(model.predict(model.abduct(drawn)), drawn, rtol=1e-5, atol=1e-4)


def test_the_density_is_that_of_the_equations(loan_scm, drawn):
    expected = torch.tensor([log_density(p) for p in persons(drawn[:200])])
    torch.testing.assert_close(loan_scm.log_density(drawn[:200]), expected, rtol=1e-4, atol=1e-3)


@given(
    rows=st.lists(st.integers(0, 39_999), min_size=4, max_size=4),
    mask=arrays(bool, (4, 7), fill=st.nothing()),
    share=arrays(np.float64, (4, 7), elements=st.floats(0, 1), fill=st.nothing()),
)
def test_counterfactuals_are_those_of_the_equations_person_by_person(loan_scm, drawn, rows, mask, share):
    x, mask = drawn[rows].double(), torch.from_numpy(mask)
    values = drawn.amin(0) + (drawn.amax(0) - drawn.amin(0)) * torch.from_numpy(share)
    after = loan_scm.counterfactual(x, mask, values)
    for person, acted, value, found in zip(persons(x), mask.tolist(), persons(values), persons(after), strict=True):
        do = {name: value[name] for name, hit in zip(NAMES, acted, strict=True) if hit}
        assert found == pytest.approx(equations(noise_of(person), do), rel=1e-6, abs=1e-6)


def test_the_default_decision_model_is_as_accurate_as_the_published_one(loan_classifier, loan_splits):
    for people in (loan_splits.decision.validation, loan_splits.decision.test):
        assert 0.90 <= accuracy(loan_classifier, people) <= 0.94


def test_the_adam_variant_is_more_accurate(loan_splits):
    model = fit_classifier(Loan(decision="adam").decision, loan_splits.decision.train, seed=0)
    assert accuracy(model, loan_splits.decision.validation) >= 0.97
    assert accuracy(model, loan_splits.decision.test) >= 0.97


def test_about_47_percent_are_refused_and_most_of_them_are_women(loan_splits, refused):
    for part, people in zip(refused, (loan_splits.recourse.train, loan_splits.recourse.test), strict=True):
        assert len(part) / len(people) == pytest.approx(0.47, abs=0.03)
        assert float((part[:, 0] == 0).float().mean()) == pytest.approx(0.71, abs=0.04)


def test_the_flow_is_nearly_as_likely_as_the_truth(loan_flow, loan_scm, loan_splits):
    """CARMA's released flow reaches 13.602 nats on its validation people."""
    for people in (loan_splits.flow.validation, loan_splits.flow.test):
        found = negative_log_likelihood(loan_flow, people.x)
        assert found <= 13.63
        assert abs(found - float(-loan_scm.log_density(people.x).mean())) <= 0.12


@pytest.mark.parametrize(
    "acted",
    [
        ("education",),
        ("loan_amount",),
        ("income",),
        ("loan_amount", "duration", "income", "savings"),
        ("education", "loan_amount"),
    ],
    ids="+".join,
)
def test_counterfactuals_of_the_flow_are_close_to_the_truth_anywhere_in_the_feasible_box(
    loan_flow, loan_scm, refused, acted
):
    """In standard deviations of each feature's noise; a random part of `acted` for each person."""
    spanning, x = refused
    draws = torch.Generator().manual_seed(0)
    lower, upper = spanning.amin(0), spanning.amax(0)
    values = lower + (upper - lower) * torch.rand(x.shape, generator=draws)
    mask = torch.tensor([name in acted for name in NAMES]) & (torch.rand(x.shape, generator=draws) < 0.75)
    found, truth = (model.counterfactual(x, mask, values) for model in (loan_flow, loan_scm))
    error = ((found - truth).square().mean(0).sqrt() / NOISE_SD).tolist()
    assert max(error) <= 0.3
    assert sum(error) > 0


def test_the_actionable_features_are_an_option():
    features = Loan(actionable="education,loan_amount,income,savings").features
    assert [f.name for f in features if f.role is Role.ACTIONABLE] == ["education", "loan_amount", "income", "savings"]
    assert features["duration"].role is Role.MUTABLE


@pytest.mark.parametrize("actionable", ["gender", "income,age", "incme", "", "income, savings"])
def test_what_cannot_be_actionable_is_refused(actionable):
    with pytest.raises(ArenaError, match="dataset loan: actionable takes some of education, loan_amount"):
        Loan(actionable=actionable)


def test_an_unknown_decision_variant_is_refused():
    with pytest.raises(ArenaError, match="decision must be one of sgd, adam, got 'lbfgs'"):
        Loan(decision="lbfgs")
