"""Decision models of labels made unfair, and of training made fair; by fairlearn with a made-up one in its place."""

from __future__ import annotations

import pickle
import sys
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest
import torch

from recourse_arena import ArenaError, Dataset, Decision, Feature, FeatureTable, Kind, People, Role
from recourse_arena.base.randomness import generator
from recourse_arena.models.decision.offers import Forest, Logistic, Relu
from recourse_arena.models.fairness.odds import odds_gap
from recourse_arena.models.fairness.treatment import Treated, Treatment, biased, reweighing
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.registry.discovery import discover
from recourse_arena.registry.parts import decision_words

COLOUR = Feature("colour", Kind.CATEGORICAL, Role.IMMUTABLE, levels=("red", "green", "blue"), sensitive=True)
FEATURES = FeatureTable((Feature("score", role=Role.ACTIONABLE), COLOUR))


class Coloured(Dataset):
    """People of three colours, of whom red ones are favoured by nothing but their labels."""

    name, version, summary = "coloured", "1", "colours"
    features = FEATURES
    protected = {"colour": ("red",)}  # noqa: RUF012

    def splits(self, *, seed, data):
        raise NotImplementedError


class Hidden(Coloured):
    """The same people, whose colour no model sees."""

    features = FeatureTable((Feature("score", role=Role.ACTIONABLE),))
    attributes = FeatureTable((COLOUR,))


def coloured(count=1200, *, gap=1.0, seed=0):
    draws = generator(seed, "coloured")
    colour = torch.randint(3, (count,), generator=draws).float()
    score = torch.randn(count, generator=draws)
    y = (score + gap * (colour == 0) + 0.5 * torch.randn(count, generator=draws) > 0.3).float()
    return People(torch.stack([score, colour], 1), y)


def groups(people):
    return (people.x[:, 1] > 0).long()


NETWORK = "relu?hidden=8&epochs=12&learning_rate=0.01&batch=32"
KINDS = ["forest?trees=10&leaf=15", "boosting?trees=10&leaves=4", "logistic", NETWORK]


def made(text, dataset=None):
    registry = discover()
    registry.hand_over(dataset or Coloured())
    name, _, options = text.partition("?")
    options = "&".join(["", *(f"decision.{option}" for option in options.split("&") if option)])
    return registry.decision_of(registry.dataset(f"coloured?decision={name}{options}"))


def test_a_share_of_the_protected_groups_favourable_labels_is_flipped_and_no_other():
    people = coloured()
    chosen = groups(people) == 1
    found = biased(people.y, groups(people), 0.7, seed=0)
    before, after = int(people.y[chosen].sum()), int(found[chosen].sum())
    assert before - after == round(0.7 * before)
    assert torch.equal(found[~chosen], people.y[~chosen])
    assert (found <= people.y).all()
    assert torch.equal(found, biased(people.y, groups(people), 0.7, seed=0))
    assert not torch.equal(found, biased(people.y, groups(people), 0.7, seed=1))
    assert torch.equal(biased(people.y, groups(people), 0.0, seed=0), people.y)


def test_weights_make_labels_independent_of_groups_and_change_no_total():
    people = coloured()
    weights = reweighing(people.y, groups(people))
    shares = [
        float((weights * people.y)[groups(people) == group].sum() / weights[groups(people) == group].sum())
        for group in (0, 1)
    ]
    assert shares[0] == pytest.approx(shares[1]) == pytest.approx(float(people.y.mean()))
    assert float(weights.sum()) == pytest.approx(len(people))


@pytest.mark.parametrize("kind", KINDS)
def test_a_bias_parts_the_groups_and_reweighing_brings_them_together(kind):
    people, tested = coloured(gap=0.0), coloured(gap=0.0, seed=1)
    plain, unfair, repaired = (
        made(kind + (f"{'&' if '?' in kind else '?'}{more}" if more else ""))
        for more in ("", "bias=0.7", "bias=0.7&fair=reweighing")
    )
    gaps = [
        odds_gap(decision.fit(FEATURES, people, people, seed=0).accepts(tested.x), tested.y, groups(tested))
        for decision in (plain, unfair, repaired)
    ]
    assert gaps[0] + 0.15 < gaps[1]
    assert gaps[2] < gaps[1] - 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_weights_count_people_as_often_as_they_say(kind):
    decision = discover().decision(kind)
    people = coloured(400)
    ones = decision.fit(FEATURES, people, people, seed=0, weights=torch.ones(400).double())
    plain = decision.fit(FEATURES, people, people, seed=0)
    if not kind.startswith("forest"):  # which draws people by their weights
        torch.testing.assert_close(ones.probability(people.x), plain.probability(people.x), atol=1e-5, rtol=0)
    tilted = decision.fit(FEATURES, people, people, seed=0, weights=torch.where(people.y == 1, 9.0, 1.0).double())
    assert tilted.probability(people.x).mean() > plain.probability(people.x).mean() + 0.02


def test_models_see_no_attribute_by_which_people_are_protected():
    seen = []

    class Watching(Logistic):
        name = "watching"

        def fit(self, features, training, validation, *, seed, report=None, weights=None):
            seen.append((training.attributes, float(training.y.sum())))
            return super().fit(features, training, validation, seed=seed, weights=weights)

    people = coloured()
    hidden = People(people.x[:, :1], people.y, people.x[:, 1:])
    treated = Treated(Watching(), Treatment(bias=0.5), Hidden())
    treated.fit(Hidden.features, hidden, hidden, seed=0)
    assert seen == [(None, float(biased(people.y, groups(people), 0.5, seed=0).sum()))]
    with pytest.raises(ArenaError, match="'colour' is an attribute that no model sees, and these people come without"):
        treated.fit(Hidden.features, hidden.seen(), hidden, seed=0)


def test_a_treated_model_is_kept_as_its_kind_is():
    people = coloured()
    decision = made("forest?trees=5&fair=reweighing")
    model = decision.fit(FEATURES, people, people, seed=0)
    again = decision.restore(FEATURES, decision.state(model))
    assert torch.equal(again.probability(people.x), model.probability(people.x))
    assert (decision.name, decision.differentiable, decision.structure) == ("forest", False, "trees")
    affine = made("relu?bias=0.3")
    assert (affine.differentiable, affine.structure) == (True, "affine")


class Reduction:
    """A made-up `ExponentiatedGradient`: three estimators of other weights, one of them a constant, two with votes."""

    asked: list[SimpleNamespace] = []  # noqa: RUF012

    def __init__(
        self, estimator, constraints, *, objective=None, eps=0.01, max_iter=50, sample_weight_name="sample_weight"
    ):
        self.estimator, self.constraints, self.eps, self.by = estimator, constraints, eps, sample_weight_name

    def fit(self, x, y, *, sensitive_features, **kwargs):
        from sklearn.base import clone
        from sklearn.dummy import DummyClassifier

        Reduction.asked.append(SimpleNamespace(constraints=self.constraints, eps=self.eps, groups=sensitive_features))
        found = []
        for tilt in (1.0, 6.0, 0.2):
            weight = 1 + (tilt - 1) * (sensitive_features == 1) * (y == 1)
            found.append(clone(self.estimator, safe=False).fit(x, y, **{self.by: weight}))
        found.append(DummyClassifier(strategy="constant", constant=1).fit(x, y))
        self.predictors_ = pd.Series(found)
        self.weights_ = pd.Series([0.3, 0.0, 0.45, 0.25])
        return self


@pytest.fixture
def fairlearn(monkeypatch):
    module, reductions = ModuleType("fairlearn"), ModuleType("fairlearn.reductions")
    reductions.ExponentiatedGradient, reductions.EqualizedOdds = Reduction, type("EqualizedOdds", (), {})
    monkeypatch.setitem(sys.modules, "fairlearn", module)
    monkeypatch.setitem(sys.modules, "fairlearn.reductions", reductions)
    Reduction.asked.clear()
    return reductions


@pytest.mark.parametrize("kind", ["forest?trees=8", "logistic", "relu?hidden=8&epochs=3"])
def test_equalized_odds_decide_by_the_mean_vote_at_one_half(kind, fairlearn):
    people = coloured()
    decision = made(f"{kind}{'&' if '?' in kind else '?'}fair=equalized-odds")
    model = decision.fit(FEATURES, people, people, seed=0)
    (asked,) = Reduction.asked
    assert isinstance(asked.constraints, fairlearn.EqualizedOdds)
    assert asked.eps == 0.01
    assert asked.groups.tolist() == groups(people).tolist()
    kept, chosen = decision.kind, (groups(people) == 1) & (people.y == 1)
    votes = [
        kept.fit(FEATURES, people, people, seed=0, weights=1 + (tilt - 1) * chosen.double()) for tilt in (1.0, 0.2)
    ]
    mean = 0.25 + 0.3 * votes[0].accepts(people.x).double() + 0.45 * votes[1].accepts(people.x).double()
    torch.testing.assert_close(model.probability(people.x), mean, atol=1e-12, rtol=0)
    assert torch.equal(model.accepts(people.x), mean >= 0.5 - 1e-9)
    assert torch.equal(model.accepts(people.x[5]), model.accepts(people.x)[5])  # nothing is drawn
    assert len(set(model.probability(people.x).tolist())) > 1
    again = decision.restore(FEATURES, {name: tensor.clone() for name, tensor in decision.state(model).items()})
    assert torch.equal(again.probability(people.x), model.probability(people.x))
    assert (decision.differentiable, decision.structure) == (False, "")
    sent = pickle.loads(pickle.dumps(model))  # as solvers in processes of their own get it
    assert torch.equal(sent.accepts(people.x), model.accepts(people.x))


def test_without_fairlearn_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "fairlearn", None)
    people = coloured()
    with pytest.raises(ArenaError, match=r"needs fairlearn .*\n`pip install 'recourse-arena\[fair\]'` installs it"):
        made("logistic?fair=equalized-odds").fit(FEATURES, people, people, seed=0)


def test_what_fairlearn_raises_is_one_error(fairlearn, monkeypatch):
    def fit(self, x, y, *, sensitive_features):
        raise ValueError("Y must be binary")

    monkeypatch.setattr(Reduction, "fit", fit)
    people = coloured()
    with pytest.raises(ArenaError, match=r"decision\.fair=equalized-odds: fairlearn: .*Y must be binary"):
        made("logistic?fair=equalized-odds").fit(FEATURES, people, people, seed=0)


class Unweighted(Decision):
    name = "unweighted"

    def fit(self, features, training, validation, *, seed, report=None):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("adult?decision.fair=reweigh", "unknown decision.fair 'reweigh'. Did you mean 'reweighing'"),
        ("adult?decision.bias=1.5", "decision.bias: expected a share from 0 to 1, got '1.5'"),
        ("adult?decision.bias=many", "decision.bias: expected a share from 0 to 1, got 'many'"),
        (
            "adult?decision=forest&decision.fare=1",
            "option of decision model 'forest' 'fare'. Did you mean 'fair'",
        ),
        (
            "german?decision.fair=reweighing",
            "dataset german: decision.fair and decision.bias need to know whom",
        ),
        ("loan?decision=logistic&decision.bias=.5", "dataset loan: decision.fair and decision.bias need to know"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_error(name, message):
    with pytest.raises(ArenaError, match=message):
        discover().dataset(name)


def test_kinds_without_weights_and_groups_without_a_first_say_so():
    with pytest.raises(ArenaError, match="decision model unweighted takes no weights of people, which dec"):
        Treated(Unweighted(), Treatment(fair="reweighing"), Coloured())
    each = Coloured()
    each.protected = {"colour": ()}
    with pytest.raises(ArenaError, match="decision.bias flips labels of a protected group, but each level of 'colour'"):
        Treated(Logistic(), Treatment(bias=0.5), each)
    people = coloured()
    Treated(Logistic(), Treatment(fair="reweighing"), each).fit(FEATURES, people, people, seed=0)


def test_what_is_asked_stands_in_words_and_keys(tmp_path):
    registry = discover()
    names = ["german?decision=forest", "german?decision=forest&decision.depth=3"]
    table = "adult?decision.bias=0.7", "adult?decision.fair=reweighing&decision.bias=0.7", "adult?decision.hidden=8"
    assert [decision_words(registry.dataset(name)) for name in (*names, *table)] == [
        "forest", "forest?depth=3", "relu?bias=0.7", "relu?fair=reweighing&bias=0.7", "relu",
    ]  # fmt: skip
    adult = registry.dataset("adult?decision.hidden=8-4&decision.fair=reweighing")
    decision = registry.decision_of(adult)
    assert isinstance(decision, Treated)
    assert isinstance(decision.kind, Relu)
    assert decision.kind.recipe.hidden == (8, 4)
    assert (decision.kind.recipe.epochs, decision.kind.recipe.standardise_binaries) == (30, False)
    forests = [f"german?decision=forest{more}" for more in ("", "&decision.depth=3", "&decision.split=5")]
    keys = [ModelKeys.of(name, seed=0, data=tmp_path, registry=registry, arithmetic="") for name in forests]
    assert len({key.classifier for key in keys}) == 3


def test_a_forest_is_as_deep_and_as_often_split_as_it_is_said():
    assert (Forest().depth, Forest().split, Forest().leaf) == (None, 2, 3)
    with pytest.raises(ArenaError, match="forest: split must be a whole number from 2 to 1000000, got 1"):
        Forest(split=1)
    people = coloured(300)
    deep, shallow, coarse = (
        len(Forest(trees=1, leaf=5, **more).fit(FEATURES, people, people, seed=0).probability(people.x).unique())
        for more in ({}, {"depth": 1}, {"split": 100})
    )
    assert shallow <= 2 < coarse < deep


def test_a_forest_chooses_its_splits_among_the_share_of_columns_that_is_said():
    with pytest.raises(ArenaError, match="forest: columns must be a number above 0 and at most 1, got 2"):
        Forest(columns=2)
    people = coloured(300)
    every, few, default = (
        Forest(trees=1, **more).fit(FEATURES, people, people, seed=0).content
        for more in ({"columns": 1.0}, {"columns": 0.01}, {})
    )
    assert every != few
    assert every != default
