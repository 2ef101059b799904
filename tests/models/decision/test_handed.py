"""Decision models that are handed over as objects: fitted models of scikit-learn, and functions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from borrowers import borrowers, in_words
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

import recourse_arena as arena
from recourse_arena import ArenaError, Kind


def trained(last, labels=(0, 1)):
    features, training, _ = borrowers("german")
    texts = [feature.name for feature in features if feature.levels]
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), texts), remainder="passthrough")
    known = np.array(labels)[training.y.numpy().astype(int)]
    return make_pipeline(columns, last).fit(in_words(features, training.x), known)


def handed(model, **options):
    features, training, _ = borrowers("german")
    return arena.decision(model, **options).fit(features, training, training, seed=0)


@pytest.mark.parametrize(("labels", "favourable"), [((0, 1), 1), ((2, 1), 1), (("bad", "good"), "good")])
def test_a_fitted_model_decides_as_it_does(labels, favourable):
    features, _, people = borrowers("german")
    fitted = trained(RandomForestClassifier(15, random_state=0), labels)
    model = handed(fitted, favourable=favourable)
    words = in_words(features, people)
    chance = fitted.predict_proba(words)[:, list(fitted.classes_).index(favourable)]
    assert torch.equal(model.probability(people), torch.from_numpy(chance).float())
    decided = fitted.predict(words) == favourable
    assert (model.accepts(people).numpy() == decided)[chance != 0.5].all()
    stricter = handed(fitted, favourable=favourable, threshold=0.8)
    assert torch.equal(stricter.accepts(people), torch.from_numpy(chance).float() >= 0.8)


def test_a_model_without_probabilities_decides_as_it_does():
    features, _, people = borrowers("german")
    fitted = trained(LinearSVC(random_state=0, max_iter=200), ("bad", "good"))
    model = handed(fitted, favourable="good")
    assert model.accepts(people).tolist() == (fitted.predict(in_words(features, people)) == "good").tolist()


def test_a_function_sees_people_in_words_and_their_units():
    features, _, people = borrowers("german")
    seen = []

    def rule(frame: pd.DataFrame) -> pd.Series:
        seen.append(frame)
        return (frame["duration"] <= 18) & (frame["purpose"] != "new car")

    model = handed(rule)
    expected = [
        bool(row[features.index("duration")] <= 18)
        and features["purpose"].word(row[features.index("purpose")]) != "new car"
        for row in people.tolist()
    ]
    assert model.accepts(people).tolist() == expected
    pd.testing.assert_frame_equal(seen[-1].astype(object), in_words(features, people).astype(object), check_dtype=False)
    for feature in features:
        if feature.kind is Kind.INTEGER:
            assert seen[-1][feature.name].dtype == np.int64
    assert model.accepts(people[:0]).shape == (0,)
    assert torch.equal(model.accepts(people[:40].reshape(4, 10, -1)).flatten(), model.accepts(people[:40]))


def test_who_has_a_level_that_nobody_has_is_asked_about_as_the_nearest():
    features, _, people = borrowers("german")
    purpose = features.index("purpose")
    model = handed(lambda frame: frame["purpose"] == features["purpose"].levels[-1])
    odd = people[:2].clone()
    odd[0, purpose], odd[1, purpose] = 99.0, -3.0
    assert model.accepts(odd).tolist() == [True, False]


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (42, {}, "expected a fitted classifier or a function, got a int"),
        (lambda frame: frame["duration"] > 3, {"threshold": 0.0}, "threshold must be a number above 0 and below 1"),
        (lambda frame: frame["duration"] > 3, {"threshold": 7}, "threshold must be a number above 0 and below 1"),
        (lambda frame: frame["duration"] > 3, {"threshold": "x"}, "threshold must be a number above 0 and below 1"),
        (lambda frame: frame["durration"] > 3, {}, "cannot be asked about people: KeyError: 'durration'"),
        (lambda frame: 1 / 0, {}, "cannot be asked about people: ZeroDivisionError"),
        (lambda frame: True, {}, r"expected a number for each of 2 people, got \(\)"),
        (lambda frame: np.ones((len(frame), 2)), {}, r"expected a number for each of 2 people, got \(2, 2\)"),
        (lambda frame: np.ones(len(frame) + 1), {}, r"expected a number for each of 2 people, got \(3,\)"),
        (lambda frame: np.full(len(frame), np.nan), {}, "probabilities from 0 to 1, got nan"),
        (lambda frame: np.full(len(frame), 3.5), {}, "probabilities from 0 to 1, got 3.5"),
        (lambda frame: ["yes"] * len(frame), {}, "cannot be asked about people: ValueError"),
        (lambda frame: None, {}, "expected a number for each of 2 people|cannot be asked"),
        (lambda: 1, {}, "cannot be asked about people: TypeError"),
        (RandomForestClassifier(), {}, "cannot be asked about people: NotFittedError|AttributeError"),
    ],
)
def test_what_cannot_decide_is_one_clear_error(model, options, message):
    with pytest.raises(ArenaError, match=message) as raised:
        handed(model, **options)
    assert len(str(raised.value)) < 700


def test_a_class_that_it_does_not_have_is_named():
    fitted = trained(RandomForestClassifier(3, random_state=0), ("bad", "good"))
    with pytest.raises(ArenaError, match="favourable: expected one of its classes 'bad', 'good', got 1"):
        arena.decision(fitted)


def test_columns_of_other_names_and_another_order_than_features_are_those_it_was_trained_on():
    draws = np.random.default_rng(0)
    frame = pd.DataFrame(draws.integers(0, 9, (200, 3)), columns=["Monthly income (€)", "home state", "debts"])
    frame["paid"] = (frame["Monthly income (€)"] > frame["debts"]).astype(int)
    columns = ["debts", "Monthly income (€)"]
    fitted = RandomForestClassifier(5, random_state=0).fit(frame[columns], frame["paid"])
    table = arena.dataset(frame, label="paid", actionable=columns, decision=arena.decision(fitted))
    people = torch.tensor(frame.drop(columns="paid").to_numpy(), dtype=torch.float32)
    model = table.decision.fit(table.features, SimpleNamespace(x=people), SimpleNamespace(x=people), seed=0)
    chance = fitted.predict_proba(frame[columns])[:, 1]
    assert torch.equal(model.probability(people), torch.from_numpy(chance).float())
