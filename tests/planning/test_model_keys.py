"""What models and cells rest on is in their keys, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
import tiny

from recourse_arena.execution.worker.fitted_dataset import prepare
from recourse_arena.interfaces.recipes import DecisionRecipe
from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.storage.artefact_cache import ArtefactCache


class Choosy(tiny.Tiny):
    """The tiny dataset with options of every kind."""

    name = "choosy"
    decision_options = frozenset({"decision"})

    def __init__(self, *, decision: str = "narrow", epochs: int = 2, people: str = "all"):
        if decision == "wide":
            self.decision = DecisionRecipe(hidden=(9,), optimizer="adam", epochs=2)
        self.flow = replace(tiny.Tiny.flow, epochs=epochs)


@pytest.fixture
def keys(plugged, tmp_path):
    """Return the keys of a variant."""
    registry = plugged()
    registry.datasets["choosy"] = Choosy
    return lambda name: ModelKeys.of(name, seed=0, data=tmp_path, registry=registry, arithmetic="native")


def test_variants_in_the_decision_model_share_the_flow_and_nothing_else(keys):
    plain, wide = keys("choosy"), keys("choosy?decision=wide")
    assert plain.flow == wide.flow
    assert plain.heldout == wide.heldout != plain.flow
    assert plain.classifier != wide.classifier
    assert plain.materials != wide.materials
    assert keys("choosy?decision=wide&epochs=3").flow == keys("choosy?epochs=3").flow


@pytest.mark.parametrize("option", ["epochs=3", "people=some"])
def test_variants_in_anything_else_share_no_model(keys, option):
    one, other = keys("choosy"), keys(f"choosy?{option}")
    assert not set(models(one)) & set(models(other))


def models(keys):
    return keys.flow, keys.heldout, keys.classifier, keys.materials


def test_a_dataset_that_declares_nothing_shares_no_model(keys, monkeypatch):
    monkeypatch.setattr(Choosy, "decision_options", frozenset())
    assert keys("choosy").flow != keys("choosy?decision=wide").flow


def test_loan_trains_its_flow_once_for_both_of_its_decision_models(plugged, tmp_path):
    def flow(name):
        return ModelKeys.of(name, seed=0, data=tmp_path, registry=plugged(), arithmetic="native").flow

    assert flow("loan") == flow("loan?decision=adam") != flow("loan?actionable=income")


def test_a_shared_flow_is_the_one_that_each_would_train(plugged, tmp_path):
    registry, shared = plugged(), ArtefactCache(tmp_path)
    registry.datasets["choosy"] = Choosy

    def identities(cache):
        names = ("choosy", "choosy?decision=wide")
        found = [prepare(name, seed=0, data=tmp_path, cache=cache, registry=registry).identity for name in names]
        return [(identity["classifier"], identity["flow"]) for identity in found]

    assert identities(shared) == identities(ArtefactCache(None))
    assert sorted(artefact.kind for artefact in shared.artefacts()) == ["classifier", "classifier", "flow", "heldout"]


def test_each_model_is_built_once_whether_it_is_fitted_or_kept(plugged, tmp_path, monkeypatch):
    built, cache = [], ArtefactCache(tmp_path)
    for kind in (ReluClassifier, CausalFlow):
        monkeypatch.setattr(kind, "__init__", counted(kind.__init__, built))
    first = prepare("tiny", seed=0, data=tmp_path, cache=cache, registry=plugged())
    assert built == ["ReluClassifier", "CausalFlow", "CausalFlow"]
    again = prepare("tiny", seed=0, data=tmp_path, cache=cache, registry=plugged())
    assert built == ["ReluClassifier", "CausalFlow", "CausalFlow"] * 2
    assert first.identity == again.identity
    for materials in (first, again):
        models = (materials.problem.flow, materials.problem.decisions)
        weights = [weight for model in models for weight in model.parameters()]
        assert not any(model.training for model in models)
        assert not any(weight.requires_grad or weight.grad is not None for weight in weights)


def counted(build, built):
    def init(self, *more):
        built.append(type(self).__name__)
        build(self, *more)

    return init
