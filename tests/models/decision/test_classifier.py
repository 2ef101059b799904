"""The decision model, and how it is fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from accuracy import accuracy

from recourse_arena import DecisionRecipe, People
from recourse_arena.models.decision.fitting import fit_classifier
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.problem.model_protocols import Classifier

QUICK = DecisionRecipe(hidden=(8,), optimizer="adam", learning_rate=0.02, epochs=15, batch=100)


@pytest.fixture(scope="module")
def people():
    """Two overlapping clouds far from the standard scale, one of them favourable."""
    draws = torch.Generator().manual_seed(0)
    y = (torch.rand(1000, generator=draws) < 0.5).float()
    x = torch.randn(1000, 3, generator=draws) + y[:, None] * torch.tensor([1.0, 0.5, 0.0])
    return People(x * torch.tensor([100.0, 0.01, 1.0]) + torch.tensor([5000.0, 0.0, -3.0]), y)


@pytest.fixture(scope="module")
def fitted(people):
    return fit_classifier(QUICK, people, seed=0)


def test_a_classifier_keeps_the_protocol(fitted):
    assert isinstance(fitted, Classifier)


@pytest.mark.parametrize("hidden", [(), (8,), (6, 4)])
def test_its_affine_maps_with_a_relu_between_give_its_logit_on_data_units(hidden, people):
    torch.manual_seed(0)
    classifier = ReluClassifier(3, hidden)
    classifier.mean.copy_(people.x.mean(0))
    classifier.sd.copy_(people.x.std(0))
    signal = people.x.double()
    for weight, bias in classifier.affine_maps[:-1]:
        signal = (signal @ weight.T + bias).clamp(min=0)
    weight, bias = classifier.affine_maps[-1]
    torch.testing.assert_close((signal @ weight.T + bias)[:, 0].float(), classifier.logit(people.x).detach())
    assert not weight.requires_grad


def test_who_has_a_logit_of_at_least_zero_is_accepted(fitted, people):
    logit = fitted.logit(people.x)
    assert logit.shape == (1000,)
    assert torch.equal(fitted.accepts(people.x), logit >= 0)
    assert 0 < fitted.accepts(people.x).float().mean() < 1


def test_a_logit_of_exactly_zero_is_a_yes():
    model = ReluClassifier(2, (4,))
    for parameter in model.parameters():
        parameter.data.zero_()
    assert model.logit(torch.ones(1, 2)).tolist() == [0.0]
    assert model.accepts(torch.ones(1, 2)).tolist() == [True]


def test_leading_dimensions_are_a_batch(fitted, people):
    grid = people.x[:60].reshape(3, 20, 3)
    torch.testing.assert_close(fitted.logit(grid).flatten(), fitted.logit(people.x[:60]))
    torch.testing.assert_close(fitted.logit(people.x[0]), fitted.logit(people.x)[0])


@pytest.mark.parametrize("hidden", [(), (5,), (7, 3)])
def test_a_network_has_the_hidden_layers_asked_for(hidden):
    widths = [layer.out_features for layer in ReluClassifier(3, hidden).layers if hasattr(layer, "out_features")]
    assert widths == [*hidden, 1]
    relus = sum(isinstance(layer, torch.nn.ReLU) for layer in ReluClassifier(3, hidden).layers)
    assert relus == len(hidden)


def test_the_logit_is_that_of_a_relu_network_on_standardised_features(fitted, people):
    first, _, last = fitted.layers
    z = (people.x - people.x.mean(0)) / people.x.std(0)
    by_hand = (z @ first.weight.T + first.bias).clamp(min=0) @ last.weight[0] + last.bias
    torch.testing.assert_close(fitted.logit(people.x), by_hand, rtol=1e-4, atol=1e-4)


def test_gradients_flow_to_the_person_and_not_into_the_model(fitted, people):
    x = people.x[:50].clone().requires_grad_()
    (slope,) = torch.autograd.grad(fitted.logit(x).sum(), x)
    assert slope.isfinite().all()
    assert (slope[:, 0] > 0).float().mean() > 0.9
    assert not any(parameter.requires_grad for parameter in fitted.parameters())
    assert not fitted.training


def test_fitting_learns_what_there_is_to_learn(fitted, people):
    """The best rule between the clouds, whose centres are 1.118 apart, is right for 71.2 % of people."""
    assert accuracy(fitted, people) == pytest.approx(0.712, abs=0.04)


def test_accuracy_is_the_share_decided_as_labelled(fitted, people):
    right = [yes == (label == 1) for yes, label in zip(fitted.accepts(people.x).tolist(), people.y, strict=True)]
    assert accuracy(fitted, people) == pytest.approx(sum(right) / 1000)


def test_the_weight_of_unfavourable_people_moves_the_share_refused(people):
    refused = []
    for weight in (0.2, 1.0, 5.0):
        model = fit_classifier(replace(QUICK, negative_weight=weight), people, seed=0)
        refused.append(float((~model.accepts(people.x)).float().mean()))
    assert refused[0] < 0.2 < refused[1] < 0.8 < refused[2]


def test_stochastic_gradient_descent_is_the_default(people):
    assert DecisionRecipe().optimizer == "sgd"
    slow = fit_classifier(replace(QUICK, optimizer="sgd", learning_rate=1e-6), people, seed=0)
    fresh = fit_classifier(replace(QUICK, epochs=0), people, seed=0)
    torch.testing.assert_close(slow.logit(people.x), fresh.logit(people.x), rtol=0, atol=1e-3)


def test_fitting_the_same_seed_twice_gives_the_same_model_and_touches_no_global_state(people):
    torch.manual_seed(1)
    one = fit_classifier(replace(QUICK, epochs=2), people, seed=3).state_dict()
    after_fit = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(after_fit, torch.rand(3))
    same, other = (fit_classifier(replace(QUICK, epochs=2), people, seed=seed).state_dict() for seed in (3, 4))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["layers.0.weight"], other["layers.0.weight"])


def test_a_feature_that_does_not_vary_is_survived(people):
    still = People(torch.cat([people.x, torch.ones(1000, 1)], 1), people.y)
    model = fit_classifier(replace(QUICK, epochs=2), still, seed=0)
    assert model.logit(still.x).isfinite().all()


def test_a_classifier_comes_back_from_its_state(fitted, people):
    twin = ReluClassifier(3, QUICK.hidden)
    twin.load_state_dict(fitted.state_dict())
    assert torch.equal(twin.logit(people.x), fitted.logit(people.x))


def at_the_boundary(model, people, features):
    """Return people on either side of the boundary, as near to it as numbers are."""
    x = 3 * torch.randn(4 * people, features, generator=torch.Generator().manual_seed(1))
    accepted = model.accepts(x)
    least = min(people, int(accepted.sum()), int((~accepted).sum()))
    low, high = x[~accepted][:least], x[accepted][:least]
    for _ in range(60):
        middle = (low + high) / 2
        yes = model.accepts(middle)[:, None]
        low, high = torch.where(yes, low, middle), torch.where(yes, middle, high)
    return torch.cat([low, high])


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_who_is_next_to_the_boundary_is_decided_alone_as_among_others(scale):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = ReluClassifier(7, (32, 32)).eval().requires_grad_(False)
    model.sd.fill_(1 / scale)
    people = at_the_boundary(model, 500, 7)
    together = model.accepts(people)
    assert torch.equal(torch.cat([model.accepts(one) for one in people.split(1)]), together)
    assert torch.equal(torch.stack([model.accepts(one) for one in people]), together)
    assert torch.equal(model.accepts(people.flip(0)).flip(0), together)
    assert torch.equal(model.accepts(people.reshape(2, -1, 7)).flatten(), together)
    exact = ReluClassifier(7, (32, 32)).double()
    exact.load_state_dict(model.state_dict())
    assert torch.equal(exact.logit(people.double()) >= 0, together)
    assert model.accepts(people[:0]).shape == (0,)
