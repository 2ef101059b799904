"""A box of weights: what is drawn lies in it, and its worst case is below all of it."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from recourse_arena import FittedDecision
from recourse_arena.base.randomness import generator
from recourse_arena.models.changes.networks import linear_layers, plain
from recourse_arena.models.changes.offers import Box, Quantized
from recourse_arena.models.changes.weights_box import drawn
from recourse_arena.models.decision.offers import Logistic, Relu
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.models.decision.worst_case import WorstCase, worst_case
from recourse_arena.problem.model_protocols import AffineLayers
from recourse_arena.testing.laws.models.change_laws import Changing


@pytest.fixture(scope="module")
def place():
    return Changing(Box(), Relu(hidden="8-4", epochs=40, learning_rate=1e-2))


def double_logit(network, x):
    return network.exact_logit(x)


def moved_logits(network, radii, moves, x):
    """Return the logits `(networks, people)` of networks whose weights and biases moved by shares `moves` of radii."""
    layers = linear_layers(network)
    parts = iter(moves.double().split([part.numel() for m in layers for part in (m.weight, m.bias)], 1))
    h = network.encoding.encode(x.double()).expand(len(moves), -1, -1)
    for k, (layer, (of_weights, of_biases)) in enumerate(zip(layers, radii, strict=True)):
        weight = layer.weight.double() + of_weights * next(parts).reshape(-1, *layer.weight.shape)
        h = h @ weight.transpose(1, 2) + (layer.bias.double() + of_biases * next(parts))[:, None]
        h = h.relu() if k < len(layers) - 1 else h
    return h[..., 0]


def numbers(network):
    return sum(part.numel() for layer in linear_layers(network) for part in (layer.weight, layer.bias))


@pytest.mark.parametrize("change", [Box(delta=0.005), Box(delta=0.02), Box(delta=0.01, relative=True), Box(bits=8)])
def test_whom_the_worst_case_accepts_a_thousand_networks_of_the_box_accept(place, change):
    network, x = place.fitted.model, place.x
    worst, radii = change.models(place.fitted, seed=0)["worst"], change.radii(network)
    accepted, bound, draws = worst.accepts(x), double_logit(worst, x), generator(1, "testing", "box")
    assert 0 < accepted.sum() <= network.accepts(x).sum()
    moves = 2 * torch.rand(1000, numbers(network), generator=draws) - 1
    moves[::2] = moves[::2].sign()
    least = moved_logits(network, radii, moves, x).amin(0)
    assert (bound <= least).all()
    for k in range(4):
        some = drawn(network, radii, draws, corner=k % 2 == 0)
        assert (bound <= double_logit(some, x)).all()
        assert some.accepts(x)[accepted].all()
    assert (least[accepted] >= 0).all()


@pytest.mark.parametrize("bits", [5, 8, 12])
def test_whom_the_worst_case_of_some_bits_accepts_rounding_to_them_does_not_refuse(place, bits):
    x = place.x
    worst = Box(bits=bits, models=0).models(place.fitted, seed=0)["worst"]
    (rounded,) = Quantized(bits=bits).models(place.fitted, seed=0).values()
    assert (double_logit(worst, x) <= double_logit(rounded, x)).all()
    assert rounded.accepts(x)[worst.accepts(x)].all()


def small(hidden):
    network = ReluClassifier(2, hidden).requires_grad_(False)
    draws = generator(0, "testing", "small")
    weights = [torch.randn(layer.weight.shape, generator=draws) for layer in linear_layers(network)]
    biases = [torch.randn(layer.bias.shape, generator=draws) for layer in linear_layers(network)]
    return plain(network, weights, biases)


@pytest.mark.parametrize("hidden", [(), (2,), (2, 2)])
def test_the_bound_is_the_least_of_all_corners_with_one_hidden_layer_and_below_it_with_more(hidden):
    network, x = small(hidden), torch.randn(60, 2, generator=generator(0, "testing", "people"))
    radii = [(0.1, 0.1)] * (len(hidden) + 1)
    worst = worst_case(network, radii)
    corners = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=numbers(network))))
    least = torch.stack([moved_logits(network, radii, some, x).amin(0) for some in corners.split(4096)]).amin(0)
    bound = double_logit(worst, x)
    assert (bound <= least).all()
    assert (double_logit(network, x) > least).all()
    if len(hidden) < 2:
        torch.testing.assert_close(bound, least, atol=1e-4, rtol=0)
    else:
        assert (least - bound).max() < 2.0


@pytest.mark.parametrize("change", [Box(delta=0.03, models=4), Box(delta=0.1, relative=True), Box(bits=4)])
def test_what_is_drawn_lies_in_the_box_and_every_other_one_at_a_corner(place, change):
    network, models = place.fitted.model, change.models(place.fitted, seed=0)
    names = ["corner-1", "inside-1", "corner-2", "inside-2", "corner-3"]
    assert [*models] == [*names[: change.count], "worst"]
    for layer_number, (before, radii) in enumerate(zip(linear_layers(network), change.radii(network), strict=True)):
        most = float(before.weight.abs().max())
        expected = 0.03 if change.delta == 0.03 else 0.1 * most if change.relative else 0.5 * most / 7
        assert radii == pytest.approx((expected, 0.0 if change.bits else expected))
        for name, model in [*models.items()][:-1]:
            after = linear_layers(model)[layer_number]
            for part, radius in zip(("weight", "bias"), radii, strict=True):
                off = (getattr(after, part).double() - getattr(before, part).double()).abs()
                assert off.max() <= radius + 1e-6
                if name.startswith("corner"):
                    assert off.min() >= radius - 1e-6
                elif off.numel() > 20 and radius:
                    assert 0.3 * radius < off.mean() < 0.7 * radius


def test_the_worst_case_can_be_handed_to_solvers(place):
    worst = Box(delta=0.02).models(place.fitted, seed=0)["worst"]
    assert isinstance(worst, AffineLayers)
    x = place.x.clone().requires_grad_()
    logit = worst.logit(x)
    (slope,) = torch.autograd.grad(logit.sum(), x)
    assert (slope.abs().sum(1) > 0).any()
    z = worst.encoding.encode(place.x.double())
    columns = torch.where(worst.encoding.codes < 0, worst.encoding.spread(place.x.double()), z)
    for k, (weight, bias) in enumerate(worst.affine_maps):
        columns = columns @ weight.T + bias
        columns = columns.relu() if k < len(worst.affine_maps) - 1 else columns
    torch.testing.assert_close(columns[:, 0], logit.detach().double(), atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(worst.encoded_logit(worst.encoding.encode(place.x)), logit.detach())


def test_no_size_is_said_of_the_worst_case_and_it_comes_back_as_such(place):
    change = Box(models=1)
    drawn_one, worst = change.models(place.fitted, seed=0).values()
    assert change.size(place.fitted, drawn_one).bits == 32
    assert change.size(place.fitted, worst) == (None, None)
    back = change.restore(place.fitted, change.state(place.fitted, worst))
    assert isinstance(back, WorstCase)
    assert torch.equal(back.logit(place.x), worst.logit(place.x))


def test_a_box_of_a_regression_is_exact_too(place):
    fitted = place.fitted
    model = Logistic().fit(fitted.features, fitted.training, fitted.validation, seed=0)
    before = FittedDecision(fitted.features, Logistic(), model, fitted.training, fitted.validation)
    worst = Box(delta=0.05).models(before, seed=0)["worst"]
    z = model.encoding.encode(place.x.double())
    expected = double_logit(model, place.x) - 0.05 * (z.abs().sum(1) + 1)
    torch.testing.assert_close(double_logit(worst, place.x), expected, atol=1e-4, rtol=0)
    assert sum(isinstance(layer, nn.Linear) for layer in worst.layers) == 2
