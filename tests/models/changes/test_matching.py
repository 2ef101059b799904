"""Thresholds that let a changed model accept as many people as before."""

from __future__ import annotations

import pytest
import torch

from recourse_arena.models.changes.matching import Thresholded, matched, score_of
from recourse_arena.models.changes.networks import moved
from recourse_arena.models.changes.offers import Quantized
from recourse_arena.models.decision.offers import Forest, Relu
from recourse_arena.testing.laws.models.change_laws import Changing


@pytest.fixture(scope="module")
def place():
    return Changing(Quantized(), Relu(hidden="8-4", epochs=40, learning_rate=1e-2))


class Deaf:
    def accepts(self, x):
        return x[..., 0] > 0


class Sure:
    """Says the same of many people."""

    def probability(self, x):
        return torch.tensor([0.1, 0.4, 0.4, 0.4, 0.9])[: len(x)]

    def accepts(self, x):
        return self.probability(x) >= 0.95


@pytest.mark.parametrize("by", [-1.0, 0.7])
@pytest.mark.parametrize("method", ["", "lsq", "pact"])
def test_as_many_are_accepted_as_before_and_everybody_alike_alone(place, by, method):
    model, x = place.fitted.model, place.fitted.validation.x
    if method:
        (model,) = Quantized(method=method, bits=3, epochs=2).models(place.fitted, seed=0).values()
    before = int(place.fitted.model.accepts(x).sum())
    shifted = moved(model, by)
    found = matched(shifted, before, x)
    assert int(shifted.accepts(x).sum()) != before
    off = abs(int(found.accepts(x).sum()) - before)
    assert off <= 2 if method == "pact" else off == 0  # activations of few bits give many people the same score
    assert type(found) is type(shifted)
    assert torch.equal(torch.cat([found.accepts(one) for one in x.split(1)]), found.accepts(x))


def test_what_accepts_as_many_stays_as_it_is(place):
    model, x = place.fitted.model, place.fitted.validation.x
    assert matched(model, int(model.accepts(x).sum()), x) is model


@pytest.mark.parametrize("accepted", [0, 1, 75, 149, 150])
def test_nobody_and_everybody_can_be_accepted(place, accepted):
    x = place.fitted.validation.x
    assert int(matched(place.fitted.model, accepted, x).accepts(x).sum()) == accepted


def test_a_model_with_probabilities_alone_has_its_threshold_moved(place):
    forest = Forest(trees=20).fit(place.fitted.features, place.fitted.training, place.fitted.validation, seed=0)
    x = place.fitted.validation.x
    found = matched(forest, int(forest.accepts(x).sum()) + 9, x)
    assert isinstance(found, Thresholded)
    assert int(found.accepts(x).sum()) - int(forest.accepts(x).sum()) in range(5, 14)
    assert not hasattr(found, "logit")


@pytest.mark.parametrize(("accepted", "found"), [(0, 0), (1, 1), (2, 1), (3, 4), (4, 4), (5, 5)])
def test_people_of_the_same_score_are_accepted_together(accepted, found):
    x = torch.zeros(5, 1)
    assert int(matched(Sure(), accepted, x).accepts(x).sum()) == found


def test_who_says_yes_or_no_alone_has_no_threshold(place):
    x = torch.tensor([[1.0], [-1.0], [2.0]])
    assert score_of(Deaf()) is None
    assert matched(Deaf(), 1, x) is None
    assert matched(Deaf(), 2, x) is not None
