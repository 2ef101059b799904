"""The suite's decision models decide as the models of scikit-learn that they come from."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from borrowers import TABLES, borrowers
from safetensors.torch import load, save
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from recourse_arena import ArenaError, Feature, FeatureTable, People
from recourse_arena.models.decision.boosted_onnx import boosted_onnx
from recourse_arena.models.decision.exporting import exported
from recourse_arena.models.decision.offers import Boosting, Forest, Logistic, Relu
from recourse_arena.models.decision.onnx_model import EncodedOnnx
from recourse_arena.people.encoding import Encoding
from recourse_arena.registry.discovery import discover
from recourse_arena.testing.problems.renaming import Renaming

KINDS = (Forest(trees=12), Boosting(trees=15), Logistic(), Relu(hidden="8", epochs=2))
SEED = 7


def original(kind, z, y):
    if isinstance(kind, Forest):
        return RandomForestClassifier(kind.trees, min_samples_leaf=kind.leaf, random_state=SEED).fit(z, y)
    if isinstance(kind, Boosting):
        trees = HistGradientBoostingClassifier(max_iter=kind.trees, early_stopping=False, random_state=SEED)
        return trees.fit(z, y)
    return LogisticRegression(C=kind.strength, max_iter=5_000, tol=1e-6).fit(z.astype(np.float64), y)


@pytest.mark.parametrize("kind", KINDS[:3], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", TABLES)
def test_people_are_decided_on_as_by_scikit_learn(name, kind):
    features, training, people = borrowers(name)
    encoding = Encoding.fitted(features, training.x)
    fitted = original(kind, encoding.encode(training.x).numpy(), training.y.numpy().astype(int))
    chance = fitted.predict_proba(encoding.encode(people).numpy())[:, 1]
    model = kind.fit(features, training, training, seed=SEED)
    np.testing.assert_allclose(model.probability(people), chance, atol=2e-6)
    clear = np.abs(chance - 0.5) > 2e-6
    assert clear.mean() > 0.999
    assert ((model.accepts(people).numpy() == (chance >= 0.5)) | ~clear).all()
    assert 0 < model.accepts(people).double().mean() < 1


def thresholds(fitted, columns):
    """Return the thresholds of trees by column."""
    found = [[] for _ in range(columns)]
    if isinstance(fitted, RandomForestClassifier):
        pairs = [(t.tree_.feature, t.tree_.threshold) for t in fitted.estimators_]
    else:
        nodes = [p.nodes[p.nodes["is_leaf"] == 0] for (p,) in fitted._predictors]
        pairs = [(n["feature_idx"], n["num_threshold"]) for n in nodes]
    for places, values in pairs:
        for place, value in zip(places, values, strict=True):
            if place >= 0:
                found[place].append(value)
    return [np.array(values) for values in found]


@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind.name)
def test_values_at_thresholds_and_next_to_them_go_the_way_they_went(kind):
    draws = np.random.default_rng(0)
    few = draws.normal(size=150).astype(np.float32)  # thresholds lie in the middle of two, in double precision
    z = draws.choice(few, (800, 5))
    z[:, 3:] = draws.integers(0, 2, size=(800, 2))
    y = (z[:, 0] * z[:, 1] + z[:, 2] + z[:, 3] + 0.3 * draws.normal(size=800) > 0.5).astype(int)
    fitted = original(kind, z, y)
    people = z[draws.integers(0, 800, 20_000)]
    for j, values in enumerate(thresholds(fitted, 5)):
        at = draws.choice(values, len(people)).astype(np.float32)
        moved = draws.choice([-np.inf, np.nan, np.inf], len(people)).astype(np.float32)
        at = np.where(np.isnan(moved), at, np.nextafter(at, moved))
        people[:, j] = np.where(draws.random(len(people)) < 0.7, at, people[:, j])
    content = exported(fitted, z[:1]) if isinstance(kind, Forest) else boosted_onnx(fitted, 5)
    plain = FeatureTable(tuple(Feature(name) for name in "abcde"))
    model = EncodedOnnx(Encoding(plain, torch.zeros(5), torch.ones(5)), content)
    chance = fitted.predict_proba(people)[:, 1]
    np.testing.assert_allclose(model.probability(torch.from_numpy(people)), chance, atol=2e-6)
    clear = np.abs(chance - 0.5) > 2e-6
    assert (model.accepts(torch.from_numpy(people)).numpy() == (chance >= 0.5))[clear].all()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_model_comes_back_from_a_file_a_copy_and_another_process(kind):
    features, training, people = borrowers("german")
    model = kind.fit(features, training, training, seed=SEED)
    before = model.probability(people)
    kept = load(save({name: part.contiguous() for name, part in kind.state(model).items()}))
    for again in (kind.restore(features, kept), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(again.probability(people), before)
        assert torch.equal(again.accepts(people), model.accepts(people))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_other_codes_of_categories_lead_to_the_same_model_to_the_bit(kind):
    features, training, people = borrowers("german")
    renaming = Renaming(features)
    there = People(renaming.there(training.x), training.y)
    one, other = kind.fit(features, training, training, seed=1), kind.fit(renaming.after, there, there, seed=1)
    assert torch.equal(other.probability(renaming.there(people)), one.probability(people))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("forst", "Did you mean 'forest'"),
        ("forest?tree=3", "Did you mean 'trees'"),
        ("forest?trees=0", "trees must be a whole number from 1 to 1000000, got 0"),
        ("forest?trees=2.5", "trees must be a whole number"),
        ("forest?leaf=-1", "leaf must be a whole number"),
        ("boosting?leaves=x", "leaves must be a whole number"),
        ("boosting?learning_rate=0", "learning_rate must be a number above 0, got 0"),
        ("logistic?strength=-1", "strength must be a number above 0"),
        ("relu?hidden=32-x", "hidden: expected widths such as 32-32, got '32-x'"),
        ("relu?hidden=0", "hidden: expected widths"),
        ("relu?optimizer=adm", "Did you mean 'adam'"),
        ("relu?epochs=0", "epochs must be a whole number"),
        ("relu?learning_rate=nan", "learning_rate must be a number above 0"),
        ("onnx", "expected the path of an ONNX file"),
    ],
)
def test_a_wrong_name_or_option_is_one_clear_error(name, message):
    with pytest.raises(ArenaError, match=message):
        discover().decision(name)
