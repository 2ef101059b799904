"""GMSC: its features and graph, its people, and the models trained on them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accuracy import accuracy

from recourse_arena import Role
from recourse_arena.models.causal.fitting import fit_flow, negative_log_likelihood
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena_gmsc import Gmsc

LATE = ("late_30_59", "late_60_89", "late_90")


def column(x: torch.Tensor, name: str) -> torch.Tensor:
    return x[:, Gmsc().features.index(name)]


# The plugin


def test_importing_the_plugin_loads_no_heavy_library() -> None:
    code = "import sys, recourse_arena_gmsc; print({'torch', 'numpy', 'pandas', 'scipy', 'pooch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_features_are_in_causal_order_and_four_are_actionable() -> None:
    gmsc = Gmsc()
    roles = {feature.name: feature.role for feature in gmsc.features}
    actionable = {name for name, role in roles.items() if role is Role.ACTIONABLE}
    assert gmsc.graph.order == gmsc.features.names
    assert actionable == {"monthly_income", "utilisation", "open_credit_lines", "real_estate_loans"}
    assert {name for name, role in roles.items() if role is Role.IMMUTABLE} == {"age", "dependents"}
    assert gmsc.scm() is None


def test_what_can_be_acted_upon_causes_late_payments_but_late_payments_cause_nothing() -> None:
    graph = Gmsc().graph
    for days in LATE:
        assert graph.parents[days] == ("utilisation", "open_credit_lines", "real_estate_loans")
        assert graph.longest_path([days]) == 0


# Its people


def test_preprocessing_drops_incomplete_rows_caps_and_replaces_codes(data: Path, kaggle: str) -> None:
    lines = kaggle.splitlines()[1:]
    split = Gmsc().splits(seed=0, data=data).decision
    x = torch.cat([part.x for part in (split.train, split.validation, split.test)])
    assert len(x) == sum("NA" not in line for line in lines)
    assert x.isfinite().all()
    assert column(x, "monthly_income").max() == 17_000
    assert column(x, "debt_ratio").max() == 1
    assert column(x, "utilisation").max() == 1
    for name in LATE:
        assert set(column(x, name).tolist()) == {0.0, 1.0, 2.0, 18.0}
    Gmsc().features.validate(x)


def test_each_feature_comes_from_its_column_and_favourable_is_no_default(data: Path, kaggle: str) -> None:
    lines = kaggle.split("\n")
    lines[1] = "1,1,0.123,99,3,0.456,16999,25,5,26,4,6"
    Gmsc().location(data).write_text("\n".join(lines))
    split = Gmsc().splits(seed=0, data=data).decision
    x = torch.cat([part.x for part in (split.train, split.validation, split.test)])
    y = torch.cat([part.y for part in (split.train, split.validation, split.test)])
    found = int((column(x, "age") == 99).nonzero())
    assert x[found].tolist() == pytest.approx([99, 6, 16_999, 0.123, 25, 26, 0.456, 3, 4, 5])
    assert y[found] == 0


def test_splits_are_half_a_quarter_and_the_rest_and_share_nobody(data: Path) -> None:
    splits = Gmsc().splits(seed=3, data=data)
    parts = (splits.decision.train, splits.decision.validation, splits.decision.test)
    people = {tuple(row) for part in parts for row in part.x.tolist()}
    total = sum(len(part) for part in parts)
    assert splits.decision is splits.flow
    assert splits.decision is splits.recourse
    assert [len(part) for part in parts[:2]] == [total // 2, total // 4]
    assert len(people) == total


def test_splits_depend_on_the_seed_alone(data: Path) -> None:
    first, again, other = (Gmsc().splits(seed=seed, data=data).decision.train.x for seed in (0, 0, 1))
    assert first.equal(again)
    assert not first.equal(other)


# The models, on the real file


@pytest.fixture(scope="module")
def real_splits(real_data: Path):
    return Gmsc().splits(seed=0, data=real_data)


@pytest.fixture(scope="module")
def classifier(real_splits):
    return fit_classifier(Gmsc().decision, real_splits.decision.train, seed=0)


@pytest.fixture(scope="module")
def flow(real_splits):
    """Of the part with 19,999 rows, after a few epochs: what holds of it holds early."""
    gmsc = Gmsc()
    return fit_flow(gmsc.features, gmsc.graph, replace(gmsc.flow, epochs=4), real_splits.flow, seed=0)


def test_the_real_file_is_known(real_data: Path) -> None:
    assert "public file" in Gmsc().verify(real_data)
    assert "unknown" not in Gmsc().verify(real_data)


def test_real_people_are_within_the_bounds_of_the_features(real_splits) -> None:
    for part in (real_splits.flow.train, real_splits.flow.validation, real_splits.flow.test):
        Gmsc().features.validate(part.x)
        assert 0.9 < part.y.mean() < 0.95


def test_the_decision_model_has_the_published_accuracy_and_refusals(classifier, real_splits) -> None:
    for held_out in (real_splits.decision.validation, real_splits.decision.test):
        assert 0.87 < accuracy(classifier, held_out) < 0.91
        assert 0.07 < 1 - classifier.accepts(held_out.x).float().mean() < 0.13


def test_the_flow_gives_everybody_a_finite_density(flow, real_splits) -> None:
    for part in (real_splits.flow.train, real_splits.flow.validation, real_splits.flow.test):
        assert flow.log_density(part.x).isfinite().all()


def test_the_flow_beats_independent_normal_features(flow, real_splits) -> None:
    mean, sd = real_splits.flow.train.x.mean(0), real_splits.flow.train.x.std(0)
    independent = torch.distributions.Normal(mean, sd).log_prob(real_splits.flow.validation.x).sum(1)
    assert negative_log_likelihood(flow, real_splits.flow.validation.x) < -independent.mean() - 1


def test_predicting_from_abducted_noise_returns_the_factual(flow, real_splits) -> None:
    x = real_splits.flow.test.x
    assert ((flow.predict(flow.abduct(x)) - x).abs() / flow.sd).max() < 1e-3


def test_counterfactuals_anywhere_in_the_global_box_are_finite(flow, classifier, real_splits) -> None:
    train, test = real_splits.recourse.train.x, real_splits.recourse.test.x
    refused, asking = train[~classifier.accepts(train)], test[~classifier.accepts(test)]
    lower, upper = refused.amin(0), refused.amax(0)
    draws = torch.Generator().manual_seed(0)
    corners = [torch.rand(asking.shape, generator=draws).round() for _ in range(5)]
    inside = [torch.rand(asking.shape, generator=draws) for _ in range(5)]
    for where in (*corners, *inside):
        mask = (torch.rand(asking.shape, generator=draws) < 0.6) & Gmsc().features.actionable
        after = flow.counterfactual(asking, mask, lower + where * (upper - lower))
        assert after.isfinite().all()
        assert flow.log_density(after).isfinite().all()
